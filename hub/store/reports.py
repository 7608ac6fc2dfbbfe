"""What reports read: rounds of leads as columns of plain numbers, and counts over the log of who has each lead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import ACTIVITY, CARE, DELIVERY, EVENT, MERGE, OWNERSHIP, ROSTER, SHARE
from hub.store.leads import chunks

T = TypeVar("T")
Row = Any
Span = tuple[datetime, datetime]
"""From when, inclusive, until when, exclusive, prospects submitted."""

AT_ONCE = 5_000  # rows that are in memory at a time

_NAMED = {"rep": "owner"}
_TIMES = {
    "started": "started_at", "received": "received_at", "decided": "decided_at", "delivered": "delivered_at",
    "accepted": "accepted_at", "responded": "responded_at", "due": "due_at", "breached": "breached_at",
    "closed": "closed_at",
}  # fmt: skip


def over_rounds(
    names: Sequence[str], span: Span, fold: Callable[[Iterable[Row]], T], *, only: Mapping[str, str] | None = None,
    session: Session,
) -> T:  # fmt: skip
    """Return what `fold` makes of the rounds that began in a span: rows with these names, times as seconds since 1970.

    Test leads are left out, and leads that went into another one: who they are counts once.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    columns = [_column(name, sqlite).label(name) for name in names]
    query = sa.select(*columns).where(*_counted(span), *_only(only or {}))
    return fold(session.execute(query, execution_options={"yield_per": AT_ONCE}))


def _counted(span: Span) -> tuple[sa.ColumnElement[bool], ...]:
    joined = sa.select(MERGE.c.other).where(MERGE.c.other.is_not(None), MERGE.c.undone_at.is_(None))
    return CARE.c.started_at >= span[0], CARE.c.started_at < span[1], ~CARE.c.test, CARE.c.lead.not_in(joined)


def _only(only: Mapping[str, str]) -> list[sa.ColumnElement[bool]]:
    return [CARE.c[_NAMED.get(name, name)] == value for name, value in only.items()]


def acts(kinds: Mapping[str, str], since: datetime, *, session: Session) -> dict[str, list[tuple[float, str]]]:
    """Return by lead which of these events befell it since then, oldest first; those of a joined one count as its."""
    query = sa.select(EVENT.c.lead, EVENT.c.kind, EVENT.c.at).where(
        EVENT.c.kind.in_(sorted(kinds)), EVENT.c.at >= since, EVENT.c.lead.is_not(None)
    )
    into = _joins(session)
    found: dict[str, list[tuple[float, str]]] = {}
    for row in session.execute(query.order_by(EVENT.c.id), execution_options={"yield_per": AT_ONCE}):
        found.setdefault(_whole(row.lead, into), []).append((row.at.timestamp(), kinds[row.kind]))
    return found


def _column(name: str, sqlite: bool) -> sa.ColumnElement[Any]:
    if name == "delivered":
        return _seconds(_delivered(), sqlite)
    if name in _TIMES:
        return _seconds(CARE.c[_TIMES[name]], sqlite)
    return CARE.c[_NAMED.get(name, name)]


def _delivered() -> sa.ColumnElement[Any]:
    """Return when a sink had the lead; before anything was heard of it, only the deliveries know."""
    first = (
        sa.select(sa.func.min(DELIVERY.c.done_at))
        .where(DELIVERY.c.lead == CARE.c.lead, DELIVERY.c.state == "sent", DELIVERY.c.created_at >= CARE.c.decided_at)
        .scalar_subquery()
    )
    unheard = sa.and_(CARE.c.delivered_at.is_(None), CARE.c.responded_at.is_(None))
    return sa.case((unheard, first), else_=CARE.c.delivered_at)


def _seconds(at: sa.ColumnElement[Any], sqlite: bool) -> sa.ColumnElement[Any]:
    if sqlite:  # its own functions round to the millisecond, which may be the next day
        text = sa.type_coerce(at, sa.String)
        whole = sa.cast(sa.func.strftime("%s", sa.func.substr(text, 1, 19)), sa.Integer)
        return whole + sa.cast(sa.func.substr(text, 20, 7), sa.Float)
    return sa.cast(sa.extract("epoch", at), sa.Double)


