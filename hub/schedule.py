"""Rings bells: APScheduler calls the sweeps, polls and watches; it holds no business rule."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = logging.getLogger("leadhub.schedule")

Bell = Callable[[], Awaitable[Any]]
Now = Callable[[], float]
"""Tells seconds, of some clock."""

JUMP = 5.0  # seconds by which the time of day may differ from what has passed: more, and somebody has set it


class Steady(AsyncIOScheduler):  # type: ignore[misc]
    """A scheduler that goes on at its pace when somebody sets the machine's clock.

    APScheduler compares with the time of day: set back by an hour, all would be silent for one; set ahead by years,
    each missed call would be counted. So what is due moves with the clock, before anything is compared.
    """

    def __init__(self, wall: Now = time.time, passed: Now = time.monotonic) -> None:
        super().__init__(timezone=UTC)
        self._wall, self._passed = wall, passed
        self._apart = wall() - passed()

    def _process_jobs(self) -> float | None:
        self.follow()
        waits: float | None = super()._process_jobs()
        return waits

    def follow(self) -> None:
        """Move what is due by as much as the clock was set, if it was."""
        apart = self._wall() - self._passed()
        jump, self._apart = apart - self._apart, apart
        if abs(jump) < JUMP:
            return
        log.warning("event=clock.jumped seconds=%.0f", jump)
        for job in self.get_jobs():
            job.modify(next_run_time=job.next_run_time + timedelta(seconds=jump))


class Schedule:
    """Calls functions at intervals; a call that is still running is not started again."""

    def __init__(self, wall: Now = time.time, passed: Now = time.monotonic) -> None:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = Steady(wall, passed)
        self._broken: set[str] = set()

    def every(self, seconds: float, name: str, bell: Bell, *, soon: bool = False) -> None:
        """Ring a bell every so many seconds; `soon`: also at once."""
        first = datetime.now(UTC) if soon else datetime.now(UTC) + timedelta(seconds=seconds)
        self._scheduler.add_job(
            self._ring, IntervalTrigger(seconds=seconds), args=(name, bell), id=name, replace_existing=True,
            max_instances=1, coalesce=True, misfire_grace_time=None, next_run_time=first,
        )  # fmt: skip

    def forget(self, prefix: str) -> None:
        """Stop ringing every bell whose name starts so."""
        for job in self._scheduler.get_jobs():
            if job.id.startswith(prefix):
                job.remove()

    async def _ring(self, name: str, bell: Bell) -> None:
        try:
            await bell()
            self._broken.discard(name)
        except Exception as error:
            if name not in self._broken:  # once per outage, not once per second
                log.error(
                    "event=bell.failed bell=%s error=%s detail=%r",
                    name,
                    type(error).__name__,
                    str(error).partition("\n")[0][:300],
                )
            self._broken.add(name)

    @property
    def bells(self) -> frozenset[str]:
        """Return the names of the bells that ring."""
        return frozenset(job.id for job in self._scheduler.get_jobs())

    @property
    def broken(self) -> frozenset[str]:
        """Return the bells whose last call failed."""
        return frozenset(self._broken)

    def start(self) -> None:
        """Begin to ring."""
        self._scheduler.start()

    def stop(self) -> None:
        """Ring no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
