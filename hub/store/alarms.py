"""Alarms as rows: raised and closed once, whatever number of processes look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.store.columns import ALARM, CREDENTIAL, CURSOR, DELIVERY, IMPORT, PACE, SINK
from hub.store.log import append

_COLUMNS = tuple(ALARM.c)


def recent(since: datetime, *, session: Session) -> list[dict[str, Any]]:
    """Return the open alarms, and those that were closed since then; oldest first."""
    lately = sa.and_(ALARM.c.state == "closed", ALARM.c.closed_at >= since)
    query = sa.select(*_COLUMNS).where(sa.or_(ALARM.c.state == "open", lately)).order_by(ALARM.c.id)
    return [dict(row) for row in session.execute(query).mappings()]


def write(
    raised: Sequence[Mapping[str, Any]],
    worse: Mapping[int, Mapping[str, Any]],
    over: Sequence[int],
    events: Sequence[Event],
    now: datetime,
    *,
    session: Session,
) -> None:
    """Write down what changed, with the events that tell of it; raises Conflict when another process was first."""
    for values in raised:
        session.execute(sa.insert(ALARM).values(state="open", raised_at=now, **values))
    for id_, values in worse.items():
        session.execute(sa.update(ALARM).where(ALARM.c.id == id_).values(**values))
    closed = {"state": "closed", "closed_at": now}
    session.execute(sa.update(ALARM).where(ALARM.c.id.in_(over), ALARM.c.state == "open").values(**closed))
    append(events, session=session)


def tell(sink: str, told: Mapping[int, Mapping[str, Any]], *, session: Session) -> None:
    """Remember what was told through a sink; others may be told at the same time."""
    query = sa.select(ALARM.c.id, ALARM.c.told).where(ALARM.c.id.in_(told)).with_for_update()
    for id_, before in session.execute(query).all():
        session.execute(sa.update(ALARM).where(ALARM.c.id == id_).values(told={**(before or {}), sink: told[id_]}))


def acknowledge(id_: int, who: str, now: datetime, *, session: Session) -> bool:
    """Note that somebody looks after an open alarm; False when there is none of that number."""
    mine = {"acknowledged_at": now, "acknowledged_by": who}
    done = session.execute(sa.update(ALARM).where(ALARM.c.id == id_, ALARM.c.state == "open").values(**mine))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def forget(before: datetime, *, session: Session) -> None:
    """Delete alarms that were closed before then."""
    session.execute(sa.delete(ALARM).where(ALARM.c.state == "closed", ALARM.c.closed_at < before))


def learned(name: str, ends_at: datetime | None, refused: str | None, now: datetime, *, session: Session) -> None:
    """Remember what a vendor said of a credential."""
    values = {"ends_at": ends_at, "refused": refused, "checked_at": now}
    done = session.execute(sa.update(CREDENTIAL).where(CREDENTIAL.c.name == name).values(**values))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(sa.insert(CREDENTIAL).values(name=name, **values))


def credentials(*, session: Session) -> dict[str, tuple[datetime | None, str | None]]:
    """Return by name when a credential ends, and why it was refused."""
    query = sa.select(CREDENTIAL.c.name, CREDENTIAL.c.ends_at, CREDENTIAL.c.refused)
    return {name: (ends_at, refused) for name, ends_at, refused in session.execute(query)}


def polls(*, session: Session) -> dict[str, dict[str, Any]]:
    """Return how the polls of each source went."""
    shown = [column for column in CURSOR.columns if column.name != "value"]
    return {row["source"]: dict(row) for row in session.execute(sa.select(*shown)).mappings()}


def paused(*, session: Session) -> dict[str, str]:
    """Return the paused sinks, and why."""
    query = sa.select(SINK.c.sink, SINK.c.reason).where(SINK.c.paused_at.is_not(None))
    return {sink: reason or "paused" for sink, reason in session.execute(query)}


def resting(*, session: Session) -> set[str]:
    """Return the sinks whose breaker is open for all processes."""
    return set(session.execute(sa.select(PACE.c.sink).where(PACE.c.open_until.is_not(None))).scalars())


def broken(since: datetime, *, session: Session) -> dict[str, dict[str, Any]]:
    """Return the imports that failed since then, but for files of which a later one of the same name went well."""
    rows = session.execute(
        sa.select(IMPORT.c.id, IMPORT.c.source, IMPORT.c.name, IMPORT.c.state, IMPORT.c.reason)
        .where(IMPORT.c.started_at >= since)
        .order_by(IMPORT.c.started_at)
    ).all()
    last = {(row.source, row.name): row for row in rows if row.state != "running"}
    return {
        row.id: {"source": row.source, "file": row.name, "reason": row.reason or "it failed."}
        for row in last.values()
        if row.state == "failed"
    }


def dead(least: int, *, session: Session) -> dict[str, int]:
    """Return how many dead deliveries each sink has, of those that have so many; test leads aside."""
    number = sa.func.count().label("number")
    query = (
        sa.select(DELIVERY.c.sink, number)
        .where(DELIVERY.c.state == "dead", ~DELIVERY.c.test)
        .group_by(DELIVERY.c.sink)
        .having(sa.func.count() >= least)
    )
    return {row.sink: row.number for row in session.execute(query)}
