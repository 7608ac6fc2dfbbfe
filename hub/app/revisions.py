"""Configurations as revisions in the database: published by a node whose file is new, run by all of them."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import Conflict
from hub.store import audit
from hub.store.tables import RevisionRow

REVISION = RevisionRow.__table__  # type: ignore[attr-defined]


class Newest(NamedTuple):
    """The newest published configuration, without its text."""

    id: int
    digest: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The configuration a node starts with; `stale`: it is not that of its file, which is an older one."""

    id: int
    text: str
    stale: bool = False


def digest_of(text: str) -> str:
    """Return the digest that configurations are compared by."""
    return hashlib.sha256(text.encode()).hexdigest()


def newest(*, session: Session) -> Newest | None:
    """Return the newest published configuration."""
    columns = (REVISION.c.id, REVISION.c.digest, REVISION.c.published_at, REVISION.c.published_by)
    row = session.execute(sa.select(*columns).order_by(REVISION.c.id.desc()).limit(1)).first()
    return Newest(*row) if row is not None else None


def text_of(revision: int, *, session: Session) -> str:
    """Return the text of a published configuration."""
    return str(session.execute(sa.select(REVISION.c.text).where(REVISION.c.id == revision)).scalar_one())


def choose(text: str, now: datetime, who: str, *, keep_newest: bool, session: Session) -> Chosen:
    """Return the configuration to start with: that of the file, published if it is new, or the newest one.

    With `keep_newest`, a file that was published before, and then replaced by another node's, is not published again:
    two nodes with two files would do so for ever.
    """
    _one_at_a_time(session)
    last = newest(session=session)
    digest = digest_of(text)
    if keep_newest and last is not None and last.digest != digest:
        known = sa.select(REVISION.c.id).where(REVISION.c.digest == digest).limit(1)
        if session.execute(known).first() is not None:
            return Chosen(last.id, text_of(last.id, session=session), stale=True)
    return Chosen(publish(text, now, who, session=session), text)


def publish(
    text: str, now: datetime, who: str, *, by: audit.Actor = audit.HUB, over: str | None = None, session: Session
) -> int:
    """Store the configuration unless it is the newest already; returns its revision.

    With `over`, the digest of the one it was made from, it raises Conflict when another one is the newest.
    """
    _one_at_a_time(session)
    digest = digest_of(text)
    last = newest(session=session)
    if over is not None and last is not None and last.digest not in (over, digest):
        raise Conflict(f"Revision {last.id} was published by {last.by} meanwhile. Look at what it changed.")
    if last is not None and last.digest == digest:
        return last.id
    before = text_of(last.id, session=session) if last is not None else ""
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "before", "after", lineterm="")
    values = {"digest": digest, "text": text, "published_at": now, "published_by": who, "diff": "\n".join(lines)}
    made = session.execute(sa.insert(REVISION).values(**values).returning(REVISION.c.id))
    revision = int(made.scalar_one())
    old = last.digest if last is not None else None
    audit.note("config.published", by=by, at=now, target=str(revision), before=old, after=digest, session=session)
    return revision


def _one_at_a_time(session: Session) -> None:
    """Keep two nodes that see the same change at once from publishing it twice."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("leadhub config", 0))))
