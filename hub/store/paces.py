"""How fast each sink may be called by all processes together: turns, rests, and the state of its breaker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import PACE


@dataclass(frozen=True, slots=True)
class Pace:
    """What all processes know of a sink; times are the database's."""

    version: int = 0
    rest_until: datetime | None = None
    open_until: datetime | None = None
    rest: float = 0.0
    good: int = 0
    probe_by: str | None = None
    probe_until: datetime | None = None


_COLUMNS = tuple(PACE.c[field.name] for field in fields(Pace))


def take_turns(sink: str, number: int, rate: float, now: float, *, session: Session) -> float:
    """Take the next turns of a sink for one process; returns when the first is, in seconds since 1970.

    They lie `1 / rate` apart and belong to nobody else.
    """
    begins = sa.case((PACE.c.free_at > now, PACE.c.free_at), else_=now)
    row = session.execute(
        sa.update(PACE).where(PACE.c.sink == sink).values(free_at=begins + number / rate).returning(PACE.c.free_at)
    ).first()
    if row is not None:
        return float(row.free_at) - number / rate
    session.execute(sa.insert(PACE).values(sink=sink, free_at=now + number / rate, **asdict(Pace())))
    return now


def change(sink: str, how: Callable[[Pace], Pace | None], *, session: Session) -> tuple[Pace, bool]:
    """Change what is known of a sink, as a pure function says (None: leave it); returns it and whether it changed."""
    query = sa.select(*_COLUMNS).where(PACE.c.sink == sink).with_for_update()
    row = session.execute(query).first()
    before = Pace(*row) if row is not None else Pace()
    after = how(before)
    if after is None:
        return before, False
    values = {**asdict(after), "version": before.version + 1}
    if row is None:
        session.execute(sa.insert(PACE).values(sink=sink, free_at=0.0, **values))
    else:
        session.execute(sa.update(PACE).where(PACE.c.sink == sink).values(**values))
    return Pace(**values), True


def known(*, session: Session) -> dict[str, Pace]:
    """Return what is known of every sink."""
    return {sink: Pace(*rest) for sink, *rest in session.execute(sa.select(PACE.c.sink, *_COLUMNS))}