def reached(dispositions: Collection[str], since: datetime, *, session: Session) -> dict[str, float]:
    """Return when each lead was last said to be one of these, in seconds since 1970; a joined one's count as its own.

    Looks at what was heard since then.
    """
    query = sa.select(ACTIVITY.c.lead, sa.func.max(ACTIVITY.c.at, type_=ACTIVITY.c.at.type)).where(
        ACTIVITY.c.disposition.in_(sorted(dispositions)), ACTIVITY.c.at >= since
    )
    into = _joins(session)
    found: dict[str, float] = {}
    for lead, at in session.execute(query.group_by(ACTIVITY.c.lead)):
        whole = _whole(lead, into)
        found[whole] = max(found.get(whole, 0.0), at.timestamp())
    return found


def _joins(session: Session) -> dict[str, str]:
    query = sa.select(MERGE.c.other, MERGE.c.lead).where(MERGE.c.other.is_not(None), MERGE.c.undone_at.is_(None))
    return {row.other: row.lead for row in session.execute(query.order_by(MERGE.c.id))}


def _whole(lead: str, into: Mapping[str, str]) -> str:
    seen = {lead}
    while lead in into and into[lead] not in seen:
        lead = into[lead]
        seen.add(lead)
    return lead


def _of_span(span: Span) -> sa.ColumnElement[bool]:
    """Return what holds for rows of the log whose lead first came in a span."""
    return OWNERSHIP.c.lead.in_(sa.select(CARE.c.lead).where(CARE.c.round == 1, *_counted(span)))


def dealt(span: Span, *, session: Session) -> tuple[list[Row], dict[str, Mapping[str, float]]]:
    """Return how often each rep of a team was dealt a lead out of each roster, and the shares of those rosters."""
    of_lead = OWNERSHIP.c.lead.in_(
        sa.select(CARE.c.lead).where(
            CARE.c.round == 1, CARE.c.started_at >= span[0], CARE.c.started_at < span[1], ~CARE.c.test
        )
    )
    columns = (OWNERSHIP.c.team, OWNERSHIP.c.turn_of.label("member"), OWNERSHIP.c.roster)
    query = (
        sa.select(*columns, sa.func.count().label("number"))
        .where(OWNERSHIP.c.roster.is_not(None), ~OWNERSHIP.c.undone, of_lead)
        .group_by(*columns)
    )
    rows = list(session.execute(query))
    shares: dict[str, Mapping[str, float]] = {}
    for part in chunks(sorted({row.roster for row in rows})):
        found = session.execute(sa.select(ROSTER.c.digest, ROSTER.c.shares).where(ROSTER.c.digest.in_(part)))
        shares.update({row.digest: row.shares for row in found})
    return rows, shares


def ledger(*, session: Session) -> list[Row]:
    """Return what every rep of every team was dealt and entitled to, since the team began."""
    return list(session.execute(sa.select(SHARE.c.team, SHARE.c.member, SHARE.c.received, SHARE.c.entitled)))


def through_pools(span: Span, *, session: Session) -> tuple[list[Row], dict[str, int]]:
    """Return how many leads went in and out of pools, by act, and how many wait in each now."""
    columns = (OWNERSHIP.c.pool, OWNERSHIP.c.former_pool, OWNERSHIP.c.act)
    moved = sa.or_(OWNERSHIP.c.pool.is_not(None), OWNERSHIP.c.former_pool.is_not(None))
    query = (
        sa.select(*columns, sa.func.count().label("number"))
        .where(moved, OWNERSHIP.c.act != "viewed", _of_span(span))
        .group_by(*columns)
    )
    waiting = (
        sa.select(CARE.c.pool, sa.func.count().label("number"))
        .where(CARE.c.current, CARE.c.pool.is_not(None), CARE.c.closed_at.is_(None), *_counted(span))
        .group_by(CARE.c.pool)
    )
    return list(session.execute(query)), {row.pool: row.number for row in session.execute(waiting)}


def handed_on(acts: Collection[str], span: Span, fold: Callable[[Iterable[Row]], T], *, session: Session) -> T:
    """Return what `fold` makes of the whole log of the leads that such an act befell, lead by lead, oldest first."""
    befell = sa.select(OWNERSHIP.c.lead).where(OWNERSHIP.c.act.in_(sorted(acts)), OWNERSHIP.c.lead.is_not(None))
    names = (OWNERSHIP.c.lead, OWNERSHIP.c.act, OWNERSHIP.c.owner, OWNERSHIP.c.former, OWNERSHIP.c.pool)
    query = (
        sa.select(*names)
        .where(OWNERSHIP.c.lead.in_(befell), OWNERSHIP.c.act != "viewed", _of_span(span))
        .order_by(OWNERSHIP.c.lead, OWNERSHIP.c.id)
    )
    return fold(session.execute(query, execution_options={"yield_per": AT_ONCE}))
