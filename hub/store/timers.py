"""Timers as rows: those that are due are taken by one process, and go with what they cause."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.claims import claiming
from hub.store.columns import CARE, TIMER, TURN

_MADE = "timers"  # the row that keeps the configuration
LEASE = timedelta(seconds=30)  # whoever took a timer and died leaves it to the others after that


def take(now: datetime, most: int, *, sqlite: bool, session: Session) -> list[dict[str, Any]]:
    """Take timers that are due, the oldest first."""
    free = sa.or_(TIMER.c.taken_until.is_(None), TIMER.c.taken_until < now)
    due = sa.select(TIMER.c.id).where(TIMER.c.due_at <= now, free).order_by(TIMER.c.due_at, TIMER.c.id).limit(most)
    if session.execute(due.limit(1)).first() is None:
        return []
    ids = list(session.execute(claiming(TIMER, due, {"taken_until": now + LEASE}, sqlite=sqlite)).scalars())
    rows = session.execute(sa.select(TIMER).where(TIMER.c.id.in_(ids)).order_by(TIMER.c.due_at, TIMER.c.id)).mappings()
    return [dict(row) for row in rows]


def drop(ids: Iterable[int], *, session: Session) -> None:
    """Remove timers that nothing follows from any more."""
    session.execute(sa.delete(TIMER).where(TIMER.c.id.in_(list(ids))))


def made_for(*, session: Session) -> int | None:
    """Return the configuration that all timers were made for last; None: nobody noted one yet."""
    return session.execute(sa.select(TURN.c.number).where(TURN.c.name == _MADE)).scalar()


def note_made_for(revision: int, *, session: Session) -> None:
    """Note the configuration that all timers were made for."""
    if not session.execute(sa.update(TURN).where(TURN.c.name == _MADE).values(number=revision)).rowcount:  # type: ignore[attr-defined]
        session.execute(sa.insert(TURN).values(name=_MADE, number=revision))


def open_rounds(after: int, most: int, *, session: Session) -> list[dict[str, Any]]:
    """Return rounds that are open, in the order of their ids: for timers that are made anew."""
    query = sa.select(CARE).where(CARE.c.id > after, CARE.c.current, CARE.c.closed_at.is_(None))
    return [dict(row) for row in session.execute(query.order_by(CARE.c.id).limit(most)).mappings()]
