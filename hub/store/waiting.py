"""How much waits for a person, counted up to a bound: a number beyond it helps nobody, and takes time."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.inbox import PILES

MOST = 1_000


def waiting_for_people(*, session: Session) -> dict[str, int]:
    """Return by kind how much waits for a person, MOST for as much or more."""
    parts = [
        sa.select(sa.func.count()).select_from(sa.select(sa.literal(1)).where(*pile.where).limit(MOST).subquery())
        .scalar_subquery().label(kind)
        for kind, pile in PILES.items()
    ]  # fmt: skip
    return dict(session.execute(sa.select(*parts)).one()._mapping)
