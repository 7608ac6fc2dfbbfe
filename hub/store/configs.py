"""Drafts of the configuration: one for each person, kept until it is published or thrown away."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.tables import ConfigDraftRow, RevisionRow

DRAFT: sa.Table = ConfigDraftRow.__table__  # type: ignore[attr-defined]
REVISION: sa.Table = RevisionRow.__table__  # type: ignore[attr-defined]

MOST = 50


class Kept(NamedTuple):
    """A draft as it is kept."""

    base: str
    text: str
    changed_at: datetime


def find(who: str, *, session: Session) -> Kept | None:
    """Return somebody's draft."""
    columns = (DRAFT.c.base, DRAFT.c.text, DRAFT.c.changed_at)
    row = session.execute(sa.select(*columns).where(DRAFT.c.who == who)).first()
    return Kept(*row) if row is not None else None


def keep(who: str, draft: Kept, *, session: Session) -> None:
    """Keep somebody's draft, in place of the one of before."""
    session.execute(sa.delete(DRAFT).where(DRAFT.c.who == who))
    session.execute(sa.insert(DRAFT).values(who=who, **draft._asdict()))


def drop(who: str, *, session: Session) -> None:
    """Forget somebody's draft."""
    session.execute(sa.delete(DRAFT).where(DRAFT.c.who == who))


def others(who: str, *, session: Session) -> list[tuple[str, datetime]]:
    """Return who else has one, and when it was last changed; the newest first."""
    query = sa.select(DRAFT.c.who, DRAFT.c.changed_at).where(DRAFT.c.who != who)
    return [(row.who, row.changed_at) for row in session.execute(query.order_by(DRAFT.c.changed_at.desc()).limit(MOST))]


def text_of_digest(digest: str, *, session: Session) -> str | None:
    """Return the text of the newest published configuration with a digest."""
    query = sa.select(REVISION.c.text).where(REVISION.c.digest == digest).order_by(REVISION.c.id.desc()).limit(1)
    found = session.execute(query).scalar()
    return str(found) if found is not None else None
