"""Rounds of leads for reports: as rows of a pure function, and as rows of a database."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.app import Hub
from hub.insight.frame import Frame
from hub.people.due import Always
from hub.store import care, dealing

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
ZERO = START.timestamp()
NUMBERS = itertools.count(1)


@dataclass
class Round:
    """A row as a report reads it; times are seconds since 1970."""

    started: float = ZERO
    received: float = ZERO
    decided: float = ZERO
    delivered: float | None = None
    accepted: float | None = None
    responded: float | None = None
    due: float | None = None
    breached: float | None = None
    closed: float | None = None
    current: bool = True
    lead: str = "lead_1"
    source: str = "website"
    grade: str | None = None
    rep: str | None = "ann"
    team: str | None = "north"
    route: str | None = "all"
    flow: str = "inbound"
    pool: str | None = None
    turns: int = 1
    target: float | None = None
    waited: float | None = None
    held: float | None = None
    calendar: str | None = None
    disposition: str | None = None
    reason: str | None = None


def after(seconds: float | None, **more: Any) -> Round:
    """Return a round that was answered so many seconds after its submit; None: it still waits."""
    return Round(responded=None if seconds is None else ZERO + seconds, **more)


def frame(
    *by: str, now: float = 86_400.0 * 30, zone: str = "UTC", working: Callable[[Any], Any] = lambda _: Always(),
    without_held: bool = False,
) -> Frame:  # fmt: skip
    """Return a frame; `now` is in seconds after the rounds began."""
    return Frame(START, START, START + timedelta(seconds=now), ZoneInfo(zone), working, by, without_held)


def row(minutes: float | None = None, **more: Any) -> dict[str, Any]:
    """Return a row of the table, answered so many minutes after its submit."""
    at = more.pop("started_at", START)
    answer = {} if minutes is None else {"responded_at": at + timedelta(minutes=minutes), "waited": minutes * 60}
    return {
        "lead": f"lead_{next(NUMBERS)}", "source": "website", "since": at, "started_at": at, "received_at": at,
        "decided_at": at, "owner": "ann", "team": "north", "flow": "inbound", "turns": 1, **answer, **more,
    }  # fmt: skip


async def keep(hub: Hub, *rows: dict[str, Any]) -> None:
    """Write rounds down."""
    names = sorted({name for one in rows for name in one})
    await hub.db.write(care.begin, [{**{name: care.BLANK[name] for name in names}, **one} for one in rows])


async def log(hub: Hub, *rows: dict[str, Any]) -> None:
    """Write down what happened to who has a lead."""
    names = sorted({name for one in rows for name in one})
    empty = dict.fromkeys(names) | ({"gained": 0} if "gained" in names else {})
    await hub.db.write(dealing.log, [{"at": START, **empty, **one} for one in rows])
