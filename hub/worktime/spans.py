"""Stretches of open time, in order and apart, with how much is open before each: so a sum is two look-ups."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from hub.worktime.wallclock import Steady

SECOND = 1_000_000


def merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans that are ordered by their start as ones that neither touch nor overlap; empty ones are dropped."""
    begun: tuple[int, int] | None = None
    for start, end in spans:
        if start >= end:
            continue
        if begun is not None and start <= begun[1]:
            begun = (begun[0], max(begun[1], end))
            continue
        if begun is not None:
            yield begun
        begun = (start, end)
    if begun is not None:
        yield begun


def in_utc(shown: Sequence[tuple[int, int]], clock: Iterable[Steady]) -> Iterator[tuple[int, int]]:
    """Yield when a wall clock shows one of the spans, all in seconds.

    A time the clock skips is no time at all, and one that it shows twice counts twice.
    """
    starts = [start for start, _ in shown]
    for part in clock:
        since, until = part.since + part.ahead, part.until + part.ahead
        for start, end in shown[max(bisect_right(starts, since) - 1, 0) : bisect_left(starts, until)]:
            yield max(start, since) - part.ahead, min(end, until) - part.ahead


class Spans:
    """Open stretches of a stretch of time, in microseconds since 1970."""

    __slots__ = ("_before", "_ends", "_starts", "total")

    def __init__(self, seconds: Iterable[tuple[int, int]]) -> None:
        kept = list(merged(seconds))
        self._starts = [start * SECOND for start, _ in kept]
        self._ends = [end * SECOND for _, end in kept]
        lengths = [(end - start) * SECOND for start, end in kept]
        *self._before, self.total = accumulate(lengths, initial=0)

    def until(self, at: int) -> int:
        """Return how much is open before a moment."""
        i = bisect_right(self._starts, at) - 1
        return self._before[i] + min(at, self._ends[i]) - self._starts[i] if i >= 0 else 0

    def reached(self, much: int) -> int:
        """Return the first moment before which so much is open; it is more than 0 and no more than the total."""
        i = bisect_left(self._before, much) - 1
        return self._starts[i] + much - self._before[i]

    def open_from(self, at: int) -> int | None:
        """Return the first open moment that is not before another, None when there is none."""
        i = bisect_right(self._ends, at)
        return max(at, self._starts[i]) if i < len(self._starts) else None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)
