"""The kinds of alarms, and what changes when things are as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """What happens in the event log with an alarm; None where who sees it first says it."""

    raised: str | None = None
    over: str | None = None
    seen: bool = False  # whether health tells of it anyway


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "source.silent": Kind("source.silent", "source.back"),
        "source.failed": Kind(),
        "source.gap": Kind(),
        "import.failed": Kind("import.failed"),
        "credential.expiring": Kind("credential.expiring", "credential.renewed"),
        "credential.expired": Kind("credential.expired", "credential.renewed"),
        "sink.paused": Kind(seen=True),
        "breaker.opened": Kind(seen=True),
        "delivery.piled": Kind("delivery.piled"),
        "retention.warned": Kind(),
        "feedback.silent": Kind("feedback.silent", "feedback.back"),
        "lead.silent": Kind("lead.silent"),
        "lead.unassigned": Kind("lead.unassigned"),
        "lead.overdue": Kind("lead.overdue"),
        "plugin.refused": Kind("plugin.refused", "plugin.accepted", seen=True),
        "queue.grown": Kind("queue.grown", "queue.drained", seen=True),
        "disk.low": Kind("disk.low", "disk.freed"),
        "intake.closed": Kind("intake.closed", "intake.opened", seen=True),
    }
)
"""Every kind of alarm; each is the kind of the event it comes with."""

STORED = tuple(sorted({name for kind in KINDS.values() for name in (kind.raised, kind.over) if name}))
"""The events that are stored with the alarm they tell of."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is so now and needs a person; `level` rises as it gets worse."""

    name: str
    kind: str
    source: str | None = None
    sink: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    level: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it is stored."""

    id: int
    name: str
    kind: str
    source: str | None
    sink: str | None
    state: str
    level: int
    data: Mapping[str, Any]
    raised_at: datetime
    closed_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    told: Mapping[str, Mapping[str, Any]]  # by sink


@dataclass(frozen=True, slots=True)
class Changes:
    """What to write down: alarms that are new, that got worse, and that are over."""

    raised: tuple[Condition, ...] = ()
    worse: tuple[tuple[Alarm, Condition], ...] = ()
    over: tuple[Alarm, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.raised or self.worse or self.over)


def changes(alarms: Iterable[Alarm], conditions: Sequence[Condition]) -> Changes:
    """Return how the open alarms become what is so now; what only got better keeps its alarm as it is."""
    is_open = {alarm.name: alarm for alarm in alarms}
    now = {condition.name: condition for condition in conditions}
    worse = [
        (is_open[name], condition)
        for name, condition in now.items()
        if name in is_open and (condition.kind != is_open[name].kind or condition.level > is_open[name].level)
    ]
    return Changes(
        tuple(condition for name, condition in now.items() if name not in is_open),
        tuple(worse),
        tuple(alarm for name, alarm in is_open.items() if name not in now),
    )


def tens(number: int) -> int:
    """Return how many digits a number has: it is told again when there is one more."""
    return len(str(number))
