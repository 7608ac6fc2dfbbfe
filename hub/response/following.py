"""What follows when a lead moves or something is heard of it: timers, deliveries to those who keep it, notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.families.message import Teller
from hub.ids import Ids
from hub.lead import Lead
from hub.plan import Plan
from hub.store import owed as store
from hub.store.ownership import Moved

Row = Mapping[str, Any]


def updates(
    moved: Moved, have: Iterable[str], submission: str, sentence: str, plan: Plan, ids: Ids
) -> list[dict[str, Any]]:
    """Return the deliveries that tell those who have a lead, and take updates, who owns it now."""
    takers = [name for name in sorted(have) if getattr(plan.sinks.get(name), "updates", False)]
    return [owed(moved.lead, name, submission, sentence, moved.care["since"], ids) for name in takers]


def owed(lead: Lead, sink: str, submission: str, sentence: str, now: datetime, ids: Ids) -> dict[str, Any]:
    """Return a delivery of the lead as it is now."""
    return store.owed(ids("dlv"), lead.id, sink, lead.version, submission, now, sentence=sentence, test=lead.test)


def notices(kind: str, care: Row, sinks: Iterable[str], now: datetime, ids: Ids, **said: Any) -> list[dict[str, Any]]:
    """Return what people are told of a lead, one row for each chat or mail sink."""
    data = {"owner": care["owner"], "team": care["team"], "grade": care["grade"], "source": care["source"], **said}
    return [
        {
            "id": ids("ntc"), "sink": sink, "lead": care["lead"], "kind": kind, "data": data, "state": "ready",
            "created_at": now, "due_at": now, "tries": 0, "reason": None,
        }
        for sink in dict.fromkeys(sinks)
    ]  # fmt: skip


def tellers(have: Iterable[str], plan: Plan) -> Iterator[str]:
    """Yield the chat and mail sinks among those a lead went to: their readers are told what became of it."""
    for name in sorted(have):
        sink = plan.sinks.get(name)
        if isinstance(sink, Teller) and not getattr(sink, "updates", False):
            yield name


def listed(names: Sequence[str], have: Iterable[str], plan: Plan) -> list[str]:
    """Return the sinks that are told: those a rule names, else the chats the lead went to."""
    return list(names) or list(tellers(have, plan))
