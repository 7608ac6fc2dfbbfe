"""The counts a person looks at first: what came in, what became of it, what waits."""

from __future__ import annotations

import statistics
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import deliveries as delivery_store
from hub.store import submissions as submission_store
from hub.store.columns import EVENT, LEAD, SUGGESTION
from hub.store.deliveries import TABLE as DELIVERY
from hub.store.submissions import TABLE as SUBMISSION

SAMPLE = 5_000  # deliveries the median time is taken over


def summary(*, session: Session) -> dict[str, Any]:
    """Return counts per source and sink, and the median seconds from submit to delivery; test leads aside."""
    submissions = submission_store.counts(session=session)
    deliveries = delivery_store.counts(session=session)
    merged = session.execute(sa.select(sa.func.count()).where(EVENT.c.kind == "lead.merged")).scalar_one()
    leads = session.execute(sa.select(sa.func.count()).where(LEAD.c.state == "open", ~LEAD.c.test)).scalar_one()
    tests = session.execute(sa.select(sa.func.count()).where(SUBMISSION.c.test)).scalar_one()
    open_pairs = session.execute(sa.select(sa.func.count()).where(SUGGESTION.c.state == "open")).scalar_one()
    return {
        "received": sum(submissions.values()),
        "leads": leads,
        "merged": merged,
        "tests": tests,
        "suggestions": open_pairs,
        "sources": _by_first(submissions),
        "sinks": _by_first(deliveries),
        "median_seconds_to_delivery": median_seconds(session=session),
        "paused": {sink: reason for sink, (_, reason) in delivery_store.paused(session=session).items()},
    }


def _by_first(counts: dict[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (name, state), number in sorted(counts.items()):
        found.setdefault(name, {})[state] = number
    return found


def median_seconds(since: datetime | None = None, *, session: Session) -> float | None:
    """Return the median seconds from receiving a submission to its sink's yes; None while nothing was delivered."""
    query = (
        sa.select(SUBMISSION.c.received_at, DELIVERY.c.done_at)
        .join(SUBMISSION, SUBMISSION.c.id == DELIVERY.c.submission)
        .where(DELIVERY.c.state == "sent", DELIVERY.c.done_at.is_not(None), ~DELIVERY.c.test)
        .order_by(DELIVERY.c.id.desc())
        .limit(SAMPLE)
    )
    if since is not None:
        query = query.where(DELIVERY.c.done_at >= since)
    waits = [(done - came).total_seconds() for came, done in session.execute(query)]
    return round(statistics.median(waits), 3) if waits else None


def waiting(now: datetime, *, session: Session) -> dict[str, Any]:
    """Return what health and metrics need: the age of the oldest due work, and how much there is."""
    due = sa.select(sa.func.count(), sa.func.min(DELIVERY.c.due_at)).where(
        DELIVERY.c.state == "ready", DELIVERY.c.due_at <= now
    )
    number, oldest = session.execute(due).one()
    unrun = sa.select(sa.func.count(), sa.func.min(SUBMISSION.c.received_at)).where(SUBMISSION.c.state == "received")
    waiting_number, waiting_since = session.execute(unrun).one()
    return {
        "deliveries_due": number,
        "oldest_delivery_seconds": _age(oldest, now),
        "submissions_waiting": waiting_number,
        "oldest_submission_seconds": _age(waiting_since, now),
    }


def _age(since: Any, now: datetime) -> float:
    if since is None:
        return 0.0
    at = datetime.fromisoformat(since) if isinstance(since, str) else since
    return max(timedelta(0), now - at).total_seconds()
