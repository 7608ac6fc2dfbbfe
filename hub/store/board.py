"""The numbers a person looks at first: what came in by the hour, what became of it, who is late, how sinks fare."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import ACTIVITY, ALARM, CARE, DELIVERY, HOUR, LEAD, MERGE, PACE, STANDING
from hub.store.queue import WAITS

MOST = 1_000
"""How far deliveries of one sink are counted."""

LATE = 1_000
"""How far leads are counted that wait beyond their target."""


def hours(since: datetime, *, session: Session) -> list[tuple[str, datetime, int]]:
    """Return how many submissions each source sent in each hour since then."""
    query = sa.select(HOUR.c.source, HOUR.c.hour, HOUR.c.number).where(HOUR.c.hour >= since)
    return [(source, hour, number) for source, hour, number in session.execute(query)]


def funnel(since: datetime, qualified: Collection[str], *, session: Session) -> dict[str, int]:
    """Return how many leads came in since then, and how many of them were answered, qualified and won.

    Test leads are left out; leads that went into another one count with that one. A lead that was qualified once
    stays so here.
    """
    joined = sa.select(MERGE.c.other).where(MERGE.c.other.is_not(None), MERGE.c.undone_at.is_(None))
    once = sa.exists().where(ACTIVITY.c.lead == CARE.c.lead, ACTIVITY.c.disposition.in_(sorted(qualified)))
    now = sa.func.coalesce(STANDING.c.disposition.in_(sorted(qualified)), sa.false())
    query = (
        sa.select(
            sa.func.count(), _number(STANDING.c.responded_at.is_not(None)), _number(sa.or_(now, once)),
            _number(STANDING.c.disposition == "won"),
        )
        .select_from(CARE.outerjoin(STANDING, STANDING.c.lead == CARE.c.lead))
        .where(CARE.c.round == 1, CARE.c.received_at >= since, ~CARE.c.test, CARE.c.lead.not_in(joined))
    )  # fmt: skip
    row = session.execute(query).one()
    return dict(zip(("leads", "answered", "qualified", "won"), (int(number or 0) for number in row), strict=True))


def _number(of: Any) -> Any:
    return sa.func.sum(sa.case((of, 1), else_=0))


def late(now: datetime, limit: int, *, session: Session) -> tuple[list[dict[str, Any]], int]:
    """Return the leads that wait beyond their target, whoever waits longest first, and how many there are."""
    is_late = (*WAITS, CARE.c.due_at < now)
    names = (CARE.c.lead, CARE.c.owner, CARE.c.team, CARE.c.pool, CARE.c.source, CARE.c.due_at, CARE.c.started_at)
    person = (LEAD.c.full_name, LEAD.c.email, LEAD.c.company)
    query = sa.select(*names, *person).join(LEAD, LEAD.c.id == CARE.c.lead).where(*is_late).order_by(CARE.c.due_at)
    rows = [dict(row) for row in session.execute(query.limit(limit)).mappings()]
    bounded = sa.select(sa.literal(1)).select_from(CARE).where(*is_late).limit(LATE).subquery()
    return rows, int(session.execute(sa.select(sa.func.count()).select_from(bounded)).scalar_one())


def sinks(names: Iterable[str], *, session: Session) -> dict[str, dict[str, Any]]:
    """Return for each sink how many deliveries wait and were given up (up to MOST), and when it last took one."""
    return {name: _sink(name, session) for name in names}


def _sink(name: str, session: Session) -> dict[str, Any]:
    counted = [
        sa.select(sa.func.count()).select_from(
            sa.select(sa.literal(1)).select_from(DELIVERY)
            .where(DELIVERY.c.state == state, DELIVERY.c.sink == name).limit(MOST).subquery()
        ).scalar_subquery().label(state)
        for state in ("ready", "sending", "dead", "unclear", "rejected")
    ]  # fmt: skip
    its = (DELIVERY.c.state == "sent", DELIVERY.c.sink == name)
    last = sa.select(DELIVERY.c.done_at).where(*its).order_by(DELIVERY.c.id.desc()).limit(1).scalar_subquery()
    return dict(session.execute(sa.select(*counted, last.label("last_at"))).one()._mapping)


def resting(now: datetime, *, session: Session) -> set[str]:
    """Return the sinks that get a rest in all processes, because most sends to them failed."""
    return set(session.execute(sa.select(PACE.c.sink).where(PACE.c.open_until > now)).scalars())


def troubled(*, session: Session) -> list[dict[str, Any]]:
    """Return the open alarms that are about a source: silence, polls that fail, leads that are missing."""
    columns = tuple(ALARM.c)
    query = sa.select(*columns).where(ALARM.c.state == "open", ALARM.c.source.is_not(None)).order_by(ALARM.c.id)
    return [dict(row) for row in session.execute(query.limit(200)).mappings()]
