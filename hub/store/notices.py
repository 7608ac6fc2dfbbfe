"""Notices as rows: what people are told through chats and mail, kept until it was sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.claims import claiming
from hub.store.columns import NOTICE

LEASE = timedelta(seconds=90)  # a notice whose sender died is sent again after that


def take(now: datetime, most: int, *, sqlite: bool, session: Session) -> list[dict[str, Any]]:
    """Take notices that are due; each is due again after a while, unless it is settled before."""
    due = sa.select(NOTICE.c.id).where(NOTICE.c.state == "ready", NOTICE.c.due_at <= now)
    due = due.order_by(NOTICE.c.due_at, NOTICE.c.id).limit(most)
    if session.execute(due.limit(1)).first() is None:
        return []
    ids = list(session.execute(claiming(NOTICE, due, {"due_at": now + LEASE}, sqlite=sqlite)).scalars())
    return [dict(row) for row in session.execute(sa.select(NOTICE).where(NOTICE.c.id.in_(ids))).mappings()]


def sent(notice: str, *, session: Session) -> None:
    """Note that people were told."""
    values = {"state": "sent", "due_at": None, "tries": NOTICE.c.tries + 1, "reason": None}
    session.execute(sa.update(NOTICE).where(NOTICE.c.id == notice).values(**values))


def failed(notice: str, reason: str, again: datetime | None, *, session: Session) -> None:
    """Note that people could not be told, and when it is tried again; None: it is given up."""
    state = "ready" if again is not None else "failed"
    values = {"state": state, "due_at": again, "tries": NOTICE.c.tries + 1, "reason": reason[:500]}
    session.execute(sa.update(NOTICE).where(NOTICE.c.id == notice).values(**values))
