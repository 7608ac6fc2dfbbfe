"""Webflow: takes what the forms of a site get, by signed webhook and by a poll that fills the gaps."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Self

import httpx
from pydantic import Field, SecretStr, model_validator

from hub import (
    BadInput,
    FormList,
    Inbound,
    RawLead,
    Request,
    Retry,
    Sweep,
    an_object,
    bearer,
    check_hmac,
    check_timestamp,
    hookimpl,
    instant,
    recent,
    secrets_of,
    segment,
)

PAGE = 100
NAMES = {"name": "formName", "displayName": "formName", "_id": "id", "site": "siteId", "d": "submittedAt"}
NAMES |= {"dateSubmitted": "submittedAt"}


class Webflow(FormList):
    """The form_submission webhook of a site, made by API (those made in the dashboard are not signed)."""

    name = "webflow"
    title = "Webflow"
    docs_url = "https://developers.webflow.com/data/v2.0.0/reference/webhooks/events/form-submission"
    confirmed = (
        "x-webflow-signature is hex HMAC-SHA256 of `timestamp:body`, the timestamp in milliseconds (vendor docs)",
        "the secret is the app's client secret, or the one in the answer that made the webhook by site token (docs)",
        "a failed webhook is sent again three times, every ten minutes (hookdeck/webhook-skills, webflow-webhooks)",
        "GET /v2/sites/{site}/forms/{form}/submissions lists 100 a page at most by offset, without a filter by time "
        "(developers.webflow.com/data/reference/forms/form-submissions/list-submissions)",
        "a listed submission has id, displayName, dateSubmitted and formResponse (webflow/js-webflow-api)",
    )
    unconfirmed = (
        "the order of the list is not documented, so each poll reads all of it; setting `newest_first` lets it stop",
        "the webhook's id and the listed id of a submission are the same",
        "bodies of API v1 (`_id`, `d`, `site`) are read, too",
    )
    every = timedelta(minutes=30)

    class Config(FormList.Config):
        base_url: str = Field("https://api.webflow.com", description="Address of the API.")
        account_id: str | None = Field(None, description="Id of the site; needed by the poll.")
        secret: SecretStr = Field(description="Client secret of the app, or the webhook's own secret.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        newest_first: bool = Field(
            False, description="Whether the list is newest first, so that a poll may stop early."
        )

        @model_validator(mode="after")
        def _has_a_site(self) -> Self:
            if self.forms and not self.account_id:
                raise ValueError("forms are polled below their site. Set its id as `account_id`, or take `forms` out.")
            return self

    config: Config

    def verify(self, inbound: Inbound) -> None:
        at = inbound.header("x-webflow-timestamp") or ""
        check_hmac(
            inbound,
            secrets_of(self.config),
            header="x-webflow-signature",
            signed=lambda post: at.encode("utf-8", "replace") + b":" + post.body,
        )
        check_timestamp(at, inbound.received_at or self.clock.now(), unit="ms")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        event = inbound.json_object()
        if event.get("triggerType", "form_submission") != "form_submission":
            return
        payload = event.get("payload", event)
        if not isinstance(payload, dict) or not isinstance(payload.get("data"), dict):
            raise BadInput("The form_submission has no data.")
        yield _lead(payload, "data")

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        offset = int(sweep.after or 0)
        path = f"/v2/sites/{segment(self.config.account_id or '')}/forms/{segment(name)}/submissions"
        headers = {"Authorization": bearer(self.key)}
        before: list[dict[str, Any]] = []
        while True:  # on past pages of what is older, which bring nothing
            params = {"limit": str(PAGE), "offset": str(offset)}
            found, _ = await self.rows(Request("GET", path, headers=headers, params=params), http, "formSubmissions")
            if found and found == before:
                raise Retry("The pages of the list are all the same one. The next poll tries again.")
            offset, before = offset + len(found), found
            leads = recent((_lead({"formId": name, **one}, "formResponse") for one in found), sweep)
            more = len(found) >= PAGE and not (self.config.newest_first and len(leads) < len(found))
            if leads or not more:
                return leads, str(offset) if more else None


def _lead(item: Mapping[str, Any], answers: str) -> RawLead:
    """Return a submission, its answers by their labels, and what stands around them by the names of API v2."""
    about = {NAMES.get(name, name): value for name, value in item.items() if name not in (answers, "schema")}
    data = dict(about)
    for label, value in an_object(item.get(answers)).items():
        data[f"{label} (answer)" if label in about else label] = value
    key = about.get("id")
    return RawLead(
        key=str(key) if isinstance(key, (str, int)) and str(key) else None,
        data=data,
        submitted_at=instant(about.get("submittedAt")),
    )


@hookimpl
def hub_register() -> Iterable[type[Webflow]]:
    yield Webflow
