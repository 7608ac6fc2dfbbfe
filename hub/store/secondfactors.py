"""Second factors of users: secrets are encrypted, recovery codes hashed, and every code is good once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import BadInput, Conflict
from hub.store import audit, users
from hub.store.audit import Actor
from hub.store.tables import RecoveryRow, SecondFactorRow

FACTOR: sa.Table = SecondFactorRow.__table__  # type: ignore[attr-defined]
RECOVERY: sa.Table = RecoveryRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Factor:
    """A user's second factor; it counts once it is confirmed."""

    sealed: str
    confirmed_at: datetime | None
    recovery: int


def find(user: str, *, session: Session) -> Factor | None:
    """Return the second factor of a user, with how many recovery codes are left."""
    row = session.execute(sa.select(FACTOR.c.sealed, FACTOR.c.confirmed_at).where(FACTOR.c.user_id == user)).first()
    if row is None:
        return None
    left = session.execute(sa.select(sa.func.count()).where(RECOVERY.c.user_id == user)).scalar_one()
    return Factor(row.sealed, row.confirmed_at, int(left))


def begin(user: str, sealed: str, *, at: datetime, session: Session) -> None:
    """Keep a secret that its user has not confirmed yet; it takes the place of one that was not, either."""
    session.execute(sa.delete(FACTOR).where(FACTOR.c.user_id == user, FACTOR.c.confirmed_at.is_(None)))
    if session.execute(sa.select(FACTOR.c.user_id).where(FACTOR.c.user_id == user)).first():
        raise Conflict("There is a second factor already. Remove it first.")
    session.execute(sa.insert(FACTOR).values(user_id=user, sealed=sealed, created_at=at, last_step=0))


def confirm(
    user: str, sealed: str, step: int, codes: Iterable[str], *, by: Actor, at: datetime, keep: str | None,
    session: Session,
) -> None:  # fmt: skip
    """Let a second factor count from here on, with the hashes of its recovery codes; every session but `keep` ends."""
    mine = (FACTOR.c.user_id == user, FACTOR.c.sealed == sealed, FACTOR.c.confirmed_at.is_(None))
    done = session.execute(sa.update(FACTOR).where(*mine).values(confirmed_at=at, last_step=step))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise Conflict("The second factor was changed meanwhile. Begin again.")
    session.execute(sa.insert(RECOVERY), [{"user_id": user, "digest": digest} for digest in codes])
    ended = users.end_sessions(user, keep=keep, session=session)
    data = {"sessions_ended": ended}
    audit.note("user.second_factor_set", by=by, at=at, target=user, data=data, session=session)


def use_step(user: str, step: int, *, session: Session) -> bool:
    """Use up a code, by its step of time; False when it or a later one was used already."""
    fresh = (FACTOR.c.user_id == user, FACTOR.c.confirmed_at.is_not(None), FACTOR.c.last_step < step)
    done = session.execute(sa.update(FACTOR).where(*fresh).values(last_step=step))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def use_recovery(user: str, digest: str, *, session: Session) -> bool:
    """Use up a recovery code, by its hash; False when it is none."""
    done = session.execute(sa.delete(RECOVERY).where(RECOVERY.c.user_id == user, RECOVERY.c.digest == digest))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def remove(name: str, *, by: Actor, at: datetime, session: Session) -> str:
    """Take the second factor from a user; every session of theirs ends when somebody else does it. Returns the id."""
    user = users.find(name, session=session)
    if user is None:
        raise BadInput(f"There is no user {name[:64]!r}.", 404)
    id_ = str(user["id"])
    session.execute(sa.delete(RECOVERY).where(RECOVERY.c.user_id == id_))
    done = session.execute(sa.delete(FACTOR).where(FACTOR.c.user_id == id_))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise Conflict(f"The user {id_} has no second factor.")
    ended = 0 if by.who == f"user:{id_}" else users.end_sessions(id_, session=session)
    data = {"sessions_ended": ended}
    audit.note("user.second_factor_removed", by=by, at=at, target=id_, data=data, session=session)
    return id_


def with_one(*, session: Session) -> frozenset[str]:
    """Return the users whose sign-in asks for a code."""
    query = sa.select(FACTOR.c.user_id).where(FACTOR.c.confirmed_at.is_not(None))
    return frozenset(session.execute(query).scalars())
