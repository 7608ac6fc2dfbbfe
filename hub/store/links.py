"""Campaign links as rows, and the names of the campaigns that leads came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import TOUCH
from hub.store.tables import LinkRow

LINK: sa.Table = LinkRow.__table__  # type: ignore[attr-defined]

MOST_NAMES = 300


def keep(values: Mapping[str, Any], *, session: Session) -> tuple[dict[str, Any], bool]:
    """Keep a link; returns its row, and whether it is new."""
    digest = hashlib.sha256(str(values["address"]).encode()).hexdigest()
    known = session.execute(sa.select(LINK).where(LINK.c.digest == digest)).mappings().first()
    if known is not None:
        return dict(known), False
    done = session.execute(sa.insert(LINK).values(**values, digest=digest).returning(LINK))
    return dict(done.mappings().one()), True


def campaigns(*, session: Session) -> list[str]:
    """Return the names of campaigns in touches and links, each found by one step in an index; at most MOST_NAMES."""
    found: dict[str, None] = {}
    for column in (LINK.c.campaign, TOUCH.c.campaign):
        last = ""
        while len(found) < MOST_NAMES:
            name = session.execute(sa.select(sa.func.min(column)).where(column > last)).scalar()
            if name is None:
                break
            found[name], last = None, name
    return list(found)
