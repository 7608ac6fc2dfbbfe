"""Puts a hub together, starts and stops it, and swaps its configuration while it runs."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterable
from functools import partial
from typing import Any

from sqlmodel import Session

from hub import plan as plans
from hub.alarms.kinds import KINDS, STORED
from hub.app import auditor, copied, watching
from hub.app.backups import Backups
from hub.app.calling import open_client
from hub.app.config import Published, Publisher, told_of
from hub.app.hearing import open_hearing
from hub.app.importing import Importing
from hub.app.lookout import Lookout
from hub.app.node import Node
from hub.app.office import Office
from hub.app.privacy import open_privacy
from hub.app.responding import Responding
from hub.app.rounds import ring_once, ring_sources
from hub.app.tokens import keep_tokens
from hub.delivery.calls import Calls
from hub.delivery.dispatcher import STOP_SECONDS, Dispatcher
from hub.delivery.runner import runner_of
from hub.errors import ConfigError
from hub.events import Event
from hub.intake.door import Door
from hub.intake.guard import LOOK_EVERY, Guard
from hub.intake.imports import Imports
from hub.intake.polls import Polls
from hub.intake.rows import Rows
from hub.intake.volumes import Volumes
from hub.lineage import Lineage
from hub.loader import Plugins
from hub.nameless import nameless
from hub.normal.warm import warm_up
from hub.pipeline.drift import Drift, store_fields, stored_fields
from hub.pipeline.engine import Pipeline
from hub.pipeline.turn import Turns
from hub.replays import Replays
from hub.schedule import Schedule
from hub.store import submissions as submission_store
from hub.store.audit import Actor
from hub.store.log import append
from hub.ticks import Ticks
from hub.trials import Trials

log = logging.getLogger("leadhub")

_LOUD = {"plugin.failed", "config.refused", "retention.warned", "submission.returned", *KINDS}
_STORED_WITH_ROWS = ("submission.", "lead.", "delivery.", *STORED)


class Hub:
    """A whole hub in one process."""

    _winding: asyncio.Task[None] | None = None
    _stop_at = math.inf
    _warming: asyncio.Task[None] | None = None

    def __init__(self, office: Office, publisher: Publisher) -> None:
        self.office, self.publisher = office, publisher
        self.clock, self.ids, self.db = office.clock, office.ids, publisher.db
        self.holder = self.ids("node")
        self.http = office.http or open_client(self)
        self.schedule = Schedule()
        self.observer = watching.observer_of(office, self.plan.settings.hub, self.db)
        self.guard = Guard(self.db, lambda: self.plan, clock=self.clock, disk=office.disk)
        self.drift = Drift(self.clock, self.emit)
        self.drift.remember(self.db_read_now(stored_fields))
        self.dispatcher = Dispatcher(
            self.db, holder=self.holder, clock=self.clock, http=self.http, emit=self.emit, seed=office.seed,
            observer=self.observer,
        )  # fmt: skip
        self.runner = runner_of(bool(office.roles), self.db, Calls(self.dispatcher), lambda: self.plan)
        self.turns = Turns(self.db, lambda: self.plan, clock=self.clock)
        self.pipeline = Pipeline(
            self.db, lambda: self.plan, clock=self.clock, ids=self.ids, http=self.http, turns=self.turns,
            slots=self.dispatcher, emit=self.emit, drift=self.drift, observer=self.observer,
        )  # fmt: skip
        self.volumes = Volumes(self.db, self.clock)
        self._open_doors()
        self._open_desks()
        anchor = office.folder, lambda: self.plan.settings.hub.audit_anchor
        self.auditor = auditor.Auditor(self.db, *anchor, self.clock, self.door.unproven)
        self.watching, self.alarms = watching.Watching(self), Lookout(self)
        self.ticks, self.node = Ticks(self.db, self.holder, self.clock), Node(self)
        self._unstored: list[Event] = []

    def _open_doors(self) -> None:
        """Put together what leads come in by: pushes, polls, files."""
        self.door = Door(
            self.db, lambda: self.plan, self.pipeline, clock=self.clock, ids=self.ids, guard=self.guard,
            volumes=self.volumes,
        )  # fmt: skip
        self.rows = Rows(self.db, self.pipeline, clock=self.clock, ids=self.ids, volumes=self.volumes)
        self.polls = Polls(
            self.db, lambda: self.plan, self.rows, clock=self.clock, http=self.http, emit=self.emit, guard=self.guard
        )
        self.imports = Imports(
            self.db, lambda: self.plan, self.rows, clock=self.clock, ids=self.ids, emit=self.emit, guard=self.guard
        )

    def _open_desks(self) -> None:
        """Put together what people work with: joins and what is taken back, trials, replays."""
        self.lineage = Lineage(
            self.db, lambda: self.plan, clock=self.clock, ids=self.ids, http=self.http, emit=self.emit
        )
        self.trials = Trials(self.db, lambda: self.plan, clock=self.clock, http=self.http)
        self.replays = Replays(self.db, self.pipeline, clock=self.clock, emit=self.emit)
        self.privacy = open_privacy(self)
        self.responding, self.importing, self.backups = Responding(self), Importing(self), Backups(self)
        self.hearing = open_hearing(self)

    @classmethod
    def open(cls, office: Office) -> Hub:
        """Read the configuration, open and migrate the database; raises ConfigError when something is wrong."""
        publisher = Publisher.open(office)
        return cls(office, publisher)

    @property
    def plan(self) -> plans.Plan:
        """Return the configuration in force."""
        return self.publisher.plan

    @property
    def plugins(self) -> Plugins:
        """Return the loaded plugins."""
        return self.publisher.plugins

    def db_read_now(self, fn: Any) -> Any:
        """Read before the loop runs."""
        with Session(self.db.reader) as session:
            return fn(session=session)

    def emit(self, events: Iterable[Event]) -> None:
        """Tell watchers what happened; what has no row of its own yet is stored by and by."""
        for event in events:
            if event.kind in _LOUD:
                detail = nameless(repr(dict(event.data)))
                log.warning("event=%s source=%s sink=%s detail=%s", event.kind, event.source, event.sink, detail)
            elif log.isEnabledFor(logging.INFO):
                ids = (event.lead, event.submission, event.source, event.sink)
                log.info("event=%s lead=%s submission=%s source=%s sink=%s", event.kind, *ids)
            if not event.kind.startswith(_STORED_WITH_ROWS):
                self._unstored.append(event)
            for failed in self.plugins.emit(event):
                log.error("event=plugin.failed plugin=%s detail=%r", failed.name, failed.reason)

    async def start(self, *, bells: bool = True) -> None:
        """Start working: what a former process left is taken up first; without bells, callers ring them.

        A hub without a role only looks: it runs nothing, sends nothing and takes nothing over from a former process.
        """
        if not self.office.roles:
            return
        await self.auditor.start(self.plugins.hashes)
        await self.privacy.start()
        await copied.settle(self)
        if self.db.sqlite:  # one process: whoever held anything before us is gone
            await self.db.write(submission_store.free_leases)
        await self.node.start()
        await self.runner.start(works="worker" in self.office.roles)
        await self._open_lanes()
        if self.db.sqlite:
            await self.dispatcher.rescue(everything=True)
        self.pipeline.start()
        countries = {self.plan.settings.hub.region, *(s.region for s in self.plan.settings.sources.values())}
        self._warming = asyncio.create_task(asyncio.to_thread(warm_up, tuple(filter(None, countries))))
        await self.importing.start()
        if bells:
            self._ring_bells()
            self.schedule.start()
        self._tell_started()

    async def _open_lanes(self) -> None:
        """Open the lanes of the sinks, where this process is a worker; elsewhere deliveries are rows for one."""
        keep_tokens(self)
        if "worker" in self.office.roles:
            await self.dispatcher.use(self.plan)

    def _tell_started(self) -> None:
        self.plugins.manager.hook.hub_started.call_historic(kwargs={"hub": self})

    def _ring_bells(self) -> None:
        ring = self.schedule.every
        ring(5.0, "flush", self.flush)
        ring(LOOK_EVERY, "guard", self.guard.look, soon=True)
        ring(auditor.EVERY, "audit", self.auditor.round)
        ring(1.0, "submissions", self.pipeline.sweep, soon=True)
        if "worker" in self.office.roles:
            ring(self.runner.every, "deliveries", self.runner.sweep, soon=True)
            self.dispatcher.ring(ring)
        ring(2.0, "config", self.reload)
        self.privacy.ring(ring, partial(ring_once, self), self.office.roles)
        self.node.ring()
        self.alarms.ring()
        self.responding.ring()
        ring_sources(self)

    async def warm(self) -> None:
        """Return when the tables that reading names, phones and places needs are loaded."""
        if self._warming is not None:
            await asyncio.gather(self._warming, return_exceptions=True)

    async def reload(self) -> bool:
        """Publish a changed hub.yaml; a wrong one is refused and the old one stays. Returns whether it changed."""
        async with self.publisher.turn:
            return await self._take(await self.publisher.look())

    async def publish(self, text: str, *, over: str, who: str, by: Actor) -> int:
        """Publish what a person wrote over another text; returns its revision. Raises as the publisher does."""
        async with self.publisher.turn:
            await self._take(await self.publisher.publish(text, over, who, by))
            return self.plan.revision or 0

    async def _take(self, result: Published | ConfigError | None) -> bool:
        if isinstance(result, Published):
            await self._open_lanes()
            ring_sources(self)
            self._tell_started()
            await self.auditor.see(self.plugins.hashes)
            await self.node.beat()
        if result is not None:
            self.emit([told_of(result, self.clock.now())])
        return isinstance(result, Published)

    async def flush(self) -> None:
        """Store events and newly seen fields that came without a row of their own."""
        events, self._unstored = self._unstored, []
        fields, self.drift.fresh = self.drift.fresh, []
        if events:
            await self.db.write(append, events)
        if fields:
            await self.db.write(store_fields, fields, self.clock.now())
        await self.volumes.flush()

    def try_plan(self, text: str) -> plans.Plan:
        """Return the plan of a configuration that is only tried; raises ConfigError."""
        return self.publisher.plan_of(text, "the changed configuration")

    def wind_down(self) -> None:
        """Begin to stop: claim nothing more, and end what is being sent while open requests are still answered."""
        if self._winding is None:
            self._stop_at = self.clock.monotonic() + STOP_SECONDS
            self.schedule.stop()
            self._winding = asyncio.create_task(self.dispatcher.stop())

    @property
    def stopping(self) -> bool:
        """Return whether it is being stopped."""
        return self._winding is not None

    async def stop(self) -> None:
        """Take nothing more, finish what is under way, give the rest back, write everything down."""
        self.wind_down()
        await self.importing.stop()
        await self.warm()
        ending = asyncio.gather(self.pipeline.stop(), *filter(None, (self._winding,)))
        await asyncio.wait((ending,), timeout=max(1.0, self._stop_at - self.clock.monotonic()))
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        await self.runner.stop()
        await self.dispatcher.stop()  # what the last batches had reserved
        await self.runner.close()
        await self.flush()
        await self.auditor.round(last=True)
        await self.node.leave()
        if self.office.http is None:
            await self.http.aclose()
        await watching.close(self.observer)
        await asyncio.to_thread(self.db.close)
