"""Looks at what follows once leads are delivered: whether answers are heard of, and leads nobody does anything with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from hub.alarms.kinds import Condition, tens
from hub.news import asks
from hub.plan import Plan
from hub.store.followup import Waiting

PATIENCE = timedelta(minutes=30)  # a shorter trouble of another system is no alarm
ASKINGS = 5  # times a sink is asked in vain before it is one


def conditions(
    plan: Plan, news: Mapping[str, Mapping[str, Any]], waiting: Waiting, now: datetime
) -> Iterator[Condition]:
    """Yield sinks that cannot be asked what became of their leads, and teams whose leads wait."""
    for name, row in news.items():
        settings, sink = plan.settings.sinks.get(name), plan.sinks.get(name)
        since = row["failing_since"]
        if settings is None or not settings.enabled or not asks(sink) or since is None:
            continue
        if now - since > max(PATIENCE, ASKINGS * sink.listens):
            data = {"reason": row["reason"] or "it failed.", "since": since.isoformat()}
            yield Condition(f"feedback:{name}", "feedback.silent", sink=name, data=data)
    for team, number in waiting.silent.items():
        known = plan.settings.teams.get(team)
        data = {"team": team, "number": number, "after": known.silent_after if known else None}
        yield Condition(f"silent:{team}", "lead.silent", data=data)
    for team, number in waiting.overdue.items():
        yield Condition(f"overdue:{team}", "lead.overdue", data={"team": team, "number": number}, level=tens(number))
    if waiting.unassigned:
        number, oldest = waiting.unassigned
        data = {"number": number, "since": oldest.isoformat()}
        yield Condition("unassigned", "lead.unassigned", data=data, level=tens(number))
