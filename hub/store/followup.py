"""Counts the leads that wait: with nobody, too long for an answer, or without anybody doing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
    last = sa.case((CARE.c.touched_at > CARE.c.since, CARE.c.touched_at), else_=CARE.c.since)
    idle = [sa.and_(CARE.c.team == team, last <= moment) for team, moment in silent_since.items()]
    # a lead that nobody has is told of as unassigned
    silent = sa.and_(sa.or_(sa.false(), *idle), CARE.c.pool.is_distinct_from(pool))
    late = sa.and_(CARE.c.breached_at.is_not(None), CARE.c.responded_at.is_(None))
    query = sa.select(CARE.c.team, _number(silent), _number(late)).where(*_OPEN, CARE.c.team.is_not(None))
    teams = session.execute(query.group_by(CARE.c.team).order_by(CARE.c.team)).all()
    alone = sa.select(sa.func.count(), sa.func.min(CARE.c.since)).where(*_OPEN, CARE.c.pool == pool)
    found, oldest = session.execute(alone).one()
    return Waiting(
        {team: int(number) for team, number, _ in teams if number},
        {team: int(number) for team, _, number in teams if number},
        (found, oldest) if found else None,
    )  # fmt: skip


def _number(of: Any) -> Any:
    return sa.func.sum(sa.case((of, 1), else_=0))
