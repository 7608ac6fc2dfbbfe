"""Zoom webinars: takes registrations by signed webhook, and by a poll of registrants that fills the gaps."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self

import httpx
from pydantic import Field, SecretStr, model_validator

from hub import (
    BadInput,
    EventPoll,
    Guests,
    Inbound,
    RawLead,
    Reply,
    Request,
    Unverified,
    WebhookSource,
    an_object,
    basic,
    check_hmac,
    check_timestamp,
    hookimpl,
    instant,
    objects,
    secrets_of,
    segment,
    sign_hmac,
)

PAGE = 300
VALIDATION = "endpoint.url_validation"
PERSONAL = ("join_url", "custom_questions")  # whoever has the link joins as that person; answers stand by their titles


class ZoomWebinar(WebhookSource, EventPoll):
    """The event Webinar Registration Created of an app, and the registrants of the webinars it missed."""

    name = "zoom_webinar"
    title = "Zoom Webinars"
    docs_url = "https://developers.zoom.us/docs/api/webhooks/"
    confirmed = (
        "x-zm-signature is v0= and hex HMAC-SHA256 of `v0:timestamp:body` under the app's secret token, the timestamp "
        "in seconds; endpoint.url_validation is signed too (zoom/webhook-sample, index.js)",
        "the address is validated when it is set and every 72 hours, by the HMAC of plainToken within 3 seconds; a "
        "failed event is sent again after 5, 20 and 60 minutes (developers.zoom.us/docs/api/webhooks)",
        "server-to-server OAuth: Basic, grant_type account_credentials and account_id; a token lasts an hour, there is "
        "no refresh token (developers.zoom.us/docs/internal-apps/s2s-oauth)",
        "a registrant has org, job_title, no_of_employees, purchasing_time_frame, role_in_purchase_process, comments "
        "and custom_questions of title and value (gem zoom_us, rubydoc.info)",
    )
    unconfirmed = (
        "registrants are listed 300 a page by status, with create_time and next_page_token; the token lasts 15 minutes",
        "an event that is sent again carries its own time; setting `tolerance` believes older ones",
        "the scope webinar:read:list_registrants:admin is enough for the poll",
    )
    every = timedelta(minutes=30)

    class Config(EventPoll.Config):
        base_url: str = Field("https://api.zoom.us/v2", description="Address of the API.")
        token_url: str = Field("https://zoom.us/oauth/token", description="Address that gives tokens.")
        secret: SecretStr = Field(description="Secret token of the app: Features, Access, Token.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        tolerance: int = Field(300, gt=0, le=86_400, description="How many seconds old a signed event may be.")
        kinds: list[str] = Field(["webinar.registration_created"], description="Events that are leads.")
        account_id: str | None = Field(None, description="Account id of a server-to-server app, for the poll.")
        client_id: str | None = Field(None, description="Client id of that app.")
        client_secret: SecretStr | None = Field(None, description="Client secret of that app.")
        events: list[str] = Field([], description="Ids of the webinars to poll; none: no poll.")
        registrations: list[Literal["approved", "pending"]] = Field(
            ["approved", "pending"], description="What is polled: approved registrants, those who wait for it, or both."
        )

        @model_validator(mode="after")
        def _has_an_app(self) -> Self:
            if self.events and not (self.account_id and self.client_id and self.client_secret):
                raise ValueError("webinars are polled with account_id, client_id and client_secret. Set all three.")
            return self

    config: Config

    def verify(self, inbound: Inbound) -> None:
        at = inbound.header("x-zm-request-timestamp") or ""
        check_hmac(
            inbound,
            secrets_of(self.config),
            header="x-zm-signature",
            prefix="v0=",
            signed=lambda post: b"v0:" + at.encode("utf-8", "replace") + b":" + post.body,
        )
        check_timestamp(at, inbound.received_at or self.clock.now(), self.config.tolerance)

    def handshake(self, inbound: Inbound) -> Reply | None:
        """Answer the validation of the address, to Zoom alone: for others it would sign whatever they send."""
        if inbound.method != "POST" or VALIDATION.encode() not in inbound.body:
            return None
        event = inbound.json_object()
        token = an_object(event.get("payload")).get("plainToken")
        if event.get("event") != VALIDATION or not isinstance(token, str):
            return None
        try:
            self.verify(inbound)
        except Unverified:
            return None
        proof = sign_hmac(secrets_of(self.config)[0], token.encode("utf-8", "replace"))
        return Reply.json({"plainToken": token, "encryptedToken": proof})

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        event = inbound.json_object()
        if event.get("event") not in self.config.kinds:
            return
        webinar = an_object(an_object(event.get("payload")).get("object"))
        who = webinar.get("registrant")
        if not isinstance(who, dict):
            raise BadInput(f"The event {str(event['event'])[:100]!r} has no registrant.")
        yield _lead(who, webinar, instant(event.get("event_ts")))

    def token_request(self) -> Request | None:
        own = self.config
        form = {"grant_type": "account_credentials", "account_id": own.account_id or ""}
        credentials = basic(own.client_id or "", own.client_secret or "")
        return Request("POST", own.token_url, headers={"Authorization": credentials}, form=form)

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return [f"{webinar}:{status}" for webinar in self.config.events for status in self.config.registrations]

    async def guests(self, http: httpx.AsyncClient, name: str, since: datetime, mark: str | None) -> Guests:
        webinar, _, status = name.rpartition(":")
        params = {"status": status, "page_size": str(PAGE), **({"next_page_token": mark} if mark else {})}
        request = Request("GET", f"webinars/{segment(webinar)}/registrants", params=params)
        found, said = await self.rows(request, http, "registrants")
        leads = [_lead(who, {"id": webinar}, instant(who.get("create_time"))) for who in found]
        return Guests(leads, str(said.get("next_page_token") or "") or None)


def _lead(who: Mapping[str, Any], webinar: Mapping[str, Any], at: datetime | None) -> RawLead:
    """Return a registrant, the answers by their questions and the webinar beside it; an id is one webinar's own."""
    about = {name: value for name, value in webinar.items() if name != "registrant"}
    data = {**{name: value for name, value in who.items() if name not in PERSONAL}, "webinar": about}
    for one in objects(who.get("custom_questions")):
        title = str(one.get("title") or "answer")
        data[f"{title} (answer)" if title in data else title] = one.get("value")
    own = str(who.get("id") or who.get("registrant_id") or "")
    return RawLead(f"{webinar.get('id') or 'webinar'}:{own}" if own else None, data, at)


@hookimpl
def hub_register() -> Iterable[type[ZoomWebinar]]:
    yield ZoomWebinar
