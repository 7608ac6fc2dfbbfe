"""What campaigns cost, as rows: each counts once, whatever file it comes in, until its file is undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import bulk
from hub.store.columns import COST, COST_BATCH

NAMES = ("campaign", "source", "medium", "origin", "ad_group")
"""What a cost can be tied to."""

_KEY = ("day", "last", "amount", "currency", *NAMES)

Row = Mapping[str, Any]


def new_of(rows: Sequence[Row], *, session: Session) -> list[Row]:
    """Return the rows that are not there yet; equal rows of one file are several costs."""
    if not rows:
        return []
    span = COST.c.last >= min(row["day"] for row in rows), COST.c.day <= max(row["last"] for row in rows)
    query = sa.select(*(COST.c[name] for name in _KEY)).where(*span)
    there = Counter(tuple(row) for row in session.execute(query))
    found = []
    for row in rows:
        key = tuple(row[name] for name in _KEY)
        if there[key]:
            there[key] -= 1
        else:
            found.append(row)
    return found


def keep(batch: str, name: str, rows: Sequence[Row], by: str, at: datetime, *, session: Session) -> int:
    """Keep the rows that are new as one batch, and return how many they are; without any, nothing is kept."""
    new = new_of(rows, session=session)
    if new:
        session.execute(sa.insert(COST_BATCH).values(id=batch, name=name, rows=len(new), at=at, by=by))
        bulk.insert(COST, [{"batch": batch, **{key: row[key] for key in _KEY}} for row in new], session=session)
    return len(new)


def undo(batch: str, at: datetime, *, session: Session) -> int | None:
    """Take the rows of a batch out, and return how many they were; None where there is no such batch, or no more."""
    mine = (COST_BATCH.c.id == batch, COST_BATCH.c.undone_at.is_(None))
    if not session.execute(sa.update(COST_BATCH).where(*mine).values(undone_at=at)).rowcount:  # type: ignore[attr-defined]
        return None
    return int(session.execute(sa.delete(COST).where(COST.c.batch == batch)).rowcount)  # type: ignore[attr-defined]


def spent(first: date, last: date, *, session: Session) -> list[Any]:
    """Return every cost of which at least one day lies in these days, both included."""
    query = sa.select(*(COST.c[name] for name in _KEY)).where(COST.c.last >= first, COST.c.day <= last)
    return list(session.execute(query.order_by(COST.c.id)))


def batches(*, limit: int, after: str | None = None, session: Session) -> tuple[list[dict[str, Any]], str | None]:
    """Return batches, newest first, and the key after which the next page starts."""
    query = sa.select(COST_BATCH).order_by(COST_BATCH.c.id.desc()).limit(limit + 1)
    return _page(query.where(COST_BATCH.c.id < after) if after else query, limit, session)


def rows_of(
    batch: str, *, limit: int, after: int | None = None, session: Session
) -> tuple[list[dict[str, Any]], str | None]:
    """Return the rows of a batch in their order, and the key after which the next page starts."""
    query = sa.select(COST).where(COST.c.batch == batch).order_by(COST.c.id).limit(limit + 1)
    return _page(query.where(COST.c.id > after) if after else query, limit, session)


def _page(query: sa.Select[Any], limit: int, session: Session) -> tuple[list[dict[str, Any]], str | None]:
    found = [dict(row) for row in session.execute(query).mappings()]
    return found[:limit], str(found[limit - 1]["id"]) if len(found) > limit else None
