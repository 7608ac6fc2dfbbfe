"""Turns as rows: what each rep of a team was dealt and entitled to, and the log of who got which lead and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import Conflict
from hub.roster import FALLBACK, Deal
from hub.store import bulk
from hub.store.columns import ABSENCE, CARE, OWNERSHIP, ROSTER, SHARE, TURN
from hub.store.leads import chunks

_ALL = "all"  # turns are taken for every team at once


@dataclass(frozen=True, slots=True)
class Stand:
    """What the database knows of one team when a lead is dealt."""

    received: Mapping[str, int]
    entitled: Mapping[str, float]
    got: Mapping[datetime, Mapping[str, int]]  # by the beginning of what is counted: leads by member
    away: Mapping[str, Mapping[str, Any]]  # by member: until, cover, reason
    open: Mapping[str, int] = field(default_factory=dict)
    closed: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # won, and all that were closed


def number(*, session: Session) -> int:
    """Return how often turns were taken."""
    return session.execute(sa.select(TURN.c.number).where(TURN.c.name == _ALL)).scalar() or 0


def stand(
    team: str, members: Sequence[str], now: datetime, since: Iterable[datetime], *, open_: bool,
    closed: datetime | None, session: Session,
) -> Stand:  # fmt: skip
    """Return what is known of a team; `open_` and `closed` (since when) cost a look at its leads each."""
    rows = list(
        session.execute(sa.select(SHARE.c.member, SHARE.c.received, SHARE.c.entitled).where(SHARE.c.team == team))
    )
    return Stand(
        {row.member: row.received for row in rows},
        {row.member: row.entitled for row in rows},
        {moment: _got(team, moment, session) for moment in since},
        absences(members, now, session=session),
        _open(members, session) if open_ else {},
        _closed(members, closed, session) if closed else {},
    )


def shares(*, session: Session) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by team and member how many leads they were dealt by turns, and were entitled to."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in session.execute(sa.select(SHARE)).mappings():
        known = {"received": row["received"], "entitled": round(row["entitled"], 6)}
        found.setdefault(row["team"], {})[row["member"]] = known
    return found


# what a fallback takes because a team is full leaves the team as full as it was
_BY_CAPS = sa.or_(OWNERSHIP.c.strategy.is_(None), OWNERSHIP.c.strategy != FALLBACK)


def _got(team: str, since: datetime, session: Session) -> dict[str, int]:
    query = (
        sa.select(OWNERSHIP.c.owner, sa.func.count().label("number"))
        .where(OWNERSHIP.c.team == team, OWNERSHIP.c.at >= since, OWNERSHIP.c.gained > 0, _BY_CAPS)
        .group_by(OWNERSHIP.c.owner)
    )
    return {row.owner: row.number for row in session.execute(query) if row.owner}


def absences(members: Iterable[str], now: datetime, *, session: Session) -> dict[str, dict[str, Any]]:
    """Return who of these is away now, until when, and who takes their leads."""
    found = _absent(members, now, session)
    covers = {str(row["cover"]) for row in found.values() if row["cover"]}
    return {**_absent(covers - set(members), now, session), **found}  # who stands in may be of another team


def _absent(members: Iterable[str], now: datetime, session: Session) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(sorted(set(members))):
        query = sa.select(ABSENCE).where(
            ABSENCE.c.member.in_(part), ABSENCE.c.since <= now, ABSENCE.c.ended_at.is_(None),
            sa.or_(ABSENCE.c.until.is_(None), ABSENCE.c.until > now),
        )  # fmt: skip
        for row in session.execute(query.order_by(ABSENCE.c.id)).mappings():
            found[row["member"]] = {"until": row["until"], "cover": row["cover"], "reason": row["reason"]}
    return found


def _open(members: Sequence[str], session: Session) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(members):
        query = (
            sa.select(CARE.c.owner, sa.func.count().label("number"))
            .where(CARE.c.owner.in_(part), CARE.c.closed_at.is_(None), CARE.c.current)
            .group_by(CARE.c.owner)
        )
        found.update({row.owner: row.number for row in session.execute(query)})
    return found


def open_of(member: str, *, session: Session) -> int:
    """Return how many open leads a rep has."""
    return _open([member], session).get(member, 0)


def _closed(members: Sequence[str], since: datetime, session: Session) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    won = sa.func.sum(sa.case((CARE.c.disposition == "won", 1), else_=0))
    for part in chunks(members):
        query = (
            sa.select(CARE.c.owner, won, sa.func.count())
            .where(CARE.c.owner.in_(part), CARE.c.closed_at >= since)
            .group_by(CARE.c.owner)
        )
        found.update({owner: (int(good), count) for owner, good, count in session.execute(query)})
    return found


def account(keys: Mapping[str, str], *, session: Session) -> tuple[str, str] | None:
    """Return the owner and the lead that last had this company (by `domain` or `firm`); None for a new one."""
    for name, value in keys.items():
        query = (
            sa.select(CARE.c.owner, CARE.c.lead)
            .where(CARE.c[name] == value, CARE.c.owner.is_not(None), ~CARE.c.test)
            .order_by(CARE.c.id.desc())
            .limit(1)
        )
        if row := session.execute(query).first():
            return row.owner, row.lead
    return None


def log(rows: Sequence[Mapping[str, Any]], *, session: Session) -> None:
    """Append to the log of who has a lead; each row names only what it has to say."""
    bulk.insert(OWNERSHIP, [{**_EMPTY, **row} for row in rows], session=session)


_EMPTY: Mapping[str, Any] = {
    "lead": None, "owner": None, "former": None, "team": None, "pool": None, "former_pool": None, "gained": 0,
    "turn_of": None, "roster": None, "credit": 0.0, "strategy": None, "reason": None, "by": None, "submission": None,
    "revision": None, "undone": False,
}  # fmt: skip


def deal(deals: Sequence[Deal], taken: int | None, *, sign: int = 1, session: Session) -> None:
    """Write down what deals changed: who received, and what everybody was entitled to; `sign` -1 takes them back.

    `taken` is how often turns had been taken when they were decided; raises Conflict when somebody dealt since.
    """
    if not deals:
        return
    _advance(taken, session)
    received: Counter[tuple[str, str]] = Counter()
    entitled: Counter[tuple[str, str]] = Counter()
    rosters: dict[str, Mapping[str, float]] = {}
    for one in deals:
        received[one.team, one.member] += sign
        rosters[one.roster] = one.shares
        for name, share in one.shares.items():
            entitled[one.team, name] += sign * share  # type: ignore[assignment]
    add(received, entitled, session=session)
    known: set[str] = set()
    for part in chunks(sorted(rosters)):
        known |= set(session.execute(sa.select(ROSTER.c.digest).where(ROSTER.c.digest.in_(part))).scalars())
    fresh = [{"digest": digest, "shares": dict(parts)} for digest, parts in rosters.items() if digest not in known]
    bulk.insert(ROSTER, fresh, session=session)


def add(
    received: Mapping[tuple[str, str], int], entitled: Mapping[tuple[str, str], float], *, session: Session
) -> None:
    """Add to what reps received and are entitled to, by team and member."""
    teams = sorted({team for team, _ in (*received, *entitled)})
    query = sa.select(SHARE.c.team, SHARE.c.member).where(SHARE.c.team.in_(teams))
    known = {(row.team, row.member) for row in session.execute(query)}
    keys = sorted({*received, *entitled})
    new = [{"team": team, "member": member, "received": 0, "entitled": 0.0} for team, member in keys]
    bulk.insert(SHARE, [row for row in new if (row["team"], row["member"]) not in known], session=session)
    rows = [
        {"team": t, "member": m, "received": received.get((t, m), 0), "entitled": entitled.get((t, m), 0.0)}
        for t, m in keys
    ]
    how = {"received": '"share"."received" + new', "entitled": '"share"."entitled" + new'}
    bulk.update(SHARE, ["team", "member"], rows, session=session, how=how)


def settle(team: str, owed: Mapping[str, float], now: datetime, *, session: Session) -> None:
    """Write down what members are owed more, or less, because somebody left the team with part of a lead."""
    add({}, {(team, name): credit for name, credit in owed.items()}, session=session)
    said = {"at": now, "act": "credited", "team": team, "reason": "left"}
    log([{**said, "owner": name, "credit": credit} for name, credit in owed.items()], session=session)


def _advance(taken: int | None, session: Session) -> None:
    if taken is None:
        return
    done = session.execute(sa.update(TURN).where(TURN.c.name == _ALL, TURN.c.number == taken).values(number=taken + 1))
    if done.rowcount:  # type: ignore[attr-defined]
        return
    if taken or session.execute(sa.select(TURN.c.number).where(TURN.c.name == _ALL)).first():
        raise Conflict("somebody else dealt leads meanwhile")
    session.execute(sa.insert(TURN).values(name=_ALL, number=1))


def undo(lead: str, *, of: str | None = None, session: Session) -> str | None:
    """Take back the last deal of a lead, as if it had not been dealt; returns whose count it came off.

    `of`: only a deal that gave it to this rep; one who has it from a colleague's hand was not dealt it.
    """
    query = (
        sa.select(OWNERSHIP.c.id, OWNERSHIP.c.owner, OWNERSHIP.c.team, OWNERSHIP.c.turn_of, ROSTER.c.shares)
        .join(ROSTER, ROSTER.c.digest == OWNERSHIP.c.roster)
        .where(OWNERSHIP.c.lead == lead, OWNERSHIP.c.roster.is_not(None), ~OWNERSHIP.c.undone)
        .order_by(OWNERSHIP.c.id.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    if row is None or (of is not None and row.owner != of):
        return None
    session.execute(sa.update(OWNERSHIP).where(OWNERSHIP.c.id == row.id).values(undone=True))
    deal([Deal(row.team, row.turn_of, row.shares)], None, sign=-1, session=session)
    return str(row.turn_of)
