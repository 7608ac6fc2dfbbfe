"""Users and their sessions: every change leaves one entry in the audit log, in its own transaction."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import BadInput, Conflict
from hub.store import audit
from hub.store.audit import Actor
from hub.store.tables import LoginRow, UserRow

USER: sa.Table = UserRow.__table__  # type: ignore[attr-defined]
LOGIN: sa.Table = LoginRow.__table__  # type: ignore[attr-defined]

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""A session that is used is noted so at most once in that time."""


@dataclass(frozen=True, slots=True)
class Login:
    """A session that is good: whose it is, and the role they have now."""

    digest: str
    user: str
    role: str
    name: str
    seen_at: datetime


def digest_of(secret: str) -> str:
    """Return the hash a key or session is looked up by; they are random, so a plain SHA-256 does."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def folded(name: str) -> str:
    """Return a user's name as it is kept: people type it in any case."""
    found = " ".join(name.split()).casefold()
    if not 1 <= len(found) <= 200 or not found.isprintable():
        raise BadInput("A user's name is an e-mail address or a name, of 1 to 200 characters.", 422)
    return found


def number(*, session: Session) -> int:
    """Return how many users can sign in."""
    query = sa.select(sa.func.count()).where(USER.c.disabled_at.is_(None))
    return int(session.execute(query).scalar_one())


def create(
    id_: str, name: str, role: str, password: str, *, by: Actor, at: datetime, first: bool = False, session: Session
) -> dict[str, Any]:
    """Make a user; `password` is the hash. The `first` one is only made while there is none: else Conflict."""
    if first and session.execute(sa.select(USER.c.id).limit(1)).first():
        raise Conflict("There is a user already. Sign in.")
    if session.execute(sa.select(USER.c.id).where(USER.c.name == folded(name))).first():
        raise Conflict("There is a user of that name already.")
    row = {"id": id_, "name": folded(name), "role": role, "created_at": at, "password_at": at}
    session.execute(sa.insert(USER).values(**row, password=password))
    what = "setup.done" if first else "user.created"
    audit.note(what, by=by, at=at, target=id_, after={"name": row["name"], "role": role}, data={"role": role},
               session=session)  # fmt: skip
    return row


def find(name: str, *, session: Session) -> dict[str, Any] | None:
    """Return a user by name or id."""
    wanted = " ".join(name.split()).casefold()
    row = session.execute(sa.select(USER).where(sa.or_(USER.c.name == wanted, USER.c.id == name))).mappings().first()
    return dict(row) if row else None


def _known(name: str, session: Session) -> dict[str, Any]:
    found = find(name, session=session)
    if found is None:
        raise BadInput(f"There is no user {name[:64]!r}.", 404)
    return found


def set_password(
    name: str, password: str, *, by: Actor, at: datetime, keep: str | None = None, session: Session
) -> str:
    """Give a user another password, as its hash, and end every session of theirs but `keep`; returns the id."""
    user = _known(name, session)
    session.execute(sa.update(USER).where(USER.c.id == user["id"]).values(password=password, password_at=at))
    ended = end_sessions(user["id"], keep=keep, session=session)
    audit.note("user.password_changed", by=by, at=at, target=user["id"], data={"sessions_ended": ended},
               session=session)  # fmt: skip
    return str(user["id"])


def rehash(id_: str, password: str, *, session: Session) -> None:
    """Keep the same password under a newer hash."""
    session.execute(sa.update(USER).where(USER.c.id == id_).values(password=password))


def set_role(name: str, role: str, *, by: Actor, at: datetime, session: Session) -> str:
    """Give a user another role and end every session of theirs; returns the id. The last owner stays one."""
    user = _known(name, session)
    if user["role"] == role:
        return str(user["id"])
    if role != "owner":
        _not_the_last_owner(user, session)
    session.execute(sa.update(USER).where(USER.c.id == user["id"]).values(role=role))
    end_sessions(user["id"], session=session)
    audit.note("user.role_changed", by=by, at=at, target=user["id"], before=user["role"], after=role,
               data={"from": user["role"], "to": role}, session=session)  # fmt: skip
    return str(user["id"])


def disable(name: str, *, by: Actor, at: datetime, session: Session) -> str:
    """Shut a user out and end every session of theirs; returns the id. The last owner stays."""
    user = _known(name, session)
    if user["disabled_at"] is not None:
        raise Conflict(f"The user {user['id']} is shut out already.")
    _not_the_last_owner(user, session)
    session.execute(sa.update(USER).where(USER.c.id == user["id"]).values(disabled_at=at))
    ended = end_sessions(user["id"], session=session)
    audit.note("user.disabled", by=by, at=at, target=user["id"], data={"sessions_ended": ended}, session=session)
    return str(user["id"])


