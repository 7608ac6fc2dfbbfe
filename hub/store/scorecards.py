"""Links by which vendors see their own numbers: made, found, revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import SCORECARD

MOST = 100  # links of one source that are listed


def add(row: dict[str, Any], *, session: Session) -> None:
    """Keep a link."""
    session.execute(sa.insert(SCORECARD).values(**row))


def find(link: str, *, session: Session) -> dict[str, Any] | None:
    """Return a link; None for one that is not there."""
    row = session.execute(sa.select(SCORECARD).where(SCORECARD.c.id == link)).mappings().first()
    return dict(row) if row else None


def of_source(source: str, *, session: Session) -> list[dict[str, Any]]:
    """Return the links of a source, newest first."""
    query = sa.select(SCORECARD).where(SCORECARD.c.source == source).order_by(SCORECARD.c.id.desc()).limit(MOST)
    return [dict(row) for row in session.execute(query).mappings()]


def revoke(link: str, at: datetime, *, session: Session) -> bool:
    """End a link; returns whether it was still good."""
    mine = (SCORECARD.c.id == link, SCORECARD.c.revoked_at.is_(None))
    return bool(session.execute(sa.update(SCORECARD).where(*mine).values(revoked_at=at)).rowcount)  # type: ignore[attr-defined]
