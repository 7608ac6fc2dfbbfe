"""What this process may send: each delivery for as long as its lease surely runs, by a clock that never jumps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from hub.clock import Clock
from hub.errors import Unclear, brief
from hub.store import deliveries as store
from hub.store.database import Database

SECONDS = 90.0  # of a lease, unless hub.lease says otherwise
RENEWALS = 3  # in one lease: two may fail
ENOUGH = 1 / 2  # share of a lease that is left when a send begins: an attempt takes no longer
SPARE = 1 / 15  # share that is left when a send is broken off: at its end another process may have begun
LOOKS = 30  # in one lease
AGAIN = 1.0  # seconds before a database that does not answer is asked once more

log = logging.getLogger("leadhub.delivery")


class Claimed(Protocol):
    """A delivery and the fence it was claimed under."""

    @property
    def delivery(self) -> str:
        """Its id."""
        ...

    @property
    def fence(self) -> int:
        """The number of its claim."""
        ...


class Leases:
    """Knows until when each delivery is ours, renews that, and breaks off what is sent under a lease that ends.

    Only what the database confirmed counts, and from the moment at which it was asked. A process that is cut off from
    its database, or stood still, begins no send; what it was sending is broken off before another process may begin.
    """

    def __init__(self, db: Database, holder: str, clock: Clock) -> None:
        self._db, self._holder, self._clock = db, holder, clock
        self.seconds = SECONDS
        self.failing = False  # the last renewal did not come through: nothing is begun
        self._until: dict[str, tuple[int, float]] = {}  # by delivery: its fence, and when its lease ends
        self._sending: dict[asyncio.Timeout, Sequence[Claimed]] = {}
        self._renewed = clock.monotonic()
        self._renewing: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None

    def end(self, now: datetime) -> datetime:
        """Return when a lease that is taken now ends."""
        return now + timedelta(seconds=self.seconds)

    def took(self, jobs: Iterable[Claimed], asked: float) -> None:
        """Note what the database confirmed as ours; `asked`: the monotonic time before it was asked."""
        until = asked + self.seconds
        for job in jobs:
            self._until[job.delivery] = job.fence, until

    def handed(self, job: Claimed, until: datetime) -> None:
        """Note a delivery that was stored as ours, under a lease that ends then."""
        left = min((until - self._clock.now()).total_seconds(), self.seconds)
        self._until[job.delivery] = job.fence, self._clock.monotonic() + left

    def left(self, job: Claimed) -> None:
        """Forget a delivery that is done with; not one that was claimed anew meanwhile."""
        if self._until.get(job.delivery, (None,))[0] == job.fence:
            del self._until[job.delivery]

    def sure(self, jobs: Iterable[Claimed]) -> bool:
        """Return whether a send of these may begin: all of them are ours for longer than it takes."""
        return not self.failing and self._all_last(jobs, self.seconds * ENOUGH)

    def _all_last(self, jobs: Iterable[Claimed], seconds: float) -> bool:
        most, nothing = self._clock.monotonic() + seconds, (None, 0.0)
        for job in jobs:
            fence, until = self._until.get(job.delivery, nothing)
            if fence != job.fence or until < most:
                return False
        return True

    async def secure(self, jobs: Sequence[Any], going: Callable[[], bool]) -> list[Any]:
        """Return those of these deliveries whose send may begin; waits for a database that is away while `going`."""
        ours = list(jobs)
        while ours and not self.sure(ours):
            try:
                await self.renew()
            except Exception:  # it is in the log already
                if going():
                    await self._clock.sleep(AGAIN)
            ours = [job for job in ours if self._until.get(job.delivery, (None,))[0] == job.fence]
            if not going() and not self.sure(ours):
                return []
        return ours

    async def within(self, seconds: float, jobs: Sequence[Claimed], work: Awaitable[Any]) -> Any:
        """Return what the work of sending these returns.

        Raises TimeoutError when it takes longer, Unclear when a lease ends meanwhile; the work is broken off then.
        """
        try:
            async with asyncio.timeout(seconds) as scope:
                self._sending[scope] = jobs
                try:
                    return await work
                finally:
                    del self._sending[scope]
        except TimeoutError:
            if self._all_last(jobs, self.seconds * SPARE):
                raise
            why = "its lease ended while it was sent: the database was away, or this process stood still"
            raise Unclear(why) from None

    def look(self) -> None:
        """Break off what is sent under a lease that is as good as over."""
        now = asyncio.get_running_loop().time()
        for scope, jobs in self._sending.items():
            if not scope.expired() and not self._all_last(jobs, self.seconds * SPARE):
                scope.reschedule(now)

    # -- renewing ------------------------------------------------------------------------------------

    async def renew(self) -> None:
        """Keep what is ours; what another process took meanwhile is ours no more. One renewal at a time serves all."""
        renewing = self._renewing
        if renewing is None or renewing.done():  # awaiting one that ended gives nobody else a turn, not even its end
            renewing = self._renewing = asyncio.create_task(self._renew())
            renewing.add_done_callback(self._renewal_ended)
        await asyncio.shield(renewing)

    async def _renew(self) -> None:
        held = {delivery: fence for delivery, (fence, _) in self._until.items()}
        asked = self._clock.monotonic()
        if held:
            kept = await self._db.write(store.renew, held, self._holder, self.end(self._clock.now()))
            for delivery, fence in held.items():
                if self._until.get(delivery, (None,))[0] != fence:
                    continue  # done with, or claimed anew, while we asked
                if delivery in kept:
                    self._until[delivery] = fence, asked + self.seconds
                else:
                    del self._until[delivery]
        self._renewed, self.failing = asked, False

    def _renewal_ended(self, task: asyncio.Task[None]) -> None:
        if self._renewing is task:
            self._renewing = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            if not self.failing:  # once per outage
                log.error("event=leases.failing error=%s", brief(error))
            self.failing = True

    def start(self) -> None:
        """Keep the leases from now on."""
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Keep them no more."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self) -> None:
        tried = self._renewed
        while True:  # by this machine's clock: one that a test turns would race with the sends
            await asyncio.sleep(self.seconds / LOOKS)
            self.look()
            now = self._clock.monotonic()
            due = tried + AGAIN if self.failing else self._renewed + self.seconds / RENEWALS
            if now >= due and self._renewing is None:
                tried = now
                asyncio.create_task(self._try()).add_done_callback(lambda _: None)

    async def _try(self) -> None:
        with contextlib.suppress(Exception):  # it is in the log already
            await self.renew()
