"""The only place that asks the time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

DRIFT = 1e-4  # seconds a second that two clocks may go apart: cheap quartz does less


class Clock(Protocol):
    """Tells the time and waits; tests hand in one that is turned by hand."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await asyncio.sleep(seconds)


class SharedClock:
    """The clock of this machine until it is told what another clock says, such as a database's; then that one's time.

    Time since then is counted by the clock that never jumps, so a wrong or stepped clock of this machine is no matter.
    """

    def __init__(self, inner: Clock | None = None) -> None:
        self._inner = inner or SystemClock()
        self._told: tuple[datetime, float, float] | None = None  # the time said, when (monotonic), and the doubt then

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        told = self._told
        if told is None:
            return self._inner.now()
        return told[0] + timedelta(seconds=self._inner.monotonic() - told[1])

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""
        return self._inner.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await self._inner.sleep(seconds)

    def agree(self, said: datetime, asked: float, answered: float) -> None:
        """Take over the time another clock said between two moments of `monotonic`.

        A quick answer is exact to half the time it took. A slower one counts once the quick one has aged, or when both
        cannot be true: the other clock was set.
        """
        doubt, at = (answered - asked) / 2, (asked + answered) / 2
        if self._told is not None:
            aged = self._told[2] + (at - self._told[1]) * DRIFT
            off = abs((self._told[0] - said).total_seconds() + at - self._told[1])
            if doubt > aged and off <= doubt + aged:
                return
        self._told = said, at, doubt
