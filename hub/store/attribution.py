"""What attribution reads: the ways of leads, touch by touch, with all that was heard of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import ACTIVITY, LEAD, MERGE, SUBMISSION, TOUCH
from hub.store.leads import chunks

T = TypeVar("T")
Span = tuple[datetime, datetime]
"""From when, inclusive, until when, exclusive, touches were made."""

AT_ONCE = 5_000  # rows that are in memory at a time
LEADS = 4_000  # leads whose news are asked for at once

_LEAN = ("lead", "at", "source", "campaign", "medium", "origin", "cost", "currency")


class Touched(NamedTuple):
    """A touch; `at` is in seconds since 1970. The last two are there only where they are asked for."""

    at: float
    source: str
    campaign: str | None
    medium: str | None
    origin: str | None
    cost: float | None
    currency: str | None
    fields: dict[str, str] | None = None
    tags: dict[str, str] | None = None


class Act(NamedTuple):
    """What was heard of a lead; `at` is in seconds since 1970."""

    at: float
    disposition: str | None
    value: float | None
    currency: str | None
    human: bool
    reason: str | None


class Way(NamedTuple):
    """A lead's touches and what was heard of it, both oldest first, and when it was made."""

    lead: str
    touches: list[Touched]
    acts: list[Act]
    created: float | None


def over_ways(
    span: Span, upto: datetime, fold: Callable[[Iterable[Way]], T], *, whole: bool = False,
    source: str | None = None, session: Session,
) -> T:  # fmt: skip
    """Return what `fold` makes of the ways of all leads that a touch in a span (of a source) belongs to.

    Test touches are left out, and what was after `upto`. A joined lead is part of the one it went into. `whole` ways
    have their touches' fields and tags.
    """
    return fold(_ways(span, upto, whole, source, session))


def _ways(span: Span, upto: datetime, whole: bool, source: str | None, session: Session) -> Iterator[Way]:
    for part in _parts(_touches(span, upto, whole, source, session), _reader(session)):
        leads = [lead for lead, _ in part]
        acts, made = _acts(leads, upto, session), _made(leads, session)
        for lead, touches in part:
            yield Way(lead, touches, acts.get(lead, []), made.get(lead))


def _touches(span: Span, upto: datetime, whole: bool, source: str | None, session: Session) -> Iterator[Any]:
    its = TOUCH.alias("its")
    within = [its.c.at >= span[0], its.c.at < span[1], ~its.c.test, *([its.c.source == source] if source else [])]
    names = (*_LEAN[2:], "fields", "tags") if whole else _LEAN[2:]
    query = (
        sa.select(TOUCH.c.lead, _plainly(TOUCH.c.at, session), *(TOUCH.c[name] for name in names))
        .where(TOUCH.c.lead.in_(sa.select(its.c.lead).where(*within)), ~TOUCH.c.test, TOUCH.c.at < upto)
        .order_by(TOUCH.c.lead, TOUCH.c.at, TOUCH.c.submission)
    )
    return iter(session.execute(query, execution_options={"yield_per": AT_ONCE}))


def _plainly(at: sa.ColumnElement[Any], session: Session) -> sa.ColumnElement[Any]:
    """Return a time as its database reads it fastest: the text it is kept as, or seconds since 1970."""
    if session.get_bind().dialect.name == "sqlite":
        return sa.type_coerce(at, sa.String)
    return sa.cast(sa.extract("epoch", at), sa.Double)


def _reader(session: Session) -> Callable[[Any], float]:
    """Return the function that makes seconds since 1970 of such a time."""
    return _seconds if session.get_bind().dialect.name == "sqlite" else float


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _parts(rows: Iterable[Any], read: Callable[[Any], float]) -> Iterator[list[tuple[str, list[Touched]]]]:
    part: list[tuple[str, list[Touched]]] = []
    for lead, its in groupby(rows, key=itemgetter(0)):
        part.append((lead, [Touched(read(row[1]), *row[2:]) for row in its]))
        if len(part) >= LEADS:
            yield part
            part = []
    if part:
        yield part


