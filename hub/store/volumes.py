"""How much each source sent in which minutes, and since when it could have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from hub.store.columns import HOUR, WATCH


@dataclass(frozen=True, slots=True)
class Sent:
    """What a source sent within one hour: how many, a bit for each minute with something in it, and when."""

    source: str
    hour: datetime
    number: int
    minutes: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Watch:
    """When a source sent something, and since when the hub has been there to take it."""

    first_at: datetime
    last_at: datetime
    watched_from: datetime | None
    looked_at: datetime | None


def add(sent: Iterable[Sent], *, session: Session) -> None:
    """Count what sources sent; several processes may count the same minute."""
    for one in sent:
        new = _insert(HOUR, session).values(source=one.source, hour=one.hour, number=one.number, minutes=one.minutes)
        both = {"number": HOUR.c.number + new.excluded.number, "minutes": HOUR.c.minutes.op("|")(new.excluded.minutes)}
        session.execute(new.on_conflict_do_update(index_elements=["source", "hour"], set_=both))
        seen = _insert(WATCH, session).values(source=one.source, first_at=one.first_at, last_at=one.last_at)
        later = sa.case((seen.excluded.last_at > WATCH.c.last_at, seen.excluded.last_at), else_=WATCH.c.last_at)
        session.execute(seen.on_conflict_do_update(index_elements=["source"], set_={"last_at": later}))


def _insert(table: sa.Table, session: Session) -> Any:
    return (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(table)


def watches(*, session: Session) -> dict[str, Watch]:
    """Return what is known of every source that ever sent something."""
    columns = (WATCH.c.first_at, WATCH.c.last_at, WATCH.c.watched_from, WATCH.c.looked_at)
    return {source: Watch(*rest) for source, *rest in session.execute(sa.select(WATCH.c.source, *columns))}


def looked(sources: Mapping[str, datetime], now: datetime, *, session: Session) -> None:
    """Note that these sources were looked at, and since when each has been without a break."""
    for source, since in sources.items():
        values = {"watched_from": since, "looked_at": now}
        session.execute(sa.update(WATCH).where(WATCH.c.source == source).values(**values))


def hours(source: str, since: datetime, *, session: Session) -> dict[datetime, tuple[int, int]]:
    """Return for each hour since then how many a source sent, and in which minutes."""
    query = sa.select(HOUR.c.hour, HOUR.c.number, HOUR.c.minutes).where(HOUR.c.source == source, HOUR.c.hour >= since)
    return {hour: (number, minutes) for hour, number, minutes in session.execute(query)}


def forget(before: datetime, sources: Sequence[str], *, session: Session) -> None:
    """Delete what lies too far back, and what is known of sources that are gone."""
    session.execute(sa.delete(HOUR).where(sa.or_(HOUR.c.hour < before, HOUR.c.source.not_in(sources))))
    session.execute(sa.delete(WATCH).where(WATCH.c.source.not_in(sources)))
