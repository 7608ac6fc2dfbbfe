"""Decides what is told through which sink: once, all of it in one message, and not again at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.alarms.kinds import Alarm

AGAIN = timedelta(hours=1)  # what comes and goes is told once in that time
OVER = timedelta(days=1)  # how long the end of an alarm is worth a word
SHOWN = 20  # alarms in one message; the rest is a number


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one sink: alarms that are open, and alarms that are over."""

    sink: str
    raised: tuple[Alarm, ...]
    over: tuple[Alarm, ...]


def letters(
    alarms: Sequence[Alarm], sinks: Sequence[str], now: datetime, *, every: float, remind: float
) -> Iterator[Letter]:
    """Yield what is owed; `alarms` are the open ones and those of the last day, `every` and `remind` are seconds."""
    for sink in sinks:
        last = max((at for alarm in alarms for at in _times(alarm, sink)), default=None)
        if last is not None and now - last < timedelta(seconds=every):
            continue
        raised = tuple(alarm for alarm in alarms if _owed(alarm, alarms, sink, now, timedelta(seconds=remind)))
        over = tuple(alarm for alarm in alarms if _over(alarm, sink, now))
        if raised or over:
            yield Letter(sink, raised, over)


def _owed(alarm: Alarm, alarms: Sequence[Alarm], sink: str, now: datetime, remind: timedelta) -> bool:
    if alarm.state != "open" or alarm.acknowledged_at is not None:
        return False
    at = told(alarm, sink, "at")
    if at is not None:
        return now - at >= remind
    same = [told(other, sink, "at") for other in alarms if other.name == alarm.name and other.kind == alarm.kind]
    return all(before is None or now - before >= AGAIN for before in same)


def _over(alarm: Alarm, sink: str, now: datetime) -> bool:
    if alarm.closed_at is None or now - alarm.closed_at > OVER:
        return False
    return told(alarm, sink, "at") is not None and told(alarm, sink, "over") is None


def told(alarm: Alarm, sink: str, what: str) -> datetime | None:
    """Return when a sink was told that an alarm is there (`at`), or that it is over (`over`)."""
    said = alarm.told.get(sink, {}).get(what)
    return datetime.fromisoformat(said) if said else None


def _times(alarm: Alarm, sink: str) -> Iterator[datetime]:
    yield from filter(None, (told(alarm, sink, what) for what in ("at", "over", "before")))
