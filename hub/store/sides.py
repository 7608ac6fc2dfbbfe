"""What the pages of sources and sinks ask: each question is answered out of an index, or looks at so many rows only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import DELIVERY, HOUR, SUBMISSION
from hub.store.tables import FieldRow, NewsRow, SubmissionRow

LOOKED_AT = 20_000  # of the newest submissions, whatever their source
MOST = 10_000  # more than so many are not counted
STATES = ("ready", "sending", "sent", "rejected", "unclear", "dead", "superseded")
STUCK = ("ready", "sending", "unclear", "rejected", "dead")
FIELDS = 500

FIELD = FieldRow.__table__  # type: ignore[attr-defined]
NEWS = NewsRow.__table__  # type: ignore[attr-defined]


def newest_of(source: str, number: int, *, session: Session) -> list[SubmissionRow]:
    """Return the newest submissions of a source that are still there whole, among the newest of all."""
    lately = sa.select(SUBMISSION.c.id, SUBMISSION.c.source).order_by(SUBMISSION.c.id.desc()).limit(LOOKED_AT)
    recent = lately.subquery()
    ids = session.execute(sa.select(recent.c.id).where(recent.c.source == source).limit(number)).scalars().all()
    query = sa.select(SubmissionRow).where(SUBMISSION.c.id.in_(ids)).order_by(SUBMISSION.c.id.desc())
    rows = list(session.execute(query).scalars())
    session.expunge_all()
    return rows


def fields_of(source: str, *, session: Session) -> list[tuple[str, datetime]]:
    """Return the fields a source has sent, and since when."""
    query = sa.select(FIELD.c.field, FIELD.c.first_seen_at).where(FIELD.c.source == source)
    return [tuple(row) for row in session.execute(query.order_by(FIELD.c.first_seen_at, FIELD.c.field).limit(FIELDS))]


def lately(since: datetime, *, session: Session) -> dict[str, int]:
    """Return how many each source sent in the hours since then."""
    query = sa.select(HOUR.c.source, sa.func.sum(HOUR.c.number)).where(HOUR.c.hour >= since).group_by(HOUR.c.source)
    return {source: int(number) for source, number in session.execute(query)}


def stuck(sink: str, *, session: Session) -> dict[str, Any]:
    """Return how many deliveries of a sink are in each state that is no end, up to MOST, and since when one waits."""
    numbers = {}
    for state in STUCK:
        some = sa.select(sa.literal(1)).where(DELIVERY.c.state == state, DELIVERY.c.sink == sink).limit(MOST)
        numbers[state] = session.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one()
    oldest = sa.select(DELIVERY.c.created_at).where(DELIVERY.c.state == "ready", DELIVERY.c.sink == sink)
    since = session.execute(oldest.order_by(DELIVERY.c.id).limit(1)).scalar()
    return {"numbers": numbers, "oldest": since}


def sent_by_hour(sink: str, now: datetime, hours: int, *, session: Session) -> dict[datetime, int]:
    """Return how many deliveries a sink took in each of the last hours, among the newest MOST; test leads aside."""
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours - 1)
    newest = (
        sa.select(DELIVERY.c.done_at, DELIVERY.c.test)
        .where(DELIVERY.c.state == "sent", DELIVERY.c.sink == sink)
        .order_by(DELIVERY.c.id.desc())
        .limit(MOST)
    )
    times = [at for at, test in session.execute(newest) if at is not None and at >= begin and not test]
    return dict(Counter(at.replace(minute=0, second=0, microsecond=0) for at in times))


def deliveries_of(
    sink: str, states: Sequence[str], *, limit: int, after: str | None = None, session: Session
) -> tuple[list[dict[str, Any]], str | None]:
    """Return deliveries of a sink in these states, newest first, and the id after which the next page starts."""
    found: list[dict[str, Any]] = []
    for state in states:
        query = sa.select(DELIVERY).where(DELIVERY.c.state == state, DELIVERY.c.sink == sink)
        if after is not None:
            query = query.where(DELIVERY.c.id < after)
        rows = session.execute(query.order_by(DELIVERY.c.id.desc()).limit(limit + 1)).mappings()
        found += [dict(row) for row in rows]
    found.sort(key=lambda row: str(row["id"]), reverse=True)
    return found[:limit], str(found[limit - 1]["id"]) if len(found) > limit else None


def news_of(sink: str, *, session: Session) -> dict[str, Any] | None:
    """Return how the news of a sink was heard; None where it never was asked."""
    row = session.execute(sa.select(NEWS).where(NEWS.c.sink == sink)).mappings().first()
    return dict(row) if row else None
