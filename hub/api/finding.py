"""Which leads a caller asks for: words, filters and times as an address has them, for lists, exports and bulk acts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import phonenumbers
from fastapi import Depends, Query

from hub.api import mine
from hub.api.access import Caller
from hub.api.problems import ApiError
from hub.app import Hub
from hub.escape import printable
from hub.normal.finding import TYPED, question_of
from hub.store import leadlist, search
from hub.store.leadlist import Found
from hub.store.wanted import NOTHING, Wanted

PLAIN = ("source", "grade", "owner", "team", "country", "email", "phone", "pool", "disposition", "campaign")
"""Filters that are a value, or `-` for none at all."""

NAMES = ("q", "state", *PLAIN, "test", "since", "until")
"""Every filter, as it is called in an address."""

ANY = "any"
AT_ONCE = 500  # leads of one piece of a long list

Value = Annotated[str | None, Query(max_length=320)]
Time = Annotated[str | None, Query(max_length=40, description="A day in the hub's zone, or a time with its zone.")]


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for, as it was written."""

    q: str = ""
    state: str = "open"
    source: str | None = None
    grade: str | None = None
    owner: str | None = None
    team: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None
    pool: str | None = None
    disposition: str | None = None
    campaign: str | None = None
    test: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def said(self) -> dict[str, str]:
        """Return the filters that leave leads out, by name."""
        every = {name: getattr(self, name) for name in NAMES}
        return {name: value for name, value in every.items() if value and (name, value) != ("state", "open")}


def filters_of(
    q: Annotated[str, Query(max_length=1_000, description="Words of a name, company, e-mail; a phone; an id.")] = "",
    state: Annotated[str, Query(max_length=20, description="`any`: also merged and erased ones.")] = "open",
    source: Value = None, grade: Value = None, owner: Value = None, team: Value = None, country: Value = None,
    email: Value = None, phone: Value = None, pool: Value = None, disposition: Value = None, campaign: Value = None,
    test: Literal["", "yes", "no"] | None = None, since: Time = None, until: Time = None,
) -> Filters:  # fmt: skip
    """Return the filters in an address; `-` stands for none at all, nothing for whatever it is."""
    plain = (source, grade, owner, team, country, email, phone, pool, disposition, campaign)
    named = dict(zip(PLAIN, map(_clean, plain), strict=True))
    return Filters(q=q, state=state, test=test or None, since=since or None, until=until or None, **named)


FiltersDep = Annotated[Filters, Depends(filters_of)]


def _clean(value: str | None) -> str | None:
    return printable(value) or None if value else None


async def wanted_of(hub: Hub, caller: Caller, filters: Filters) -> Wanted:
    """Return which leads are wanted; to a rep only their own.

    Raises ApiError for what is no time, and for a viewer who asks whether a certain person is there.
    """
    owner = filters.owner
    if mine.reps(hub, caller) is not None:
        owner = mine.acting(hub, caller, owner)
    masked = caller.role == "viewer"
    if masked and not {filters.email, filters.phone} <= {None, NOTHING}:
        raise ApiError(403, "Looking for an e-mail address or a phone needs the role operator: viewers see neither.")
    plain = {name: getattr(filters, name) for name in PLAIN if name != "owner"}
    zone = hub.plan.settings.hub.zone
    wanted = Wanted(
        state=None if filters.state in (ANY, "") else filters.state, owner=owner, **plain,
        test={"yes": True, "no": False}.get(filters.test or ""), masked=masked,
        since=_moment("since", filters.since, zone), until=_moment("until", filters.until, zone, whole_day=True),
    )  # fmt: skip
    return await _asked(hub, wanted, printable(filters.q).strip()[:TYPED])


async def _asked(hub: Hub, wanted: Wanted, said: str) -> Wanted:
    """Return what is wanted with what was typed: an id, an address, or words."""
    if not said:
        return wanted
    settings = hub.plan.settings
    if " " not in said and (not wanted.masked or said.startswith(("lead_", "sub_"))):
        ids = await hub.db.read(search.exact, said, tuple(settings.sources), tuple(settings.sinks))
        if ids or said.startswith(("lead_", "sub_")):
            return replace(wanted, ids=tuple(ids), state=None if wanted.state == "open" else wanted.state)
    question = question_of(said, str(phonenumbers.country_code_for_region(settings.hub.region or "ZZ") or ""))
    return replace(wanted, question=question) if question else replace(wanted, ids=())


def _moment(name: str, text: str | None, zone: Any, *, whole_day: bool = False) -> datetime | None:
    """Return a time, or the beginning of a day in the hub's zone; with `whole_day` its end."""
    if not text:
        return None
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text) + timedelta(days=int(whole_day))
            return datetime.combine(day, time(), zone).astimezone(UTC)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ApiError(422, f"{name}: {text[:40]!r} is no day. Write it as 2026-01-31.") from error


async def found(hub: Hub, caller: Caller, filters: Filters, *, limit: int, after: str | None) -> Found:
    """Return a page of the leads that are asked for, newest first."""
    wanted = await wanted_of(hub, caller, filters)
    return await hub.db.read(leadlist.page, wanted, limit=limit, after=printable(after) if after else None)


async def every(hub: Hub, caller: Caller, filters: Filters) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield all leads that are asked for, piece by piece, newest first."""
    wanted = await wanted_of(hub, caller, filters)
    after: str | None = None
    while True:
        page = await hub.db.read(leadlist.page, wanted, limit=AT_ONCE, after=after)
        if page.rows:
            yield page.rows
        if page.next is None:
            return
        after = page.next
