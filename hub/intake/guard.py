"""Keeps the hub from taking more than it can keep: little disk or too long a queue holds sources, then the intake."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hub.clock import Clock
from hub.plan import Plan
from hub.store.database import Database
from hub.store.gauges import queue

log = logging.getLogger("leadhub")

LOOK_EVERY = 5.0
HOLD_SECONDS = 5.0  # how long a held import waits before it asks again

Disk = Callable[[Path], tuple[int, int]]
"""Returns the size of the disk a path is on, and what is free of it, in bytes."""


def disk_of_machine(path: Path) -> tuple[int, int]:
    """Return the size of the disk a path is on, and what is free of it."""
    usage = shutil.disk_usage(path)
    return usage.total, usage.free


@dataclass(frozen=True, slots=True)
class Pressure:
    """What the guard saw last: why the intake refuses, why sources are held, and the disk's size and free bytes."""

    refusing: str | None = None
    holding: str | None = None
    disk: tuple[int, int] | None = None


class Guard:
    """Looks at the disk and the queue now and then; who takes leads in asks it, which costs nothing.

    Deliveries go on whatever it says: they empty the queue. The disk of a PostgreSQL server is that server's business.
    """

    def __init__(self, db: Database, plan: Callable[[], Plan], *, clock: Clock, disk: Disk = disk_of_machine) -> None:
        self._db, self._plan, self._clock, self._disk = db, plan, clock, disk
        self.seen = Pressure()

    async def look(self) -> None:
        """Look anew; a change is told in the log."""
        disk = self._space()
        full = self._full(disk)
        settings = self._plan().settings
        sinks = [name for name, sink in settings.sinks.items() if sink.enabled]
        depth, age = await self._db.read(queue, self._clock.now(), sinks, settings.hub.high_water)
        deep, old = depth >= settings.hub.high_water, age > settings.hub.queue_age
        said = f"{depth} submissions and deliveries wait, the oldest for {age:.0f} s"
        refusing = full or (said if deep and old else None)
        self._tell(Pressure(refusing, refusing or (said if deep or old else None), disk))

    def _space(self) -> tuple[int, int] | None:
        if not self._db.sqlite:
            return None
        return self._disk(Path(str(self._db.url.database)).parent)

    def _full(self, disk: tuple[int, int] | None) -> str | None:
        settings = self._plan().settings.hub
        if disk is None or (disk[1] >= settings.min_free and disk[1] >= settings.min_free_share * disk[0]):
            return None
        return f"only {disk[1] / 1e6:.0f} MB of the disk are free"

    def _tell(self, now: Pressure) -> None:
        before, self.seen = self.seen, now
        if (now.refusing is None) != (before.refusing is None):
            if now.refusing:
                log.error("event=intake.closed reason=%r", now.refusing)
            else:
                log.warning("event=intake.opened")
        elif (now.holding is None) != (before.holding is None):
            log.warning("event=sources.%s reason=%r", "held" if now.holding else "released", now.holding)

    @property
    def refusing(self) -> str | None:
        """Return why the intake takes nothing now; None when it does."""
        return self.seen.refusing

    @property
    def holding(self) -> str | None:
        """Return why polls and imports wait now; None when they do not."""
        return self.seen.holding

    async def turn(self) -> None:
        """Return when an import may go on."""
        while self.seen.holding is not None:
            await self._clock.sleep(HOLD_SECONDS)
