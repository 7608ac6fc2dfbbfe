"""What waits for a person, kind by kind: the newest of it in groups, and the things of one group page by page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import BadInput
from hub.store import alike
from hub.store.columns import ALARM, CARE, DELIVERY, EVENT, LEAD, LETTER, SINK, SUBMISSION, SUGGESTION
from hub.store.listing import MOST_DIGITS

NEWEST = 2_000
"""Things of a kind that groups are made of."""

LEAST = 200
"""Things of each sink that groups are made of, however many sinks there are."""

NAMES = 200  # sinks that are looked at
BY_SINK = frozenset({"dead", "unclear", "rejected"})

SCANNED = 2_000
"""Things that are looked at to find those of one group, in one call."""

AT_ONCE = 500
DRIFTS = 500  # of the newest events that tell of new fields

TOLD_ELSEWHERE = ("sink.paused", "delivery.piled", "lead.unassigned", "plugin.refused")
"""Alarms of what the inbox shows by itself."""


@dataclass(frozen=True, slots=True)
class Pile:
    """Where the things of a kind lie: which rows, by which key, whose they are, and since when."""

    key: sa.ColumnElement[Any]
    name: sa.ColumnElement[Any] | None
    at: sa.ColumnElement[Any]
    where: tuple[Any, ...]
    columns: tuple[Any, ...]


def _deliveries(state: str) -> Pile:
    it = DELIVERY.c
    columns = (it.sink, it.lead, it.submission, it.reason, it.test, it.attempts)
    return Pile(it.id, it.sink, it.created_at, (it.state == state,), columns)


PILES: Mapping[str, Pile] = {
    "quarantined": Pile(
        SUBMISSION.c.id, SUBMISSION.c.source, SUBMISSION.c.received_at, (SUBMISSION.c.state == "quarantined",),
        (SUBMISSION.c.source, SUBMISSION.c.problems, SUBMISSION.c.reason, SUBMISSION.c.test, SUBMISSION.c.lead),
    ),
    "dead": _deliveries("dead"),
    "unclear": _deliveries("unclear"),
    "rejected": _deliveries("rejected"),
    "unassigned": Pile(
        CARE.c.id, CARE.c.source, CARE.c.since,
        (CARE.c.current, CARE.c.pool == "unassigned", CARE.c.closed_at.is_(None), ~CARE.c.test),
        (CARE.c.source, CARE.c.lead, CARE.c.route, CARE.c.team, CARE.c.grade),
    ),
    "paused": Pile(SINK.c.sink, SINK.c.sink, SINK.c.paused_at, (SINK.c.paused_at.is_not(None),), (SINK.c.reason,)),
    "alarms": Pile(
        ALARM.c.id, ALARM.c.kind, ALARM.c.raised_at,
        (ALARM.c.state == "open", ALARM.c.acknowledged_at.is_(None), ALARM.c.kind.not_in(TOLD_ELSEWHERE)),
        tuple(column for column in ALARM.c if column.name != "id"),
    ),
    "letters": Pile(
        LETTER.c.id, LETTER.c.sink, LETTER.c.received_at, (LETTER.c.state == "failed",),
        (LETTER.c.sink, LETTER.c.reason, LETTER.c.tries),
    ),
    "suggestions": Pile(
        SUGGESTION.c.id, None, SUGGESTION.c.at, (SUGGESTION.c.state == "open",),
        (SUGGESTION.c.lead, SUGGESTION.c.other, SUGGESTION.c.score, SUGGESTION.c.reasons),
    ),
}  # fmt: skip
"""What waits, by kind; the rest of it (new fields, plugins, a refused configuration) is no row."""


def groups(kind: str, *, session: Session) -> tuple[list[alike.Group], bool]:
    """Return the groups of the newest things of a kind, and whether there are more things than were looked at."""
    rows, more = newest(kind, session=session)
    return alike.fold(kind, rows), more


def newest(kind: str, name: str | None = None, *, session: Session) -> tuple[list[dict[str, Any]], bool]:
    """Return the newest things of a kind, at most NEWEST, and whether there are more.

    Those of sinks are the newest of each sink, or of the one named: so an index has them in their order.
    """
    pile = PILES[kind]
    if kind not in BY_SINK:
        rows = _rows(pile, (), False, NEWEST + 1, session)
        return rows[:NEWEST], len(rows) > NEWEST
    names = [name] if name is not None else _names(pile, session)
    share = max(LEAST, NEWEST // max(1, len(names)))
    parts = [_rows(pile, (pile.name == one,), False, share + 1, session) for one in names]
    return [row for part in parts for row in part[:share]], any(len(part) > share for part in parts)


def _names(pile: Pile, session: Session) -> list[str]:
    """Return whose things there are, one look into the index each."""
    assert pile.name is not None
    names, last = list[str](), ""
    while True:
        query = sa.select(sa.func.min(pile.name)).where(*pile.where, pile.name > last)
        found = session.execute(query).scalar()
        if found is None or len(names) == NAMES:
            return names
        names.append(found)
        last = found


def members(
    kind: str, name: str, digest: str, *, after: str | None = None, limit: int = 50, oldest_first: bool = False,
    session: Session,
) -> tuple[list[dict[str, Any]], str | None]:  # fmt: skip
    """Return things of a group, and the key after which one goes on; None at the end.

    At most SCANNED things are looked at, so that there may be fewer than asked for, and yet more to come.
    """
    pile, found, scanned = PILES[kind], list[dict[str, Any]](), 0
    place = None if after is None else _value(pile.key, after)
    own = () if pile.name is None else (pile.name == name,)
    while scanned < SCANNED:
        beyond = () if place is None else (pile.key > place if oldest_first else pile.key < place,)
        rows = _rows(pile, (*own, *beyond), oldest_first, AT_ONCE, session)
        for row in rows:
            place = row["id"]
            if alike.digest_of(kind, row) == digest:
                found.append(row)
                if len(found) == limit:
                    return found, str(place)
        scanned += len(rows)
        if len(rows) < AT_ONCE:
            return found, None
    return found, str(place)


def _rows(pile: Pile, more: Collection[Any], oldest_first: bool, limit: int, session: Session) -> list[dict[str, Any]]:
    names = {column.name for column in pile.columns}
    given = [] if pile.name is None or pile.name.name in names else [pile.name]
    query = (
        sa.select(pile.key.label("id"), pile.at.label("at"), *pile.columns, *given)
        .where(*pile.where, *more)
        .order_by(pile.key if oldest_first else pile.key.desc())
        .limit(limit)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _value(key: sa.ColumnElement[Any], text: str) -> Any:
    if not isinstance(key.type, sa.Integer | sa.BigInteger):
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadInput(f"{text[:64]!r} is no place in this list. Take it from `next`.", status=422)
    return int(text)


def people(leads: Collection[str], *, session: Session) -> dict[str, dict[str, Any]]:
    """Return who leads are: name, company, e-mail address."""
    columns = (LEAD.c.id, LEAD.c.full_name, LEAD.c.company, LEAD.c.email)
    query = sa.select(*columns).where(LEAD.c.id.in_(list(leads)))
    return {row["id"]: dict(row) for row in session.execute(query).mappings()}


def superseded(ids: Collection[str], *, session: Session) -> int:
    """Return how many of these deliveries will not go again: a newer version of the lead is there, or on its way."""
    newer = DELIVERY.alias("newer")
    there = sa.exists().where(
        newer.c.lead == DELIVERY.c.lead, newer.c.sink == DELIVERY.c.sink, newer.c.version > DELIVERY.c.version,
        newer.c.state.in_(("ready", "sending", "sent")), DELIVERY.c.occasion.is_(None),
    )  # fmt: skip
    query = sa.select(sa.func.count()).select_from(DELIVERY).where(DELIVERY.c.id.in_(list(ids)), there)
    return int(session.execute(query).scalar_one())


def drifted(*, session: Session) -> list[dict[str, Any]]:
    """Return the newest events that tell of new fields of a source, or that a person noted them; oldest first."""
    kinds = ("schema.drifted", "schema.noted")
    parts = [
        sa.select(EVENT.c.id, EVENT.c.at, EVENT.c.kind, EVENT.c.source, EVENT.c.data)
        .where(EVENT.c.kind == kind).order_by(EVENT.c.id.desc()).limit(DRIFTS)
        for kind in kinds
    ]  # fmt: skip
    rows = [dict(row) for part in parts for row in session.execute(part).mappings()]
    return sorted(rows, key=lambda row: row["id"])


def read_again(ids: Collection[str], *, session: Session) -> int:
    """Let letters that could not be read be read once more; returns how many."""
    failed = (LETTER.c.id.in_(list(ids)), LETTER.c.state == "failed")
    done = session.execute(sa.update(LETTER).where(*failed).values(state="received", tries=0))
    return int(done.rowcount)  # type: ignore[attr-defined]
