"""Tally: takes the responses of forms, by signed webhook and by a poll that fills the gaps."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    BadInput,
    FormList,
    Inbound,
    RawLead,
    Request,
    Sweep,
    WebhookSource,
    an_object,
    bearer,
    check_hmac,
    hookimpl,
    instant,
    iso,
    objects,
    recent,
    secrets_of,
    segment,
)


class Tally(FormList, WebhookSource):
    """The webhook of a form, with a signing secret; the poll lists completed submissions."""

    name = "tally"
    title = "Tally"
    docs_url = "https://tally.so/help/webhooks"
    confirmed = (
        "the signature is base64 of HMAC-SHA256 over the compact JSON body, without a time (vendor docs)",
        "choices are ids into `options`, and checkboxes come once more as one boolean an option (vendor docs)",
        "an answer is due within 10 seconds (vendor docs)",
        "GET /forms/{id}/submissions?page&filter lists them with questions and answers "
        "(developers.tally.so/documentation/fetching-form-submissions)",
    )
    unconfirmed = (
        "the list is newest first, as in the vendor's example: a poll stops at what is older",
        "startDate filters by submittedAt from that moment on; what is older ends the pass here",
        "a listed answer is written out, not an option's id; webhook and list agree on `label` and `title`",
        "a failed webhook is sent again after 5 and 30 minutes, 1 and 6 hours and a day",
    )

    class Config(FormList.Config):
        base_url: str = Field("https://api.tally.so", description="Address of the API.")
        secret: SecretStr = Field(description="Signing secret of the webhook.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        check_hmac(inbound, secrets_of(self.config), header="Tally-Signature", encoding="base64")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        event = inbound.json_object()
        if event.get("eventType") != "FORM_RESPONSE":
            return
        response = event.get("data")
        if not isinstance(response, dict):
            raise BadInput("The event FORM_RESPONSE has no data.")
        fields = objects(response.get("fields"))
        about = {name: value for name, value in response.items() if name not in ("fields", "createdAt")}
        yield RawLead(
            key=_id(response.get("submissionId") or response.get("responseId")),
            data={
                **about,
                **_named((_label(field), _value(field)) for field in fields if not _is_option(field, fields)),
            },
            submitted_at=instant(response.get("createdAt")),
        )

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        number = int(sweep.after or 1)
        params = {"filter": "completed", "startDate": iso(sweep.since), "page": str(number)}
        headers = {"Authorization": bearer(self.key)}
        request = Request("GET", f"/forms/{segment(name)}/submissions", headers=headers, params=params)
        found, said = await self.rows(request, http, "submissions")
        titles = {_id(one.get("id")): str(one.get("title") or one.get("id")) for one in objects(said.get("questions"))}
        leads = recent((_listed(one, titles) for one in found), sweep)
        more = said.get("hasMore") is True and 0 < len(found) == len(leads)  # what is older was read before
        return leads, str(number + 1) if more else None


def _listed(item: Mapping[str, Any], titles: Mapping[str | None, str]) -> RawLead:
    """Return a submission as it was listed, its answers under the titles of their questions."""
    about = {
        name: value for name, value in item.items() if name not in ("id", "responses", "submittedAt", "isCompleted")
    }
    answers = [
        (titles.get(_id(one.get("questionId")), str(one.get("questionId"))), one.get("answer", one.get("value")))
        for one in objects(item.get("responses"))
    ]
    data = {"submissionId": item.get("id"), **about, **_named(answers)}
    return RawLead(_id(item.get("id")), data, instant(item.get("submittedAt")))


def _named(answers: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return answers by their labels; of a label that stands twice the later ones are numbered."""
    named: dict[str, Any] = {}
    for label, value in answers:
        again = sum(1 for known in named if known == label or known.startswith(f"{label} ("))
        named[f"{label} ({again + 1})" if label in named else label] = value
    return named


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int)) and str(value) else None


def _label(field: Mapping[str, Any]) -> str:
    return str(field.get("label") or field.get("key") or "answer")


def _is_option(field: Mapping[str, Any], fields: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether a field only says of one option of another field whether it is ticked."""
    key = str(field.get("key") or "")
    return isinstance(field.get("value"), bool) and any(
        key == f"{whole.get('key')}_{option.get('id')}" for whole in fields for option in objects(whole.get("options"))
    )


def _value(field: Mapping[str, Any]) -> Any:
    """Return an answer, the texts of its options in place of their ids; of a single choice the text alone."""
    value, options = field.get("value"), objects(field.get("options"))
    if not options or not isinstance(value, list):
        return value
    texts = {str(an_object(option).get("id")): option.get("text") for option in options}
    chosen = [texts.get(str(one), one) for one in value]
    return chosen[0] if len(chosen) == 1 else chosen


@hookimpl
def hub_register() -> Iterable[type[Tally]]:
    yield Tally
