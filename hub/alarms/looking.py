"""Looks at how things are now: what of it needs a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.alarms import expiry, following
from hub.alarms.kinds import Condition, tens
from hub.plan import Plan
from hub.source import PollSource
from hub.store.followup import Waiting

FAILING = timedelta(minutes=10)  # a poll that fails for so long is no passing trouble
COUNTED = timedelta(days=2)  # an older count says nothing of today
BROKEN = timedelta(days=2)  # a file that failed longer ago was seen to, or nobody misses it
SPARE = 1.5  # times the disk that must stay free: with less it is time to make room


@dataclass(frozen=True, slots=True)
class Pressure:
    """What keeps the hub from taking leads: and what else this process knows: its disk, plugins left out."""

    refusing: str | None = None
    holding: str | None = None
    disk: tuple[int, int] | None = None
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database and this process say of now; `broken`: imports that failed, `leaving`: what retention takes."""

    polls: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    paused: Mapping[str, str] = field(default_factory=dict)
    resting: Collection[str] = ()
    dead: Mapping[str, int] = field(default_factory=dict)
    broken: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    leaving: int = 0
    news: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=Waiting)
    credentials: expiry.Known = field(default_factory=dict)
    pressure: Pressure = Pressure()


def conditions(plan: Plan, seen: Seen, now: datetime) -> Iterator[Condition]:
    """Yield everything but silences, which take more than a look."""
    yield from _polls(plan, seen, now)
    for id_, row in seen.broken.items():
        yield Condition(
            f"import:{id_}", "import.failed", row["source"], data={"file": row["file"], "reason": row["reason"]}
        )
    if seen.leaving:
        yield Condition("retention", "retention.warned", data={"number": seen.leaving}, level=tens(seen.leaving))
    yield from _sinks(plan, seen)
    yield from following.conditions(plan, seen.news, seen.waiting, now)
    yield from expiry.conditions(plan, seen.credentials, now)
    yield from _hub(plan, seen.pressure)


def _polls(plan: Plan, seen: Seen, now: datetime) -> Iterator[Condition]:
    for name, row in seen.polls.items():
        settings, source = plan.settings.sources.get(name), plan.sources.get(name)
        if settings is None or not settings.enabled or not isinstance(source, PollSource):
            continue
        if failing(row, now):
            yield Condition(f"poll:{name}", "source.failed", name, data={"reason": row["reason"] or "it failed."})
        platform, ours, at = row["platform_count"], row["our_count"], row["counted_at"]
        if at is not None and now - at <= COUNTED and platform > ours:
            data = {"platform": platform, "ours": ours, "missing": platform - ours}
            yield Condition(f"gap:{name}", "source.gap", name, data=data)


def failing(poll: Mapping[str, Any] | None, now: datetime) -> bool:
    """Return whether the polls of a source fail, and not only for a moment."""
    if poll is None or poll["failed_at"] is None:
        return False
    return poll["polled_at"] is None or now - poll["polled_at"] >= FAILING


def _sinks(plan: Plan, seen: Seen) -> Iterator[Condition]:
    for name, settings in plan.settings.sinks.items():
        if not settings.enabled:
            continue
        if name in seen.paused:
            yield Condition(f"paused:{name}", "sink.paused", sink=name, data={"reason": seen.paused[name]})
        elif name in seen.resting:
            yield Condition(f"breaker:{name}", "breaker.opened", sink=name)
        if name in seen.dead:
            number = seen.dead[name]
            yield Condition(f"dead:{name}", "delivery.piled", sink=name, data={"number": number}, level=tens(number))


def _hub(plan: Plan, pressure: Pressure) -> Iterator[Condition]:
    hub = plan.settings.hub
    for name, reason in pressure.refused.items():
        yield Condition(f"plugin:{name}", "plugin.refused", data={"plugin": name, "reason": reason})
    if pressure.refusing:
        yield Condition("intake", "intake.closed", data={"reason": pressure.refusing})
    elif pressure.holding:
        yield Condition("queue", "queue.grown", data={"reason": pressure.holding})
    if pressure.disk is not None:
        size, free = pressure.disk
        if free < SPARE * max(hub.min_free, hub.min_free_share * size):
            yield Condition("disk", "disk.low", data={"free": round(free / 1e6)})
