"""Lists of leads that people keep: their own, and those that are shared with everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import BadInput
from hub.store.columns import VIEW

MOST = 50  # views of one person


def seen_by(owner: str, *, session: Session) -> list[dict[str, Any]]:
    """Return a person's own views and the shared ones, by name."""
    query = sa.select(VIEW).where(sa.or_(VIEW.c.owner == owner, VIEW.c.shared)).order_by(VIEW.c.name, VIEW.c.id)
    return [dict(row) for row in session.execute(query.limit(4 * MOST)).mappings()]


def save(row: Mapping[str, Any], *, session: Session) -> int:
    """Keep a view; one of the same person and name is replaced. Raises BadInput when they have too many."""
    mine = (VIEW.c.owner == row["owner"], VIEW.c.name == row["name"])
    known = session.execute(sa.select(VIEW.c.id).where(*mine)).scalar()
    if known is not None:
        session.execute(sa.update(VIEW).where(VIEW.c.id == known).values(**row))
        return int(known)
    number = session.execute(sa.select(sa.func.count()).where(VIEW.c.owner == row["owner"])).scalar_one()
    if number >= MOST:
        raise BadInput(f"You have {MOST} views, which is the most. Delete one first.", status=409)
    return int(session.execute(sa.insert(VIEW).values(**row).returning(VIEW.c.id)).scalar_one())


def get(view: int, *, session: Session) -> dict[str, Any] | None:
    """Return a view."""
    row = session.execute(sa.select(VIEW).where(VIEW.c.id == view)).mappings().first()
    return dict(row) if row else None


def drop(view: int, *, session: Session) -> bool:
    """Delete a view; returns whether it was there."""
    return bool(session.execute(sa.delete(VIEW).where(VIEW.c.id == view)).rowcount)  # type: ignore[attr-defined]
