"""Eventbrite: takes attendees and buyers, by a webhook that names them and by a poll that fills the gaps."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    BadInput,
    EventPoll,
    Guests,
    Inbound,
    RawLead,
    Request,
    Token,
    UnsignedSource,
    an_object,
    bearer,
    hookimpl,
    instant,
    iso,
    objects,
    version_of,
)

NAMED = re.compile(r"/v3/(?P<path>events/[0-9]{1,20}/attendees/[0-9]{1,20}|orders/[0-9]{1,20})/?")
EXPANDED = "answers,promotional_code"
PLACEHOLDER = "info requested"  # the name of an attendee whose details the buyer has not given yet
APART = ("profile", "answers", "barcodes")  # a barcode is the ticket itself


class Eventbrite(UnsignedSource, EventPoll):
    """Webhooks of an organization to `https://HUB/in/SOURCE?token=KEY`, and the attendees of it or of some events."""

    name = "eventbrite"
    title = "Eventbrite"
    docs_url = "https://www.eventbrite.com/platform/docs/webhooks"
    confirmed = (
        "a webhook is a POST of JSON with api_url, the object that changed, and config.action; it is not signed, and "
        "the vendor asks for an unpublished address (eventbrite.com/platform/docs/webhooks)",
        "410 ends the webhook, so 503 is answered instead (eventbrite.com/platform/docs/webhooks)",
        "X-Eventbrite-Delivery is the id of the webhook, not of the delivery (recorded requests in public code), so "
        "two changes of one attendee look alike: the second one comes by the poll",
        "attendees are listed for an organization or an event by changed_since, paged by continuation (airbyte "
        "source-eventbrite; tap-eventbrite)",
        "an attendee has created, changed, profile, answers, ticket_class_name, order_id (workato, Eventbrite)",
    )
    unconfirmed = (
        "attendee.updated comes for new attendees, too; with order.placed in `kinds` the buyer is a lead as well",
        "answers and promotional_code have to be asked for by `expand`",
        "2,000 requests an hour, told by 429 HIT_RATE_LIMIT",
        "the name of an attendee without details is Info Requested; it is left out",
    )
    answers = {410: 503}  # noqa: RUF012 - the whole base is immutable
    statuses = {404: "reject"}  # noqa: RUF012 - one attendee or event is gone, the others are not
    every = timedelta(minutes=15)

    class Config(UnsignedSource.Config, EventPoll.Config):
        base_url: str = Field("https://www.eventbriteapi.com/v3", description="Address of the API.")
        token: SecretStr = Field(description="Private token: Account settings, Developer links, API keys.")
        kinds: list[str] = Field(["attendee.updated"], description="Events that are leads.")
        account_id: str | None = Field(
            None, description="Id of the organization whose attendees are polled; none: not."
        )
        events: list[str] = Field([], description="Ids of the events to poll instead of the whole organization.")

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        notice = inbound.json_object()
        if an_object(notice.get("config")).get("action") not in self.config.kinds:
            return
        if self._path(notice) is None:
            raise BadInput(
                f"The webhook names {str(notice.get('api_url'))[:200]!r}, which is no attendee and no order."
            )
        yield RawLead(str(notice["api_url"]).rstrip("/").rpartition("/")[2], notice, inbound.received_at)

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Read who the webhook names, at the API of the settings whatever host it named; a polled one has it all."""
        path = self._path(raw.data)
        if path is None:
            return raw
        read = _lead(await self.ask(Request("GET", f"{path}/", params={"expand": EXPANDED}), http))
        return replace(read, key=raw.key, data={**raw.data, **read.data})

    def carrying(self, request: Request, token: Token | None) -> Request:
        return request.with_headers(Authorization=bearer(self.config.token))

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        whole = [f"organizations/{self.config.account_id}"] if self.config.account_id else []
        return [f"events/{event}" for event in self.config.events] or whole

    async def guests(self, http: httpx.AsyncClient, name: str, since: datetime, mark: str | None) -> Guests:
        params = {"changed_since": iso(since), "status": "attending", "expand": EXPANDED}
        asked = Request("GET", f"{name}/attendees/", params={**params, **({"continuation": mark} if mark else {})})
        found, said = await self.rows(asked, http, "attendees")
        paging = an_object(said.get("pagination"))
        more = str(paging.get("continuation") or "") if paging.get("has_more_items") else ""
        return Guests([_lead(one) for one in found], more or None)

    def _path(self, notice: Mapping[str, Any]) -> str | None:
        """Return the path of the attendee or order that a webhook names; None for anything else."""
        address = notice.get("api_url")
        found = NAMED.search(address) if isinstance(address, str) else None
        return found["path"] if found and found.end() == len(str(address)) else None


def _lead(who: Mapping[str, Any]) -> RawLead:
    """Return an attendee or a buyer: the profile flat, each answer under its question, no name where none is known."""
    profile = {name: value for name, value in an_object(who.get("profile")).items() if not _is_placeholder(value)}
    data = {**profile, **{name: value for name, value in who.items() if name not in APART}}
    for one in objects(who.get("answers")):
        question = str(one.get("question") or one.get("question_id") or "answer")
        data[f"{question} (answer)" if question in data else question] = one.get("answer")
    id_, created, changed = str(who.get("id") or ""), instant(who.get("created")), instant(who.get("changed"))
    key, at = version_of(id_, created, changed)
    return RawLead(key if id_ else None, data, at)


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and value.strip().casefold() == PLACEHOLDER


@hookimpl
def hub_register() -> Iterable[type[Eventbrite]]:
    yield Eventbrite
