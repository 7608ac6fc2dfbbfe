"""Tries the list of a source that is pushed to as well: every lead once, the next day what is new, and the count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import httpx

from hub.families.exported import ExportSource
from hub.lead import RawLead
from hub.testing.cases import Trial
from hub.testing.fakes import HandClock
from hub.testing.sandbox import senders
from hub.testing.sandbox.pushing import FIELDS, given, pushed
from hub.testing.sandbox.server import Sandbox

APART = timedelta(seconds=37)
COUNTED = 9
A_DAY = 90_000.0  # seconds, and some: access tokens have ended, and refresh tokens were used
_WHO = re.compile(r"p(\d+)@example\.com")


async def read_all(source: Any, trial: Trial, sandbox: Sandbox, clock: HandClock, http: httpx.AsyncClient) -> list[str]:
    """Return what is wrong with the poll of a source, in sentences; the vendor holds `trial.many` leads, 37 s apart."""
    began = clock.now()
    if not _hold(source, trial, sandbox, range(trial.many), began):
        return [f"its vendor lists leads too: hub/testing/sandbox/senders/{source.name}.py needs `kept`"]
    pages = [page async for page in source.fetch(None, http)]
    leads = [lead for page in pages for lead in page.leads]
    wrong = _not_once(leads, trial.many)
    if len(pages) == 1 and not (trial.one_page or isinstance(source, ExportSource)):
        wrong += [f"{trial.many} leads came in one page: let `many` be more than a page has"]
    if wrong:
        return wrong
    cursor = pages[-1].cursor
    again, cursor = await _next(source, cursor, http)
    wrong += [f"the next poll hands over {len(again)} of them again"] if again else []
    held = await source.count(began - COUNTED * APART, began, http)
    wrong += [] if held in (None, COUNTED) else [f"of {COUNTED} leads it counts {held}"]
    wrong += [] if trial.differs else await _one_lead(source, trial, leads, began, http)
    clock.turn(A_DAY)
    _hold(source, trial, sandbox, [trial.many], clock.now() + trial.many * APART)
    later, _ = await _next(source, cursor, http)
    return wrong + ([] if _numbers(later) == [trial.many] else [f"of one new lead the next day came {len(later)}"])


def _hold(source: Any, trial: Trial, sandbox: Sandbox, numbers: Iterable[int], newest: datetime) -> bool:
    """Let the vendor hold these leads, number 0 the newest; returns False when nobody plays it."""
    for number in numbers:
        fields = {**FIELDS, "email": f"p{number}@example.com"}
        at = newest - number * APART
        kept = senders.kept(source.name, fields, key=str(1_000 + number), at=at, **given(source, trial))
        if kept is None:
            return False
        sandbox.seed(kept[0], kept[1])
    return True


async def _next(source: Any, cursor: str | None, http: httpx.AsyncClient) -> tuple[list[RawLead], str | None]:
    leads: list[RawLead] = []
    async for page in source.fetch(cursor, http):
        leads += page.leads
        cursor = page.cursor
    return leads, cursor


def _numbers(leads: Iterable[RawLead]) -> list[int]:
    found = (_WHO.search(str(lead.data)) for lead in leads)
    return [int(one[1]) if one else -1 for one in found]


def _not_once(leads: list[RawLead], many: int) -> list[str]:
    numbers, keys = _numbers(leads), {lead.key for lead in leads}
    missing, twice = set(range(many)) - set(numbers), len(numbers) - len(set(numbers))
    wrong = [f"of {many} leads the poll misses {len(missing)}"] if missing else []
    wrong += [f"the poll hands {twice} leads over twice"] if twice else []
    return wrong + ([] if None not in keys and len(keys) == len(leads) else ["leads of the poll share a key"])


async def _one_lead(
    source: Any, trial: Trial, leads: list[RawLead], at: datetime, http: httpx.AsyncClient
) -> list[str]:
    """Return by what the newest lead differs when it is pushed: then the hub would take it for two."""
    (sent,) = await pushed(source, trial, "1000", at, http, "p0@example.com")
    (listed,) = (lead for lead in leads if _numbers([lead]) == [0])
    wrong = [] if sent.key == listed.key else [f"it is pushed under the key {sent.key!r}, listed under {listed.key!r}"]
    if sent.submitted_at not in (None, listed.submitted_at):
        wrong += [f"it is pushed as of {sent.submitted_at}, listed as of {listed.submitted_at}"]
    said = [value for name, value in FIELDS.items() if name != "email" and value in sent.data.values()]
    lost = [value for value in said if value not in listed.data.values()]
    return wrong + ([f"listed, it lacks {lost!r}, which is pushed"] if lost else [])
