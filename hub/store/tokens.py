"""Access tokens that several processes use: encrypted, and asked for by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import TOKEN


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a connector's token."""

    sealed: bytes | None = None
    generation: int = 0
    asked_until: datetime | None = None
    failures: int = 0
    trouble: str | None = None
    reason: str | None = None


_COLUMNS = tuple(TOKEN.c[field.name] for field in fields(Stored))
_NOT_ASKED: dict[str, Any] = {"asked_by": None, "asked_until": None}


def load(name: str, *, session: Session) -> Stored:
    """Return what is stored of a token."""
    row = session.execute(sa.select(*_COLUMNS).where(TOKEN.c.name == name)).first()
    return Stored(*row) if row is not None else Stored()


def begin(name: str, generation: int, node: str, now: datetime, until: datetime, *, session: Session) -> bool:
    """Become the one process that asks for a new token; False when somebody else does, or did."""
    free = sa.or_(TOKEN.c.asked_until.is_(None), TOKEN.c.asked_until < now)
    mine = (TOKEN.c.name == name, TOKEN.c.generation == generation, free)
    done = session.execute(sa.update(TOKEN).where(*mine).values(asked_by=node, asked_until=until))
    if done.rowcount:  # type: ignore[attr-defined]
        return True
    if session.execute(sa.select(TOKEN.c.name).where(TOKEN.c.name == name)).first() or generation:
        return False
    session.execute(sa.insert(TOKEN).values(name=name, generation=0, failures=0, asked_by=node, asked_until=until))
    return True


def keep(name: str, generation: int, node: str, sealed: bytes, *, session: Session) -> bool:
    """Store a new token; False when another process took over meanwhile."""
    return _settle(name, generation, node, {"sealed": sealed, "generation": generation + 1}, session)


def fail(name: str, generation: int, node: str, trouble: str, reason: str, *, session: Session) -> bool:
    """Note that there is no token to be had, for those who wait for it too."""
    said = {"failures": TOKEN.c.failures + 1, "trouble": trouble, "reason": reason[:500]}
    return _settle(name, generation, node, said, session)


def let_go(name: str, generation: int, node: str, *, session: Session) -> None:
    """Let another process ask instead."""
    _settle(name, generation, node, {}, session)


def reseal(again: Callable[[bytes], bytes | None], *, session: Session) -> tuple[int, list[str]]:
    """Put every stored token as `again` seals it; return how many, and the names of those it could not open."""
    done, closed = 0, []
    for name, sealed in session.execute(sa.select(TOKEN.c.name, TOKEN.c.sealed).where(TOKEN.c.sealed.is_not(None))):
        new = again(sealed)
        if new is None:
            closed.append(name)
            continue
        mine = (TOKEN.c.name == name, TOKEN.c.sealed == sealed)  # one that is newer has the newest key already
        session.execute(sa.update(TOKEN).where(*mine).values(sealed=new))
        done += 1
    return done, closed


def _settle(name: str, generation: int, node: str, values: dict[str, Any], session: Session) -> bool:
    mine = (TOKEN.c.name == name, TOKEN.c.generation == generation, TOKEN.c.asked_by == node)
    done = session.execute(sa.update(TOKEN).where(*mine).values(**values, **_NOT_ASKED))
    return bool(done.rowcount)  # type: ignore[attr-defined]
