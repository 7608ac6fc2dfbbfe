"""Luma: takes the guests who register for events, by signed webhook and by a poll that fills the gaps."""

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
    Request,
    Token,
    WebhookSource,
    all_pages,
    an_object,
    check_stamped,
    hookimpl,
    instant,
    iso,
    objects,
    secrets_of,
)

HEADER = "Webhook-Signature"
PAGE = "100"
APART = ("registration_answers", "event", "guest", "check_in_qr_code")  # who has that code is let in as the guest
WORDY = ("description", "description_md", "registration_questions", "feedback_email", "cover_url")


class Luma(WebhookSource, EventPoll):
    """A webhook of a calendar (Luma Plus) for guest.registered, and the guest lists of its events."""

    name = "luma"
    title = "Luma"
    docs_url = "https://docs.luma.com/reference/getting-started-with-your-api"
    confirmed = (
        "a webhook's body is type and data; data of guest.registered is the guest with its event (OpenAPI of Luma, "
        "public-api.luma.com/openapi.json, in api-evangelist/luma)",
        "Webhook-Signature is t=<seconds>,v1=<hex HMAC-SHA256 of t.body> under the whole secret, whsec_ included (five "
        "public receivers, one after Luma's documentation)",
        "guests are listed by event, sorted by registered_at, with has_more and next_cursor; events of a calendar by "
        "after (OpenAPI of Luma); 200 requests a minute (help.luma.com)",
        "who was only invited has no registered_at (OpenAPI of Luma)",
    )
    unconfirmed = (
        "other public receivers take the signature for Standard Webhooks; a webhook signed so is refused",
        "whether and how often a failed webhook is sent again is not published; the poll fills the gap",
        "more than 100 guests a page are not asked for; the server may give fewer",
        "`after` in the list of events compares their start",
        "ticket.registered, where `kinds` has it, carries the guest below `guest`",
    )
    every = timedelta(minutes=15)

    class Config(EventPoll.Config):
        base_url: str = Field("https://public-api.luma.com", description="Address of the API.")
        secret: SecretStr = Field(description="Secret of the webhook (whsec_…): Settings, Developer, Webhooks.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        kinds: list[str] = Field(["guest.registered"], description="Events that are leads.")
        api_key: SecretStr | None = Field(None, description="API key of the calendar for the poll; none: no poll.")
        events: list[str] = Field(
            [], description="Ids of the events to poll (evt-…); none: all of the calendar that are not long over."
        )
        approvals: list[Literal["approved", "pending_approval", "waitlist", "session", "declined", "invited"]] = Field(
            ["approved", "pending_approval", "waitlist"], description="Guests that are leads, by their approval."
        )

        @model_validator(mode="after")
        def _has_a_key(self) -> Self:
            if self.events and self.api_key is None:
                raise ValueError("events are polled with an `api_key`. Set it, or take `events` out.")
            return self

    config: Config

    def verify(self, inbound: Inbound) -> None:
        now = inbound.received_at or self.clock.now()
        check_stamped(inbound, secrets_of(self.config), header=HEADER, now=now)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        told = inbound.json_object()
        if told.get("type") not in self.config.kinds:
            return
        data = told.get("data")
        if not isinstance(data, dict):
            raise BadInput(f"The webhook {str(told['type'])[:100]!r} has no data.")
        guest = {**data, **an_object(data.get("guest"))}
        if guest.get("approval_status", "approved") in self.config.approvals:
            yield _lead(guest, an_object(data.get("event")))

    def carrying(self, request: Request, token: Token | None) -> Request:
        key = self.config.api_key
        return request.with_headers(**{"x-luma-api-key": key.get_secret_value()}) if key else request

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        if self.config.events or self.config.api_key is None:
            return list(self.config.events)
        after = iso(self.clock.now() - timedelta(days=max(self.config.backfill_days, 1)))

        async def read(mark: str | None) -> tuple[list[dict[str, Any]], str | None]:
            params = {"after": after, **({"pagination_cursor": mark} if mark else {})}
            return await self._entries(Request("GET", "v1/calendars/events/list", params=params), http)

        return [str(event["id"]) async for event in all_pages(read) if event.get("id")]

    async def guests(self, http: httpx.AsyncClient, name: str, since: datetime, mark: str | None) -> Guests:
        params = {"event_id": name, "sort_column": "registered_at", "sort_direction": "desc nulls last"}
        params |= {"pagination_limit": PAGE, **({"pagination_cursor": mark} if mark else {})}
        found, following = await self._entries(Request("GET", "v1/events/guests/list", params=params), http)
        times = [instant(guest.get("registered_at")) for guest in found]
        wanted = [guest for guest in found if guest.get("approval_status") in self.config.approvals]
        over = any(at is None or at < since for at in times)  # they are sorted, so the rest is older
        leads = [_lead(guest, {"id": name}) for guest in wanted if guest.get("registered_at")]
        return Guests(leads, None if over else following)

    async def _entries(self, request: Request, http: httpx.AsyncClient) -> tuple[list[dict[str, Any]], str | None]:
        found, said = await self.rows(request, http, "entries")
        return found, str(said.get("next_cursor") or "") or None if said.get("has_more") else None


def _lead(guest: Mapping[str, Any], event: Mapping[str, Any]) -> RawLead:
    """Return a guest, each answer under its label, the company and title that one question asks for apart."""
    about = {name: value for name, value in event.items() if name not in WORDY}
    data = {**{name: value for name, value in guest.items() if name not in APART}, "event": about}
    for one in objects(guest.get("registration_answers")):
        label = str(one.get("label") or one.get("question_id") or "answer")
        value = one.get("answer", one.get("value"))
        both = {"company": one.get("answer_company"), "job_title": one.get("answer_job_title")}
        found = {name: part for name, part in both.items() if part} or {label: value}
        data.update({f"{name} (answer)" if name in data else name: part for name, part in found.items()})
    return RawLead(str(guest.get("id") or "") or None, data, instant(guest.get("registered_at")))


@hookimpl
def hub_register() -> Iterable[type[Luma]]:
    yield Luma
