"""The processes that run on this database: each says that it is there, and what it runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import NODE
from hub.store.tables import RevisionRow

REVISION = RevisionRow.__table__  # type: ignore[attr-defined]

GONE = timedelta(seconds=30)
FORGOTTEN = timedelta(days=1)


def beat(node: Mapping[str, Any], now: datetime, *, session: Session) -> None:
    """Say that a node is there, and what it runs; nodes that were not heard of for a day are forgotten."""
    done = session.execute(sa.update(NODE).where(NODE.c.id == node["id"]).values(**node, seen_at=now))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(sa.insert(NODE).values(**node, started_at=now, seen_at=now))
        session.execute(sa.delete(NODE).where(NODE.c.seen_at < now - FORGOTTEN))


def leave(node: str, *, session: Session) -> None:
    """Take a node that ends politely off the list."""
    session.execute(sa.delete(NODE).where(NODE.c.id == node))


def leave_others(node: str, *, session: Session) -> None:
    """Take all others off the list; only for a database of one process."""
    session.execute(sa.delete(NODE).where(NODE.c.id != node))


def listed(*, session: Session) -> list[dict[str, Any]]:
    """Return every node that was heard of within a day, the longest running first."""
    rows = session.execute(sa.select(NODE).order_by(NODE.c.started_at, NODE.c.id)).mappings()
    return [dict(row) for row in rows]


def others(node: str, now: datetime, *, session: Session) -> int:
    """Return how many other nodes are there."""
    there = sa.select(sa.func.count()).where(NODE.c.id != node, NODE.c.seen_at >= now - GONE)
    return int(session.execute(there).scalar_one())


def newest_revision(*, session: Session) -> tuple[int, str] | None:
    """Return the number and digest of the newest published configuration."""
    row = session.execute(sa.select(REVISION.c.id, REVISION.c.digest).order_by(REVISION.c.id.desc()).limit(1)).first()
    return (int(row.id), row.digest) if row else None
