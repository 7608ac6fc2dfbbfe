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
    silent = {team: _silent(team, moment, pool, session) for team, moment in sorted(silent_since.items())}
    late = (CARE.c.responded_at.is_(None), CARE.c.breached_at.is_not(None), CARE.c.team.is_not(None))
    query = (
        sa.select(CARE.c.team, sa.func.count().label("number"))
        .where(*_OPEN, *late)
        .group_by(CARE.c.team)
        .order_by(CARE.c.team)
    )
    overdue = {row.team: row.number for row in session.execute(query)}
    alone = sa.select(sa.func.count(), sa.func.min(CARE.c.since)).where(*_OPEN, CARE.c.pool == pool)
    found, oldest = session.execute(alone).one()
    return Waiting(
        {team: number for team, number in silent.items() if number}, overdue, (found, oldest) if found else None
    )


def _silent(team: str, before: datetime, pool: str, session: Session) -> int:
    """Return how many leads of a team nobody did anything with since then; out of one index."""
    still = sa.or_(CARE.c.touched_at.is_(None), CARE.c.touched_at <= before)
    # a lead that nobody has is told of as unassigned
    named = (CARE.c.team == team, CARE.c.since <= before, still, CARE.c.pool.is_distinct_from(pool))
    return int(session.execute(sa.select(sa.func.count()).where(*_OPEN, *named)).scalar_one())
