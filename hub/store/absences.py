"""Absences as rows: who takes no leads from when to when, and who takes theirs; each begins and ends once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import Conflict
from hub.store.columns import ABSENCE, CARE
from hub.store.pools import one_at_a_time

_OPEN = ABSENCE.c.ended_at.is_(None)
Row = dict[str, Any]


def add(row: Mapping[str, Any], *, session: Session) -> Row:
    """Write an absence down and return it; raises Conflict when the rep is away already in a part of that time."""
    member, since, until = row["member"], row["since"], row["until"]
    one_at_a_time(member, session=session)
    lasts = sa.or_(ABSENCE.c.until.is_(None), ABSENCE.c.until > since)
    query = sa.select(ABSENCE).where(ABSENCE.c.member == member, _OPEN, lasts)
    other = session.execute(query.where(ABSENCE.c.since < until) if until else query).mappings().first()
    if other is not None:
        begins = other["since"].isoformat(timespec="minutes")
        raise Conflict(f"{member} is away already, from {begins}. Say that they are back first.")
    made = {**row, "ended_at": None}
    id_ = session.execute(sa.insert(ABSENCE).values(**made).returning(ABSENCE.c.id)).scalar_one()
    return {**made, "id": id_}


def end(member: str, now: datetime, *, coming: bool = False, session: Session) -> list[Row]:
    """End the absences of a rep that have begun, and return them; `coming`: call off those of later, too."""
    one_at_a_time(member, session=session)
    query = sa.select(ABSENCE).where(ABSENCE.c.member == member, _OPEN)
    rows = session.execute(query if coming else query.where(ABSENCE.c.since <= now)).mappings().all()
    session.execute(sa.update(ABSENCE).where(ABSENCE.c.id.in_([row["id"] for row in rows])).values(ended_at=now))
    return [dict(row) for row in rows if row["since"] <= now]


def due(now: datetime, *, session: Session) -> list[int]:
    """Return the absences that begin or end by themselves now."""
    begins = sa.and_(ABSENCE.c.begun_at.is_(None), ABSENCE.c.since <= now)
    query = sa.select(ABSENCE.c.id).where(_OPEN, sa.or_(begins, ABSENCE.c.until <= now)).order_by(ABSENCE.c.id)
    return list(session.execute(query).scalars())


def turn(id_: int, now: datetime, *, session: Session) -> tuple[Row | None, Row | None]:
    """Note that an absence begins or ends now: returns it as the first when it does begin, as the second when it ends.

    Whoever comes later gets nothing: it is told once, however many processes look.
    """
    mine = (ABSENCE.c.id == id_, _OPEN)
    begun = sa.update(ABSENCE).where(*mine, ABSENCE.c.begun_at.is_(None), ABSENCE.c.since <= now)
    ended = sa.update(ABSENCE).where(*mine, ABSENCE.c.until <= now)
    first = session.execute(begun.values(begun_at=now).returning(*ABSENCE.c)).mappings().first()
    last = session.execute(ended.values(ended_at=ABSENCE.c.until).returning(*ABSENCE.c)).mappings().first()
    return dict(first) if first else None, dict(last) if last else None


def of(member: str, limit: int, *, session: Session) -> list[Row]:
    """Return the absences of a rep, newest first."""
    query = sa.select(ABSENCE).where(ABSENCE.c.member == member).order_by(ABSENCE.c.since.desc(), ABSENCE.c.id.desc())
    return [dict(row) for row in session.execute(query.limit(limit)).mappings()]


def held(owner: str, *, session: Session) -> list[Row]:
    """Return the rounds of a rep's open leads, oldest first."""
    query = sa.select(CARE).where(CARE.c.owner == owner, CARE.c.current, CARE.c.closed_at.is_(None))
    return [dict(row) for row in session.execute(query.order_by(CARE.c.id)).mappings()]
