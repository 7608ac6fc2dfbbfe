"""What every report stands on: the span it looks at, the zone it counts in, and how rows come into groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from hub.people.due import WorkingTime

Row = Any
Line = dict[str, Any]
Key = tuple[Any, ...]

PLAIN = ("source", "grade", "rep", "team", "route", "flow")
TIMES = ("hour", "day", "week", "month")
DIMENSIONS = (*PLAIN, *TIMES)
"""What a report can be divided by; times are those of the submit, in the hub's zone."""

NARROWED = (*PLAIN, "hour")
"""What a report can be narrowed to."""


_QUARTER = 900  # seconds: every zone is off by whole quarters of an hour


@dataclass(frozen=True, slots=True)
class Frame:
    """The span (until is not in it), the moment of asking, the hub's zone, and what was asked for."""

    since: datetime
    until: datetime
    now: datetime
    zone: ZoneInfo
    working: Callable[[str | None], WorkingTime]
    by: tuple[str, ...] = ()
    without_held: bool = False
    only: Mapping[str, str] = field(default_factory=dict)  # which leads, by what they can be divided by


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of a report, the line of all together, and sentences a reader must know."""

    rows: Sequence[Line]
    total: Line = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def moment(seconds: float) -> datetime:
    """Return seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


class Parts:
    """Tells the hour, day, week and month of moments in a zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._known: dict[int, dict[str, Any]] = {}

    def of(self, seconds: float) -> dict[str, Any]:
        """Return the parts of a moment: hour 0 to 23, and the days on which its day, week and month began."""
        quarter = int(seconds // _QUARTER)
        found = self._known.get(quarter)
        if found is None:
            local = datetime.fromtimestamp(quarter * _QUARTER, self._zone)
            monday = local.date() - timedelta(days=local.weekday())
            found = self._known[quarter] = {
                "hour": local.hour, "day": local.date().isoformat(), "week": monday.isoformat(),
                "month": f"{local:%Y-%m}",
            }  # fmt: skip
        return found


def keyed(by: Sequence[str], zone: ZoneInfo) -> Callable[[Row], Key]:
    """Return the function that gives the group of a row."""
    parts = Parts(zone)
    if not by:
        return lambda _: ()
    if not set(by) & set(TIMES):
        get = attrgetter(*by, "started")  # one more, so that it always gives several
        return lambda row: get(row)[:-1]

    def key(row: Row) -> Key:
        when = parts.of(row.started)
        return tuple([when[name] if name in when else getattr(row, name) for name in by])

    return key


def narrowed(rows: Iterable[Row], frame: Frame) -> Iterator[Row]:
    """Yield the rows of the hour of the day that is asked for, else all; what a database can tell it has told."""
    hour, parts = frame.only.get("hour"), Parts(frame.zone)
    return (row for row in rows if hour is None or str(parts.of(row.started)["hour"]) == hour)


def columns(by: Sequence[str], *names: str) -> tuple[str, ...]:
    """Return the columns a report reads: its own, and those its groups are made of."""
    return tuple(dict.fromkeys([*names, "started", *(name for name in by if name in PLAIN)]))


def ordered(groups: Mapping[Key, Line], by: Sequence[str]) -> list[Line]:
    """Return the groups as lines, in the order of their names; what has no name is last."""
    keys = sorted(groups, key=lambda key: [(part is None, str(type(part)), part) for part in key])
    return [{**dict(zip(by, key, strict=True)), **groups[key]} for key in keys]


def share(part: float, whole: float) -> float | None:
    """Return a share of 1; None of nothing."""
    return round(part / whole, 4) if whole else None


def rounded(seconds: float | None) -> float | None:
    """Return seconds to the millisecond."""
    return None if seconds is None else round(seconds, 3)
