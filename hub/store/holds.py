"""Legal holds: leads that retention may not touch, and whose consent records stay whole when they are erased."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import leads as lead_store
from hub.store.columns import HOLD


def put(lead: str, reason: str, by: str, at: datetime, *, session: Session) -> bool:
    """Hold a lead; returns whether it was not held before."""
    if held([lead], session=session):
        return False
    session.execute(sa.insert(HOLD).values(lead=lead, at=at, by=by, reason=reason))
    return True


def lift(lead: str, *, session: Session) -> bool:
    """Lift a hold; returns whether there was one."""
    return bool(session.execute(sa.delete(HOLD).where(HOLD.c.lead == lead)).rowcount)  # type: ignore[attr-defined]


def held(leads: Iterable[str], *, session: Session) -> set[str]:
    """Return those of the leads that are held."""
    found: set[str] = set()
    for part in lead_store.chunks(leads):
        found |= set(session.execute(sa.select(HOLD.c.lead).where(HOLD.c.lead.in_(part))).scalars())
    return found


def share(lead: str, to: str, *, session: Session) -> None:
    """Let the hold of a lead hold another too: the one it was joined into, or one that was taken out of it."""
    row = session.execute(sa.select(HOLD).where(HOLD.c.lead == lead)).mappings().first()
    if row is not None and not held([to], session=session):
        session.execute(sa.insert(HOLD).values(**{**row, "lead": to}))
