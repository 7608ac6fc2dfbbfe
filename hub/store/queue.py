"""The leads whose prospects wait for an answer, what is due first; and those that a rep works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import BadInput
from hub.store.columns import CARE, LEAD, TASK

MOST_COUNTED = 1_000
"""Leads of a kind that are counted; where there are more, there are "so many, and more"."""

_OPEN = (CARE.c.current, CARE.c.closed_at.is_(None), ~CARE.c.test)
WAITS = (*_OPEN, CARE.c.responded_at.is_(None))
"""What holds for a round whose prospect waits; one index has just these."""

_ROUND = tuple(
    CARE.c[name]
    for name in (
        "id", "lead", "source", "grade", "team", "owner", "pool", "since", "started_at", "accepted_at", "responded_at",
        "target", "calendar", "due_at", "breached_at", "touched_at", "disposition", "rung", "embargo_until",
    )
)  # fmt: skip
_PERSON = tuple(LEAD.c[name] for name in ("full_name", "email", "phone", "company", "country"))
_ROWS = sa.select(*_ROUND, *_PERSON).select_from(CARE.join(LEAD, LEAD.c.id == CARE.c.lead))
_last = sa.case((CARE.c.touched_at > CARE.c.since, CARE.c.touched_at), else_=CARE.c.since)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose leads: of a team, of a rep, or all."""

    team: str | None = None
    owner: str | None = None


def waiting(wanted: Wanted, limit: int, after: str | None, *, session: Session) -> tuple[Rows, str | None]:
    """Return leads whose prospects wait, what is due first; then those without a target, the oldest first.

    Second is where the next page begins, None at the end.
    """
    at, number = _place(after)
    rows: Rows = []
    if after is None or at is not None:
        timed = _ROWS.where(*WAITS, *_whose(wanted, session), CARE.c.due_at.is_not(None))
        if at is not None:
            timed = timed.where(CARE.c.due_at >= at, sa.or_(CARE.c.due_at > at, CARE.c.id > number))
        rows = _read(timed.order_by(CARE.c.due_at, CARE.c.id), limit + 1, session)
        number = 0
    if len(rows) <= limit:
        free = _ROWS.where(*WAITS, *_whose(wanted, session), CARE.c.due_at.is_(None), CARE.c.id > number)
        rows += _read(free.order_by(CARE.c.id), limit + 1 - len(rows), session)
    return _paged(rows, limit, "due_at")


def worked_on(owner: str, limit: int, after: str | None, *, session: Session) -> tuple[Rows, str | None]:
    """Return the open leads of a rep whose prospects have an answer, first those nobody touched for longest."""
    query = _ROWS.add_columns(_last.label("last_at")).where(
        *_OPEN, CARE.c.responded_at.is_not(None), CARE.c.owner == owner
    )
    at, number = _place(after)
    if at is not None:
        query = query.where(_last >= at, sa.or_(_last > at, CARE.c.id > number))
    return _paged(_read(query.order_by(_last, CARE.c.id), limit + 1, session), limit, "last_at")


def standing(wanted: Wanted, now: datetime, soon: datetime, *, session: Session) -> dict[str, int]:
    """Return how many leads are overdue, due until `soon`, due later, and wait without a target; each up to a most."""
    kinds = {
        "overdue": (CARE.c.due_at < now,),
        "soon": (CARE.c.due_at >= now, CARE.c.due_at < soon),
        "later": (CARE.c.due_at >= soon,),
        "free": (CARE.c.due_at.is_(None),),
    }
    found = {}
    for name, kind in kinds.items():
        some = sa.select(CARE.c.id).where(*WAITS, *_whose(wanted, session), *kind).limit(MOST_COUNTED)
        found[name] = int(session.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one())
    return found


def next_steps(leads: Sequence[str], *, session: Session) -> dict[str, dict[str, Any]]:
    """Return the first open task of each of these leads; those without one are absent."""
    query = sa.select(TASK.c.id, TASK.c.lead, TASK.c.text, TASK.c.due_at, TASK.c.owner).where(
        TASK.c.lead.in_(leads), TASK.c.done_at.is_(None)
    )
    found: dict[str, dict[str, Any]] = {}
    for row in session.execute(query.order_by(TASK.c.due_at, TASK.c.id)).mappings():
        found.setdefault(row["lead"], dict(row))
    return found


def _whose(wanted: Wanted, session: Session) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.owner is not None:
        found.append(CARE.c.owner == wanted.owner)
    if wanted.team is not None:
        # SQLite would take the index of all leads a team ever had
        sqlite = session.get_bind().dialect.name == "sqlite"
        found.append((sa.func.coalesce(CARE.c.team, "") if sqlite else CARE.c.team) == wanted.team)
    return found


def _read(query: Any, limit: int, session: Session) -> Rows:
    return [dict(row) for row in session.execute(query.limit(limit)).mappings()]


def _paged(rows: Rows, limit: int, by: str) -> tuple[Rows, str | None]:
    last = rows[limit - 1] if len(rows) > limit else None
    at = last[by].isoformat() if last and last[by] else ""
    return rows[:limit], f"{at}_{last['id']}" if last else None


def _place(after: str | None) -> tuple[datetime | None, int]:
    """Return where a page begins: a moment, none for leads without one, and a number; raises BadInput."""
    if after is None:
        return None, 0
    at, _, number = after.rpartition("_")
    try:
        found = (datetime.fromisoformat(at) if at else None), int(number)
    except ValueError:
        found = (None, -1)
    if (found[0] is not None and found[0].tzinfo is None) or not 0 <= found[1] < 10**18:
        raise BadInput(f"{after[:64]!r} is no place in this list. Take it from `next`.", status=422)
    return found
