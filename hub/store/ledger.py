"""The ledger of fair turns: every credit and debit of a member with its reason, read out of the log of who has what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import dealing
from hub.store.columns import OWNERSHIP, ROSTER, SHARE

AT_ONCE = 500  # rows looked at in one go
DIGITS = 6

_SHOWN = (
    OWNERSHIP.c.id, OWNERSHIP.c.at, OWNERSHIP.c.act, OWNERSHIP.c.lead, OWNERSHIP.c.owner, OWNERSHIP.c.turn_of,
    OWNERSHIP.c.credit, OWNERSHIP.c.reason, OWNERSHIP.c.by, OWNERSHIP.c.undone, OWNERSHIP.c.revision,
    ROSTER.c.shares,
)  # fmt: skip


def stands(team: str, *, session: Session) -> dict[str, dict[str, Any]]:
    """Return by member what they were dealt and entitled to, and how far the one is from the other."""
    query = sa.select(SHARE.c.member, SHARE.c.received, SHARE.c.entitled).where(SHARE.c.team == team)
    return {
        row.member: {
            "received": row.received, "entitled": round(row.entitled, DIGITS),
            "balance": round(row.entitled - row.received, DIGITS),
            "error": round(abs(row.entitled - row.received), DIGITS),
        }
        for row in session.execute(query.order_by(SHARE.c.member))
    }  # fmt: skip


def page(
    team: str, member: str, limit: int, after: tuple[int, float] | None, *, session: Session
) -> tuple[list[dict[str, Any]], tuple[int, float] | None]:
    """Return a member's entries, newest first, each with the balance after it; and where the next page begins.

    `after` is the number of the last entry that was shown, and the balance before it.
    """
    before, balance = after or (None, _balance(team, member, session))
    found: list[dict[str, Any]] = []
    for row in _rows(team, member, before, session):
        if len(found) == limit:
            return found, (found[-1]["id"], balance)
        change = _change(row, member)
        shown = {name: value for name, value in row.items() if name not in ("shares", "credit")}
        shown |= {"share": _share(row, member), "received": _received(row, member), "credit": _credit(row, member)}
        found.append({**shown, "change": round(change, DIGITS), "balance": round(balance, DIGITS) + 0.0})
        balance -= change
    return found, None


def _balance(team: str, member: str, session: Session) -> float:
    query = sa.select(SHARE.c.entitled - SHARE.c.received).where(SHARE.c.team == team, SHARE.c.member == member)
    return float(session.execute(query).scalar() or 0.0)


def _rows(team: str, member: str, before: int | None, session: Session) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of the log that speak of a member's share or credit, newest first."""
    query = sa.select(*_SHOWN).outerjoin(ROSTER, ROSTER.c.digest == OWNERSHIP.c.roster).where(
        OWNERSHIP.c.team == team, sa.or_(OWNERSHIP.c.roster.is_not(None), OWNERSHIP.c.act == "credited")
    )  # fmt: skip
    while True:
        some = query if before is None else query.where(OWNERSHIP.c.id < before)
        rows = session.execute(some.order_by(OWNERSHIP.c.id.desc()).limit(AT_ONCE)).mappings().all()
        for row in rows:
            if member in (row["shares"] or {}) or (row["act"] == "credited" and row["owner"] == member):
                yield dict(row)
        if len(rows) < AT_ONCE:
            return
        before = rows[-1]["id"]


def _share(row: Mapping[str, Any], member: str) -> float:
    return 0.0 if row["undone"] else round(float((row["shares"] or {}).get(member, 0.0)), DIGITS)


def _received(row: Mapping[str, Any], member: str) -> int:
    return int(row["turn_of"] == member and not row["undone"])


def _credit(row: Mapping[str, Any], member: str) -> float:
    return float(row["credit"]) if row["act"] == "credited" and row["owner"] == member else 0.0


def _change(row: Mapping[str, Any], member: str) -> float:
    whole = 0.0 if row["undone"] else float((row["shares"] or {}).get(member, 0.0))
    return whole - _received(row, member) + _credit(row, member)


def credit(
    team: str, owed: Mapping[str, float], said: Mapping[str, Any], reasons: Mapping[str, str], *, session: Session
) -> None:
    """Write down that members are owed more, or less, by a person's hand; `reasons` by member."""
    dealing.add({}, {(team, name): value for name, value in owed.items()}, session=session)
    rows = [
        {**said, "act": "credited", "team": team, "owner": name, "credit": value, "reason": reasons[name]}
        for name, value in owed.items()
    ]
    dealing.log(rows, session=session)
