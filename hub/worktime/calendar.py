"""Arithmetic of working time: open is when the clock on the wall shows a working hour of a day that is worked."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hub.errors import ConfigError
from hub.worktime.hours import Block, Hours
from hub.worktime.spans import SECOND, Spans, in_utc, merged
from hub.worktime.wallclock import steady

HORIZON = 5
"""Years without an open minute after which a calendar counts as one that never opens."""

Yearly = Callable[[int], Collection[date]]
"""Days by their year."""

_FIRST, _LAST = 1970, 2200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400
_DAY_ZERO = date(1970, 1, 1).toordinal()


class NeverOpen(ConfigError):
    """A calendar has no working time for years: its hours or its closed days are wrong."""


def no_days(_: int) -> Collection[date]:
    """Return no day of a year."""
    return ()


class Calendar:
    """Working time in a zone. Everything is exact to the microsecond, and answers are in UTC.

    The open time of a year is laid out once and kept; a question is then a search in it, and years between two moments
    are sums that are known. On the day of a change of clocks a block lasts as long as the wall clock shows it.
    """

    def __init__(self, zone: str, hours: Hours, free: Yearly = no_days, worked: Yearly = no_days) -> None:
        """Give free days, and days that are worked whatever their weekday, which wins over free."""
        self.zone = ZoneInfo(zone)
        self.hours = hours
        self._free, self._worked = lru_cache(free), lru_cache(worked)
        self._years: dict[int, Spans] = {}

    def is_open(self, at: datetime) -> bool:
        """Return whether a moment is working time; the end of a block is not."""
        moment = _micros(at)
        return self._year(at.astimezone(UTC).year).open_from(moment) == moment

    def next_open(self, at: datetime) -> datetime:
        """Return the first moment of working time that is not before a moment; raises NeverOpen."""
        moment, year = _micros(at), at.astimezone(UTC).year
        for later in range(year, year + HORIZON + 1):
            found = self._year(later).open_from(moment)
            if found is not None:
                return _moment(found)
        raise self._never(at)

    def after(self, start: datetime, seconds: float) -> datetime:
        """Return the first moment at which so much working time has passed, for 0 the start; raises NeverOpen.

        A stretch that is used up to its end gives that end, not the beginning of the next one.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{seconds!r} is no working time; give seconds, 0 or more.")
        moment, year = _micros(start), start.astimezone(UTC).year
        much = round(seconds * SECOND)
        if much == 0:
            return _moment(moment)
        idle, spans = 0, self._year(year)
        much += spans.until(moment)
        while much > spans.total:
            much -= spans.total
            year += 1
            spans = self._year(year)
            idle = 0 if spans.total else idle + 1
            if idle == HORIZON:
                raise self._never(start)
        return _moment(spans.reached(much))

    def between(self, start: datetime, end: datetime) -> float:
        """Return the seconds of working time from one moment to another; less than 0 when the end is earlier."""
        first, last = _micros(start), _micros(end)
        if first > last:
            return -self.between(end, start)
        year, final = start.astimezone(UTC).year, end.astimezone(UTC).year
        passed = self._year(final).until(last) - self._year(year).until(first)
        return (passed + sum(self._year(each).total for each in range(year, final))) / SECOND

    def hours_of(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """Return the blocks that begin on a day of the zone, with their ends, in UTC; the last may end a day later.

        One that ends within an hour the clock shows twice comes in two parts.
        """
        at = (day.toordinal() - _DAY_ZERO) * _DAY
        shown = [(at + block.start * 60, at + block.end * 60) for block in self._blocks(day)]
        spans = merged(in_utc(list(merged(shown)), steady(self.zone, at - 2 * _DAY, at + 4 * _DAY)))
        return tuple((_moment(since * SECOND), _moment(until * SECOND)) for since, until in spans)

    def _blocks(self, day: date) -> tuple[Block, ...]:
        if day in self._worked(day.year):
            return self.hours.workday
        return () if day in self._free(day.year) else self.hours.week[day.weekday()]

    def _year(self, year: int) -> Spans:
        """Return the open time of a year of UTC."""
        found = self._years.get(year)
        if found is None:
            found = self._years[year] = self._laid_out(year)
        return found

    def _laid_out(self, year: int) -> Spans:
        if not _FIRST <= year <= _LAST:
            raise ValueError(f"Working time is known from {_FIRST} to {_LAST}, and this leads to {year}.")
        first, last = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        shown = list(
            merged(self._shown(first - 3, last + 2))
        )  # days around it reach into it, by zone and over midnight
        clock = steady(self.zone, (first - _DAY_ZERO) * _DAY, (last - _DAY_ZERO) * _DAY)
        return Spans(in_utc(shown, clock))

    def _shown(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        for ordinal in range(first, last):
            at = (ordinal - _DAY_ZERO) * _DAY
            for block in self._blocks(date.fromordinal(ordinal)):
                yield at + block.start * 60, at + block.end * 60

    def _never(self, at: datetime) -> NeverOpen:
        return NeverOpen(
            f"The calendar is not open once in the {HORIZON} years after {at.astimezone(UTC):%Y-%m-%d}. "
            "Check its hours and its closed days."
        )


def _micros(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone, so no one knows which moment it is.")
    return (at - _EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
