"""Deliveries and their attempts: claimed under a lease with a fencing number, settled by whoever holds it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from hub.events import Event
from hub.store.claims import claiming
from hub.store.leads import chunks
from hub.store.log import append
from hub.store.tables import AttemptRow, DeliveryRow, SinkRow

TABLE = DeliveryRow.__table__  # type: ignore[attr-defined]
ATTEMPT = AttemptRow.__table__  # type: ignore[attr-defined]
SINK = SinkRow.__table__  # type: ignore[attr-defined]

OPEN = ("ready", "sending", "unclear")
WAITING = ("ready", "unclear", "rejected", "dead")  # for its time, or for a person
JOINED = "the lead it was joined into goes instead"
RESCUES = 5  # processes that may die on one delivery before a person must look


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt: the new state, when it is due again, and what to remember."""

    delivery: str
    number: int
    fence: int
    state: str  # sent, rejected, ready, unclear, dead
    outcome: str
    at: datetime
    due_at: datetime | None = None
    reason: str | None = None
    ref: str | None = None
    ms: float | None = None
    counts: bool = True  # whether it uses up one of the retry list's waits
    unclear: bool = False
    event: Event | None = None


def claim(
    sink: str, now: datetime, lease_until: datetime, holder: str, limit: int, *, session: Session, sqlite: bool
) -> list[DeliveryRow]:
    """Take due deliveries of one sink, new ones first; a lead's older version goes before its newer one."""
    values = {"b_sink": sink, "b_now": now, "b_until": lease_until, "b_holder": holder, "b_limit": limit}
    taken = list(session.execute(_claiming(sqlite), values).scalars())
    rows = session.exec(select(DeliveryRow).where(col(DeliveryRow.id).in_(taken))).all() if taken else []
    session.expunge_all()
    started = [{"delivery": r.id, "number": r.attempts, "fence": r.fence, "started_at": now} for r in rows]
    if started:
        session.execute(sa.insert(ATTEMPT), started)
    return sorted(rows, key=lambda r: (r.priority, r.due_at or now, r.id))


@lru_cache(2)
def _claiming(sqlite: bool) -> Any:
    """Return the statement that claims."""
    older = TABLE.alias("older")
    blocked = sa.exists().where(
        older.c.lead == TABLE.c.lead, older.c.sink == TABLE.c.sink, older.c.version < TABLE.c.version,
        older.c.state.in_(OPEN),
    )  # fmt: skip
    due = (
        sa.select(TABLE.c.id)
        .where(
            TABLE.c.sink == sa.bindparam("b_sink"), TABLE.c.state == "ready", TABLE.c.due_at <= sa.bindparam("b_now")
        )
        .where(~blocked)
        .order_by(TABLE.c.priority, TABLE.c.due_at, TABLE.c.id)
        .limit(sa.bindparam("b_limit"))
    )
    values = {
        "state": "sending", "attempts": TABLE.c.attempts + 1, "fence": TABLE.c.fence + 1,
        "lease_by": sa.bindparam("b_holder"), "lease_until": sa.bindparam("b_until"),
    }  # fmt: skip
    return claiming(TABLE, due, values, sqlite=sqlite)


def settle(results: Sequence[Result], holder: str, *, session: Session) -> list[str]:
    """Write outcomes down; returns the deliveries that somebody else holds by now, whose state is left alone."""
    held: set[tuple[str, int]] = set()
    for part in chunks({r.delivery for r in results}):
        query = sa.select(TABLE.c.id, TABLE.c.fence).where(
            TABLE.c.id.in_(part), TABLE.c.lease_by == holder, TABLE.c.state == "sending"
        )
        held |= {(id_, fence) for id_, fence in session.execute(query)}
    ours = [r for r in results if (r.delivery, r.fence) in held]
    if ours:
        session.connection().execute(_STATE, [_state(r) for r in ours])
    session.connection().execute(_ATTEMPT, [_attempt(r, (r.delivery, r.fence) in held) for r in results])
    append((r.event for r in ours if r.event), session=session)
    _supersede([r.delivery for r in ours if r.state == "ready" and not r.unclear], ("ready",), session)
    return [r.delivery for r in results if (r.delivery, r.fence) not in held]


