"""Moves a lead from one owner or pool to another, in one transaction: lead, round, log, ledger, timers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import Conflict
from hub.lead import Lead
from hub.roster import Deal
from hub.store import bulk, care, dealing
from hub.store import leads as lead_store
from hub.store.columns import CARE, DELIVERY, LEAD, NOTICE, OWNERSHIP, TIMER
from hub.store.due import Due, owe


@dataclass(frozen=True, slots=True)
class Move:
    """Where a lead goes, and why; `act` is a word of the log, `turn` how often turns had been taken before."""

    lead: str
    act: str
    owner: str | None = None
    team: str | None = None
    pool: str | None = None
    deal: Deal | None = None
    turn: int | None = None
    strategy: str | None = None
    reason: str | None = None
    by: str | None = None
    revision: int | None = None
    undo: bool = False  # the former owner's deal is taken back
    changes: Mapping[str, Any] = field(default_factory=dict)  # of the round
    timer: int | None = None  # the timer that caused it: it fires once


@dataclass(frozen=True, slots=True)
class Moved:
    """A lead after it moved: the lead, its round, and the round before."""

    lead: Lead
    care: Mapping[str, Any]
    before: Mapping[str, Any]


Rows = Sequence[Mapping[str, Any]]
Followers = Callable[[Moved], tuple[Rows, Rows, Rows]]
"""Gives the timers, deliveries and notices that follow from a move."""


def locked(lead: str, *, session: Session) -> dict[str, Any] | None:
    """Return the current round of a lead, which nobody else changes until the transaction ends."""
    query = sa.select(CARE).where(CARE.c.lead == lead, CARE.c.current).with_for_update()
    row = session.execute(query).mappings().first()
    return dict(row) if row else None


def take_timer(timer: int | None, *, session: Session) -> bool:
    """Remove a timer that fires; returns False when somebody did it before, or it is not due any more."""
    if timer is None:
        return True
    return bool(session.execute(sa.delete(TIMER).where(TIMER.c.id == timer)).rowcount)  # type: ignore[attr-defined]


def move(
    step: Move, seen: Mapping[str, Any] | None, now: datetime, followers: Followers, *, session: Session
) -> Moved | None:
    """Move a lead; raises Conflict when its round is not the one that was `seen`. None: its timer had fired before."""
    before = locked(step.lead, session=session)
    known = lead_store.load([step.lead], session=session).get(step.lead)
    if before is None or known is None or known.id != step.lead:
        raise Conflict(f"The lead {step.lead} is gone.")
    if seen is not None and any(before[name] != seen[name] for name in ("id", "owner", "pool", "since")):
        raise Conflict(f"The lead {step.lead} has another owner by now. Look at it again.")
    if not take_timer(step.timer, session=session):
        return None
    lead = known.with_fields(owner=step.owner, team=step.team or known.team, version=known.version + 1, updated_at=now)
    row = lead_store.row_of(lead, now)
    session.execute(sa.update(LEAD).where(LEAD.c.id == lead.id).values(**row))
    if step.undo:
        dealing.undo(lead.id, of=before["owner"], session=session)
    after = care.change(before, {**_round(step, before, now), **step.changes}, session=session)
    if step.deal is not None:
        dealing.deal([step.deal], step.turn, session=session)
    dealing.log([_said(step, before, now)], session=session)
    moved = Moved(lead, after, before)
    timers, deliveries, notices = followers(moved)
    care.remember(lead.id, timers, session=session)
    owe_all(deliveries, session=session)
    bulk.insert(NOTICE, notices, session=session)
    return moved


def _round(step: Move, before: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    former = dict(before["former"] or {})
    if before["owner"] and before["owner"] != step.owner:
        former[before["owner"]] = now.isoformat()
    new = step.owner is not None and step.owner != before["owner"]
    return {
        "owner": step.owner, "team": step.team or before["team"], "pool": step.pool, "since": now, "former": former,
        "turns": before["turns"] + int(new), "rung": 0, "accepted_at": None, "embargo_until": None,
        "protected_until": None,
    }  # fmt: skip


def _said(step: Move, before: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    dealt = {"turn_of": step.deal.member, "roster": step.deal.roster} if step.deal else {}
    return {
        "at": now, "act": step.act, "lead": step.lead, "owner": step.owner, "former": before["owner"],
        "team": step.team or before["team"], "pool": step.pool, "former_pool": before["pool"],
        "gained": int(step.owner not in (None, before["owner"])), "strategy": step.strategy, "reason": step.reason,
        "by": step.by, "revision": step.revision, **dealt,
    }  # fmt: skip


def owe_all(deliveries: Sequence[Mapping[str, Any]], *, session: Session) -> None:
    """Write down what sinks are owed of a lead now; an older version that still waits is not sent."""
    for row in deliveries:
        older = (DELIVERY.c.lead == row["lead"], DELIVERY.c.sink == row["sink"], DELIVERY.c.version < row["version"])
        session.execute(
            sa.update(DELIVERY).where(*older, DELIVERY.c.state == "ready")
            .values(state="superseded", reason="a newer version of the lead goes instead")
        )  # fmt: skip
        session.execute(sa.insert(DELIVERY).values(**row))
        owe([Due(row["id"], row["sink"], row["fence"], row["priority"], row["due_at"], 0.0)], session=session)


def history(lead: str, *, session: Session) -> list[dict[str, Any]]:
    """Return what happened to who has a lead, oldest first."""
    query = sa.select(OWNERSHIP).where(OWNERSHIP.c.lead == lead).order_by(OWNERSHIP.c.id)
    return [dict(row) for row in session.execute(query).mappings()]
