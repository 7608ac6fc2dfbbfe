"""Takes submissions in batches through their flows and stores what came of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx

from hub.bids import Auctions
from hub.clock import Clock
from hub.errors import Conflict, LeadhubError, brief
from hub.events import Event
from hub.failpoints import hit
from hub.ids import Ids
from hub.lead import Lead, Problem, RawLead
from hub.observe.observer import Observer
from hub.pipeline.context import PendingLeads, RunContext, StoredLeads
from hub.pipeline.drift import Drift
from hub.pipeline.erased import Erased
from hub.pipeline.outcome import Slots, deliveries_of, run_of
from hub.pipeline.ownmaps import OwnMaps
from hub.pipeline.reader import Reader
from hub.pipeline.reading import LEASE, OF_A_LEAD, Item, item_of, set_aside
from hub.pipeline.runner import Ended, run
from hub.pipeline.turn import Place, Turn, Turns
from hub.plan import Plan
from hub.step import Work
from hub.store import submissions as store
from hub.store.database import Database
from hub.store.runs import Run
from hub.store.settle import Settled, settle
from hub.store.tables import SubmissionRow

log = logging.getLogger("leadhub.pipeline")

BATCH = 128  # most submissions decided together
IN_FLIGHT = 1  # batches under way; a second one makes both smaller, which costs more than it overlaps
REDO = 8  # times a run is decided again because somebody else was first

Emit = Callable[[Iterable[Event]], None]


class Pipeline:
    """Runs submissions; `offer` takes fresh ones, `sweep` finds what a dead process left behind."""

    auctions: Auctions | None = None  # who asks buyers; nobody is asked in a trial

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        *,
        clock: Clock,
        ids: Ids,
        http: httpx.AsyncClient,
        turns: Turns,
        slots: Slots,
        emit: Emit,
        drift: Drift,
        observer: Observer | None = None,
        erased: Erased | None = None,
    ) -> None:
        self.erased = erased if erased is not None else Erased()
        self.observer = observer or Observer()
        self.db, self.plan, self.clock, self.ids, self.http = db, plan, clock, ids, http
        self.turns, self.slots, self.emit, self.drift = turns, slots, emit, drift
        self._reader = Reader(db, clock=clock, http=http, emit=emit, offer=self.offer, spawn=self._spawn)
        self._own = OwnMaps(db)
        self._queue: asyncio.Queue[Item] = asyncio.Queue()
        self._free = asyncio.Semaphore(IN_FLIGHT)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._doubtful: asyncio.Task[None] | None = None

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
            if self._doubtful:
                self._doubtful.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        left = [self._queue.get_nowait().id for _ in range(self._queue.qsize())]
        if left:
            await self.db.write(store.give_back, left, self.clock.now())

    def offer(self, item: Item) -> None:
        """Take one submission whose bytes are stored."""
        self._queue.put_nowait(item)

    async def sweep(self) -> int:
        """Take up due submissions that nobody runs; returns how many."""
        rows = await self._claim(BATCH * 4)
        for row in rows:
            self.offer(item_of(row))
        if self._doubtful is None or self._doubtful.done():
            doubtful = await self._claim(1, doubtful=True)
            if doubtful:
                self._doubtful = self._spawn(self._one_by_one(doubtful))
            rows += doubtful
        return len(rows)

    async def _claim(self, most: int, *, doubtful: bool = False) -> list[SubmissionRow]:
        now = self.clock.now()
        return await self.db.write(store.claim, now, now + LEASE, most, doubtful=doubtful, sqlite=self.db.sqlite)

    async def _one_by_one(self, rows: list[SubmissionRow]) -> None:
        """Run what processes died on more than once, one after the other: only the one to blame takes us with it."""
        while rows:
            item = item_of(rows[0])
            item.future = asyncio.get_running_loop().create_future()
            self.offer(item)
            await asyncio.wait((item.future,))
            rows = await self._claim(1, doubtful=True)

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

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def process(self, items: Sequence[Item]) -> None:
        """Decide and store a batch; every item is answered, whatever happens."""
        started = time.perf_counter()
        try:
            plan = self.plan()
            hit("route.claimed")
            ready = await self._reader.read(items, plan)
            await self._decide(ready, plan)
            self.observer.metrics.decided(len(items), time.perf_counter() - started)
        except Exception as error:
            for item in items:
                if item.future and not item.future.done():
                    item.future.set_exception(error)
                    item.future.exception()  # whoever waited may have gone: then nobody is surprised by it later
            if not isinstance(error, LeadhubError):
                log.error("event=batch.failed submissions=%d error=%s", len(items), brief(error))

    async def _decide(self, ready: list[tuple[Item, RawLead]], plan: Plan) -> None:
        """Run the flows, store the batch, and decide again what somebody else overtook."""
        for attempt in range(REDO):
            runs: list[Run] = []
            try:
                results = await self._deal(ready, plan, runs, one_by_one=attempt > 0)
                hit("route.committed")
            except Conflict:
                results = [Settled("again", r.submission) for r in runs]
            except Exception as error:
                for made in runs:
                    self.slots.give_back(made.deliveries)
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

    async def _deal(
        self, ready: list[tuple[Item, RawLead]], plan: Plan, runs: list[Run], *, one_by_one: bool
    ) -> list[Settled]:
        """Run the flows and store what was decided, before anybody else deals leads; fills `runs`."""
        erased = self.erased.changes
        async with self.turns.batch(plan, 1 if one_by_one else len(ready)) as turn:
            ended = await (self._in_turn if one_by_one else self._at_once)(ready, plan, turn)
            hit("route.decided")
            for (item, raw), end in zip(ready, ended, strict=True):
                runs.append(self._finish(item, raw, end, plan))
            return await self._store(runs, erased, turn)

    async def _store(self, runs: list[Run], erased: int, turn: Turn) -> list[Settled]:
        """Store what was decided; all is decided again when somebody was erased meanwhile."""
        if self.erased.changes != erased:
            return [Settled("again", run.submission) for run in runs]
        return await self.db.write(settle, runs, turn.number, turn.unsettled())

    async def _at_once(self, ready: list[tuple[Item, RawLead]], plan: Plan, turn: Turn) -> list[Ended | None]:
        leads = StoredLeads(self.db)
        runs = [self._run_one(item, raw, plan, leads, turn.place()) for item, raw in ready]
        ended = await asyncio.gather(*runs, return_exceptions=True)
        for broken in ended:
            if isinstance(broken, BaseException):
                raise broken
        return ended  # type: ignore[return-value]

    async def _in_turn(self, ready: list[tuple[Item, RawLead]], plan: Plan, turn: Turn) -> list[Ended | None]:
        """Run one after the other, each seeing what the one before decided: they are about the same people."""
        leads = PendingLeads(self.db)
        ended: list[Ended | None] = []
        for item, raw in ready:
            end = await self._run_one(item, raw, plan, leads, turn.place())
            if end is not None and end.status == "accepted":
                leads.note(end.work)
            ended.append(end)
        return ended

    async def _run_one(self, item: Item, raw: RawLead, plan: Plan, leads: StoredLeads, place: Place) -> Ended | None:
        try:
            return await self._run(item, raw, plan, leads, place)
        finally:
            place.leave()

    async def _run(self, item: Item, raw: RawLead, plan: Plan, leads: StoredLeads, place: Place) -> Ended | None:
        flow = plan.flows.get(item.source)
        if item.empty or item.problems or flow is None:
            return None
        ctx = RunContext(
            self.clock, self.http, leads, place, plan, plan.settings.sources[item.source], flow.settings,
            self.erased, item.inbound is not None and item.kind == "run", self.auctions,
            await self._own.of(item.import_id, plan),
        )  # fmt: skip
        lead = Lead.blank(id=self.ids("lead"), source=item.source, submitted_at=raw.submitted_at)
        work = Work(
            raw=raw, lead=lead, submission=item.id, source=item.source, flow=flow.settings.name,
            received_at=item.received_at, accept=item.accept, again=item.lead, corrections=item.corrections,
        )  # fmt: skip
        ended = await run(work, flow, ctx)
        if self.observer.tracer:
            headers = item.inbound.headers if item.inbound else {}
            self.observer.tracer.decided(item.id, headers, ended.work.lead.id, ended.steps, ended.status)
        return ended

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
            if result.outcome == "duplicate":
                item.answer(result.lead, "duplicate", first=result.submission)
            else:
                again.append((item, raw))
        for item, _, finished in stored:
            problems = tuple(Problem(**p) for p in finished.problems)
            lead = finished.lead.id if finished.lead else finished.known_lead
            item.answer(lead, finished.status, problems)  # type: ignore[arg-type]
            if finished.lead:
                self.slots.take(finished.deliveries, finished.lead)
        self.emit(event for _, _, finished in stored for event in finished.events)
        self.drift.look(((item.source, raw.data) for item, raw, _ in stored if not item.trial))
        return again
