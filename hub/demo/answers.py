"""What the invented reps did with their leads, and what campaigns cost: so that the demo has something to report."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import CARE, TOUCH

LOST = ("price", "timing", "competitor", "no budget")
HALF_WITHIN = 600.0  # seconds, of a rep of usual speed
SPREAD = 1.4  # of the logarithm of the time to the first answer


class Owned(NamedTuple):
    """A lead that somebody has: whose it is since when."""

    lead: str
    owner: str
    grade: str | None
    since: datetime


def owned(*, session: Session) -> list[Owned]:
    """Return the leads that reps have, oldest first."""
    since = sa.func.max(CARE.c.started_at, type_=CARE.c.started_at.type)
    query = (
        sa.select(CARE.c.lead, CARE.c.owner, CARE.c.grade, since)
        .where(CARE.c.current, CARE.c.owner.is_not(None), CARE.c.responded_at.is_(None), ~CARE.c.test)
        .group_by(CARE.c.lead, CARE.c.owner, CARE.c.grade)
        .order_by(since, CARE.c.lead)
    )
    return [Owned(*row) for row in session.execute(query)]


def campaigns(*, session: Session) -> list[str]:
    """Return the names of the campaigns that leads came by."""
    query = sa.select(TOUCH.c.campaign).where(TOUCH.c.campaign.is_not(None)).distinct().order_by(TOUCH.c.campaign)
    return list(session.execute(query).scalars())


def costs(names: Iterable[str], now: datetime, seed: int) -> Iterator[Mapping[str, Any]]:
    """Yield what these campaigns cost in the last two weeks, as rows of a table of costs; some cost far too much."""
    chance = random.Random(seed)
    span = {"from": (now - timedelta(days=14)).date().isoformat(), "to": now.date().isoformat()}
    for name in names:
        yield {**span, "campaign": name, "cost": round(chance.lognormvariate(8.5, 1.0), -1), "currency": "CNY"}


def answers(leads: Iterable[Owned], now: datetime, seed: int) -> Iterator[Mapping[str, Any]]:
    """Yield what was done with these leads until now, as rows of the activities' table."""
    chance = random.Random(seed)
    slow: dict[str, float] = {}
    for one in leads:
        pace = slow.setdefault(one.owner, chance.uniform(0.5, 4.0))
        if chance.random() < 0.12:
            continue  # forgotten
        at = one.since + timedelta(seconds=HALF_WITHIN * pace * chance.lognormvariate(0.0, SPREAD))
        fate = _fate(chance, one.grade)
        for step in fate:
            if at >= now:
                break
            yield {"lead": one.lead, "at": at.isoformat(), "by": one.owner, **step}
            at += timedelta(hours=chance.uniform(2.0, 60.0))


def _fate(chance: random.Random, grade: str | None) -> list[dict[str, Any]]:
    """Return the steps of one lead's way, of which a part may lie ahead still."""
    steps: list[dict[str, Any]] = [{"kind": "call", "disposition": "contacted"}]
    good = {"A": 0.7, "B": 0.4}.get(grade or "", 0.15)
    if chance.random() > good:
        end = {"disposition": "lost", "reason": chance.choice(LOST)}
        return [*steps, {"kind": "status", **end}] if chance.random() < 0.6 else steps
    steps.append({"kind": "meeting", "disposition": "qualified"})
    if chance.random() < 0.4:
        value = round(chance.lognormvariate(10.0, 0.8), -2)
        steps.append({"kind": "deal", "disposition": "won", "value": value, "currency": "CNY"})
    return steps
