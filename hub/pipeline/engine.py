"""Takes submissions in batches through their flows and stores what came of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx

from hub.clock import Clock
from hub.errors import Conflict, LeadhubError, brief
from hub.events import Event
from hub.ids import Ids
from hub.lead import Lead, Problem, RawLead
from hub.pipeline.context import PendingLeads, Rotation, RunContext, StoredLeads
from hub.pipeline.drift import Drift
from hub.pipeline.outcome import Slots, deliveries_of, run_of
from hub.pipeline.reader import Reader
from hub.pipeline.reading import LEASE, OF_A_LEAD, Item, item_of, set_aside
from hub.pipeline.runner import Ended, run
from hub.plan import Plan
from hub.step import Work
from hub.store import submissions as store
from hub.store.database import Database
from hub.store.runs import Run
from hub.store.settle import Settled, settle

log = logging.getLogger("leadhub.pipeline")

BATCH = 128  # most submissions decided together
IN_FLIGHT = 2  # batches under way: one is decided while the other is committed
REDO = 8  # times a run is decided again because somebody else was first

Emit = Callable[[Iterable[Event]], None]


class Pipeline:
    """Runs submissions; `offer` takes fresh ones, `sweep` finds what a dead process left behind."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        *,
        clock: Clock,
        ids: Ids,
        http: httpx.AsyncClient,
        rotation: Rotation,
        slots: Slots,
        emit: Emit,
        drift: Drift,
    ) -> None:
        self.db, self.plan, self.clock, self.ids, self.http = db, plan, clock, ids, http
        self.rotation, self.slots, self.emit, self.drift = rotation, slots, emit, drift
        self._reader = Reader(db, clock=clock, http=http, emit=emit, offer=self.offer, spawn=self._spawn)
        self._queue: asyncio.Queue[Item] = asyncio.Queue()
        self._free = asyncio.Semaphore(IN_FLIGHT)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Return how many submissions wait in this process."""
        return self._queue.qsize()

    @property
    def busy(self) -> bool:
        """Return whether submissions wait or are being run in this process."""
        return bool(self._tasks) or not self._queue.empty()

    def start(self) -> None:
        """Begin to take batches."""
        self._loop = asyncio.create_task(self._run_forever())

    async def stop(self) -> None:
        """Finish the batches under way; what still waits is found again by the next start."""
        if self._loop:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def offer(self, item: Item) -> None:
        """Take one submission whose bytes are stored."""
        self._queue.put_nowait(item)

    async def sweep(self) -> int:
        """Take up due submissions that nobody runs; returns how many."""
        now = self.clock.now()
        rows = await self.db.write(store.claim, now, now + LEASE, BATCH * 4, sqlite=self.db.sqlite)
        for row in rows:
            self.offer(item_of(row))
        return len(rows)

    async def _run_forever(self) -> None:
        while True:
            batch = [await self._queue.get()]
            await self._free.acquire()
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            self._spawn(self._release_after(self.process(batch)))

    async def _release_after(self, work: Any) -> None:
        try:
            await work
        finally:
            self._free.release()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def process(self, items: Sequence[Item]) -> None:
        """Decide and store a batch; every item is answered, whatever happens."""
        try:
            plan = self.plan()
            ready = await self._reader.read(items, plan)
            await self._decide(ready, plan)
        except Exception as error:
            for item in items:
                if item.future and not item.future.done():
                    item.future.set_exception(error)
            if not isinstance(error, LeadhubError):
                log.error("submissions=%d error=%s", len(items), brief(error))

    async def _decide(self, ready: list[tuple[Item, RawLead]], plan: Plan) -> None:
        """Run the flows, store the batch, and decide again what somebody else overtook."""
        for attempt in range(REDO):
            ended = await (self._in_turn(ready, plan) if attempt else self._at_once(ready, plan))
            runs: list[Run] = []
            try:
                for (item, raw), end in zip(ready, ended, strict=True):
                    runs.append(self._finish(item, raw, end, plan))
                results = await self.db.write(settle, runs)
            except Conflict:
                results = [Settled("again", r.submission) for r in runs]
            except Exception as error:
                self._take_back(ended, runs)
                if not isinstance(error, OF_A_LEAD):
                    raise
                if len(ready) > 1:  # half after half, until the one that cannot be stored breaks alone
                    await self._decide(ready[: len(ready) // 2], plan)
                    await self._decide(ready[len(ready) // 2 :], plan)
                    return
                ready = [set_aside(ready[0][0], error)]
                continue
            ready = self._conclude(ready, runs, results, plan)
            if not ready:
                return
        for item, _ in ready:
            item.answer(None, "accepted")  # it stays received: the sweep takes it up again

    def _take_back(self, ended: Iterable[Ended | None], runs: Iterable[Run]) -> None:
        for end in ended:
            if end is not None and end.counted:
                self.rotation.count(*end.counted, -1)
        for made in runs:
            self.slots.give_back(made.deliveries)

    async def _at_once(self, ready: list[tuple[Item, RawLead]], plan: Plan) -> list[Ended | None]:
        leads = StoredLeads(self.db)
        runs = (self._run_one(item, raw, plan, leads) for item, raw in ready)
        ended = await asyncio.gather(*runs, return_exceptions=True)
        for broken in ended:
            if isinstance(broken, BaseException):
                self._take_back([end for end in ended if not isinstance(end, BaseException)], ())
                raise broken
        return ended  # type: ignore[return-value]

    async def _in_turn(self, ready: list[tuple[Item, RawLead]], plan: Plan) -> list[Ended | None]:
        """Run one after the other, each seeing what the one before decided: they are about the same people."""
        leads = PendingLeads(self.db)
        ended = []
        for item, raw in ready:
            end = await self._run_one(item, raw, plan, leads)
            if end is not None and end.status == "accepted":
                leads.note(end.work)
            ended.append(end)
        return ended

    async def _run_one(self, item: Item, raw: RawLead, plan: Plan, leads: StoredLeads) -> Ended | None:
        flow = plan.flows.get(item.source)
        if item.empty or item.problems or flow is None:
            return None
        ctx = RunContext(
            self.clock, self.http, leads, self.rotation, plan, plan.settings.sources[item.source], flow.settings
        )
        lead = Lead.blank(id=self.ids("lead"), source=item.source, submitted_at=raw.submitted_at)
        work = Work(
            raw=raw, lead=lead, submission=item.id, source=item.source, flow=flow.settings.name,
            received_at=item.received_at, accept=item.accept, again=item.lead,
        )  # fmt: skip
        return await run(work, flow, ctx)

    def _finish(self, item: Item, raw: RawLead, ended: Ended | None, plan: Plan) -> Run:
        finished = run_of(item, raw, ended, plan, self.clock.now())
        if finished.status == "accepted" and finished.lead is not None and ended is not None:
            finished.deliveries = deliveries_of(finished, ended.work, plan, self.ids, self.slots)
        return finished

    def _conclude(
        self, ready: list[tuple[Item, RawLead]], runs: list[Run], results: list[Settled], plan: Plan
    ) -> list[tuple[Item, RawLead]]:
        """Answer what is stored, hand its deliveries on, and return what must be decided again."""
        again = []
        stored = []
        for (item, raw), finished, result in zip(ready, runs, results, strict=True):
            if result.outcome == "stored":
                stored.append((item, raw, finished))
                continue
            self.slots.give_back(finished.deliveries)
            if finished.rotation:
                self.rotation.count(*finished.rotation, -1)
            if result.outcome == "duplicate":
                item.answer(result.lead, "duplicate", first=result.submission)
            else:
                again.append((item, raw))
        for item, _, finished in stored:
            if finished.rotation and not finished.lead:
                self.rotation.count(*finished.rotation, -1)  # decided, then stopped: nobody got it
            problems = tuple(Problem(**p) for p in finished.problems)
            lead = finished.lead.id if finished.lead else finished.known_lead
            item.answer(lead, finished.status, problems)  # type: ignore[arg-type]
            if finished.lead:
                self.slots.take(finished.deliveries, finished.lead)
        self.emit(event for _, _, finished in stored for event in finished.events)
        self.drift.look(((item.source, raw.data) for item, raw, _ in stored))
        return again
