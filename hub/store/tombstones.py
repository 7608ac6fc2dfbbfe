"""Erasures and the marks of erased people: keyed hashes, by which they are known when they come again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import leads as lead_store
from hub.store.columns import ERASURE, TOMBSTONE


def marks(*, session: Session) -> dict[str, tuple[datetime, str]]:
    """Return the mark of every exact key of erased people, with the time and the key that made it."""
    query = sa.select(TOMBSTONE.c.mark, TOMBSTONE.c.at, TOMBSTONE.c.key_id)
    return {mark: (at, key) for mark, at, key in session.execute(query)}


def shape(*, session: Session) -> tuple[int, Any]:
    """Return what changes whenever a mark comes or goes: their number, and the newest one's time."""
    number, newest = session.execute(sa.select(sa.func.count(), sa.func.max(TOMBSTONE.c.at))).one()
    return number, newest


def add(erasure: str, new: Iterable[str], key_id: str, at: datetime, *, session: Session) -> list[str]:
    """Keep marks that are not there yet; returns those."""
    wanted = set(new)
    known: set[str] = set()
    for part in lead_store.chunks(wanted):
        known |= set(session.execute(sa.select(TOMBSTONE.c.mark).where(TOMBSTONE.c.mark.in_(part))).scalars())
    fresh = sorted(wanted - known)
    if fresh:
        rows = [{"mark": mark, "erasure": erasure, "key_id": key_id, "at": at} for mark in fresh]
        session.execute(sa.insert(TOMBSTONE), rows)
    return fresh


def of_erasure(erasure: str, *, session: Session) -> list[str]:
    """Return the marks that an erasure left."""
    query = sa.select(TOMBSTONE.c.mark).where(TOMBSTONE.c.erasure == erasure).order_by(TOMBSTONE.c.mark)
    return list(session.execute(query).scalars())


def erasures_of(known: Iterable[str], *, session: Session) -> list[str]:
    """Return the erasures that left these marks."""
    found: set[str] = set()
    for part in lead_store.chunks(known):
        found |= set(session.execute(sa.select(TOMBSTONE.c.erasure).where(TOMBSTONE.c.mark.in_(part))).scalars())
    return sorted(found)


def lift(erasure: str, now: datetime, *, session: Session) -> list[str]:
    """Forget the marks of an erasure, so that the person may come back; returns them."""
    gone = of_erasure(erasure, session=session)
    session.execute(sa.delete(TOMBSTONE).where(TOMBSTONE.c.erasure == erasure))
    session.execute(sa.update(ERASURE).where(ERASURE.c.id == erasure).values(lifted_at=now))
    return gone


def get(erasure: str, *, session: Session) -> dict[str, Any] | None:
    """Return an erasure."""
    row = session.execute(sa.select(ERASURE).where(ERASURE.c.id == erasure)).mappings().first()
    return dict(row) if row else None


def put(erasure: str, values: Mapping[str, Any], *, session: Session) -> None:
    """Change an erasure."""
    session.execute(sa.update(ERASURE).where(ERASURE.c.id == erasure).values(**values))


def unfinished(now: datetime, *, session: Session) -> list[str]:
    """Return the erasures that are not done and are due, oldest first."""
    due = sa.or_(ERASURE.c.due_at.is_(None), ERASURE.c.due_at <= now)
    query = sa.select(ERASURE.c.id).where(ERASURE.c.state == "running", due).order_by(ERASURE.c.at)
    return list(session.execute(query).scalars())


def unscrubbed(*, session: Session) -> list[str]:
    """Return the erasures whose bytes are still in the database's files."""
    return list(session.execute(sa.select(ERASURE.c.id).where(ERASURE.c.scrubbed_at.is_(None))).scalars())


def scrubbed(erasures: Iterable[str], now: datetime, *, session: Session) -> None:
    """Note that the bytes of these erasures are gone."""
    for part in lead_store.chunks(erasures):
        session.execute(sa.update(ERASURE).where(ERASURE.c.id.in_(part)).values(scrubbed_at=now))
