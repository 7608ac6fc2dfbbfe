"""Cvent: reads who registered for events, and the leads that were scanned at an exhibitor's booth."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
from pydantic import Field

from hub import (
    EventPoll,
    Guests,
    OAuthCaller,
    RawLead,
    Request,
    an_object,
    hookimpl,
    instant,
    iso,
    objects,
    version_of,
)

PAGE = "200"
Kind = Literal["attendees", "leads"]
NESTED = ("contact", "answers", "additionalBadgekitFields", "webLinks", "_links")  # the links answer for that person
CONTACTS_OWN = ("id", "created", "createdBy", "lastModified", "lastModifiedBy", "_links")


class Cvent(OAuthCaller, EventPoll):
    """The attendees and booth leads of an account, by an app of the developer portal."""

    name = "cvent"
    title = "Cvent"
    docs_url = "https://developers.cvent.com/docs/rest-api/tutorials/developer-quickstart"
    confirmed = (
        "a token is asked for at oauth2/token by client_credentials, with Basic and client_id; it lasts an hour; the "
        "host of European accounts is api-platform-eur.cvent.com (cvent/rest-sdks, openapi.yaml)",
        "GET attendees and GET leads take after (added or updated since), filter, limit up to 200 and token, which "
        "overrides the others; the next page is paging.nextToken (cvent/rest-sdks, openapi.yaml)",
        "an attendee's person stands in contact; status is one of Accepted, Pending Approval, Waitlisted, No Response "
        "and four others; testRecord marks a test (cvent/rest-sdks, openapi.yaml)",
        "the title of a lead is the salutation; a scan may be deleted, and a card's text comes later (openapi.yaml)",
        "429 tells that the calls of a day or a second are used up; a Free account has 1,000 and 2 (openapi.yaml)",
    )
    unconfirmed = (
        "an expanded question has its words in `text`, as the list of questions has; without, its id or code is used",
        "how long a paging token is good for; when it is refused, the pass starts anew",
        "every change more than ten minutes after the registration (a check-in, new details) is handed over again",
    )
    token_path = "oauth2/token"  # noqa: S105 (an address)
    in_header = True
    every = timedelta(minutes=15)

    class Config(OAuthCaller.Config, EventPoll.Config):
        base_url: str = Field(
            "https://api-platform.cvent.com/ea", description="Address of the API; api-platform-eur.cvent.com in Europe."
        )
        kinds: list[Kind] = Field(
            ["attendees"], min_length=1, description="What is read: who registered (attendees), booth scans (leads)."
        )
        events: list[str] = Field([], description="Ids of the events to read; none: all of the account.")
        registrations: list[str] = Field(
            ["Accepted", "Pending Approval", "Waitlisted"], description="Attendees that are leads, by their status."
        )
        questions: bool = Field(
            True, description="Ask for the words of the questions, too; the app needs the scope event/events:read."
        )

    config: Config

    def token_fields(self) -> dict[str, str]:
        return {"client_id": self.config.client_id}

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        events = [f"/{event}" for event in self.config.events] or [""]
        return [f"{kind}{event}" for kind in self.config.kinds for event in events]

    async def guests(self, http: httpx.AsyncClient, name: str, since: datetime, mark: str | None) -> Guests:
        kind, _, event = name.partition("/")
        params = {"limit": PAGE, **({"token": mark} if mark else {"after": iso(since)})}
        if event:
            params["filter"] = "event.id eq '{}'".format(event.replace("'", ""))
        if kind == "attendees" and self.config.questions:
            params["expand"] = "answers.question"
        found, said = await self.rows(Request("GET", kind, params=params), http, "data")
        leads = [_lead(one) for one in found if self._wanted(one, kind)]
        return Guests(leads, str(an_object(said.get("paging")).get("nextToken") or "") or None)

    def _wanted(self, one: Mapping[str, Any], kind: str) -> bool:
        """Return whether a scan was not taken back, or a person did register and was not only invited."""
        if one.get("deleted") is True or one.get("deletedGuest") is True:
            return False
        return kind == "leads" or one.get("status") in self.config.registrations


def _lead(one: Mapping[str, Any]) -> RawLead:
    """Return an attendee or a scan: the person flat, each answer under its question, what a badge kit added beside."""
    contact = {name: value for name, value in an_object(one.get("contact")).items() if name not in CONTACTS_OWN}
    data = {**contact, **{name: value for name, value in one.items() if name not in NESTED}}
    if "contact" not in one and "title" in data:
        data["salutation"] = data.pop("title")
    for answer in objects(one.get("answers")):
        about = an_object(answer.get("question"))
        question = str(about.get("text") or about.get("code") or about.get("id") or "answer")
        data[f"{question} (answer)" if question in data else question] = _said(answer.get("value"))
    for name, value in an_object(one.get("additionalBadgekitFields")).items():
        data[f"{name} (badge)" if name in data else name] = value
    id_, made = str(one.get("id") or ""), instant(one.get("registeredAt") or one.get("created"))
    key, at = version_of(id_, made, instant(one.get("lastModified")))
    return RawLead(key if id_ else None, data, at, test=one.get("testRecord") is True)


def _said(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


@hookimpl
def hub_register() -> Iterable[type[Cvent]]:
    yield Cvent
