"""What a clock on the wall of a time zone shows: stretches of seconds in which it runs without a jump."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400


class Steady(NamedTuple):
    """Seconds since 1970, the first one and the one after the last, in which the wall clock is `ahead` of UTC."""

    since: int
    until: int
    ahead: int


def ahead(zone: ZoneInfo, at: int) -> int:
    """Return how many seconds the wall clock is ahead of UTC, at seconds since 1970."""
    offset = (_EPOCH + timedelta(seconds=at)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset.days * _DAY + offset.seconds


def steady(zone: ZoneInfo, since: int, until: int) -> Iterator[Steady]:
    """Yield the steady stretches in order. Clocks are looked at once a day: none ever jumped and back within one."""
    began, now, seen = since, since, ahead(zone, since)
    while now < until:
        then = min(now + _DAY, until)
        offset = ahead(zone, then)
        if offset != seen:
            jump = _jump(zone, now, then)
            yield Steady(began, jump, seen)
            began, seen = jump, offset
        now = then
    if began < until:
        yield Steady(began, until, seen)


def _jump(zone: ZoneInfo, before: int, after: int) -> int:
    """Return the first second after a jump that lies between two."""
    old = ahead(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if ahead(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after
