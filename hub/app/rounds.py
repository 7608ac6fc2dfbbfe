"""The rounds of the scheduler: polls, watched folders, counts and news, each once however many nodes there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.insight.review import EVERY, Review
from hub.news import asks
from hub.source import FileSource, PollSource
from hub.ticks import bell

if TYPE_CHECKING:
    from hub.app.hub import Hub

LETTERS = 30.0  # seconds between looks for letters nobody has read
QUARTER = 900.0  # of an hour: as late may the nightly count begin


def ring_once(hub: Hub, every: float, name: str, work: Callable[[], Awaitable[Any]], *, soon: bool = False) -> None:
    """Let work be done every so many seconds by one of the nodes; `soon`: the first time at once."""
    hub.schedule.every(bell(every), name, partial(hub.ticks.once, name, every, work, soon=soon), soon=True)


def ring_sources(hub: Hub) -> None:
    """Poll, watch and count what the configuration names, as often as it says."""
    hub.schedule.forget("source:")
    if "scheduler" not in hub.office.roles:
        return
    for name, source in hub.plan.sources.items():
        settings = hub.plan.settings.sources[name]
        if not settings.enabled:
            continue
        if isinstance(source, PollSource):
            every = settings.every or source.every.total_seconds()
            ring_once(hub, every, f"source:poll:{name}", partial(hub.polls.poll, name), soon=True)
            ring_once(hub, QUARTER, f"source:count:{name}", partial(hub.polls.reconcile_nightly, name))
        if isinstance(source, FileSource):
            every = settings.every or source.every.total_seconds()
            _ring_watch(hub, every, name, getattr(source.config, "path", None))
    _ring_news(hub)
    review = Review(hub.db, lambda: hub.plan, hub.ticks.at, clock=hub.clock, http=hub.http)
    hub.schedule.every(EVERY, "source:review", review.look, soon=True)


def _ring_news(hub: Hub) -> None:
    """Ask the sinks that can be asked what became of their leads, and read what letters were left."""
    ring_once(hub, LETTERS, "source:letters", hub.hearing.sweep)
    for name, sink in hub.plan.sinks.items():
        if asks(sink) and hub.plan.settings.sinks[name].enabled:
            listens = sink.listens.total_seconds()
            ring_once(hub, listens, f"source:news:{name}", partial(hub.hearing.ask, name), soon=True)


def _ring_watch(hub: Hub, every: float, name: str, pattern: str | None) -> None:
    """Watch a folder, on the nodes that have it: one that does not leaves the round to the others."""
    if not pattern:
        return
    start = hub.office.folder / Path(*_plain(Path(pattern)))
    look = partial(hub.ticks.once, f"source:watch:{name}", every, partial(hub.imports.watch, name, hub.office.folder))

    async def look_if_there() -> bool:
        return start.is_dir() and await look()

    hub.schedule.every(bell(every), f"source:watch:{name}", look_if_there, soon=True)


def _plain(pattern: Path) -> tuple[str, ...]:
    """Return the folder above the first part of a pattern that stands for several."""
    parts = pattern.parts[:-1]
    stars = [place for place, part in enumerate(parts) if any(sign in part for sign in "*?[")]
    return parts[: stars[0]] if stars else parts
