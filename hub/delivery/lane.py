"""One sink's lane: a short queue of claimed deliveries and the workers that send them."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx

from hub.clock import Clock
from hub.consents import Required
from hub.delivery.budget import Budget
from hub.delivery.gate import Gates, alone
from hub.delivery.leases import Leases
from hub.delivery.policy import Job, as_outcome, judge, put_off, rest_asked, stopped, unreached
from hub.delivery.spans import traced
from hub.errors import Misconfigured, Retry, brief
from hub.events import Event
from hub.failpoints import hit
from hub.lead import Rejected, Sent
from hub.nameless import nameless
from hub.observe.observer import Observer
from hub.settings import SinkSettings
from hub.sink import Outcome, Sink
from hub.store.deliveries import Result

log = logging.getLogger("leadhub.delivery")

ATTEMPT_SECONDS = 45.0  # wall clock for a whole attempt: a total deadline defeats drip-feed answers
REFUSALS = 10  # different leads refused in a row before the destination is held
QUEUED_SECONDS = 20.0  # most work a lane holds ahead of a slow rate: leases must not run out in the queue
LOST = "its lease ended before it was sent"

Record = Callable[[Sequence[Result]], Awaitable[None]]
Pause = Callable[[str, str], Awaitable[None]]
Clear = Callable[[str, Required, Sequence[Job]], Awaitable[Mapping[str, str]]]


class Lane:
    """Sends the deliveries of one sink, a few at a time, within its rate."""

    clear: Clear | None = None  # asked right before each send
    left: Callable[[str], None] | None = None  # told when a delivery is done with here

    def __init__(
        self,
        name: str,
        sink: Sink,
        settings: SinkSettings,
        *,
        http: httpx.AsyncClient,
        clock: Clock,
        rng: random.Random,
        record: Record,
        pause: Pause,
        emit: Callable[[Iterable[Event]], None],
        leases: Leases,
        observer: Observer | None = None,
        gates: Gates = alone,
    ) -> None:
        self.name, self.sink, self.settings = name, sink, settings
        self._meter, self._tracer = (observer := observer or Observer()).metrics.of_sink(name), observer.tracer
        self.http, self.clock, self.rng = http, clock, rng
        self._record, self._pause, self._emit, self.leases = record, pause, emit, leases
        rate = settings.rate if settings.rate is not None else sink.rate
        self.gate, self.budget = gates(name, rate), Budget()
        self.batch = min(settings.batch or sink.batch, sink.batch)
        self.concurrency = settings.concurrency or sink.concurrency
        self.room = self._size(rate)
        self._reserved, self._stopping = 0, False
        self._queue: asyncio.Queue[Job] = asyncio.Queue()
        self.held: dict[str, Job] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._busy: set[asyncio.Task[None]] = set()

    def _size(self, rate: float | None) -> int:
        most = self.concurrency * self.batch * 2
        return max(1, min(most, int(rate * self.batch * QUEUED_SECONDS))) if rate else most

    def serves(self, sink: Sink, settings: SinkSettings) -> bool:
        """Return whether a sink of a new configuration is the one this lane sends to already."""
        return self.settings == settings and type(self.sink) is type(sink) and self.sink.config == sink.config

    @property
    def free(self) -> int:
        """Return how many more deliveries the lane can hold."""
        return self.room - self._reserved - len(self.held)

    def open(self) -> bool:
        """Return whether the lane takes deliveries now."""
        on = self.settings.enabled and not self._stopping and not self.leases.failing
        return on and self.gate.open(self.clock.monotonic())

    def reserve(self) -> bool:
        """Take a place for a delivery that is about to be stored; a probe is left to the sweep."""
        if self.free <= 0 or not self.open() or self.gate.breaker.state != "closed":
            return False
        self._reserved += 1
        return True

    def unreserve(self) -> None:
        """Give a place back."""
        self._reserved = max(0, self._reserved - 1)

    def put(self, job: Job, *, reserved: bool = False, again: bool = False) -> None:
        """Queue a claimed delivery; `again`: a retry or a replay, which the budget pays for."""
        self._reserved = max(0, self._reserved - reserved)  # the place may have been taken in the lane before this one
        self.held[job.delivery] = job
        if again:
            self.budget.take(1, self.clock.monotonic())
        else:
            self.budget.sent()
        self._queue.put_nowait(job)

    def start(self) -> None:
        """Start the workers."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self.concurrency)]

    async def stop(self, seconds: float) -> list[str]:
        """Finish what is being sent, for that long; return the deliveries that were not started."""
        self._stopping = True
        waiting = self._drain(self._queue.qsize())
        for worker in self._workers:
            if worker not in self._busy:
                worker.cancel()
        if self._busy:
            await asyncio.wait(self._busy, timeout=seconds)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        return [job.delivery for job in waiting]

    def _drain(self, number: int) -> list[Job]:
        return [self._queue.get_nowait() for _ in range(min(number, self._queue.qsize()))]

    async def _work(self) -> None:
        me = asyncio.current_task()
        assert me is not None
        while not self._stopping:
            jobs = [await self._queue.get()]
            jobs += self._drain(self.batch - 1)
            self._busy.add(me)
            try:
                await self._send(jobs)
            except Exception as error:  # the database, as a rule: the lease runs out, and doubt is settled then
                log.error("event=lane.failed sink=%s error=%s", self.name, brief(error))
            finally:
                self._busy.discard(me)
                self._done(jobs)

    def _done(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.leases.left(job)
            if self.held.get(job.delivery) is job:  # else it was claimed anew meanwhile
                del self.held[job.delivery]
                if self.left is not None:
                    self.left(job.delivery)

    async def _send(self, jobs: list[Job]) -> None:
        """Wait for the sink's turn, send, and write down what happened."""
        hit("deliver.started")
        await self._turn()
        jobs = await self._cleared(await self._ours(jobs))
        if not jobs:
            self.gate.give_back()
            return
        real = any(not job.test for job in jobs)
        if not self.gate.open(self.clock.monotonic()) or (real and not await self.gate.begin()):
            await self._put_off(jobs)
            return
        started = time.perf_counter()
        outcomes = await (traced(jobs, self._tracer, self._outcomes) if self._tracer else self._outcomes(jobs))
        ms = (time.perf_counter() - started) * 1000
        if real:
            await self._learn(jobs, outcomes)
        results = self._judged(jobs, outcomes, ms)
        trouble = next((o for o in outcomes if isinstance(o, Misconfigured)), None)
        if trouble and self.gate.paused is None:
            await self._hold(nameless(trouble.reason, (job.lead for job in jobs)))
        await self._record(results)
        hit("deliver.committed")
        await self._check_refusals()
        self._emit(result.event for result in results if result.event)

    def _judged(self, jobs: Sequence[Job], outcomes: Sequence[Outcome], ms: float) -> list[Result]:
        """Return what becomes of each delivery after an attempt; test leads are in no metric."""
        now = self.clock.now()
        results = []
        for job, outcome in zip(jobs, outcomes, strict=True):
            results.append(judge(job, outcome, self.sink, self.settings, now, self.rng, ms))
            if not job.test:
                self._meter.tried(results[-1].outcome, job.number, ms / 1000)
        return results

    async def _cleared(self, jobs: list[Job]) -> list[Job]:
        """Return the deliveries that may still be made; the others are stopped."""
        refused = await self.clear(self.name, self.settings.requires_consent, jobs) if self.clear and jobs else {}
        if refused:
            now = self.clock.now()
            await self._record([stopped(j, refused[j.delivery], now) for j in jobs if j.delivery in refused])
        return [job for job in jobs if job.delivery not in refused]

    async def _ours(self, jobs: list[Job]) -> list[Job]:
        """Return the deliveries whose leases last for a send; the others are not begun."""
        if self.leases.sure(jobs):
            return jobs
        ours = await self.leases.secure(jobs, lambda: not self._stopping)
        lost = [put_off(job, LOST, 0.0, self.clock.now()) for job in jobs if job not in ours]
        if lost:
            await self._record(lost)
        return ours

    async def _put_off(self, jobs: list[Job]) -> None:
        """Give deliveries back because the sink was paused or went to rest while they waited here."""
        self.gate.give_back()
        wait = self.gate.wait(self.clock.monotonic())
        reason = self.gate.paused or "the sink rests"
        for _ in jobs:
            self._meter.noted("put off")
        await self._record([put_off(job, reason, wait, self.clock.now()) for job in jobs])

    async def _turn(self) -> None:
        wait = await self.gate.turn(self.clock.monotonic(), 1 + self._queue.qsize() // self.batch)
        if wait:
            await self.clock.sleep(wait)

    async def _outcomes(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Return one outcome per job; test leads are not sent, ambiguous ones are looked for first."""
        outcomes: dict[str, Any] = {job.delivery: Sent(note="test lead: not sent") for job in jobs if job.test}
        for job in jobs:
            if job.unclear and not job.test and self.sink.searchable:
                found = await self._bounded([job], self.sink.lookup(job.lead, self.http))
                if found is not None:
                    outcomes[job.delivery] = found
        rest = [job for job in jobs if job.delivery not in outcomes]
        if rest:
            outcomes.update(zip((job.delivery for job in rest), await self._said(rest), strict=True))
        return [outcomes[job.delivery] for job in jobs]

    async def _said(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Return what the sink says of each; where nobody took the connection, after a second try at once."""
        began = self.clock.monotonic()
        said = await self._asked(jobs)
        again = unreached(said, self.clock.monotonic() - began)
        if again:
            await self._turn()
            second = await self._asked([jobs[place] for place in again])
            said = [second[again.index(place)] if place in again else one for place, one in enumerate(said)]
        return said

    async def _asked(self, jobs: Sequence[Job]) -> list[Outcome]:
        wrong: Exception = Retry(LOST)
        if self.leases.sure(jobs):  # it may have taken long to come here, and to hear that nobody is there
            said = await self._bounded(jobs, self.sink.send([job.lead for job in jobs], self.http))
            if isinstance(said, list) and len(said) == len(jobs):
                return said
            wrong = said if isinstance(said, Exception) else as_outcome(ValueError("wrong number of outcomes"))
        return [wrong] * len(jobs)  # type: ignore[list-item]

    async def _bounded(self, jobs: Sequence[Job], work: Awaitable[Any]) -> Any:
        seconds = max(ATTEMPT_SECONDS, getattr(self.sink.config, "timeout", 0.0) + 15.0)
        try:
            return await self.leases.within(seconds, jobs, work)
        except Exception as error:
            return as_outcome(error)

    async def _learn(self, jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
        """Let the gate learn from a send: its breaker, the rests asked for, refusals in a row."""
        now = self.clock.monotonic()
        failed = all(not isinstance(o, Sent | Rejected | Misconfigured) for o in outcomes)
        asked = max((rest_asked(o) or 0.0 for o in outcomes), default=0.0)
        if asked:
            await self.gate.leave_alone(asked, now)
        change = await self.gate.note(not failed or bool(asked), now)
        if change:
            self._emit([Event(f"breaker.{change}", self.clock.now(), sink=self.name)])
        for job, outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, Rejected):
                self.gate.refused.add(job.lead.id)
            elif isinstance(outcome, Sent) and not job.test:
                self.gate.refused.clear()

    async def _hold(self, reason: str) -> None:
        self.gate.paused = reason
        await self._pause(self.name, reason)

    async def _check_refusals(self) -> None:
        """Hold a destination that refuses one lead after the other, instead of killing the rest."""
        if len(self.gate.refused) >= REFUSALS and self.gate.paused is None:
            self.gate.refused.clear()
            await self._hold(
                f"{REFUSALS} different leads in a row were refused. Look at the reasons, then resume the sink."
            )
