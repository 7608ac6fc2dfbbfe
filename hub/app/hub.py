"""Puts a hub together, starts and stops it, and swaps its configuration while it runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from sqlmodel import Session

from hub import plan as plans
from hub.app.config import Published, Publisher
from hub.clock import Clock, SystemClock
from hub.delivery.dispatcher import RENEW_EVERY, Dispatcher
from hub.events import Event
from hub.ids import Ids, RandomIds
from hub.intake.door import Door
from hub.intake.imports import Imports
from hub.intake.polls import Polls
from hub.intake.rows import Rows
from hub.lineage import Lineage
from hub.loader import Plugins
from hub.normal.warm import warm_up
from hub.outgoing.client import make_client
from hub.pipeline.context import Rotation
from hub.pipeline.drift import Drift, store_fields, stored_fields
from hub.pipeline.engine import Pipeline
from hub.replays import Replays
from hub.schedule import Schedule
from hub.source import FileSource, PollSource
from hub.store import submissions as submission_store
from hub.store.log import append
from hub.store.tables import RotationRow
from hub.trials import Trials

log = logging.getLogger("leadhub")

ROLES = frozenset({"intake", "worker", "scheduler"})
_LOUD = {"sink.paused", "breaker.opened", "source.failed", "source.gap", "plugin.failed", "config.refused"}
_STORED_WITH_ROWS = ("submission.", "lead.", "delivery.")


@dataclass(slots=True)
class Office:
    """What a hub is handed: its workspace, and the clock, ids and transport it shall use."""

    folder: Path
    config: Path
    database: str | None = None  # instead of hub.yaml's
    clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=RandomIds)
    http: httpx.AsyncClient | None = None
    plugins: tuple[Any, ...] = ()
    roles: frozenset[str] = ROLES
    seed: int | None = None


class Hub:
    """A whole hub in one process."""

    def __init__(self, office: Office, publisher: Publisher) -> None:
        self.office, self.publisher = office, publisher
        self.clock, self.ids = office.clock, office.ids
        self.db = publisher.db
        self.holder = self.ids("node")
        self.http = office.http or make_client(lambda: self.plan.settings.hub.allow_networks)
        self.rotation = Rotation(self.db_read_now(_rotations))
        self.schedule = Schedule()
        self.drift = Drift(self.clock, self.emit)
        self.drift.remember(self.db_read_now(stored_fields))
        self.dispatcher = Dispatcher(
            self.db, holder=self.holder, clock=self.clock, http=self.http, emit=self.emit, seed=office.seed
        )
        self.pipeline = Pipeline(
            self.db, lambda: self.plan, clock=self.clock, ids=self.ids, http=self.http, rotation=self.rotation,
            slots=self.dispatcher, emit=self.emit, drift=self.drift,
        )  # fmt: skip
        self.door = Door(self.db, lambda: self.plan, self.pipeline, clock=self.clock, ids=self.ids)
        self.rows = Rows(self.db, self.pipeline, clock=self.clock, ids=self.ids)
        self.polls = Polls(self.db, lambda: self.plan, self.rows, clock=self.clock, http=self.http, emit=self.emit)
        self.imports = Imports(self.db, lambda: self.plan, self.rows, clock=self.clock, ids=self.ids, emit=self.emit)
        self.lineage = Lineage(self.db, lambda: self.plan, clock=self.clock, ids=self.ids, emit=self.emit)
        self.trials = Trials(self.db, lambda: self.plan, clock=self.clock, http=self.http, rotation=self.rotation)
        self.replays = Replays(self.db, self.pipeline)
        self._unstored: list[Event] = []

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
                log.warning(
                    "event=%s source=%s sink=%s detail=%r", event.kind, event.source, event.sink, dict(event.data)
                )
            if not event.kind.startswith(_STORED_WITH_ROWS):
                self._unstored.append(event)
            for failed in self.plugins.emit(event):
                log.error("event=plugin.failed plugin=%s detail=%r", failed.name, failed.reason)

    async def start(self, *, bells: bool = True) -> None:
        """Start working: what a former process left is taken up first; without bells, callers ring them."""
        if self.db.sqlite:  # one process: whoever held anything before us is gone
            await self.db.write(submission_store.free_leases)
        await self._open_lanes()
        if self.db.sqlite:
            await self.dispatcher.rescue(everything=True)
        self.pipeline.start()
        countries = {self.plan.settings.hub.region, *(s.region for s in self.plan.settings.sources.values())}
        self._warming = asyncio.create_task(asyncio.to_thread(warm_up, tuple(filter(None, countries))))
        if bells:
            self._ring_bells()
            self.schedule.start()
        self._tell_started()

    async def _open_lanes(self) -> None:
        """Open the lanes of the sinks, where this process is a worker; elsewhere deliveries are rows for one."""
        if "worker" in self.office.roles:
            await self.dispatcher.use(self.plan)

    def _tell_started(self) -> None:
        self.plugins.manager.hook.hub_started.call_historic(kwargs={"hub": self})

    def _ring_bells(self) -> None:
        ring = self.schedule.every
        ring(5.0, "flush", self.flush)
        ring(1.0, "submissions", self.pipeline.sweep, soon=True)
        if "worker" in self.office.roles:
            ring(0.5, "deliveries", self.dispatcher.sweep, soon=True)
            ring(RENEW_EVERY, "leases", self.dispatcher.renew)
            ring(15.0, "rescue", self.dispatcher.rescue)
            ring(5.0, "pauses", self.dispatcher.agree)
        ring(2.0, "config", self.reload)
        self._ring_sources()

    def _ring_sources(self) -> None:
        """Poll and watch what the configuration names, as often as it says."""
        self.schedule.forget("source:")
        if "scheduler" not in self.office.roles:
            return
        for name, source in self.plan.sources.items():
            settings = self.plan.settings.sources[name]
            if not settings.enabled:
                continue
            if isinstance(source, PollSource):
                every = settings.every or source.every.total_seconds()
                self.schedule.every(every, f"source:poll:{name}", partial(self.polls.poll, name), soon=True)
                self.schedule.every(86400, f"source:count:{name}", partial(self.polls.reconcile, name))
            if isinstance(source, FileSource):
                every = settings.every or source.every.total_seconds()
                look = partial(self.imports.watch, name, self.office.folder)
                self.schedule.every(every, f"source:watch:{name}", look, soon=True)

    async def warm(self) -> None:
        """Return when the tables that reading names, phones and places needs are loaded."""
        await asyncio.gather(self._warming, return_exceptions=True)

    async def reload(self) -> bool:
        """Publish a changed hub.yaml; a wrong one is refused and the old one stays. Returns whether it changed."""
        result = await self.publisher.look()
        if isinstance(result, Published):
            await self._open_lanes()
            self._ring_sources()
            self._tell_started()
            self.emit([Event("config.published", self.clock.now(), data={"revision": self.plan.revision})])
        elif result is not None:
            self.emit([Event("config.refused", self.clock.now(), data={"reason": str(result)})])
        return isinstance(result, Published)

    async def flush(self) -> None:
        """Store events and newly seen fields that came without a row of their own."""
        events, self._unstored = self._unstored, []
        fields, self.drift.fresh = self.drift.fresh, []
        if events:
            await self.db.write(append, events)
        if fields:
            await self.db.write(store_fields, fields, self.clock.now())

    def try_plan(self, text: str) -> plans.Plan:
        """Return the plan of a configuration that is only tried; raises ConfigError."""
        return self.publisher.plan_of(text, "the changed configuration")

    async def stop(self) -> None:
        """Take nothing more, finish what is under way, write everything down."""
        self.schedule.stop()
        await self.warm()
        await self.pipeline.stop()
        await self.dispatcher.stop()
        await self.flush()
        if self.office.http is None:
            await self.http.aclose()
        await asyncio.to_thread(self.db.close)


def _rotations(*, session: Session) -> dict[tuple[str, str, str], int]:
    table = RotationRow.__table__  # type: ignore[attr-defined]
    rows = session.execute(sa.select(table.c.team, table.c.member, table.c.day, table.c.given))
    return {(team, member, day): given for team, member, day, given in rows}
