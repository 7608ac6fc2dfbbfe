"""API keys: only hashes are kept; every change leaves one entry in the audit log."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import audit
from hub.store.audit import Actor
from hub.store.tables import KeyRow
from hub.store.users import digest_of

KEY: sa.Table = KeyRow.__table__  # type: ignore[attr-defined]

MARK = "lh_"
"""How every key begins, so that scanners of code find lost ones."""

SHOWN = 7  # characters of a key that are kept in clear, to tell keys apart: 24 of its 256 random bits
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that is good: its role, and the one source it is for, if any."""

    id: str
    role: str
    source: str | None
    expires_at: datetime | None
    last_used_at: datetime | None


def create(
    id_: str, role: str, *, name: str = "", source: str | None = None, expires_at: datetime | None = None, by: Actor,
    at: datetime, session: Session,
) -> str:  # fmt: skip
    """Store a new key's hash and return the key, which is shown this once."""
    key = MARK + secrets.token_urlsafe(32)
    values: dict[str, Any] = {"id": id_, "role": role, "name": name, "source": source, "expires_at": expires_at}
    session.execute(sa.insert(KEY).values(**values, digest=digest_of(key), prefix=key[:SHOWN], created_at=at))
    audit.note("key.created", by=by, at=at, target=id_, after=values, data={"role": role, "source": source},
               session=session)  # fmt: skip
    return key


def find(digest: str, now: datetime, *, session: Session) -> Key | None:
    """Return the key of a hash while it is good."""
    shown = (KEY.c.id, KEY.c.role, KEY.c.source, KEY.c.expires_at, KEY.c.last_used_at)
    good = (KEY.c.digest == digest, KEY.c.revoked_at.is_(None), sa.or_(KEY.c.expires_at.is_(None),
                                                                      KEY.c.expires_at > now))  # fmt: skip
    row = session.execute(sa.select(*shown).where(*good)).first()
    return Key(*row) if row else None


def by_id(id_: str, now: datetime, *, session: Session) -> Key | None:
    """Return a key by its id while it is good."""
    digest = session.execute(sa.select(KEY.c.digest).where(KEY.c.id == id_)).scalar()
    return find(digest, now, session=session) if digest else None


def used(id_: str, now: datetime, *, session: Session) -> None:
    """Note that a key is used."""
    session.execute(sa.update(KEY).where(KEY.c.id == id_).values(last_used_at=now))


def revoke(id_: str, *, by: Actor, at: datetime, session: Session) -> bool:
    """Make a key worthless; returns whether it was known."""
    done = session.execute(sa.update(KEY).where(KEY.c.id == id_, KEY.c.revoked_at.is_(None)).values(revoked_at=at))
    if done.rowcount:  # type: ignore[attr-defined]
        audit.note("key.revoked", by=by, at=at, target=id_, session=session)
    return bool(done.rowcount)  # type: ignore[attr-defined]
