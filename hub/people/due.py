"""What is due for a lead and when, from where it stands: its target, the team's ladder, recycling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from hub.lead import Lead
from hub.settings.people import RecycleSettings, RungSettings, TeamSettings

OPEN_STATES = frozenset({None, "new", "contacted", "no_answer", "qualified", "opportunity", "unknown"})
"""Dispositions of leads that somebody still works on."""


class WorkingTime(Protocol):
    """A calendar, as far as clocks need it."""

    def after(self, start: datetime, seconds: float) -> datetime:
        """Return the moment when so much working time has passed since the start."""
        ...

    def between(self, start: datetime, end: datetime) -> float:
        """Return the seconds of working time between two moments."""
        ...


class Always:
    """All hours are working time."""

    def after(self, start: datetime, seconds: float) -> datetime:
        """Return the moment so many seconds later."""
        return start + timedelta(seconds=seconds)

    def between(self, start: datetime, end: datetime) -> float:
        """Return the seconds between two moments."""
        return (end - start).total_seconds()


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due: which kind, which rung or rule, and when."""

    kind: str
    number: int
    at: datetime


def due(
    care: Mapping[str, Any], team: TeamSettings | None, calendar: Callable[[str | None], WorkingTime], lead: Lead | None
) -> Iterator[Due]:
    """Yield what is due for a lead; nothing is, once it is closed. `lead` is needed where a rule reads its fields."""
    if not care["current"] or care["closed_at"] is not None or care["test"]:
        return
    waits = care["responded_at"] is None
    if waits and care["due_at"] is not None and care["breached_at"] is None:
        yield Due("target", 0, care["due_at"])
    if team is None or care["owner"] is None:
        return
    if waits:
        yield from _rungs(care, team, calendar(care["calendar"]))
    for number, rule in enumerate(team.recycle):
        at = recycles_at(care, rule, lead)
        if at is not None:
            yield Due("recycle", number, max(at, care["protected_until"] or at))


def _rungs(care: Mapping[str, Any], team: TeamSettings, working: WorkingTime) -> Iterator[Due]:
    """Yield the next rung: for the first owner by the prospect's clock, for a later one by when they got the lead.

    A moment that had passed when the owner got the lead, as with a list or after an outage, is counted from then:
    nobody loses a lead that they could not have answered.
    """
    first = care["turns"] <= 1 and care["since"] <= care["decided_at"]  # not one who took it out of a pool later
    start = care["started_at"] if first else care["since"]
    marked = sorted(
        (seconds, number)
        for number, rung in enumerate(team.ladder)
        if (seconds := seconds_of(rung, care["target"])) is not None
    )
    for place, (seconds, number) in enumerate(marked):
        if place >= care["rung"]:
            at, protected = working.after(start, seconds), care["protected_until"]
            at = at if at > care["since"] else working.after(care["since"], seconds)
            recycles = team.ladder[number].do == "recycle"
            yield Due("rung", number, max(at, protected) if recycles and protected else at)
            return


def seconds_of(rung: RungSettings, target: float | None) -> float | None:
    """Return when a rung comes, in working seconds after the start; None: a share of a target that is not there."""
    if rung.at.endswith("%"):
        return float(rung.at[:-1]) / 100 * target if target else None
    return float(rung.at.removesuffix("s"))


def recycles_at(care: Mapping[str, Any], rule: RecycleSettings, lead: Lead | None) -> datetime | None:
    """Return when a rule takes a lead from its owner, None when it does not apply."""
    if rule.grades and care["grade"] not in rule.grades:
        return None
    if rule.field is not None:
        start = _date(lead, rule.field)
        return None if start is None else start + timedelta(seconds=rule.after)
    since: datetime = care["since"]
    if rule.without == "response" and care["responded_at"] is not None:
        return None
    if rule.without == "outcome" and care["disposition"] not in OPEN_STATES:
        return None
    if rule.without == "activity":
        since = max(since, care["touched_at"] or since)
    return since + timedelta(seconds=rule.after)


def _date(lead: Lead | None, field: str) -> datetime | None:
    """Return the beginning of the day that a field of the lead names, in UTC; None for what is no date."""
    if lead is None:
        return None
    first, _, rest = field.partition(".")
    value: Any = getattr(lead, first, None)
    if rest and isinstance(value, Mapping):
        value = value.get(rest)
    try:
        return datetime.combine(date.fromisoformat(str(value)[:10]), time(), UTC)
    except ValueError:
        return None