def enable(name: str, *, by: Actor, at: datetime, session: Session) -> str:
    """Let a user in again; returns the id."""
    user = _known(name, session)
    if user["disabled_at"] is None:
        raise Conflict(f"The user {user['id']} is not shut out.")
    session.execute(sa.update(USER).where(USER.c.id == user["id"]).values(disabled_at=None))
    audit.note("user.enabled", by=by, at=at, target=user["id"], session=session)
    return str(user["id"])


def _not_the_last_owner(user: dict[str, Any], session: Session) -> None:
    if user["role"] != "owner":
        return
    others = sa.select(USER.c.id).where(USER.c.role == "owner", USER.c.disabled_at.is_(None), USER.c.id != user["id"])
    if session.execute(others.limit(1)).first() is None:
        raise Conflict("This is the last owner. Make another owner first.")


def open_login(
    user: str, *, by: Actor, at: datetime, before: str | None = None, data: dict[str, Any] | None = None,
    session: Session,
) -> str:  # fmt: skip
    """Open a session and return what its cookie holds; the session that the browser had `before` is ended."""
    token = secrets.token_urlsafe(32)
    session.execute(sa.delete(LOGIN).where(LOGIN.c.created_at < at - LONGEST))
    if before:
        session.execute(sa.delete(LOGIN).where(LOGIN.c.digest == digest_of(before)))
    values = {"digest": digest_of(token), "user_id": user, "created_at": at, "seen_at": at, "address": by.address}
    session.execute(sa.insert(LOGIN).values(**values))
    session.execute(sa.update(USER).where(USER.c.id == user).values(last_login_at=at))
    audit.note("login.ok", by=by, at=at, target=user, data=data, session=session)
    return token


def note_failed(user: str | None, *, by: Actor, at: datetime, kind: str = "password", session: Session) -> None:
    """Note that somebody was not let in; what they typed is not kept: it may be a password in the wrong place."""
    audit.note("login.failed", by=by, at=at, target=user, data={"with": kind}, session=session)


def find_login(digest: str, now: datetime, *, session: Session) -> Login | None:
    """Return the session of a cookie while it is good: used lately, not too old, its user not shut out."""
    query = sa.select(LOGIN, USER.c.role, USER.c.name, USER.c.disabled_at, USER.c.id)
    joined = LOGIN.outerjoin(USER, USER.c.id == LOGIN.c.user_id)
    fresh = (LOGIN.c.digest == digest, LOGIN.c.seen_at > now - IDLE, LOGIN.c.created_at > now - LONGEST)
    row = session.execute(query.select_from(joined).where(*fresh)).mappings().first()
    if row is None or row["disabled_at"] is not None:
        return None
    return Login(digest, row["user_id"], row["role"] or "", row["name"] or "", row["seen_at"])


def seen(digest: str, now: datetime, *, session: Session) -> None:
    """Note that a session is used."""
    session.execute(sa.update(LOGIN).where(LOGIN.c.digest == digest).values(seen_at=now))


def end_login(digest: str, *, by: Actor, at: datetime, session: Session) -> None:
    """End one session."""
    done = session.execute(sa.delete(LOGIN).where(LOGIN.c.digest == digest))
    if done.rowcount:  # type: ignore[attr-defined]
        audit.note("login.ended", by=by, at=at, session=session)


def end_logins(user: str, *, by: Actor, at: datetime, session: Session) -> int:
    """End every session of a user; returns how many."""
    ended = end_sessions(user, session=session)
    audit.note("login.ended_everywhere", by=by, at=at, target=user, data={"sessions_ended": ended}, session=session)
    return ended


def end_sessions(user: str, *, keep: str | None = None, session: Session) -> int:
    """End every session of a user but one, without an entry in the audit log; returns how many."""
    query = sa.delete(LOGIN).where(LOGIN.c.user_id == user)
    done = session.execute(query.where(LOGIN.c.digest != keep) if keep else query)
    return int(done.rowcount)  # type: ignore[attr-defined]


def listed(*, session: Session) -> list[dict[str, Any]]:
    """Return the users, never their passwords."""
    shown = [column for column in USER.columns if column.name != "password"]
    query = sa.select(*shown, sa.func.count(LOGIN.c.digest).label("sessions"))
    joined = USER.outerjoin(LOGIN, USER.c.id == LOGIN.c.user_id)
    rows = session.execute(query.select_from(joined).group_by(*shown).order_by(USER.c.id).limit(1000)).mappings()
    return [dict(row) for row in rows]
