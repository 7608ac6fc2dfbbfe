"""Tasks as rows: what is to be done with a lead, by whom and until when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import BadInput
from hub.store.columns import CARE, TASK

State = Literal["open", "done", "all"]
_OWNER = sa.func.coalesce(TASK.c.owner, CARE.c.owner)
_SHOWN = (*(column for column in TASK.c if column.name != "owner"), _OWNER.label("owner"))
_FROM = TASK.outerjoin(CARE, sa.and_(CARE.c.lead == TASK.c.lead, CARE.c.current))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks: of these owners (None: anybody's), of a lead, due before a moment."""

    state: State = "open"
    owners: Collection[str] | None = None
    lead: str | None = None
    due_before: datetime | None = None


def page(wanted: Wanted, limit: int, after: str | None, *, session: Session) -> tuple[list[dict[str, Any]], str | None]:
    """Return tasks, what is due first, and where the next page starts; a task of nobody is its lead's owner's."""
    query = sa.select(*_SHOWN).select_from(_FROM).order_by(TASK.c.due_at, TASK.c.id).limit(limit + 1)
    if wanted.state != "all":
        query = query.where(TASK.c.done_at.is_(None) if wanted.state == "open" else TASK.c.done_at.is_not(None))
    if wanted.owners is not None:
        query = query.where(_OWNER.in_(sorted(wanted.owners)))
    if wanted.lead is not None:
        query = query.where(TASK.c.lead == wanted.lead)
    if wanted.due_before is not None:
        query = query.where(TASK.c.due_at < wanted.due_before)
    if after is not None:
        at, number = _place(after)
        query = query.where(sa.or_(TASK.c.due_at > at, sa.and_(TASK.c.due_at == at, TASK.c.id > number)))
    rows = [dict(row) for row in session.execute(query).mappings()]
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], f"{last['due_at'].isoformat()}_{last['id']}" if last else None


def _place(after: str) -> tuple[datetime, int]:
    at, _, number = after.rpartition("_")
    try:
        found = datetime.fromisoformat(at), int(number)
    except ValueError:
        found = None
    if found is None or found[0].tzinfo is None or not 0 <= found[1] < 10**18:
        raise BadInput(f"{after[:64]!r} is no place in this list. Take it from `next`.", status=422)
    return found


def one(task: int, *, session: Session) -> dict[str, Any] | None:
    """Return a task; None when there is none of that number."""
    row = session.execute(sa.select(*_SHOWN).select_from(_FROM).where(TASK.c.id == task)).mappings().first()
    return dict(row) if row else None


def add(row: Mapping[str, Any], *, session: Session) -> int:
    """Write a task down; returns its number."""
    values = {"done_at": None, "done_by": None, **row}
    made = session.execute(sa.insert(TASK).values(**values).returning(TASK.c.id))
    return int(made.scalar_one())


def settle(task: int, done_at: datetime | None, by: str | None, *, session: Session) -> None:
    """Note that a task is done, or is not after all; said again it changes nothing."""
    changes = TASK.c.done_at.is_(None) if done_at is not None else TASK.c.done_at.is_not(None)
    session.execute(sa.update(TASK).where(TASK.c.id == task, changes).values(done_at=done_at, done_by=by))