def _made(leads: Collection[str], session: Session) -> dict[str, float]:
    read, query = _reader(session), sa.select(LEAD.c.id, _plainly(LEAD.c.created_at, session))
    return {
        id_: read(at) for some in chunks(leads, LEADS) for id_, at in session.execute(query.where(LEAD.c.id.in_(some)))
    }


def _acts(leads: Collection[str], upto: datetime, session: Session) -> dict[str, list[Act]]:
    """Return what was heard of leads, and of those that were joined into them, oldest first."""
    into = _joined(leads, session)
    read, names = _reader(session), ("disposition", "value", "currency", "human", "reason")
    columns = (_plainly(ACTIVITY.c.at, session), *(ACTIVITY.c[name] for name in names))
    query = sa.select(ACTIVITY.c.lead, *columns).where(ACTIVITY.c.at < upto).order_by(ACTIVITY.c.at, ACTIVITY.c.id)
    found: dict[str, list[Act]] = {}
    for some in chunks([*leads, *into], LEADS):
        for row in session.execute(query.where(ACTIVITY.c.lead.in_(some))):
            found.setdefault(into.get(row[0], row[0]), []).append(Act(read(row[1]), *row[2:]))
    if into:
        for acts in found.values():
            acts.sort(key=itemgetter(0))
    return found


def _joined(leads: Collection[str], session: Session) -> dict[str, str]:
    """Return the leads that are part of these now, each with the one it went into in the end."""
    found: dict[str, str] = {}
    known, newest = set(leads), dict(zip(leads, leads, strict=True))
    columns = (MERGE.c.other, MERGE.c.lead)
    while newest:
        rows = [
            row
            for some in chunks(newest, LEADS)
            for row in session.execute(
                sa.select(*columns).where(
                    MERGE.c.lead.in_(some), MERGE.c.other.is_not(None), MERGE.c.undone_at.is_(None)
                )
            )
        ]
        newest = {row.other: newest[row.lead] for row in rows if row.other not in found and row.other not in known}
        found |= newest
    return found


def touches_of(
    campaign: str | None, span: Span, *, limit: int, after: str | None = None, session: Session
) -> tuple[list[dict[str, Any]], str | None]:
    """Return touches of a campaign in a span, newest first, and where the next page starts."""
    query = sa.select(*(TOUCH.c[name] for name in ("submission", *_LEAN))).where(
        TOUCH.c.campaign == campaign if campaign is not None else TOUCH.c.campaign.is_(None),
        TOUCH.c.at >= span[0], TOUCH.c.at < span[1], ~TOUCH.c.test,
    )  # fmt: skip
    if after:
        moment, _, submission = after.partition("~")
        at = datetime.fromisoformat(moment)
        query = query.where(
            sa.or_(TOUCH.c.at < at, sa.and_(TOUCH.c.at == at, TOUCH.c.submission < submission)), TOUCH.c.at <= at
        )
    rows = session.execute(query.order_by(TOUCH.c.at.desc(), TOUCH.c.submission.desc()).limit(limit + 1))
    found = [dict(row) for row in rows.mappings()]
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], f"{last['at'].isoformat()}~{last['submission']}" if last else None


def entries(
    source: str, span: Span, fold: Callable[[Iterable[Any]], T], *, session: Session
) -> T:  # fmt: skip
    """Return what `fold` makes of all that a source handed over in a span: state, problems, lead, when it came."""
    names = ("received_at", "state", "lead", "duplicate_of", "problems")
    query = (
        sa.select(*(SUBMISSION.c[name] for name in names), TOUCH.c.at)
        .outerjoin(TOUCH, TOUCH.c.submission == SUBMISSION.c.id)
        .where(SUBMISSION.c.source == source, ~SUBMISSION.c.test, SUBMISSION.c.state.not_in(("received", "undone")))
        .where(sa.func.coalesce(TOUCH.c.at, SUBMISSION.c.received_at) >= span[0])
        .where(sa.func.coalesce(TOUCH.c.at, SUBMISSION.c.received_at) < span[1])
    )
    return fold(session.execute(query, execution_options={"yield_per": AT_ONCE}))
