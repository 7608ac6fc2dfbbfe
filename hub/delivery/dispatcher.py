"""Finds deliveries that are due and hands them to their lanes; keeps leases alive and rescues lost ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from hub.clock import Clock
from hub.delivery.clearance import Clearance
from hub.delivery.gate import alone
from hub.delivery.lane import Lane
from hub.delivery.leases import SECONDS, Leases
from hub.delivery.marks import Marks
from hub.delivery.policy import Job, repeats
from hub.delivery.runner import Left
from hub.delivery.shared import Limits
from hub.events import Event
from hub.families.message import Teller
from hub.lead import Bid, Delivery, Lead
from hub.observe.observer import Observer
from hub.observe.tracing import Tracer
from hub.outcome import Occasion
from hub.plan import Plan
from hub.store import auctions
from hub.store import deliveries as store
from hub.store import leads as lead_store
from hub.store import submissions as submission_store
from hub.store.audit import Actor, noted
from hub.store.database import Database
from hub.store.tables import DeliveryRow
from hub.store.together import Together

LEASE = timedelta(seconds=SECONDS)
STOP_SECONDS = 45.0
LAPSE = 2.0  # seconds between looks for bids that have expired
RESCUES = 6  # in one lease: so much later, at most, is taken back what a process that ended was sending


class Dispatcher:
    """All lanes of this process, and the sweep that feeds them from the database."""

    def __init__(
        self,
        db: Database,
        *,
        holder: str,
        clock: Clock,
        http: httpx.AsyncClient,
        emit: Callable[[Iterable[Event]], None],
        seed: int | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.observer = observer or Observer()
        self.db, self.holder, self.clock, self.http, self.emit = db, holder, clock, http, emit
        self.lanes: dict[str, Lane] = {}
        self.clearance = Clearance(db, clock)
        self.leases = Leases(db, holder, clock)
        self.limits = None if db.sqlite else Limits(db, holder, clock)
        self._rng = random.Random(seed)
        self.record: Together[store.Result] = Together(db, store.settle, holder, heard=self._count_lost)
        self._sweeping, self._marks = False, Marks()
        self._stray: list[str] = []  # claimed for a sink that went away meanwhile
        self._url: str | None = None
        self.links: Callable[[str, str, datetime], dict[str, str]] | None = None  # what a rep may click
        self.hands_over = True  # whether a fresh delivery is sent by the process that stores it
        self.left: dict[str, Left] = {}  # who is told when a delivery is done with here

    async def use(self, plan: Plan) -> None:
        """Open lanes for the sinks of a plan; those of sinks that changed or went are closed, the others go on."""
        paused = await self.db.read(store.paused)
        old, self.lanes = self.lanes, {}
        self.leases.seconds = plan.settings.hub.lease
        self._url = plan.settings.hub.public_url
        for name, sink in plan.sinks.items():
            settings = plan.settings.sinks[name]
            if name in old and old[name].serves(sink, settings):
                self.lanes[name] = old.pop(name)
                continue
            lane = self.lanes[name] = Lane(
                name, sink, settings, http=self.http, clock=self.clock, rng=self._rng, record=self.record,
                pause=self._pause, emit=self.emit, observer=self.observer,
                leases=self.leases, gates=self.limits.gate if self.limits else alone,
            )  # fmt: skip
            if name in paused:
                lane.gate.paused = paused[name][1] or "paused"
            lane.left, lane.clear = self._gone, self.clearance
            lane.start()
        await asyncio.gather(*(self._close(lane) for lane in old.values()))

    async def stop(self) -> None:
        """Finish what is being sent and give back the rest."""
        await asyncio.gather(*(self._close(lane) for lane in self.lanes.values()))
        await self.leases.stop()

    def ring(self, ring: Callable[..., None]) -> None:
        """Keep what is ours, and look for what is nobody's, from now on."""
        self.leases.start()
        ring(self.leases.seconds / RESCUES, "rescue", self.rescue, soon=True)
        ring(5.0, "pauses", self.agree)
        ring(LAPSE, "auctions", self.lapse)

    async def _close(self, lane: Lane) -> None:
        left = await lane.stop(STOP_SECONDS)
        if left:
            await self.db.write(store.release, left, self.holder)
        for delivery in left:
            self._gone(delivery)

    # -- what the pipeline hands over ---------------------------------------------------------------

    def reserve(self, sink: str) -> bool:
        """Take a place for one delivery to that sink, if there is one now."""
        lane = self.lanes.get(sink) if self.hands_over else None
        return lane is not None and lane.reserve()

    def lease(self) -> tuple[str, datetime]:
        """Return who holds a reserved delivery, and until when."""
        return self.holder, self.leases.end(self.clock.now())

    def take(self, rows: list[dict[str, Any]], lead: Lead) -> None:
        """Send the reserved deliveries of a stored lead."""
        for row in rows:
            if row["state"] == "sending":
                lane = self.lanes.get(row["sink"])
                if lane is not None:
                    job = self._job(row, lead)
                    self.leases.handed(job, row["lease_until"])
                    lane.put(job, reserved=True)
                else:
                    self._stray.append(row["id"])

    def give_back(self, rows: list[dict[str, Any]]) -> None:
        """Free the places of deliveries that were not stored."""
        for row in rows:
            if row["state"] == "sending" and row["sink"] in self.lanes:
                self.lanes[row["sink"]].unreserve()

    def _job(self, row: Mapping[str, Any], lead: Lead) -> Job:
        said = row.get("occasion")
        told = Delivery(
            key=row["key"], attempt=row["attempts"], version=row["version"], sink=row["sink"], route=row["route"],
            sentence=row["sentence"], url=f"{self._url.rstrip('/')}/leads/{lead.id}" if self._url else None,
            links=self._replies(row), bid=Bid.model_validate(row["sale"]) if row.get("sale") else None,
        )  # fmt: skip
        occasion = Occasion.model_validate(said) if said else None
        return Job(
            row["id"], row["attempts"], row["fence"], lead.with_fields(delivery=told, occasion=occasion), row["sink"],
            row["submission"], row["unclear"], row["test"],
        )  # fmt: skip

    def _replies(self, row: Mapping[str, Any]) -> dict[str, str]:
        """Return what a rep may click in a message; nothing where no message is sent, or nobody could reach us."""
        lane = self.lanes.get(row["sink"])
        if self._url is None or self.links is None or lane is None or not isinstance(lane.sink, Teller):
            return {}
        return self.links(self._url, row["id"], self.clock.now())

    # -- what the database holds ---------------------------------------------------------------------

    async def sweep(self) -> int:
        """Claim what is due and fits; returns how many deliveries were claimed."""
        if self._sweeping:
            return 0
        self._sweeping = True
        try:
            await self.release_stray()
            now = self.clock.now()
            number = 0
            lanes = [name for name, lane in self.lanes.items() if lane.free > 0 and lane.open()]
            for sink in await self.db.read(store.due_sinks, lanes, now):
                lane = self.lanes.get(sink)
                if lane is not None and lane.free > 0 and lane.open():
                    number += await self._claim(lane, now)
            return number
        finally:
            self._sweeping = False

    async def release_stray(self) -> None:
        """Give back what was claimed for a sink that went away."""
        stray, self._stray = self._stray, []
        if stray:
            await self.db.write(store.release, stray, self.holder)

    async def _claim(self, lane: Lane, now: datetime) -> int:
        probing = lane.gate.breaker.state != "closed"
        limit = 1 if probing else lane.free
        asked = self.clock.monotonic()
        again, until = lane.budget.left(asked), self.leases.end(self.clock.now())
        rows = await self.db.write(
            store.claim, lane.name, now, until, self.holder, limit, again=again, sqlite=self.db.sqlite
        )
        await self.put(rows, {lane.name: lane}, now, asked)
        return len(rows)

    async def put(self, rows: Sequence[DeliveryRow], lanes: Mapping[str, Lane], now: datetime, asked: float) -> None:
        """Queue what was just claimed for these lanes; `asked`: the monotonic time before the claim."""
        leads = await self.db.read(lead_store.load, {row.lead for row in rows}) if rows else {}
        if self.observer.tracer:
            await self._learn_traces(self.observer.tracer, {row.submission for row in rows})
        gone = []
        for row in rows:
            lane = lanes[row.sink]
            if self.lanes.get(row.sink) is lane and row.lead in leads:
                job = self._job(_plain(row), leads[row.lead])
                self.leases.took([job], asked)
                lane.put(job, again=row.priority > 0)
                continue
            if row.lead in leads:  # the configuration changed while we asked
                self._stray.append(row.id)
            else:
                gone.append(_of_gone_lead(row, now))
            self._gone(row.id)
        if gone:
            await self.record(gone)

    def _gone(self, delivery: str) -> None:
        left = self.left.pop(delivery, None)
        if left is not None:
            left(delivery)

    async def _learn_traces(self, tracer: Tracer, submissions: set[str]) -> None:
        for submission, headers in (await self.db.read(submission_store.headers_of, submissions)).items():
            tracer.learn(submission, headers)

    def _count_lost(self, fenced: list[str]) -> None:
        if fenced:
            self.observer.metrics.lost(len(fenced))

    async def renew(self) -> None:
        """Keep the leases of what is being sent, and of what waits in a lane."""
        await self.leases.renew()

    async def rescue(self, *, everything: bool = False) -> int:
        """Take back what processes that ended were sending, to send it again where that is safe; returns how many."""
        allowed = {name: repeats(lane.sink, lane.settings) for name, lane in self.lanes.items()}
        always = [name for name, how in allowed.items() if how == "always"]
        once = [name for name, how in allowed.items() if how == "once"]
        rescued = await self.db.write(store.rescue, self.clock.now(), always, once, everything=everything)
        self.emit(one.event for one in rescued if one.event)
        self.observer.metrics.rescued(len(rescued))
        return len(rescued)

    async def lapse(self) -> int:
        """Let leads that a buyer was not sent before its bid expired go to the next; returns how many."""
        now = self.clock.now()
        return await self.db.write(auctions.lapse, now) if await self.db.read(auctions.lapsing, now) else 0

    async def agree(self) -> None:
        """Take over which sinks other processes paused or resumed."""
        paused = await self.db.read(store.paused)
        for name, lane in self.lanes.items():
            _, reason = paused.get(name, (None, None))
            lane.gate.paused = (lane.gate.paused or reason or "paused") if name in paused else None

    async def _pause(self, sink: str, reason: str, by: Actor | None = None) -> None:
        now = self.clock.now()
        await self.db.write(noted(store.pause, "sink.paused", by=by, at=now, target=sink), sink, reason, now)
        self.emit([Event("sink.paused", now, sink=sink, data={"reason": reason})])

    async def resume(self, sink: str, *, by: Actor | None = None) -> None:
        """Let a paused sink take leads again."""
        resume = noted(store.pause, "sink.resumed", by=by, at=self.clock.now(), target=sink)
        await self.db.write(resume, sink, None, None)
        if sink in self.lanes:
            self.lanes[sink].gate.paused = None
        self.emit([Event("sink.resumed", self.clock.now(), sink=sink)])

    async def pause(self, sink: str, reason: str, *, by: Actor | None = None) -> None:
        """Pause a sink by a person's word; its leads wait."""
        if sink in self.lanes:
            self.lanes[sink].gate.paused = reason
        await self._pause(sink, reason, by)


def _plain(row: DeliveryRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).model_fields}


def _of_gone_lead(row: DeliveryRow, now: datetime) -> store.Result:
    said = "the lead is gone: it was erased"
    return store.Result(row.id, row.attempts, row.fence, "dead", "dead", now, reason=said)
