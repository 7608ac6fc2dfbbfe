"""What a monitor asks the database: how much waits, since when, and how the database itself fares."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import SUBMISSION
from hub.store.deliveries import SINK
from hub.store.deliveries import TABLE as DELIVERY
from hub.store.tables import CursorRow

CURSOR = CursorRow.__table__  # type: ignore[attr-defined]
WATCHED = ("ready", "sending", "unclear", "dead", "rejected")  # what is done is counted when it happens

Values = dict[tuple[str, ...], float]


def readings(now: datetime, *, session: Session) -> dict[str, Values]:
    """Return the shared metrics by name, test leads aside; what it costs grows with what waits, not with history."""
    return {
        **_submissions(now, session),
        **_deliveries(now, session),
        **_polls(session),
        **_dead_tuples(session),
    }


def _submissions(now: datetime, session: Session) -> dict[str, Values]:
    columns = (SUBMISSION.c.source, SUBMISSION.c.state)
    rows = session.execute(
        sa.select(*columns, sa.func.count(), sa.func.min(SUBMISSION.c.received_at))
        .where(SUBMISSION.c.state.in_(("received", "quarantined")), ~SUBMISSION.c.test)
        .group_by(*columns)
    )
    found: dict[str, Values] = {"leadhub_submissions": {}, "leadhub_submission_queue_age_seconds": {}}
    for source, state, number, oldest in rows:
        found["leadhub_submissions"][source, state] = number
        if state == "received":
            found["leadhub_submission_queue_age_seconds"][source,] = age(oldest, now)
    return found


def _deliveries(now: datetime, session: Session) -> dict[str, Values]:
    columns = (DELIVERY.c.sink, DELIVERY.c.state)
    rows = session.execute(
        sa.select(*columns, sa.func.count(), sa.func.min(DELIVERY.c.created_at))
        .where(DELIVERY.c.state.in_(WATCHED), ~DELIVERY.c.test)
        .group_by(*columns)
    )
    numbers: Values = {}
    ages: Values = {}
    for sink, state, number, oldest in rows:
        numbers[sink, state] = number
        if state in ("ready", "sending"):
            ages[sink,] = max(ages.get((sink,), 0.0), age(oldest, now))
    due = session.execute(
        sa.select(DELIVERY.c.sink, sa.func.min(DELIVERY.c.due_at))
        .where(DELIVERY.c.state == "ready", DELIVERY.c.due_at <= now, ~DELIVERY.c.test)
        .group_by(DELIVERY.c.sink)
    )
    return {
        "leadhub_deliveries": numbers,
        "leadhub_delivery_queue_age_seconds": ages,
        "leadhub_delivery_lag_seconds": {(sink,): age(since, now) for sink, since in due},
    }


def _polls(session: Session) -> dict[str, Values]:
    rows = list(session.execute(sa.select(CURSOR.c.source, CURSOR.c.polled_at, CURSOR.c.failed_at)))
    return {
        "leadhub_poll_last_success_timestamp_seconds": {(s,): at.timestamp() for s, at, _ in rows if at},
        "leadhub_poll_failing": {(s,): float(failed is not None) for s, _, failed in rows},
    }


def _dead_tuples(session: Session) -> dict[str, Values]:
    if session.get_bind().dialect.name != "postgresql":
        return {}
    rows = session.execute(sa.text("SELECT relname, n_dead_tup FROM pg_stat_user_tables"))
    return {"leadhub_database_dead_tuples": {(table,): float(number) for table, number in rows}}


def age(since: Any, now: datetime) -> float:
    """Return the seconds since a time as a database gives it, text or not; 0 for none and for what is to come."""
    if since is None:
        return 0.0
    at = datetime.fromisoformat(since) if isinstance(since, str) else since
    return max(0.0, (now - at).total_seconds())


def queue(now: datetime, sinks: Collection[str], most: int, *, session: Session) -> tuple[int, float]:
    """Return how much is due, counted up to `most` of each kind, and the seconds since the oldest of it was.

    Only what these sinks owe counts, and nothing of a paused one: that waits for a person and is nobody's backlog.
    """
    paused = sa.select(SINK.c.sink).where(SINK.c.paused_at.is_not(None))
    owed = sa.select(DELIVERY.c.due_at.label("since")).where(
        DELIVERY.c.state == "ready", DELIVERY.c.due_at <= now, DELIVERY.c.sink.in_(sinks),
        DELIVERY.c.sink.not_in(paused),
    )  # fmt: skip
    unrun = sa.select(SUBMISSION.c.received_at.label("since")).where(
        SUBMISSION.c.state == "received", sa.or_(SUBMISSION.c.due_at.is_(None), SUBMISSION.c.due_at <= now)
    )
    depth, oldest = 0, 0.0
    for query in (owed, unrun):
        first = session.execute(sa.select(sa.func.min(query.subquery().c.since))).scalar()
        oldest = max(oldest, age(first, now))
        depth += session.execute(sa.select(sa.func.count()).select_from(query.limit(most).subquery())).scalar_one()
    return depth, oldest
