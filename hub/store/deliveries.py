"""Deliveries and their attempts: claimed under a lease with a fencing number, settled by whoever holds it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.failpoints import hit
from hub.store import auctions, bulk
from hub.store.due import Due, owe
from hub.store.leads import chunks
from hub.store.log import append
from hub.store.tables import AttemptRow, DeliveryRow, SinkRow
from hub.store.taking import OPEN as OPEN
from hub.store.taking import PRIORITIES
from hub.store.taking import claim as claim
from hub.store.taking import claim_these as claim_these

TABLE = DeliveryRow.__table__  # type: ignore[attr-defined]
ATTEMPT = AttemptRow.__table__  # type: ignore[attr-defined]
SINK = SinkRow.__table__  # type: ignore[attr-defined]

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


def settle(results: Sequence[Result], holder: str, *, session: Session) -> list[str]:
    """Write outcomes down; returns the deliveries that somebody else holds by now, whose state is left alone."""
    held: dict[tuple[str, int], Any] = {}
    for part in chunks({r.delivery for r in results}):
        rows = session.execute(_HELD, {"ids": part, "holder": holder})
        held.update(((row.id, row.fence), row) for row in rows)
    ours = [r for r in results if (r.delivery, r.fence) in held]
    bulk.update(TABLE, ["id"], [_state(r) for r in ours], session=session, how=_SETTLED)
    tried = [_attempt(r, (r.delivery, r.fence) in held) for r in results]
    bulk.update(ATTEMPT, ["delivery", "number", "fence"], tried, session=session)
    append((r.event for r in ours if r.event), session=session)
    sure = (r for r in ours if held[r.delivery, r.fence].sold and not r.unclear)
    auctions.ended((auctions.End(r.delivery, r.state, r.reason, r.at) for r in sure), session=session)
    hit("deliver.settled")
    _supersede([r.delivery for r in ours if r.state == "ready" and not r.unclear], ("ready",), session)
    owe((_due(r, held[r.delivery, r.fence].sink) for r in ours if r.state == "ready" and r.due_at), session=session)
    return [r.delivery for r in results if (r.delivery, r.fence) not in held]


def _supersede(ids: Collection[str], states: Sequence[str], session: Session) -> None:
    """Let what waits go no more where a newer version of the lead stands in one of the states for that sink."""
    newer = TABLE.alias("newer")
    same = (
        newer.c.lead == TABLE.c.lead, newer.c.sink == TABLE.c.sink, newer.c.version > TABLE.c.version,
        TABLE.c.occasion.is_(None),  # each outcome is told by itself
    )  # fmt: skip
    there = sa.exists().where(*same, newer.c.state.in_(states))
    for part in chunks(ids):
        session.execute(
            sa.update(TABLE)
            .where(TABLE.c.id.in_(part), TABLE.c.state.in_(WAITING), there)
            .values(state="superseded", reason="a newer version of the lead goes instead")
        )


_HELD = sa.select(TABLE.c.id, TABLE.c.fence, TABLE.c.sink, TABLE.c.sale.is_not(None).label("sold")).where(
    TABLE.c.id.in_(sa.bindparam("ids", expanding=True)), TABLE.c.lease_by == sa.bindparam("holder"),
    TABLE.c.state == "sending",
)  # fmt: skip
_SETTLED = {"ref": "coalesce(new, delivery.ref)", "attempts": "delivery.attempts - new"}


def _due(r: Result, sink: str) -> Due:
    assert r.due_at is not None
    return Due(r.delivery, sink, r.fence, int(r.counts), r.due_at, (r.due_at - r.at).total_seconds())


def _state(r: Result) -> dict[str, Any]:
    return {
        "id": r.delivery, "state": r.state, "due_at": r.due_at, "lease_until": None, "lease_by": None,
        "done_at": None if r.state == "ready" else r.at, "outcome": r.outcome, "reason": r.reason, "ref": r.ref,
        "attempts": 0 if r.counts else 1, "unclear": r.unclear, "priority": 1 if r.state == "ready" and r.counts else 0,
    }  # fmt: skip


def _attempt(r: Result, held: bool) -> dict[str, Any]:
    reason = r.reason if held else f"fenced: another worker holds it by now; {r.reason or r.outcome}"
    return {
        "delivery": r.delivery, "number": r.number, "fence": r.fence, "ended_at": r.at, "outcome": r.outcome,
        "reason": reason, "ms": r.ms,
    }  # fmt: skip


def renew(held: Mapping[str, int], holder: str, until: datetime, *, session: Session) -> set[str]:
    """Keep what this process is sending, each under its fence; returns those that are still its own."""
    kept: set[str] = set()
    for part in chunks(held):
        ours = (TABLE.c.id.in_(part), TABLE.c.lease_by == holder, TABLE.c.state == "sending")
        rows = session.execute(
            sa.update(TABLE).where(*ours).values(lease_until=until).returning(TABLE.c.id, TABLE.c.fence)
        )
        kept.update(row.id for row in rows if row.fence == held[row.id])
    return kept


_RETURNED = (TABLE.c.id, TABLE.c.sink, TABLE.c.fence, TABLE.c.priority, TABLE.c.state)


def _now(row: Any, due_at: datetime) -> Due:
    return Due(row.id, row.sink, row.fence, row.priority, due_at, 0.0)


@dataclass(frozen=True, slots=True)
class Rescued:
    """A delivery taken back from a process that ended: its new state, and what happened where a person must look."""

    delivery: str
    state: str
    event: Event | None = None


_ENDED = "the process that was sending it ended; it may have arrived"


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
    rows = session.execute(
        sa.update(TABLE)
        .where(gone)
        .values(
            state=sa.case((sa.and_(safe, TABLE.c.rescues < RESCUES), "ready"), else_="unclear"),
            rescues=TABLE.c.rescues + 1, unclear=True, due_at=now, lease_by=None, lease_until=None,
            reason=_ENDED, fence=TABLE.c.fence + 1,
        )
        .returning(*_RETURNED, TABLE.c.lead, TABLE.c.submission)
    ).all()  # fmt: skip
    found = []
    for row in rows:
        held = Event("delivery.held", now, row.lead, row.submission, sink=row.sink, data={"reason": _ENDED})
        found.append(Rescued(row.id, row.state, held if row.state == "unclear" else None))
    owe((_now(row, now) for row in rows if row.state == "ready"), session=session)
    append((one.event for one in found if one.event), session=session)
    hit("rescue.taken")
    return found


def release(ids: Iterable[str], holder: str, *, session: Session) -> None:
    """Give back deliveries that were claimed and never started, as if they had not been claimed."""
    for part in chunks(ids):
        held = sa.and_(TABLE.c.id.in_(part), TABLE.c.lease_by == holder, TABLE.c.state == "sending")
        claimed = list(session.execute(sa.select(TABLE.c.id, TABLE.c.fence).where(held)))
        for id_, fence in claimed:
            session.execute(sa.delete(ATTEMPT).where(ATTEMPT.c.delivery == id_, ATTEMPT.c.fence == fence))
        given = session.execute(
            sa.update(TABLE)
            .where(held)
            .values(state="ready", lease_by=None, lease_until=None, attempts=TABLE.c.attempts - 1)
            .returning(*_RETURNED, TABLE.c.due_at)
        )
        owe((_now(row, row.due_at) for row in given), session=session)


def due_sinks(sinks: Iterable[str], now: datetime, *, session: Session) -> list[str]:
    """Return those of these sinks that have due deliveries; each is a probe of the index, however much waits."""
    due = [sa.select(sa.literal(sink)).where(_is_owed(sink, now)) for sink in sinks]
    return list(session.execute(sa.union_all(*due)).scalars()) if due else []


def _is_owed(sink: str, now: datetime) -> sa.Exists:
    return sa.exists().where(
        TABLE.c.sink == sink, TABLE.c.priority.in_(PRIORITIES), TABLE.c.due_at <= now, TABLE.c.state == "ready"
    )


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

    One whose lead went there in a newer version meanwhile is superseded instead; a sold lead's stays as it is once the
    next buyer was asked.
    """
    number = 0
    _supersede(ids, (*OPEN, "sent"), session)
    for part in chunks(ids):
        done = session.execute(
            sa.update(TABLE)
            .where(TABLE.c.id.in_(part), TABLE.c.state.in_(WAITING), ~auctions.moved_on())
            .values(state="ready", due_at=now, priority=2, reason=None, done_at=None, **_FRESH)
            .returning(*_RETURNED)
        )
        due = [_now(row, now) for row in done]
        owe(due, session=session)
        number += len(due)
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
        .returning(*_RETURNED, TABLE.c.lead, TABLE.c.submission)
    ).first()
    if row is None:
        return None
    if arrived:
        auctions.ended([auctions.End(row.id, "sent", said, now)], session=session)
    else:
        owe([_now(row, now)], session=session)
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
