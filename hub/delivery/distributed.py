"""The runner of several machines: pgqueuer's jobs in PostgreSQL say which process is called for which delivery."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import psycopg
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from psycopg import sql

from hub.delivery import jobs
from hub.delivery.runner import Deliverer, Room, in_flight
from hub.errors import brief
from hub.plan import Plan
from hub.store import taking
from hub.store.database import Database
from hub.store.due import OWE, owe

log = logging.getLogger("leadhub.delivery")

SWEEP_EVERY = 2.0  # seconds; what has no job waits that long at most
POLL = 0.5  # seconds; a lost notification costs that much, and so does a sink that opens again
BATCH = 64  # most jobs taken at once
OVERDUE = 1_000  # deliveries that a sweep sees to
GRACE = timedelta(seconds=1)  # a delivery that was due a moment ago has its job
DEAD = timedelta(seconds=30)  # a job whose process said nothing for so long is given to another
RECONNECT = 1.0
ASK_EVERY = 10.0  # seconds without a notification before it is asked whether somebody is there at all
FORGET = 600.0  # seconds between the moments at which pgqueuer's own log is emptied; ours are the attempts


class PgqueuerRunner:
    """Takes jobs for the sinks that have room here, calls for their deliveries, and reports the jobs done.

    The loop is ours and not pgqueuer's manager: that one takes jobs of sinks that are paused or rest, and reports a
    finished job up to a tenth of a second late, during which its place under the sink's limit stays taken.
    """

    every = SWEEP_EVERY

    def __init__(self, db: Database, deliverer: Deliverer, plan: Callable[[], Plan]) -> None:
        self._db, self._deliverer, self._plan = db, deliverer, plan
        self._me = QueueManagerId(uuid.uuid4())
        self._held: dict[str, Job] = {}
        self._done: list[Job] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self._beat = self._forgot = deliverer.clock.monotonic()

    async def start(self, *, works: bool) -> None:
        """Make pgqueuer's tables, and be told of every delivery from now on."""
        self._deliverer.hand_over(False)
        async with await jobs.connect(self._db.url) as connection:
            await jobs.install(jobs.queries(connection))
        self._db.info[OWE] = jobs.teller(lambda sink: self._limits(sink)[1] > 0)
        if works:
            self._loops = [asyncio.create_task(self._keep(self._work)), asyncio.create_task(self._keep(self._listen))]

    async def stop(self) -> None:
        """Take no more jobs; what was called for is with the lanes when this returns."""
        self._stopping = True
        self._wake.set()
        while self._calls:
            await asyncio.gather(*self._calls, return_exceptions=True)

    async def close(self) -> None:
        """Report what is done, and let the connections go."""
        if self._loops:
            await asyncio.wait(self._loops[:1], timeout=5.0)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def sweep(self) -> int:
        """Write jobs for deliveries that are due and have none; returns how many deliveries were looked at."""
        await self._deliverer.release_stray()
        sinks = [room.sink for room in self._deliverer.room()]
        if not sinks or self._stopping:
            return 0
        due = await self._db.read(taking.overdue, sinks, self._deliverer.clock.now() - GRACE, OVERDUE)
        if due:
            await self._db.write(lambda *, session: owe(due, session=session))
        return len(due)

    async def _keep(self, work: Callable[[psycopg.AsyncConnection], Awaitable[None]]) -> None:
        """Do something with a connection, and with another one when that one breaks."""
        broken = False
        while True:
            try:
                async with await jobs.connect(self._db.url) as connection:
                    await work(connection)
                return
            except (psycopg.Error, OSError) as error:
                if not broken:  # once per outage
                    log.error("runner=pgqueuer error=%s", brief(error))
                broken = not self._stopping
                if self._stopping:
                    return
                await asyncio.sleep(RECONNECT)

    async def _listen(self, connection: psycopg.AsyncConnection) -> None:
        """Look at once when there is something new; psycopg keeps a connection busy while it waits for that."""
        channel = jobs.names().channel
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_EVERY):
                    async for _ in connection.notifies():
                        self._wake.set()
            await connection.execute("SELECT 1")

    async def _work(self, connection: psycopg.AsyncConnection) -> None:
        ask = jobs.queries(connection)
        while not (self._stopping and not self._held and not self._done):
            self._wake.clear()
            await self._report(ask)
            await self._keep_alive(ask)
            if self._stopping or not await self._take(ask):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):  # wait_for may swallow that we are cancelled
                        await self._wake.wait()

    async def _report(self, ask: Queries) -> None:
        done = self._done[:]
        if done:
            await ask.log_jobs([(job, "successful", None) for job in done])
            del self._done[: len(done)]

    async def _keep_alive(self, ask: Queries) -> None:
        now = self._deliverer.clock.monotonic()
        if self._held and now - self._beat > DEAD.total_seconds() / 3:
            self._beat = now
            await ask.update_heartbeat([job.id for job in self._held.values()])
        if now - self._forgot > FORGET:
            self._forgot = now
            await ask.clear_queue_log()

    async def _take(self, ask: Queries) -> int:
        """Take jobs and call for their deliveries; a sink that rests after failures gets one at a time."""
        rooms = [room for room in self._deliverer.room() if self._wants(room)]
        together = [room for room in rooms if not room.probing]
        found: list[Job] = []
        if together:
            found += await self._jobs_of(ask, together, BATCH)
        for room in rooms:
            if room.probing:
                found += await self._jobs_of(ask, [room], 1)
        if found:
            self._call(found)
        return len(found)

    def _wants(self, room: Room) -> bool:
        """Return whether it is worth asking for a sink: not for every single place that gets free."""
        if room.probing:
            return not room.held
        first, again = self._limits(room.sink)
        most = first + again
        return most - room.held >= max(1, most // 4)

    async def _jobs_of(self, ask: Queries, rooms: Sequence[Room], most: int) -> list[Job]:
        limits: dict[QueueEntrypoint, EntrypointExecutionParameter] = {}
        for room in rooms:
            first, again = self._limits(room.sink)
            limits[QueueEntrypoint(room.sink)] = EntrypointExecutionParameter(first)
            if room.again:  # also where there is one line: it may have had two before
                limits[QueueEntrypoint(room.sink + jobs.AGAIN)] = EntrypointExecutionParameter(max(1, again))
        return await ask.dequeue(
            batch_size=most,
            entrypoints=limits,
            queue_manager_id=self._me,
            global_concurrency_limit=None,
            heartbeat_timeout=DEAD,
        )

    def _limits(self, sink: str) -> tuple[int, int]:
        """Return how many deliveries of a sink may be under way in all processes: first attempts, and all others.

        Where only one may be, there is one line for both.
        """
        plan = self._plan()
        if sink not in plan.sinks:
            return 1, 0
        most = in_flight(plan.sinks[sink], plan.settings.sinks[sink])
        again = max(1, most // 5) if most > 1 else 0
        return most - again, again

    def _call(self, found: Sequence[Job]) -> None:
        ids = []
        for job in found:
            delivery = (job.payload or b"").decode()
            held = self._held.setdefault(delivery, job)
            if held is job:
                ids.append(delivery)
            elif held.id != job.id:  # the row says who sends it: this process, for the job it has
                self._done.append(job)
        call = asyncio.create_task(self._deliver(ids))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _deliver(self, ids: Sequence[str]) -> None:
        try:
            await self._deliverer.deliver(ids, self._left)
        except Exception as error:  # the database, as a rule: the sweep finds them again
            log.error("deliveries=%d error=%s", len(ids), brief(error))

    def _left(self, delivery: str) -> None:
        job = self._held.pop(delivery, None)
        if job is not None:
            self._done.append(job)
            self._wake.set()
