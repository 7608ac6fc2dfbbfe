"""Pools as rows: what waits in each, what a rep took out of it and looked at."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import dealing
from hub.store.columns import CARE, OWNERSHIP

_WAITS = (CARE.c.current, CARE.c.owner.is_(None), CARE.c.closed_at.is_(None), ~CARE.c.test)


def counts(now: datetime, *, session: Session) -> dict[str, dict[str, Any]]:
    """Return by pool how many leads wait, how many of these nobody may claim yet, and since when the oldest does."""
    barred = sa.func.sum(sa.case((CARE.c.embargo_until > now, 1), else_=0)).label("embargoed")
    query = sa.select(CARE.c.pool, sa.func.count().label("leads"), barred, sa.func.min(CARE.c.since).label("oldest"))
    rows = session.execute(query.where(*_WAITS, CARE.c.pool.is_not(None)).group_by(CARE.c.pool)).mappings()
    return {
        row["pool"]: {"leads": row["leads"], "embargoed": int(row["embargoed"]), "oldest": row["oldest"]}
        for row in rows
    }


def waiting(pool: str, limit: int, after: int | None, *, session: Session) -> tuple[list[dict[str, Any]], int | None]:
    """Return the rounds of leads in a pool, newest first, and the number after which the next page begins."""
    query = sa.select(CARE).where(CARE.c.pool == pool, *_WAITS)
    if after is not None:
        query = query.where(CARE.c.id < after)
    rows = [dict(row) for row in session.execute(query.order_by(CARE.c.id.desc()).limit(limit + 1)).mappings()]
    return rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None


def one_at_a_time(rep: str, *, session: Session) -> None:
    """Let one process at a time count what a rep took, until the end of the transaction; SQLite has one writer."""
    if session.get_bind().dialect.name == "postgresql":
        key = zlib.crc32(f"leadhub rep {rep}".encode())
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def taken(rep: str, pool: str, since: datetime, *, session: Session) -> tuple[int, datetime | None, int]:
    """Return how many leads a rep took out of a pool since then, when the last one ever, and how many they have."""
    mine = (OWNERSHIP.c.owner == rep, OWNERSHIP.c.act == "claimed", OWNERSHIP.c.former_pool == pool)
    number = session.execute(sa.select(sa.func.count()).where(*mine, OWNERSHIP.c.at >= since)).scalar_one()
    newest = sa.select(OWNERSHIP.c.at).where(*mine).order_by(OWNERSHIP.c.at.desc()).limit(1)
    return int(number), session.execute(newest).scalar(), dealing.open_of(rep, session=session)


def viewed(
    care: Mapping[str, Any], rep: str, by: str, now: datetime, since: datetime, most: int | None, *, session: Session
) -> int | None:
    """Note that a rep opened a lead of a pool; returns how many of that pool since then, None when that is too many.

    One that they opened before since then counts once.
    """
    one_at_a_time(rep, session=session)
    mine = (OWNERSHIP.c.owner == rep, OWNERSHIP.c.act == "viewed", OWNERSHIP.c.pool == care["pool"])
    query = sa.select(OWNERSHIP.c.lead).where(*mine, OWNERSHIP.c.at >= since).distinct()
    seen = {*session.execute(query).scalars(), care["lead"]}
    if most is not None and len(seen) > most:
        return None
    said = {"at": now, "act": "viewed", "lead": care["lead"], "owner": rep, "pool": care["pool"], "by": by}
    dealing.log([said], session=session)
    return len(seen)
