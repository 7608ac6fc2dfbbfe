"""How fast one destination may be called: its rate, its breaker, and rests it asked for."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

WINDOW = 300.0  # seconds a breaker looks back
ENOUGH = 10  # sends before it judges
FAILED = 0.7  # share of failures that opens it
FIRST_REST, LONGEST_REST = 30.0, 600.0
PROBES = 3  # successes in a row that close it again
PROBING = 1.0  # seconds others wait before they look again whether the probe came back


class Bucket:
    """A token bucket: `rate` a second, with bursts of `saved` seconds' worth."""

    def __init__(self, rate: float | None, saved: float = 1.0) -> None:
        self.rate, self._saved = rate or 0.0, saved
        self._free_at = -math.inf  # a new one is full

    def wait(self, now: float) -> float:
        """Take one token and return the seconds to wait until it may be used."""
        if not self.rate:
            return 0.0
        earliest = now - self._saved + 1.0 / self.rate  # so much may have been saved up
        at = max(self._free_at, earliest if self.rate * self._saved > 1 else now)
        self._free_at = at + 1.0 / self.rate
        return max(0.0, at - now)

    def give_back(self) -> None:
        """Give back the token taken last, which will not be used."""
        if self.rate:
            self._free_at -= 1.0 / self.rate


class Breaker:
    """Opens when most sends fail, rests, lets one probe through, and closes after three successes."""

    def __init__(self) -> None:
        self._sends: deque[tuple[float, bool]] = deque()
        self._rest = FIRST_REST
        self._open_until: float | None = None
        self._probing = False
        self._good = 0

    @property
    def state(self) -> str:
        """Return `closed`, `open` or `half-open`."""
        return "closed" if self._open_until is None else "half-open" if self._good or self._probing else "open"

    @property
    def closed(self) -> bool:
        """Return whether sends go out as they come."""
        return self._open_until is None

    def hold(self, until: float, rest: float, good: int, *, probing: bool) -> None:
        """Be open until then, as another process found it to be."""
        self._open_until, self._rest, self._good, self._probing = until, rest, good, probing

    def close(self) -> None:
        """Close, with a clean slate."""
        self._open_until, self._rest, self._good, self._probing = None, FIRST_REST, 0, False
        self._sends.clear()

    def wait(self, now: float) -> float:
        """Return the seconds until a send may start; while it is open, one probe at a time after each rest."""
        if self._open_until is None:
            return 0.0
        return max(self._open_until - now, PROBING if self._probing else 0.0, 0.0)

    def begin(self) -> None:
        """Note that a send starts."""
        if self._open_until is not None:
            self._probing = True

    def note(self, ok: bool, now: float) -> str | None:
        """Note how a send ended; returns `opened` or `closed` when that changes the state."""
        if self._open_until is not None:
            return self._note_probe(ok, now)
        self._sends.append((now, ok))
        while self._sends and self._sends[0][0] < now - WINDOW:
            self._sends.popleft()
        failed = sum(not good for _, good in self._sends) if not ok else 0
        if len(self._sends) < ENOUGH or failed < FAILED * len(self._sends):
            return None
        self._open(now)
        return "opened"

    def _note_probe(self, ok: bool, now: float) -> str | None:
        self._probing = False
        if not ok:
            self._rest = min(self._rest * 2, LONGEST_REST)
            self._open(now)
            return None
        self._good += 1
        if self._good < PROBES:
            return None
        self.close()
        return "closed"

    def _open(self, now: float) -> None:
        self._open_until, self._good = now + self._rest, 0


class Gate:
    """Everything that decides when the next send to a destination may start."""

    def __init__(self, rate: float | None) -> None:
        self.bucket = Bucket(rate)
        self.breaker = Breaker()
        self.paused: str | None = None
        self.rest_until = 0.0
        self.refused: set[str] = set()  # different leads refused in a row

    def open(self, now: float) -> bool:
        """Return whether sends may be claimed now."""
        return self.paused is None and not self.wait(now)

    def wait(self, now: float) -> float:
        """Return the seconds until a send may start; 0 when it may now."""
        return max(self.rest_until - now, self.breaker.wait(now), 0.0)

    async def turn(self, now: float, waiting: int) -> float:
        """Take a turn and return the seconds until it comes; `waiting` is how many sends want one."""
        return self.bucket.wait(now)

    def give_back(self) -> None:
        """Give back the turn taken last, which will not be used."""
        self.bucket.give_back()

    async def begin(self) -> bool:
        """Note that a send starts; False when it may not, because another process makes the probe."""
        self.breaker.begin()
        return True

    async def note(self, ok: bool, now: float) -> str | None:
        """Note how a send ended; returns `opened` or `closed` when that changes the breaker's state."""
        return self.breaker.note(ok, now)

    async def leave_alone(self, seconds: float, now: float) -> None:
        """Let the whole destination wait, in all processes."""
        self.rest(seconds, now)

    def rest(self, seconds: float, now: float) -> None:
        """Let the whole destination wait, as it asked."""
        self.rest_until = max(self.rest_until, now + seconds)


Gates = Callable[[str, float | None], Gate]


def alone(_: str, rate: float | None) -> Gate:
    """Return the gate of a sink that no other process sends to."""
    return Gate(rate)