def _supersede(ids: Collection[str], states: Sequence[str], session: Session) -> None:
    """Let what waits go no more where a newer version of the lead stands in one of the states for that sink."""
    newer = TABLE.alias("newer")
    same = (newer.c.lead == TABLE.c.lead, newer.c.sink == TABLE.c.sink, newer.c.version > TABLE.c.version)
    there = sa.exists().where(*same, newer.c.state.in_(states))
    for part in chunks(ids):
        session.execute(
            sa.update(TABLE)
            .where(TABLE.c.id.in_(part), TABLE.c.state.in_(WAITING), there)
            .values(state="superseded", reason="a newer version of the lead goes instead")
        )


_STATE = (
    sa.update(TABLE)
    .where(TABLE.c.id == sa.bindparam("b_id"))
    .values(
        state=sa.bindparam("b_state"), due_at=sa.bindparam("b_due"), lease_until=None, lease_by=None,
        done_at=sa.bindparam("b_done"), outcome=sa.bindparam("b_outcome"), reason=sa.bindparam("b_reason"),
        ref=sa.func.coalesce(sa.bindparam("b_ref"), TABLE.c.ref), attempts=TABLE.c.attempts - sa.bindparam("b_free"),
        unclear=sa.bindparam("b_unclear"), priority=sa.bindparam("b_priority"),
    )
)  # fmt: skip
_ATTEMPT = (
    sa.update(ATTEMPT)
    .where(
        ATTEMPT.c.delivery == sa.bindparam("b_id"), ATTEMPT.c.number == sa.bindparam("b_number"),
        ATTEMPT.c.fence == sa.bindparam("b_fence"),
    )
    .values(
        ended_at=sa.bindparam("b_at"), outcome=sa.bindparam("b_outcome"), reason=sa.bindparam("b_reason"),
        ms=sa.bindparam("b_ms"),
    )
)  # fmt: skip


def _state(r: Result) -> dict[str, Any]:
    return {
        "b_id": r.delivery, "b_state": r.state, "b_due": r.due_at, "b_done": None if r.state == "ready" else r.at,
        "b_outcome": r.outcome, "b_reason": r.reason, "b_ref": r.ref, "b_free": 0 if r.counts else 1,
        "b_unclear": r.unclear, "b_priority": 1 if r.state == "ready" and r.counts else 0,
    }  # fmt: skip


def _attempt(r: Result, held: bool) -> dict[str, Any]:
    reason = r.reason if held else f"fenced: another worker holds it by now; {r.reason or r.outcome}"
    return {
        "b_id": r.delivery, "b_number": r.number, "b_fence": r.fence, "b_at": r.at, "b_outcome": r.outcome,
        "b_reason": reason, "b_ms": r.ms,
    }  # fmt: skip


def renew(ids: Iterable[str], holder: str, until: datetime, *, session: Session) -> None:
    """Keep what this process is sending."""
    for part in chunks(ids):
        session.execute(
            sa.update(TABLE).where(TABLE.c.id.in_(part), TABLE.c.lease_by == holder).values(lease_until=until)
        )


@dataclass(frozen=True, slots=True)
class Rescued:
    """A delivery taken back from a process that ended: its new state, and what happened where a person must look."""

    delivery: str
    state: str
    event: Event | None = None


def rescue(
    now: datetime, always: Collection[str], once: Collection[str], *, session: Session, everything: bool = False
) -> list[Rescued]:
    """Take back deliveries whose holder is gone; they may have arrived.

    Those of the sinks in `always` are due again, those in `once` unless there was doubt before, all others are held.
    `everything` is for the start of the only process of a database: whoever held anything is gone.
    """
    gone = TABLE.c.state == "sending"
    if not everything:
        gone = sa.and_(gone, TABLE.c.lease_until < now)
    safe = sa.or_(TABLE.c.test, TABLE.c.sink.in_(always), sa.and_(TABLE.c.sink.in_(once), ~TABLE.c.unclear))
    said = "the process that was sending it ended; it may have arrived"
    rows = session.execute(
        sa.update(TABLE)
        .where(gone)
        .values(
            state=sa.case((sa.and_(safe, TABLE.c.rescues < RESCUES), "ready"), else_="unclear"),
            rescues=TABLE.c.rescues + 1, unclear=True, due_at=now, lease_by=None, lease_until=None,
            reason=said, fence=TABLE.c.fence + 1,
        )
        .returning(TABLE.c.id, TABLE.c.state, TABLE.c.lead, TABLE.c.submission, TABLE.c.sink)
    )  # fmt: skip
    found = []
    for id_, state, lead, submission, sink in rows:
        held = Event("delivery.held", now, lead, submission, sink=sink, data={"reason": said})
        found.append(Rescued(id_, state, held if state == "unclear" else None))
    append((one.event for one in found if one.event), session=session)
    return found


