"""Counts the leads that wait: with nobody, too long for an answer, or without anybody doing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import CARE

_OPEN = (CARE.c.current, CARE.c.closed_at.is_(None), ~CARE.c.test)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Leads that wait, as numbers by team; of the pool `unassigned` also since when the oldest does."""

    silent: Mapping[str, int] = field(default_factory=dict)
    overdue: Mapping[str, int] = field(default_factory=dict)
    unassigned: tuple[int, datetime] | None = None


def waiting(silent_since: Mapping[str, datetime], pool: str, *, session: Session) -> Waiting:
    """Return what waits; `silent_since` has for each team the moment before which something should have been done."""
    number = sa.func.count()
    silent = {}
    for team, moment in silent_since.items():
        last = sa.case((CARE.c.touched_at > CARE.c.since, CARE.c.touched_at), else_=CARE.c.since)
        # a lead that nobody has is told of as unassigned
        mine = (*_OPEN, CARE.c.team == team, CARE.c.pool.is_distinct_from(pool), last <= moment)
        silent[team] = session.execute(sa.select(number).where(*mine)).scalar_one()
    late = (*_OPEN, CARE.c.breached_at.is_not(None), CARE.c.responded_at.is_(None), CARE.c.team.is_not(None))
    rows = session.execute(sa.select(CARE.c.team, number).where(*late).group_by(CARE.c.team)).all()
    query = sa.select(number, sa.func.min(CARE.c.since)).where(*_OPEN, CARE.c.pool == pool)
    found, oldest = session.execute(query).one()
    return Waiting(
        {team: count for team, count in silent.items() if count}, {row[0]: row[1] for row in rows},
        (found, oldest) if found else None,
    )  # fmt: skip
