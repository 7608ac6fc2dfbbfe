"""Takes due deliveries under a lease: what a sink has, or those that are named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from hub.failpoints import hit
from hub.store import bulk
from hub.store.claims import claiming
from hub.store.columns import ATTEMPT, DELIVERY
from hub.store.due import Due
from hub.store.leads import chunks
from hub.store.tables import DeliveryRow

OPEN = ("ready", "sending", "unclear")


FIRST, RETRY, REPLAY = PRIORITIES = 0, 1, 2  # first attempts go before retries, retries before replays
Place = tuple[datetime, str]
"""Where a delivery stands among those of its priority: when it was due, and its id."""
_BEGINNING: Place = (datetime.min.replace(tzinfo=UTC), "")


def claim(
    sink: str, now: datetime, lease_until: datetime, holder: str, limit: int, *, session: Session, sqlite: bool,
    again: int | None = None, after: Mapping[int, Place] | None = None,
) -> list[DeliveryRow]:  # fmt: skip
    """Take due deliveries of one sink, new ones first; a lead's older version goes before its newer one.

    `again` is how many of them may be retries and replays; none: as many as there are. `after` is where to begin to
    look in each priority: behind what was taken before.
    """
    taken: list[str] = []
    values = {"b_sink": sink, "b_now": now, "b_until": lease_until, "b_holder": holder}
    for priority in PRIORITIES:
        most = limit - len(taken)
        if priority != FIRST and again is not None:
            most = min(most, again)
        if most <= 0:
            break
        at, id_ = (after or {}).get(priority, _BEGINNING)
        where = {"b_limit": most, "b_priority": priority, "b_after": at, "b_after_id": id_}
        found = session.execute(_claiming(sqlite), values | where).scalars().all()
        taken += found
        if priority != FIRST and again is not None:
            again -= len(found)
    return _started(taken, now, session=session)


def claim_these(
    ids: Collection[str], sinks: Collection[str], now: datetime, lease_until: datetime, holder: str, *,
    session: Session, sqlite: bool,
) -> list[DeliveryRow]:  # fmt: skip
    """Take those of the named deliveries that are due, not held by anybody, and for one of these sinks."""
    taken: list[str] = []
    for part in chunks(ids):
        values = {"b_ids": part, "b_sinks": list(sinks), "b_now": now, "b_until": lease_until, "b_holder": holder}
        taken += session.execute(_claiming_these(sqlite), values).scalars()
    return _started(taken, now, session=session)


def _started(taken: Sequence[str], now: datetime, *, session: Session) -> list[DeliveryRow]:
    """Return the deliveries just taken, the first to be sent first; each has its attempt from now on."""
    rows = session.exec(select(DeliveryRow).where(col(DeliveryRow.id).in_(taken))).all() if taken else []
    session.expunge_all()
    started = [{"delivery": r.id, "number": r.attempts, "fence": r.fence, "started_at": now} for r in rows]
    bulk.insert(ATTEMPT, started, session=session)
    hit("deliver.claimed")
    return sorted(rows, key=lambda r: (r.priority, r.due_at or now, r.id))


def _may_go() -> sa.ColumnElement[bool]:
    """Return what holds of a delivery that is due and waits for no older version of its lead."""
    older = DELIVERY.alias("older")
    blocked = sa.exists().where(
        older.c.lead == DELIVERY.c.lead, older.c.sink == DELIVERY.c.sink, older.c.version < DELIVERY.c.version,
        older.c.state.in_(OPEN),
    )  # fmt: skip
    return sa.and_(DELIVERY.c.state == "ready", DELIVERY.c.due_at <= sa.bindparam("b_now"), ~blocked)


_TAKEN = {
    "state": "sending", "attempts": DELIVERY.c.attempts + 1, "fence": DELIVERY.c.fence + 1,
    "lease_by": sa.bindparam("b_holder"), "lease_until": sa.bindparam("b_until"),
}  # fmt: skip


@lru_cache(2)
def _claiming(sqlite: bool) -> Any:
    """Return the statement that claims one priority of a sink; its order is that of the index, so nothing is sorted."""
    place = sa.tuple_(DELIVERY.c.due_at, DELIVERY.c.id)
    after = sa.tuple_(sa.bindparam("b_after", type_=DELIVERY.c.due_at.type), sa.bindparam("b_after_id"))
    due = (
        sa.select(DELIVERY.c.id)
        .where(
            DELIVERY.c.sink == sa.bindparam("b_sink"),
            DELIVERY.c.priority == sa.bindparam("b_priority"),
            place > after,
            _may_go(),
        )
        .order_by(DELIVERY.c.due_at, DELIVERY.c.id)
        .limit(sa.bindparam("b_limit"))
    )
    return claiming(DELIVERY, due, _TAKEN, sqlite=sqlite)


@lru_cache(2)
def _claiming_these(sqlite: bool) -> Any:
    due = sa.select(DELIVERY.c.id).where(
        DELIVERY.c.id.in_(sa.bindparam("b_ids", expanding=True)),
        DELIVERY.c.sink.in_(sa.bindparam("b_sinks", expanding=True)),
        _may_go(),
    )
    return claiming(DELIVERY, due, _TAKEN, sqlite=sqlite)


def overdue(sinks: Collection[str], now: datetime, limit: int, *, session: Session) -> list[Due]:
    """Return the deliveries of these sinks that might go and have waited longest since they were due."""
    query = (
        sa.select(DELIVERY.c.id, DELIVERY.c.sink, DELIVERY.c.fence, DELIVERY.c.priority, DELIVERY.c.due_at)
        .where(DELIVERY.c.sink.in_(sinks), _may_go())
        .order_by(DELIVERY.c.due_at, DELIVERY.c.id)
        .limit(limit)
    )
    return [Due(r.id, r.sink, r.fence, r.priority, r.due_at, 0.0) for r in session.execute(query, {"b_now": now})]
