"""What a hub shows those who watch it: its metrics when they are asked for, its health, its traces."""

from __future__ import annotations

import asyncio
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from hub.observe.observer import Observer
from hub.observe.tracing import open_tracer
from hub.store import gauges
from hub.store.database import Database

if TYPE_CHECKING:
    from hub.app.hub import Hub
    from hub.app.office import Office
    from hub.settings import HubSettings

KEEP_SECONDS = 5.0  # how long what the database said is said again: several monitors ask it once
BREAKER = ("closed", "open", "half-open")
CLOSE_SECONDS = 5.0

Values = dict[tuple[str, ...], float]


def observer_of(office: Office, settings: HubSettings, db: Database) -> Observer:
    """Return the observer of a hub; one without a role only looks, and is not traced itself."""
    tracer = None
    if office.roles:
        tracer = open_tracer(settings.name, settings.traces, settings.trace_share, office.spans)
    observer = Observer(tracer)
    db.noted = observer.metrics.written
    return observer


async def close(observer: Observer) -> None:
    """Send the spans that are finished, as long as a stop can wait for it."""
    if observer.tracer:
        await asyncio.wait((asyncio.create_task(asyncio.to_thread(observer.tracer.close)),), timeout=CLOSE_SECONDS)


class Watching:
    """Reads what is measured only when somebody asks."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._shared: dict[str, Values] = {}
        self._read_at = -KEEP_SECONDS

    async def text(self) -> bytes:
        """Return every metric as Prometheus reads it."""
        now = self._hub.clock.monotonic()
        if now - self._read_at >= KEEP_SECONDS:
            self._shared = await self._hub.db.read(gauges.readings, self._hub.clock.now())
            self._read_at = now
        values = {**_with_zeros(self._shared, self._hub), **_sinks(self._hub), **_process(self._hub)}
        return self._hub.observer.metrics.text(values)

    def reasons(self) -> list[str]:
        """Return what a person should look at, a sentence each; none when all is well."""
        hub, seen = self._hub, self._hub.guard.seen
        reasons = [f"The intake is closed: {seen.refusing}."] if seen.refusing else []
        if seen.holding and not seen.refusing:
            reasons.append(f"Polls and imports wait: {seen.holding}.")
        for name, lane in hub.dispatcher.lanes.items():
            if lane.gate.paused:
                reasons.append(f'Sink "{name}" is paused.')
            if lane.gate.breaker.state == "open":
                reasons.append(f'Sink "{name}" rests: most sends fail.')
        reasons += [f"The plugin {b.name} could not be loaded; see leadhub check." for b in hub.plugins.broken]
        reasons += [f"{name} fails." for name in sorted(hub.schedule.broken)]
        if hub.publisher.refused:
            reasons.append("The changed configuration is wrong; the old one stays. See leadhub check.")
        return reasons + hub.alarms.reasons() + hub.node.reasons()


def _with_zeros(shared: dict[str, Values], hub: Hub) -> dict[str, Values]:
    """Return the shared values with a 0 for each source and sink of which nothing waits: no alarm needs absent()."""
    sources, sinks = hub.plan.settings.sources, hub.plan.settings.sinks
    ages = {"leadhub_submission_queue_age_seconds": sources}
    ages |= dict.fromkeys(("leadhub_delivery_queue_age_seconds", "leadhub_delivery_lag_seconds"), sinks)  # type: ignore[arg-type]
    return {**shared, **{name: {**{(one,): 0.0 for one in ones}, **shared[name]} for name, ones in ages.items()}}


def _sinks(hub: Hub) -> dict[str, Values]:
    lanes = hub.dispatcher.lanes.items()
    return {
        "leadhub_sink_open": {(name,): float(lane.open()) for name, lane in lanes},
        "leadhub_sink_paused": {(name,): float(lane.gate.paused is not None) for name, lane in lanes},
        "leadhub_sink_breaker": {
            (name, state): float(lane.gate.breaker.state == state) for name, lane in lanes for state in BREAKER
        },
    }


def _process(hub: Hub) -> dict[str, Values]:
    seen, broken = hub.guard.seen, hub.schedule.broken
    kind = "sqlite" if hub.db.sqlite else "postgresql"
    said: dict[str, Values] = {
        "leadhub_build_info": {(own_version(), kind): 1.0},
        "leadhub_intake_answers_total": {(s, str(status)): n for (s, status), n in hub.door.counts.items()},
        "leadhub_intake_open": {(): float(seen.refusing is None)},
        "leadhub_sources_held": {(): float(seen.holding is not None)},
        "leadhub_pipeline_waiting": {(): float(hub.pipeline.waiting)},
        "leadhub_bells_broken": {(): float(len(broken))},
        "leadhub_bell_broken": {(bell,): 1.0 for bell in broken},
    }
    if seen.disk:
        said["leadhub_disk_size_bytes"], said["leadhub_disk_free_bytes"] = {(): seen.disk[0]}, {(): seen.disk[1]}
    return said


def own_version() -> str:
    """Return the version of leadhub that is installed."""
    try:
        return version("leadhub")
    except PackageNotFoundError:
        return "unknown"
