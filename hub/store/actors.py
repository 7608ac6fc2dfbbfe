"""What people call those who did something: users and keys by the ids that records name them with."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.keys import KEY
from hub.store.users import USER

_TABLES = (("user:", USER), ("key:", KEY))


def called(who: Iterable[str], *, session: Session) -> dict[str, str]:
    """Return the names behind `user:ID` and `key:ID`; whoever is gone, has no name or is nobody of ours is absent."""
    found: dict[str, str] = {}
    asked = set(who)
    for kind, table in _TABLES:
        ids = [one.removeprefix(kind) for one in asked if one.startswith(kind)]
        if ids:
            query = sa.select(table.c.id, table.c.name).where(table.c.id.in_(ids))
            found |= {f"{kind}{row.id}": row.name for row in session.execute(query) if row.name}
    return found
