"""Finds deliveries that are due and hands them to their lanes; keeps leases alive and rescues lost ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from hub.clock import Clock
from hub.delivery.lane import Lane
from hub.delivery.policy import Job, repeats
from hub.events import Event
from hub.lead import Delivery, Lead
from hub.plan import Plan
from hub.store import deliveries as store
from hub.store import leads as lead_store
from hub.store.database import Database
from hub.store.tables import DeliveryRow
from hub.store.together import Together

LEASE = timedelta(seconds=90)
RENEW_EVERY = 30.0
STOP_SECONDS = 45.0


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
    ) -> None:
        self.db, self.holder, self.clock, self.http, self.emit = db, holder, clock, http, emit
        self.lanes: dict[str, Lane] = {}
        self._rng = random.Random(seed)
        self.record: Together[store.Result] = Together(db, store.settle, holder)
        self._sweeping = False
        self._stray: list[str] = []  # claimed for a sink that went away meanwhile
        self._url: str | None = None

    async def use(self, plan: Plan) -> None:
        """Open lanes for the sinks of a plan; those of sinks that changed or went are closed, the others go on."""
        paused = await self.db.read(store.paused)
        old, self.lanes = self.lanes, {}
        self._url = plan.settings.hub.public_url
        for name, sink in plan.sinks.items():
            settings = plan.settings.sinks[name]
            if name in old and old[name].serves(sink, settings):
                self.lanes[name] = old.pop(name)
                continue
            lane = self.lanes[name] = Lane(
                name, sink, settings, http=self.http, clock=self.clock, rng=self._rng, record=self.record,
                pause=self._pause, emit=self.emit,
            )  # fmt: skip
            if name in paused:
                lane.gate.paused = paused[name][1] or "paused"
            lane.start()
        await asyncio.gather(*(self._close(lane) for lane in old.values()))

    async def stop(self) -> None:
        """Finish what is being sent and give back the rest."""
        await asyncio.gather(*(self._close(lane) for lane in self.lanes.values()))

    async def _close(self, lane: Lane) -> None:
        left = await lane.stop(STOP_SECONDS)
        if left:
            await self.db.write(store.release, left, self.holder)

    # -- what the pipeline hands over ---------------------------------------------------------------

    def reserve(self, sink: str) -> bool:
        """Take a place for one delivery to that sink, if there is one now."""
        lane = self.lanes.get(sink)
        return lane is not None and lane.reserve()

    def lease(self) -> tuple[str, datetime]:
        """Return who holds a reserved delivery, and until when."""
        return self.holder, self.clock.now() + LEASE

    def take(self, rows: list[dict[str, Any]], lead: Lead) -> None:
        """Send the reserved deliveries of a stored lead."""
        for row in rows:
            if row["state"] == "sending":
                lane = self.lanes.get(row["sink"])
                if lane is not None:
                    lane.put(self._job(row, lead), reserved=True)
                else:
                    self._stray.append(row["id"])

    def give_back(self, rows: list[dict[str, Any]]) -> None:
        """Free the places of deliveries that were not stored."""
        for row in rows:
            if row["state"] == "sending" and row["sink"] in self.lanes:
                self.lanes[row["sink"]].unreserve()

    def _job(self, row: Mapping[str, Any], lead: Lead) -> Job:
        told = Delivery(
            key=row["key"], attempt=row["attempts"], version=row["version"], sink=row["sink"], route=row["route"],
            sentence=row["sentence"], url=f"{self._url.rstrip('/')}/leads/{lead.id}" if self._url else None,
        )  # fmt: skip
        return Job(
            row["id"], row["attempts"], row["fence"], lead.model_copy(update={"delivery": told}), row["sink"],
            row["submission"], row["unclear"], row["test"],
        )  # fmt: skip

    # -- what the database holds ---------------------------------------------------------------------

    async def sweep(self) -> int:
        """Claim what is due and fits; returns how many deliveries were claimed."""
        if self._sweeping:
            return 0
        self._sweeping = True
        try:
            await self._release_stray()
            now = self.clock.now()
            number = 0
            for sink in await self.db.read(store.due_sinks, now):
                lane = self.lanes.get(sink)
                if lane is not None and lane.free > 0 and lane.open():
                    number += await self._claim(lane, now)
            return number
        finally:
            self._sweeping = False

    async def _release_stray(self) -> None:
        stray, self._stray = self._stray, []
        if stray:
            await self.db.write(store.release, stray, self.holder)

    async def _claim(self, lane: Lane, now: datetime) -> int:
        probing = lane.gate.breaker.state != "closed"
        limit = 1 if probing else lane.free
        rows = await self.db.write(store.claim, lane.name, now, now + LEASE, self.holder, limit, sqlite=self.db.sqlite)
        leads = await self.db.read(lead_store.load, {row.lead for row in rows})
        if self.lanes.get(lane.name) is not lane:  # the configuration changed while we asked
            self._stray += [row.id for row in rows]
            return 0
        gone = []
        for row in rows:
            if row.lead in leads:
                lane.put(self._job(_plain(row), leads[row.lead]))
            else:
                gone.append(_of_gone_lead(row, now))
        if gone:
            await self.record(gone)
        return len(rows)

    async def renew(self) -> None:
        """Keep the leases of what is being sent, and of what waits in a lane."""
        held = [delivery for lane in self.lanes.values() for delivery in lane.held]
        if held:
            await self.db.write(store.renew, held, self.holder, self.clock.now() + LEASE)

    async def rescue(self, *, everything: bool = False) -> int:
        """Take back what processes that ended were sending, to send it again where that is safe; returns how many."""
        allowed = {name: repeats(lane.sink, lane.settings) for name, lane in self.lanes.items()}
        always = [name for name, how in allowed.items() if how == "always"]
        once = [name for name, how in allowed.items() if how == "once"]
        rescued = await self.db.write(store.rescue, self.clock.now(), always, once, everything=everything)
        self.emit(one.event for one in rescued if one.event)
        return len(rescued)

    async def agree(self) -> None:
        """Take over which sinks other processes paused or resumed."""
        paused = await self.db.read(store.paused)
        for name, lane in self.lanes.items():
            _, reason = paused.get(name, (None, None))
            lane.gate.paused = (lane.gate.paused or reason or "paused") if name in paused else None

    async def _pause(self, sink: str, reason: str) -> None:
        now = self.clock.now()
        await self.db.write(store.pause, sink, reason, now)
        self.emit([Event("sink.paused", now, sink=sink, data={"reason": reason})])

    async def resume(self, sink: str) -> None:
        """Let a paused sink take leads again."""
        await self.db.write(store.pause, sink, None, None)
        if sink in self.lanes:
            self.lanes[sink].gate.paused = None
        self.emit([Event("sink.resumed", self.clock.now(), sink=sink)])

    async def pause(self, sink: str, reason: str) -> None:
        """Pause a sink by a person's word; its leads wait."""
        if sink in self.lanes:
            self.lanes[sink].gate.paused = reason
        await self._pause(sink, reason)


def _plain(row: DeliveryRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).model_fields}


def _of_gone_lead(row: DeliveryRow, now: datetime) -> store.Result:
    said = "the lead is gone: it was erased"
    return store.Result(row.id, row.attempts, row.fence, "dead", "dead", now, reason=said)
