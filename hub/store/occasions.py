"""Deliveries that tell a sink what became of a lead; each disposition is told once, in the order it was reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import DELIVERY, SUBMISSION
from hub.store.due import Due
from hub.store.due import owe as tell
from hub.store.owed import owed


def owe(rows: Iterable[Mapping[str, Any]], now: datetime, *, session: Session) -> None:
    """Write down what is owed, but for what is owed or told already."""
    for row in rows:
        same = (DELIVERY.c.lead == row["lead"], DELIVERY.c.sink == row["sink"])
        if session.execute(sa.select(DELIVERY.c.id).where(*same, DELIVERY.c.key == row["key"])).first():
            continue
        last = session.execute(sa.select(sa.func.max(DELIVERY.c.version)).where(*same)).scalar() or 0
        newest = sa.select(sa.func.max(SUBMISSION.c.id)).where(SUBMISSION.c.lead == row["lead"])
        fresh = owed(row["id"], row["lead"], row["sink"], last + 1, session.execute(newest).scalar() or "", now)
        session.execute(sa.insert(DELIVERY).values(**{**fresh, **row}))
        tell([Due(row["id"], row["sink"], 0, 0, now, 0.0)], session=session)
