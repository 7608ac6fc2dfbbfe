"""Rounds of leads as rows: who has each, how long its prospect waits, and what is due when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.roster import UNASSIGNED
from hub.store import bulk
from hub.store.columns import CARE, LEAD, NOTICE, OWNERSHIP, TASK, TIMER
from hub.store.leads import chunks
from hub.store.log import append

Row = Mapping[str, Any]
JOINED = "joined"
KEPT_BY_ROUND = frozenset({"lead", "round", "current", "started_at", "received_at"})


def begin(rows: Sequence[Row], *, session: Session) -> None:
    """Begin the first round of new leads."""
    bulk.insert(CARE, [{**BLANK, **row} for row in rows], session=session)


BLANK: Row = {
    column.name: (True if column.name == "current" else False if column.name == "test" else None)
    for column in CARE.c
    if column.name != "id"
} | {"round": 1, "turns": 0, "handed_on": 0, "rung": 0, "flow": ""}


def current(leads: Iterable[str], *, session: Session) -> dict[str, dict[str, Any]]:
    """Return the current round of each lead; those without one are absent."""
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(sorted(set(leads))):
        query = sa.select(CARE).where(CARE.c.lead.in_(part), CARE.c.current)
        found.update((row["lead"], dict(row)) for row in session.execute(query).mappings())
    return found


def go_on(row: Row, *, anew: bool, session: Session) -> dict[str, Any]:
    """Take a decision on a known lead in: new interest after an answer begins a round, else the current one goes on.

    Returns the round as it is now.
    """
    known = current([row["lead"]], session=session).get(row["lead"])
    if known is None:
        made = {**BLANK, **row}
        session.execute(sa.insert(CARE).values(**made))
        return made
    if anew and (known["responded_at"] or known["closed_at"]):
        session.execute(sa.update(CARE).where(CARE.c.id == known["id"]).values(current=False))
        made = {**BLANK, **row, "round": known["round"] + 1, "turns": max(row["turns"], 1 if row["owner"] else 0)}
        session.execute(sa.insert(CARE).values(**made))
        return made
    values = {name: value for name, value in row.items() if name not in KEPT_BY_ROUND}
    waits = known["pool"] is not None and row["owner"] is None and not anew  # where it waits, nobody moved it
    if row["owner"] == known["owner"] and (waits or row["pool"] == known["pool"]):
        values |= {name: known[name] for name in ("pool", "since", "turns", "embargo_until")}
    values["due_at"] = row["due_at"] if row["target"] != known["target"] else known["due_at"]
    return change(known, values, session=session)


def change(known: Row, values: Mapping[str, Any], *, session: Session) -> dict[str, Any]:
    """Change a round; returns it as it is now."""
    session.execute(sa.update(CARE).where(CARE.c.id == known["id"]).values(**values))
    return {**known, **values}


def end(leads: Iterable[str], now: datetime, reason: str, *, session: Session) -> None:
    """End the rounds of leads that are no leads of their own any more."""
    for part in chunks(sorted(set(leads))):
        mine = (CARE.c.lead.in_(part), CARE.c.current)
        session.execute(sa.update(CARE).where(*mine).values(current=False, closed_at=now, reason=reason))
        session.execute(sa.delete(TIMER).where(TIMER.c.lead.in_(part)))


def restore(lead: str, now: datetime, *, session: Session) -> None:
    """Begin or go on with the round of a lead that was taken out of another; without an owner it waits in a pool."""
    last = session.execute(sa.select(CARE).where(CARE.c.lead == lead).order_by(CARE.c.round.desc()).limit(1))
    known = last.mappings().first()
    if known is not None and not known["current"] and known["reason"] == JOINED:
        change(dict(known), {"current": True, "closed_at": None, "reason": None}, session=session)
        return
    row = session.execute(sa.select(LEAD).where(LEAD.c.id == lead, ~LEAD.c.test)).mappings().first()
    if known is None and row is not None:
        start = row["submitted_at"] or row["created_at"]
        made = {
            "lead": lead, "source": row["source"], "flow": row["flow"] or "", "grade": row["grade"],
            "team": row["team"], "owner": row["owner"], "pool": None if row["owner"] else UNASSIGNED, "since": now,
            "started_at": start,
            "received_at": row["created_at"], "decided_at": now, "turns": int(row["owner"] is not None),
        }  # fmt: skip
        session.execute(sa.insert(CARE).values(**{**BLANK, **made}))


def strand(lead: str, now: datetime, reason: str, *, session: Session) -> None:
    """Put a lead that turns out to have nobody into the pool of those, unless somebody has it or it waits already."""
    alone = (CARE.c.lead == lead, CARE.c.current, CARE.c.owner.is_(None), CARE.c.pool.is_(None))
    done = session.execute(sa.update(CARE).where(*alone).values(pool=UNASSIGNED, since=now))
    if done.rowcount:  # type: ignore[attr-defined]
        row = {"at": now, "act": "pooled", "lead": lead, "pool": UNASSIGNED, "reason": reason}
        session.execute(sa.insert(OWNERSHIP).values(**row, gained=0, credit=0.0, undone=False))
        append([Event("lead.pooled", now, lead=lead, data={"pool": UNASSIGNED})], session=session)


def blank(leads: Iterable[str], *, session: Session) -> int:
    """Leave of rounds, tasks and notices of erased leads nothing that tells of a person; returns how many rounds."""
    number = 0
    bare = {"domain": None, "firm": None, "reason": None, "current": False}
    for part in chunks(sorted(set(leads))):
        done = session.execute(sa.update(CARE).where(CARE.c.lead.in_(part)).values(**bare))
        number += int(done.rowcount)  # type: ignore[attr-defined]
        session.execute(sa.update(OWNERSHIP).where(OWNERSHIP.c.lead.in_(part)).values(reason=None))
        for table in (TASK, NOTICE, TIMER):
            session.execute(sa.delete(table).where(table.c.lead.in_(part)))
    return number


def remember(lead: str, timers: Iterable[Row], *, fresh: bool = False, session: Session) -> None:
    """Write down what is due for a lead instead of what was; a `fresh` lead had nothing. Reminders stay."""
    if not fresh:
        session.execute(sa.delete(TIMER).where(TIMER.c.lead == lead, TIMER.c.kind != "reminder"))
    add(timers, session=session)


def add(timers: Iterable[Row], *, session: Session) -> None:
    """Write timers down; each row says lead, kind, number and due_at."""
    bulk.insert(TIMER, [{**one, "taken_until": None} for one in timers], session=session)
