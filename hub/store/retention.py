"""What has reached its age: found by kind and source, a piece at a time, and deleted so that nothing personal stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.store import leads as lead_store
from hub.store.columns import ATTEMPT, CONSENT, DELIVERY, EVENT, HOLD, LEAD, SUBMISSION
from hub.store.leads import NEVER
from hub.store.log import append

PIECE = 500  # rows in one transaction, so that leads that come in need not wait
OWED = ("ready", "sending", "unclear", "dead", "rejected")
SETTLED = ("sent", "superseded")
FAILED = ("dead", "rejected", "unclear")
WARNED = "retention.warned"
WARNING = timedelta(days=7)  # between the alarm and the end of what was never delivered

_HELD = sa.exists().where(HOLD.c.lead == SUBMISSION.c.lead)
_OWED = sa.exists().where(DELIVERY.c.lead == SUBMISSION.c.lead, DELIVERY.c.state.in_(OWED))


def bodies(source: str, before: datetime) -> Any:
    """Return the query of settled submissions whose bytes go; not of leads that are held, or owed to a sink."""
    return sa.select(SUBMISSION.c.id).where(
        SUBMISSION.c.source == source, SUBMISSION.c.state.in_(("done", "duplicate", "rejected", "undone")),
        SUBMISSION.c.done_at < before, sa.func.length(SUBMISSION.c.body) > 0, ~_HELD, ~_OWED,
    )  # fmt: skip


def leads(source: str, before: datetime) -> Any:
    """Return the query of leads nothing happened with; not of those held, owed to a sink, or waiting for a person."""
    return sa.select(LEAD.c.id).where(
        LEAD.c.source == source, LEAD.c.state == "open", LEAD.c.updated_at < before,
        ~sa.exists().where(HOLD.c.lead == LEAD.c.id),
        ~sa.exists().where(DELIVERY.c.lead == LEAD.c.id, DELIVERY.c.state.in_(OWED)),
        ~sa.exists().where(
            SUBMISSION.c.lead == LEAD.c.id,
            sa.or_(SUBMISSION.c.state.in_(("received", "quarantined")), SUBMISSION.c.received_at >= before),
        ),
    )  # fmt: skip


def attempts(source: str, before: datetime) -> Any:
    """Return the query of attempts at deliveries that are settled."""
    settled = sa.and_(DELIVERY.c.id == ATTEMPT.c.delivery, DELIVERY.c.state.in_(SETTLED))
    query = sa.select(ATTEMPT.c.id).join(DELIVERY, settled).join(SUBMISSION, SUBMISSION.c.id == DELIVERY.c.submission)
    return query.where(SUBMISSION.c.source == source, ATTEMPT.c.ended_at < before, ~_HELD)


def quarantine(source: str, before: datetime) -> Any:
    """Return the query of submissions that have waited for a person for too long."""
    return sa.select(SUBMISSION.c.id).where(
        SUBMISSION.c.source == source, SUBMISSION.c.state == "quarantined", SUBMISSION.c.received_at < before, ~_HELD
    )


def dead(source: str, before: datetime) -> Any:
    """Return the query of deliveries that failed for good, or wait for a person, for too long."""
    query = sa.select(DELIVERY.c.id).join(SUBMISSION, SUBMISSION.c.id == DELIVERY.c.submission)
    held = sa.exists().where(HOLD.c.lead == DELIVERY.c.lead)
    old = sa.or_(DELIVERY.c.done_at < before, sa.and_(DELIVERY.c.done_at.is_(None), DELIVERY.c.created_at < before))
    return query.where(SUBMISSION.c.source == source, DELIVERY.c.state.in_(FAILED), old, ~held)


def consents(before: datetime) -> Any:
    """Return the query of consent records that are old enough, and whose lead is gone."""
    gone = sa.or_(CONSENT.c.lead.is_(None), sa.exists().where(LEAD.c.id == CONSENT.c.lead, LEAD.c.state == "erased"))
    held = sa.exists().where(HOLD.c.lead == CONSENT.c.lead)
    return sa.select(CONSENT.c.id).where(CONSENT.c.sealed.is_(None), CONSENT.c.at < before, gone, ~held)


def count(query: Any, *, session: Session) -> int:
    """Return how many rows a query finds."""
    return int(session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def some(query: Any, *, session: Session) -> list[Any]:
    """Return the next ids that a query finds, at most a piece."""
    return list(session.execute(query.limit(PIECE)).scalars())


def warned(until: datetime | None = None, *, session: Session) -> set[str]:
    """Return the submissions and deliveries whose end was announced, until then."""
    query = sa.select(EVENT.c.data).where(EVENT.c.kind == WARNED, EVENT.c.data.is_not(None))
    if until is not None:
        query = query.where(EVENT.c.at <= until)
    return {str(data["id"]) for data in session.execute(query).scalars() if "id" in data}


def leaving(since: datetime, *, session: Session) -> int:
    """Return how many of those whose end was announced since then are still there, and still not settled."""
    query = sa.select(EVENT.c.data).where(EVENT.c.kind == WARNED, EVENT.c.at >= since, EVENT.c.data.is_not(None))
    ids = sorted({str(data["id"]) for data in session.execute(query).scalars() if "id" in data})
    still = (
        sa.select(SUBMISSION.c.id).where(SUBMISSION.c.state == "quarantined"),
        sa.select(DELIVERY.c.id).where(DELIVERY.c.state.in_(FAILED)),
    )
    pieces = (ids[at : at + PIECE] for at in range(0, len(ids), PIECE))
    return sum(
        count(query.where(query.selected_columns.id.in_(piece)), session=session) for piece in pieces for query in still
    )


def warn(kind: str, ids: Collection[str], now: datetime, *, session: Session) -> None:
    """Announce the end of these submissions (quarantine) or deliveries (dead)."""
    append(
        (
            Event(WARNED, now, submission=id_ if kind == "quarantine" else None, data={"kind": kind, "id": id_})
            for id_ in ids
        ),
        session=session,
    )


def drop_bodies(ids: Iterable[str], *, session: Session) -> int:
    """Delete the bytes of submissions; what was made of them stays with the lead."""
    gone = ("headers", "url", "client", "completed", "corrections", "idempotency_key")
    blank = {"body": b"", **dict.fromkeys(gone)}
    return _each(SUBMISSION, SUBMISSION.c.id, ids, blank, session)


def drop_attempts(ids: Iterable[int], *, session: Session) -> int:
    """Delete what was noted of attempts."""
    number = 0
    for part in lead_store.chunks(ids):
        number += int(session.execute(sa.delete(ATTEMPT).where(ATTEMPT.c.id.in_(part))).rowcount)  # type: ignore[attr-defined]
    return number


def drop_dead(ids: Collection[str], now: datetime, *, session: Session) -> int:
    """Give up deliveries for good: they are owed no more, and nothing a sink said of them stays."""
    for part in lead_store.chunks(ids):
        session.execute(sa.update(ATTEMPT).where(ATTEMPT.c.delivery.in_(part)).values(reason=None))
    gone = {"state": "superseded", "reason": NEVER, "sentence": "", "due_at": None, "done_at": now}
    return _each(DELIVERY, DELIVERY.c.id, ids, gone, session)


def refuse(ids: Iterable[str], reason: str, now: datetime, *, session: Session) -> int:
    """Note that submissions were refused because nobody looked at them in time."""
    values = {"state": "rejected", "reason": reason, "due_at": None, "done_at": now}
    return _each(SUBMISSION, SUBMISSION.c.id, ids, values, session)


def _each(table: sa.Table, column: Any, ids: Iterable[Any], values: dict[str, Any], session: Session) -> int:
    number = 0
    for part in lead_store.chunks(ids):
        done = session.execute(sa.update(table).where(column.in_(part)).values(**values))
        number += int(done.rowcount)  # type: ignore[attr-defined]
    return number


def last_purge(*, session: Session) -> dict[str, Any] | None:
    """Return when retention last ran, and what it deleted; None when it never did."""
    query = sa.select(EVENT.c.at, EVENT.c.data).where(EVENT.c.kind == "retention.purged").order_by(EVENT.c.id.desc())
    row = session.execute(query.limit(1)).first()
    return {"at": row.at, "counts": row.data or {}} if row else None
