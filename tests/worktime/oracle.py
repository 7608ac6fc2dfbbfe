"""Working time told by looking at the wall clock for every minute of UTC: slow to set up, hard to get wrong."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

MINUTE = 60_000_000
Blocks = Sequence[tuple[int, int]]
"""Minutes of the day at which blocks begin and end, as people write them: 22:00-06:00 is (1320, 360)."""


def wall(zone: str, first: int, minutes: int) -> array[int]:
    """Return what the wall clock shows at each minute since 1970: minutes since the year 1."""
    where = ZoneInfo(zone)
    shown = array("q")
    for minute in range(first, first + minutes):
        at = datetime.fromtimestamp(minute * 60, where)
        shown.append(at.toordinal() * 1440 + at.hour * 60 + at.minute)
    return shown


class Oracle:
    """Knows for each minute of a stretch whether it is worked, and counts."""

    def __init__(self, first: int, shown: array[int], blocks_on: Callable[[date], Blocks]) -> None:
        """Take the first minute since 1970, what the wall shows from there on, and the hours of a day."""
        self.first = first
        day_one, day_last = min(shown) // 1440 - 1, max(shown) // 1440
        local = bytearray((day_last - day_one + 2) * 1440)
        for day in range(day_one, day_last + 1):
            at = (day - day_one) * 1440
            for begin, end in blocks_on(date.fromordinal(day)):
                stop = end if end > begin else end + 1440
                local[at + begin : at + stop] = b"\1" * (stop - begin)
        self.open = bytes([local[minute - day_one * 1440] for minute in shown])
        self.before = array("q", accumulate(self.open, initial=0))

    def is_open(self, at: int) -> bool:
        return self.open[at // MINUTE - self.first] == 1

    def until(self, at: int) -> int:
        minute = at // MINUTE - self.first
        return self.before[minute] * MINUTE + self.open[minute] * (at % MINUTE)

    def between(self, start: int, end: int) -> int:
        return self.until(end) - self.until(start)

    def left(self, at: int) -> int:
        """Return how much is open from a moment to the end of the stretch."""
        return self.before[-1] * MINUTE - self.until(at)

    def next_open(self, at: int) -> int | None:
        if self.is_open(at):
            return at
        found = self.open.find(1, at // MINUTE - self.first)
        return None if found < 0 else (found + self.first) * MINUTE

    def after(self, start: int, much: int) -> int:
        if not much:
            return start
        wanted = self.until(start) + much
        minute = bisect_left(self.before, -(-wanted // MINUTE)) - 1
        return (self.first + minute) * MINUTE + wanted - self.before[minute] * MINUTE