def release(ids: Iterable[str], holder: str, *, session: Session) -> None:
    """Give back deliveries that were claimed and never started, as if they had not been claimed."""
    for part in chunks(ids):
        held = sa.and_(TABLE.c.id.in_(part), TABLE.c.lease_by == holder, TABLE.c.state == "sending")
        claimed = list(session.execute(sa.select(TABLE.c.id, TABLE.c.fence).where(held)))
        for id_, fence in claimed:
            session.execute(sa.delete(ATTEMPT).where(ATTEMPT.c.delivery == id_, ATTEMPT.c.fence == fence))
        session.execute(
            sa.update(TABLE)
            .where(held)
            .values(state="ready", lease_by=None, lease_until=None, attempts=TABLE.c.attempts - 1)
        )


def due_sinks(now: datetime, *, session: Session) -> list[str]:
    """Return the sinks that have due deliveries."""
    query = sa.select(TABLE.c.sink).where(TABLE.c.state == "ready", TABLE.c.due_at <= now).distinct()
    return list(session.execute(query).scalars())


def pause(sink: str, reason: str | None, at: datetime | None, *, session: Session) -> None:
    """Pause a sink, or resume it when `at` is None."""
    done = session.execute(sa.update(SINK).where(SINK.c.sink == sink).values(paused_at=at, reason=reason))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(sa.insert(SINK), [{"sink": sink, "paused_at": at, "reason": reason}])


def paused(*, session: Session) -> dict[str, tuple[datetime, str | None]]:
    """Return the paused sinks, since when and why."""
    query = sa.select(SINK.c.sink, SINK.c.paused_at, SINK.c.reason).where(SINK.c.paused_at.is_not(None))
    return {sink: (at, reason) for sink, at, reason in session.execute(query)}


def retry(ids: Collection[str], now: datetime, *, session: Session) -> int:
    """Make dead, rejected or held deliveries due again with a fresh retry list; returns how many.

    One whose lead went there in a newer version meanwhile is superseded instead.
    """
    number = 0
    _supersede(ids, (*OPEN, "sent"), session)
    for part in chunks(ids):
        done = session.execute(
            sa.update(TABLE)
            .where(TABLE.c.id.in_(part), TABLE.c.state.in_(WAITING))
            .values(state="ready", due_at=now, priority=2, reason=None, done_at=None, **_FRESH)
        )
        number += int(done.rowcount)  # type: ignore[attr-defined]
    return number


_FRESH = {"attempts": 0, "rescues": 0}


def decide(delivery: str, arrived: bool, now: datetime, *, session: Session) -> Event | None:
    """Settle a held delivery by a person's word; returns what happened, None when it was not held."""
    said = "a person saw it on the other side"
    values: dict[str, Any] = {
        "state": "ready",
        "due_at": now,
        "unclear": False,
        "reason": None,
        "priority": 2,
        **_FRESH,
    }
    if arrived:
        values = {"state": "sent", "done_at": now, "outcome": "sent", "reason": said}
    row = session.execute(
        sa.update(TABLE)
        .where(TABLE.c.id == delivery, TABLE.c.state == "unclear")
        .values(**values)
        .returning(TABLE.c.lead, TABLE.c.submission, TABLE.c.sink)
    ).first()
    if row is None:
        return None
    kind, data = ("delivery.sent", {"reason": said}) if arrived else ("delivery.retried", {"reason": "a person's word"})
    event = Event(kind, now, row.lead, row.submission, sink=row.sink, data=data)
    append([event], session=session)
    return event


def counts(*, session: Session) -> dict[tuple[str, str], int]:
    """Return how many deliveries each (sink, state) has, test leads aside."""
    found = session.execute(
        sa.select(TABLE.c.sink, TABLE.c.state, sa.func.count())
        .where(~TABLE.c.test)
        .group_by(TABLE.c.sink, TABLE.c.state)
    )
    return {(sink, state): number for sink, state, number in found}
