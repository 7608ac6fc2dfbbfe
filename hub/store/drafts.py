"""Files before they are imports, as rows: what was chosen, how far they have come, and which process works on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import DRAFT, IMPORT

BUSY = ("trying", "running")
MOST = 100


def add(row: Mapping[str, Any], *, session: Session) -> None:
    """Keep a new one."""
    session.execute(sa.insert(DRAFT).values(**row))


def get(draft: str, *, session: Session) -> dict[str, Any] | None:
    """Return one by its id."""
    row = session.execute(sa.select(DRAFT).where(DRAFT.c.id == draft)).mappings().first()
    return dict(row) if row else None


def of_import(import_id: str, *, session: Session) -> dict[str, Any] | None:
    """Return the one an import was begun from."""
    query = sa.select(DRAFT).where(DRAFT.c.import_id == import_id).order_by(DRAFT.c.id.desc()).limit(1)
    row = session.execute(query).mappings().first()
    return dict(row) if row else None


def put(draft: str, values: Mapping[str, Any], *, session: Session) -> None:
    """Change one."""
    session.execute(sa.update(DRAFT).where(DRAFT.c.id == draft).values(**values))


def take(draft: str, values: Mapping[str, Any], *, session: Session) -> bool:
    """Change one that nobody works on; returns whether it was."""
    free = sa.and_(DRAFT.c.id == draft, DRAFT.c.state.not_in(BUSY))
    return bool(session.execute(sa.update(DRAFT).where(free).values(**values)).rowcount)  # type: ignore[attr-defined]


def take_over(draft: str, holder: str | None, values: Mapping[str, Any], *, session: Session) -> bool:
    """Change one whose process is gone; returns whether it was still that one's."""
    mine = sa.and_(DRAFT.c.id == draft, DRAFT.c.holder == holder)
    return bool(session.execute(sa.update(DRAFT).where(mine).values(**values)).rowcount)  # type: ignore[attr-defined]


def drop(draft: str, *, session: Session) -> bool:
    """Forget one that nobody works on; returns whether it was there."""
    free = sa.and_(DRAFT.c.id == draft, DRAFT.c.state.not_in(BUSY))
    return bool(session.execute(sa.delete(DRAFT).where(free)).rowcount)  # type: ignore[attr-defined]


def unfinished(*, session: Session) -> list[dict[str, Any]]:
    """Return those that are not imported yet, the newest first."""
    query = sa.select(DRAFT).where(DRAFT.c.state != "done").order_by(DRAFT.c.id.desc()).limit(MOST)
    return [dict(row) for row in session.execute(query).mappings()]


def abandoned(host: str, alive: Collection[str], *, session: Session) -> list[dict[str, Any]]:
    """Return those on this machine that a process worked on which is gone."""
    query = sa.select(DRAFT).where(DRAFT.c.state.in_(BUSY), DRAFT.c.host == host)
    return [dict(row) for row in session.execute(query).mappings() if row["holder"] not in alive]


def old(before: datetime, *, session: Session) -> list[str]:
    """Return the ids of those nobody touched since then."""
    query = sa.select(DRAFT.c.id).where(DRAFT.c.state.not_in(BUSY), DRAFT.c.changed_at < before)
    return list(session.execute(query).scalars())


def rows_of(import_id: str | None, *, session: Session) -> int:
    """Return how many rows of an import are kept."""
    return int(session.execute(sa.select(IMPORT.c.rows).where(IMPORT.c.id == import_id)).scalar() or 0)
