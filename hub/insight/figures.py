"""Percentiles, and the share that was answered after a time when some still wait (Kaplan and Meier, 1958)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least this share of the values does not exceed; None of no values."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(round(share * len(ordered), 9)) - 1)]


@dataclass(frozen=True, slots=True)
class Curve:
    """How many were answered after how long; who still waits counts for as long as they have waited."""

    times: Sequence[float]  # moments of answers, rising
    answered: Sequence[float]  # the share that was answered by each of them
    known: float  # seconds after which nobody was watched any more

    def after(self, seconds: float) -> float | None:
        """Return the share that was answered after so long; None when nobody was watched for so long."""
        place = bisect_right(self.times, seconds)
        share = self.answered[place - 1] if place else 0.0
        return share if seconds <= self.known or share > 1 - 1e-12 else None

    def when(self, share: float) -> float | None:
        """Return the seconds after which this share was answered; None when it is not known to have come to that."""
        place = bisect_left(self.answered, share - 1e-12)
        return self.times[place] if place < len(self.times) else None


def curve(answered: Iterable[float], waiting: Iterable[float] = (), never: int = 0) -> Curve:
    """Return the curve of answers after seconds, of those who wait so long already, and of those nobody will answer."""
    ordered, pending = sorted(answered), sorted(waiting)
    number = len(ordered) + len(pending) + never
    known = max(ordered[-1:] + pending[-1:]) if pending else math.inf
    if not pending:
        times = sorted(set(ordered))
        return Curve(times, [bisect_right(ordered, time) / number for time in times], known)
    times, shares = [], []
    left, place, gone = 1.0, 0, 0
    while place < len(ordered):
        time = ordered[place]
        same = bisect_right(ordered, time, place) - place
        while gone < len(pending) and pending[gone] < time:
            gone += 1
        left *= 1 - same / (number - place - gone)
        times.append(time)
        shares.append(1 - left)
        place += same
    return Curve(times, shares, known)
