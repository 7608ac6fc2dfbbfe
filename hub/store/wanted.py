"""Which leads are wanted, and what that asks of the tables: conditions on rows, and the indexes that narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.normal.finding import Question
from hub.store.columns import CARE, LEAD, TOUCH

NOTHING = "-"
"""The value of a filter that stands for none at all."""

END = "leadz"
"""Stands after every id of a lead."""

SLACK = 500  # leads whose ids may be out of order with the times they came
_PLAIN = ("source", "grade", "owner", "team", "country", "email", "phone")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads are wanted; None: whatever it is, `NOTHING`: only those without."""

    state: str | None = "open"
    source: str | None = None
    grade: str | None = None
    owner: str | None = None
    team: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None
    pool: str | None = None
    disposition: str | None = None
    campaign: str | None = None
    test: bool | None = None
    since: datetime | None = None  # received, by leadhub's clock
    until: datetime | None = None
    ids: tuple[str, ...] | None = None  # these and no others
    question: Question = ()
    masked: bool = False  # only what says nothing of the person is searched


def indexed(wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    """Yield the conditions on leads that have an index of their own, in the order of ids."""
    for name in _PLAIN:
        if getattr(wanted, name) is not None:
            yield (_is(LEAD.c[name], getattr(wanted, name)),)
    if wanted.state not in (None, "open"):
        yield LEAD.c.state == wanted.state, sa.text("lead.state <> 'open'")
    if wanted.test:
        yield (LEAD.c.test,)


def elsewhere(wanted: Wanted) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield the column that names leads, and what is asked of its rows, for filters on other tables."""
    for column, value in ((CARE.c.pool, wanted.pool), (CARE.c.disposition, wanted.disposition)):
        if value not in (None, NOTHING):
            yield CARE.c.lead, (CARE.c.current, column == value)
    if wanted.campaign not in (None, NOTHING):
        yield TOUCH.c.lead, (TOUCH.c.campaign == wanted.campaign,)


def conditions(wanted: Wanted, c: Any) -> list[Any]:
    """Return everything but the words that is asked of a lead, whose row has the columns `c`."""
    names = ("state", *_PLAIN)
    found = [_is(c[name], getattr(wanted, name)) for name in names if getattr(wanted, name) is not None]
    if wanted.test is not None:
        found.append(c.test if wanted.test else ~c.test)
    if wanted.since is not None:
        found.append(c.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(c.created_at < wanted.until)
    now = sa.and_(CARE.c.lead == c.id, CARE.c.current)
    for column, value in ((CARE.c.pool, wanted.pool), (CARE.c.disposition, wanted.disposition)):
        found += _there(now, column, value)
    return [*found, *_there(TOUCH.c.lead == c.id, TOUCH.c.campaign, wanted.campaign)]


def _there(now: Any, column: Any, value: str | None) -> list[Any]:
    if value is None:
        return []
    if value == NOTHING:
        return [~sa.exists().where(now, column.is_not(None))]
    return [sa.exists().where(now, column == value)]


def _is(column: Any, value: str) -> Any:
    return column.is_(None) if value == NOTHING else column == value


def window(wanted: Wanted, under: str, *, session: Session) -> tuple[str, str] | None:
    """Return between which ids, the lower one included, the leads of the wanted time lie; None: there are none."""
    low, time = "", LEAD.c.created_at
    if wanted.since is not None:
        oldest = sa.select(LEAD.c.id).where(time >= wanted.since).order_by(time).limit(SLACK)
        low = min(session.execute(oldest).scalars(), default=END)
    if wanted.until is not None:
        newest = sa.select(LEAD.c.id).where(time < wanted.until).order_by(time.desc()).limit(SLACK)
        under = min(under, max((f"{id_}z" for id_ in session.execute(newest).scalars()), default=""))
    return (low, under) if low < under else None
