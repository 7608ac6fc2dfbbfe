"""Settles what a restored copy cannot know: what was sent after it was made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.lead import Problem
from hub.store import deliveries
from hub.store.columns import DELIVERY, SUBMISSION
from hub.store.log import append
from hub.store.tables import CopyRow

MARK = CopyRow.__table__  # type: ignore[attr-defined]

COPYING = "leadhub-backup"
"""The application_name of whoever makes a copy of a PostgreSQL database, while it is marked as one."""

OPEN = ("ready", "sending")
MAY = "the database is a restored copy: it may have arrived after the copy was made"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What was in doubt in a copy: deliveries by sink that are sent again or held, and submissions set aside."""

    made_at: datetime | None
    again: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    set_aside: int = 0
    paused: bool = False
    events: tuple[Event, ...] = ()


def mark(now: datetime | None, *, session: Session) -> None:
    """Say that what is read from here on is a copy."""
    session.execute(sa.delete(MARK))
    session.execute(sa.insert(MARK).values(id=1, made_at=now, paused=False, stopped=False))


def unmark(*, session: Session) -> None:
    """Say that this is no copy."""
    session.execute(sa.delete(MARK))


def settle(
    now: datetime, sinks: Collection[str], always: Collection[str], once: Collection[str], *, session: Session
) -> Doubt | None:
    """Settle a copy's doubts, once; None when this database is none.

    What was owed then may have arrived since. It stays due for the sinks in `always`, which are asked first or forgive
    a repeat, and for those in `once` unless there was doubt before; all else is held for a person. What was not decided
    yet may have gone out under other ids: it waits in quarantine.
    """
    if _is_being_copied(session):
        return None
    taken = session.execute(sa.delete(MARK).returning(MARK.c.made_at, MARK.c.paused, MARK.c.stopped)).first()
    if taken is None:
        return None
    if taken.stopped:
        return Doubt(taken.made_at)
    again, held, events = _deliveries(now, always, once, session)
    aside = _submissions(now, session)
    for sink in sinks if taken.paused else ():
        deliveries.pause(sink, "the database was restored; look at what is owed, then resume", now, session=session)
    append(events, session=session)
    return Doubt(taken.made_at, again, held, aside, taken.paused, tuple(events))


def _is_being_copied(session: Session) -> bool:
    if session.get_bind().dialect.name != "postgresql":
        return False
    said = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name"
    return bool(session.execute(sa.text(said), {"name": COPYING}).scalar())


def _deliveries(
    now: datetime, always: Collection[str], once: Collection[str], session: Session
) -> tuple[dict[str, int], dict[str, int], list[Event]]:
    table = DELIVERY
    safe = sa.or_(table.c.test, table.c.sink.in_(always), sa.and_(table.c.sink.in_(once), ~table.c.unclear))
    rows = session.execute(
        sa.update(table)
        .where(table.c.state.in_(OPEN))
        .values(
            state=sa.case((safe, "ready"), else_="unclear"), unclear=True, lease_by=None, lease_until=None,
            due_at=sa.func.coalesce(table.c.due_at, now), reason=MAY, fence=table.c.fence + 1,
        )
        .returning(table.c.state, table.c.lead, table.c.submission, table.c.sink)
    ).all()  # fmt: skip
    given_up = table.c.state.in_(("dead", "rejected"))  # a person may have sent them again, and may do so now
    session.execute(sa.update(table).where(given_up).values(unclear=True))
    again: dict[str, int] = {}
    held: dict[str, int] = {}
    for state, _, _, sink in rows:
        counted = again if state == "ready" else held
        counted[sink] = counted.get(sink, 0) + 1
    waiting = [row for row in rows if row.state == "unclear"]
    events = [Event("delivery.held", now, r.lead, r.submission, sink=r.sink, data={"reason": MAY}) for r in waiting]
    return again, held, events


def _submissions(now: datetime, session: Session) -> int:
    said = "It was not decided when this copy was made, and may have been since. Look at the sinks, then replay it."
    problem = Problem(field="", code="restored", message=said)
    values: dict[str, Any] = {
        "state": "quarantined",
        "reason": said,
        "problems": [problem.model_dump()],
        "done_at": now,
    }
    done = session.execute(sa.update(SUBMISSION).where(SUBMISSION.c.state == "received").values(due_at=None, **values))
    return int(done.rowcount)  # type: ignore[attr-defined]
