"""Judges whether a source is silent for longer than is usual for it at these hours of the week."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
WEEKS = 8  # most that is looked back on
LEAST_WEEKS = 2  # a younger source is not judged
LEAST_MINUTES = 50  # with something in them: fewer say nothing of what is usual
LEAST_A_WEEK = 5.0
A_YEAR = 3.0  # false alarms a year, when what is sent comes by pure chance at the usual rate
SHORTEST = timedelta(minutes=10)
LONGEST = timedelta(weeks=4)  # how far ahead it is told when a silence would be too long
_MOST = 0.9  # chance of a minute with something in it, at most: two quiet minutes never are an alarm
_MEDIAN = -math.log(math.log(2))  # of the longest of many gaps beyond its usual length, when sends come by pure chance
_SPREAD = math.pi / math.sqrt(6)  # and its standard deviation
_LIKE_DAYS = (range(5), range(5, 7))

Hours = Mapping[datetime, tuple[int, int]]
"""By hour in UTC: how many were sent, and a bit for each minute in which something was."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a source: for each hour of the week what a minute without anything weighs."""

    weights: tuple[float, ...]  # minus the log of its chance; Monday 00:00 first
    numbers: tuple[float, ...]  # how many are sent in that hour
    enough: float  # a silence of this weight is no chance any more
    zone: ZoneInfo

    def weight(self, since: datetime, until: datetime) -> float:
        """Return what a silence weighs: the minus log of its chance under the usual rate."""
        return sum(self.weights[place] * minutes for place, minutes, _ in self._parts(since, until))

    def expected(self, since: datetime, until: datetime) -> float:
        """Return how many are usually sent in that time."""
        return sum(self.numbers[place] * minutes / 60 for place, minutes, _ in self._parts(since, until))

    def due(self, since: datetime) -> datetime | None:
        """Return when a silence that began then is too long; None when that is more than four weeks off."""
        left = self.enough
        for place, minutes, at in self._parts(since, since + LONGEST):
            weight = self.weights[place]
            if weight * minutes >= left:
                return max(at + timedelta(minutes=left / weight), since + SHORTEST)
            left -= weight * minutes
        return None

    def _parts(self, since: datetime, until: datetime) -> Iterator[tuple[int, float, datetime]]:
        """Yield the hour of the week, the minutes and the begin of each piece of a time."""
        at = since
        while at < until:
            end = min(hour_of(at) + HOUR, until)
            yield place_of(at, self.zone), (end - at).total_seconds() / 60, at
            at = end


def learn(hours: Hours, first: datetime, last: datetime, zone: ZoneInfo) -> Usual | None:
    """Return what is usual for a source that sent `first` and `last` then; None while it is too young or too rare.

    The silence since `last` is no part of it. In each hour of the week the busiest one counts as the next to it, so
    that one odd night raises no expectation; a last week that was quieter than usual lowers all.
    """
    end = hour_of(last) + HOUR
    weeks = min(WEEKS, (end - first) // WEEK)
    if weeks < LEAST_WEEKS:
        return None
    at = [end - weeks * WEEK + HOUR * n for n in range(weeks * 168)]
    counts = [hours.get(hour, (0, 0))[1].bit_count() for hour in at]
    places = [place_of(hour, zone) for hour in at]
    rates = _rates(counts, places, weeks)
    usual = sum(rates)
    if sum(counts) < LEAST_MINUTES or usual < LEAST_A_WEEK:
        return None
    level = min(1.0, sum(counts[-168:]) / usual)
    weights = [-math.log1p(-min(rate * level / 60, _MOST)) for rate in rates]
    heaviest = _heaviest([hours.get(hour, (0, 0))[1] for hour in at], [weights[place] for place in places])
    gaps = max(usual * level, LEAST_A_WEEK)
    clumped = (statistics.median(heaviest) - _SPREAD / math.sqrt(weeks)) / (math.log(gaps) + _MEDIAN)
    each = sum(hours.get(hour, (0, 0))[0] for hour in at) / sum(counts)
    return Usual(
        tuple(weights), tuple(rate * level * each for rate in rates),
        max(1.0, clumped) * math.log(gaps * 52 / A_YEAR), zone,
    )  # fmt: skip


def _rates(counts: list[int], places: list[int], weeks: int) -> list[float]:
    """Return the usual number of minutes with something in them, for each hour of the week.

    An hour is drawn to the same hour of like days, and that one to all hours of like days, as far as they differ by no
    more than chance. An hour in which nothing was ever sent expects nothing.
    """
    samples: list[list[int]] = [[] for _ in range(168)]
    for count, place in zip(counts, places, strict=True):
        samples[place].append(count)
    raw = [_mean_but_odd(sample) for sample in samples]
    found = list(raw)
    for days in _LIKE_DAYS:
        by_hour = [statistics.mean(raw[day * 24 + hour] for day in days) for hour in range(24)]
        for hour, drawn in enumerate(_drawn(by_hour, weeks * len(days))):
            there = [raw[day * 24 + hour] for day in days]
            for day, rate in zip(days, _drawn(there, weeks, drawn), strict=True):
                found[day * 24 + hour] = rate if raw[day * 24 + hour] else 0.0
    return found


def _drawn(rates: list[float], weeks: int, centre: float | None = None) -> list[float]:
    """Draw rates of so many weeks together, the more the less they differ; by chance alone they become the centre."""
    mean = statistics.mean(rates)
    centre = mean if centre is None else centre
    spread, chance = statistics.variance(rates), mean / weeks
    own = max(0.0, 1 - 2 * chance / spread) if spread else 0.0
    return [centre + own * (rate - centre) for rate in rates]


def _mean_but_odd(sample: list[int]) -> float:
    """Return the mean, the highest one cut to what chance allows beside the others: one odd night is not usual."""
    *rest, highest = sorted(sample)
    if not rest:
        return 0.0
    mean = statistics.mean(rest)
    return (sum(rest) + min(highest, max(rest[-1], mean + 3 * math.sqrt(mean)))) / len(sample)


def _heaviest(masks: list[int], weights: list[float]) -> list[float]:
    """Return the weight of the heaviest gap of each week."""
    heaviest = [0.0] * (len(masks) // 168)
    before, gone = 0.0, 0.0  # weight at the last minute with something in it, and of the hours so far
    for number, (mask, weight) in enumerate(zip(masks, weights, strict=True)):
        week = number // 168
        while mask:
            lowest = mask & -mask
            here = gone + weight * (lowest.bit_length() - 1)
            heaviest[week] = max(heaviest[week], here - before)
            before, mask = here, mask ^ lowest
        gone += weight * 60
    return heaviest


def too_long(usual: Usual | None, setting: str | float, since: datetime, now: datetime) -> bool:
    """Return whether a silence that lasts since then is an alarm; `setting` is auto, off, or seconds."""
    if setting == "off":
        return False
    if not isinstance(setting, str):
        return (now - since).total_seconds() >= setting
    return usual is not None and now - since >= SHORTEST and usual.weight(since, now) >= usual.enough


def hour_of(at: datetime) -> datetime:
    """Return the hour a time is in, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def place_of(at: datetime, zone: ZoneInfo) -> int:
    """Return the hour of the week at a place, from 0 on Monday at midnight."""
    there = hour_of(at).astimezone(zone)
    return there.weekday() * 24 + there.hour
