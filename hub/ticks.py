"""Work that a schedule starts once, whatever number of processes ring the same bell."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.clock import Clock
from hub.errors import Conflict, brief
from hub.failpoints import hit
from hub.store import ticks as store
from hub.store.database import Database
from hub.store.ticks import Held, Taken

LEASE = timedelta(seconds=90)
RENEW_EVERY = 30.0
SHORTEST, LONGEST = 1.0, 60.0
LOOKS = 4  # bells in one interval: a tick is noticed soon after it begins, and soon after its taker died

log = logging.getLogger("leadhub.schedule")

Work = Callable[[], Awaitable[Any]]


def bell(every: float) -> float:
    """Return how often to ask for a tick that comes every so many seconds."""
    return min(max(every / LOOKS, SHORTEST), LONGEST, every)


def tick_of(schedule: str, every: float, now: datetime) -> datetime:
    """Return when the tick that is due began; schedules of the same interval are spread over it by their names."""
    shift = zlib.crc32(schedule.encode()) % 1_000_000 / 1_000_000 * every
    return datetime.fromtimestamp((now.timestamp() - shift) // every * every + shift, UTC)


class Ticks:
    """Takes ticks for this process, and remembers which it need not ask for again."""

    def __init__(self, db: Database, holder: str, clock: Clock) -> None:
        self.db, self.holder, self.clock = db, holder, clock
        self.known: dict[str, tuple[datetime, datetime | None]] = {}

    async def once(self, schedule: str, every: float, work: Work, *, soon: bool = True) -> bool:
        """Do the work when a tick is due and nobody else did it or is at it; returns whether it was done here.

        A schedule that no process ever saw starts now, or with its next tick unless `soon`. Raises what `work` raises.
        """
        now = self.clock.now()
        tick = tick_of(schedule, every, now)
        seen, until = self.known.get(schedule, (None, None))
        if seen == tick and (until is None or now <= until):
            return False
        try:
            anew = self.db.sqlite and soon and seen is None
            take = (schedule, tick, now, now + LEASE, self.holder)
            taken = await self.db.beside(store.take, *take, soon=soon, anew=anew)
        except Conflict:
            return False
        if isinstance(taken, Held):
            self.known[schedule] = tick, taken.until
            return False
        hit("tick.taken")
        self.known[schedule] = tick, None
        await self._work(schedule, tick, taken, work)
        return True

    async def at(self, schedule: str, tick: datetime, work: Work) -> bool:
        """Do the work of a tick that is a moment of the calendar, unless it is done or somebody is at it.

        Returns whether it was done here; also a restart does it once. Raises what `work` raises, and then the tick is
        given back: whoever asks next does it.
        """
        now = self.clock.now()
        seen, until = self.known.get(schedule, (None, None))
        if seen == tick and (until is None or now <= until):
            return False
        try:
            taken = await self.db.beside(store.take, schedule, tick, now, now + LEASE, self.holder, soon=True)
        except Conflict:
            return False
        if isinstance(taken, Held):
            self.known[schedule] = tick, taken.until
            return False
        self.known.pop(schedule, None)
        await self._work(schedule, tick, taken, work, again=True)
        self.known[schedule] = tick, None
        return True

    async def _work(self, schedule: str, tick: datetime, taken: Taken, work: Work, *, again: bool = False) -> None:
        """Do the work, and keep the tick meanwhile.

        One that fails is done as well, as the next tick comes; `again`: it is given back.
        """
        keeping = asyncio.create_task(self._keep(schedule, tick, taken))
        try:
            await work()
        except asyncio.CancelledError:  # this process ends: another one may do it
            with contextlib.suppress(RuntimeError):  # the database is closed already: the lease runs out
                await self.db.beside(store.let_go, schedule, tick, taken.fence)
            raise
        except Exception:
            if again:
                await self.db.beside(store.let_go, schedule, tick, taken.fence)
            else:
                await self.db.beside(store.finish, schedule, tick, taken.fence, self.clock.now())
            raise
        finally:
            keeping.cancel()
        await self.db.beside(store.finish, schedule, tick, taken.fence, self.clock.now())

    async def _keep(self, schedule: str, tick: datetime, taken: Taken) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)  # of this machine: a clock that a test turns would race with the work
            try:
                await self.db.beside(store.renew, schedule, tick, taken.fence, self.clock.now() + LEASE)
            except Exception as error:
                log.error("schedule=%s error=%s", schedule, brief(error))
