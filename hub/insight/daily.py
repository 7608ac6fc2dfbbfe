"""Counts by the hour made into days of a zone: which source sent how much on which day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MOST = 7
"""Sources with a colour of their own; all others are one."""

Hour = tuple[str, datetime, int]


@dataclass(frozen=True, slots=True)
class Days:
    """The sources, largest first, the days with a number for each source, and how many sources are in the last one."""

    sources: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    others: int
    total: int


def first_day(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the midnight with which the last so many days began; today is one of them."""
    day = now.astimezone(zone).date() - timedelta(days=days - 1)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def by_day(hours: Iterable[Hour], now: datetime, days: int, zone: ZoneInfo) -> Days:
    """Return the last so many days, also those on which nothing came; an hour belongs to the day it began on."""
    first, counts, whole = first_day(now, days, zone).date(), Counter[tuple[date, str]](), Counter[str]()
    for source, hour, number in hours:
        day = hour.astimezone(zone).date()
        if day >= first:
            counts[day, source] += number
            whole[source] += number
    ranked = [source for source, _ in sorted(whole.items(), key=lambda item: (-item[1], item[0]))]
    own, rest = ranked[:MOST], ranked[MOST:]
    dates = [first + timedelta(days=number) for number in range(days)]
    rows = tuple(
        (
            day.isoformat(),
            (*(counts[day, source] for source in own), *([sum(counts[day, s] for s in rest)] if rest else [])),
        )
        for day in dates
    )
    return Days(tuple(own), rows, len(rest), whole.total())
