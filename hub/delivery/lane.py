"""One sink's lane: a short queue of claimed deliveries and the workers that send them."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import httpx

from hub.clock import Clock
from hub.delivery.gate import Gate
from hub.delivery.policy import Job, as_outcome, judge, put_off, rest_asked
from hub.errors import Misconfigured, brief
from hub.events import Event
from hub.lead import Rejected, Sent
from hub.settings import SinkSettings
from hub.sink import Outcome, Sink
from hub.store.deliveries import Result

log = logging.getLogger("leadhub.delivery")

ATTEMPT_SECONDS = 45.0  # wall clock for a whole attempt: a total deadline defeats drip-feed answers
REFUSALS = 10  # different leads refused in a row before the destination is held
QUEUED_SECONDS = 20.0  # most work a lane holds ahead of a slow rate: leases must not run out in the queue

Record = Callable[[Sequence[Result]], Awaitable[None]]
Pause = Callable[[str, str], Awaitable[None]]


class Lane:
    """Sends the deliveries of one sink, a few at a time, within its rate."""

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
    ) -> None:
        self.name, self.sink, self.settings = name, sink, settings
        self.http, self.clock, self.rng = http, clock, rng
        self._record, self._pause, self._emit = record, pause, emit
        rate = settings.rate if settings.rate is not None else sink.rate
        self.gate = Gate(rate)
        self.batch = min(settings.batch or sink.batch, sink.batch)
        self.concurrency = settings.concurrency or sink.concurrency
        self.room = self.concurrency * self.batch * 2
        if rate:
            self.room = max(1, min(self.room, int(rate * self.batch * QUEUED_SECONDS)))
        self._reserved = 0
        self._queue: asyncio.Queue[Job] = asyncio.Queue()
        self.held: dict[str, Job] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._busy: set[asyncio.Task[None]] = set()
        self._stopping = False

    def serves(self, sink: Sink, settings: SinkSettings) -> bool:
        """Return whether a sink of a new configuration is the one this lane sends to already."""
        return self.settings == settings and type(self.sink) is type(sink) and self.sink.config == sink.config

    @property
    def free(self) -> int:
        """Return how many more deliveries the lane can hold."""
        return self.room - self._reserved - len(self.held)

    def open(self) -> bool:
        """Return whether the lane takes deliveries now."""
        return self.settings.enabled and self.gate.open(self.clock.monotonic())

    def reserve(self) -> bool:
        """Take a place for a delivery that is about to be stored; a probe is left to the sweep."""
        if self.free <= 0 or not self.open() or self.gate.breaker.state != "closed":
            return False
        self._reserved += 1
        return True

    def unreserve(self) -> None:
        """Give a place back."""
        self._reserved = max(0, self._reserved - 1)

    def put(self, job: Job, *, reserved: bool = False) -> None:
        """Queue a claimed delivery."""
        self._reserved = max(0, self._reserved - reserved)  # the place may have been taken in the lane before this one
        self.held[job.delivery] = job
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
                log.error("sink=%s error=%s", self.name, brief(error))
            finally:
                self._busy.discard(me)
                for job in jobs:
                    self.held.pop(job.delivery, None)

    async def _send(self, jobs: list[Job]) -> None:
        """Wait for the sink's turn, send, and write down what happened."""
        await self._turn()
        if not self.gate.open(self.clock.monotonic()):
            await self._put_off(jobs)
            return
        real = any(not job.test for job in jobs)
        if real:
            self.gate.breaker.begin()
        started = time.perf_counter()
        outcomes = await self._outcomes(jobs)
        ms = (time.perf_counter() - started) * 1000
        if real:
            self._learn(jobs, outcomes)
        now = self.clock.now()
        results = [
            judge(job, outcome, self.sink, self.settings, now, self.rng, ms)
            for job, outcome in zip(jobs, outcomes, strict=True)
        ]
        trouble = next((o for o in outcomes if isinstance(o, Misconfigured)), None)
        if trouble and self.gate.paused is None:
            await self._hold(trouble.reason)
        await self._record(results)
        await self._check_refusals()
        self._emit(result.event for result in results if result.event)

    async def _put_off(self, jobs: list[Job]) -> None:
        """Give deliveries back because the sink was paused or went to rest while they waited here."""
        self.gate.bucket.give_back()
        wait = self.gate.wait(self.clock.monotonic())
        reason = self.gate.paused or "the sink rests"
        await self._record([put_off(job, reason, wait, self.clock.now()) for job in jobs])

    async def _turn(self) -> None:
        wait = self.gate.bucket.wait(self.clock.monotonic())
        if wait:
            await self.clock.sleep(wait)

    async def _outcomes(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Return one outcome per job; test leads are not sent, ambiguous ones are looked for first."""
        outcomes: dict[str, Any] = {job.delivery: Sent(note="test lead: not sent") for job in jobs if job.test}
        for job in jobs:
            if job.unclear and not job.test and self.sink.searchable:
                found = await self._bounded(self.sink.lookup(job.lead, self.http))
                if found is not None:
                    outcomes[job.delivery] = found
        rest = [job for job in jobs if job.delivery not in outcomes]
        if rest:
            said = await self._bounded(self.sink.send([job.lead for job in rest], self.http))
            if not isinstance(said, list) or len(said) != len(rest):
                said = [
                    said if isinstance(said, Exception) else as_outcome(ValueError("wrong number of outcomes"))
                ] * len(rest)
            outcomes.update(zip((job.delivery for job in rest), said, strict=True))
        return [outcomes[job.delivery] for job in jobs]

    async def _bounded(self, work: Awaitable[Any]) -> Any:
        seconds = max(ATTEMPT_SECONDS, getattr(self.sink.config, "timeout", 0.0) + 15.0)
        try:
            async with asyncio.timeout(seconds):
                return await work
        except Exception as error:
            return as_outcome(error)

    def _learn(self, jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
        """Let the gate learn from a send: its breaker, the rests asked for, refusals in a row."""
        now = self.clock.monotonic()
        failed = all(not isinstance(o, Sent | Rejected | Misconfigured) for o in outcomes)
        asked = max((rest_asked(o) or 0.0 for o in outcomes), default=0.0)
        if asked:
            self.gate.rest(asked, now)
        change = self.gate.breaker.note(not failed or bool(asked), now)
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
