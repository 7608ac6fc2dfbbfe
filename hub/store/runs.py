"""Writes finished runs down: identities, leads, touches, decisions and deliveries, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.lead import Lead, Touch
from hub.step import Identity, Suggestion
from hub.store import leads as lead_store
from hub.store.columns import (
    ATTEMPT,
    DECISION,
    DELIVERY,
    IDENTITY,
    LEAD,
    MERGE,
    ROTATION,
    SUBMISSION,
    SUGGESTION,
    TOUCH,
)
from hub.store.deliveries import JOINED, OPEN
from hub.store.log import append
from hub.store.types import dumps


@dataclass(slots=True)
class Run:
    """One finished run, ready to be stored; `base_version` is the version of the lead it was decided on, 0 for none."""

    submission: str
    source: str
    flow: str
    status: str  # accepted, duplicate, quarantined, rejected
    at: datetime
    key: str | None = None
    digest: str | None = None
    polled: bool | None = False  # by a poll, or by a push; None: out of a file
    reason: str | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)
    lead: Lead | None = None
    known_lead: str | None = None  # the lead a refused duplicate belongs to
    base_version: int = 0
    identities: tuple[Identity, ...] = ()
    touch: Touch | None = None
    candidate: str | None = None
    decision: dict[str, Any] = field(default_factory=dict)
    kind: str = "run"
    revision: int | None = None
    joined: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    rotation: tuple[str, str, str] | None = None  # team, member, day
    events: list[Event] = field(default_factory=list)
    test: bool = False


def write(runs: Sequence[Run], *, session: Session) -> None:
    """Write runs in order; those that join leads wait until the leads before them stand."""
    part: list[Run] = []
    for run in runs:
        if run.joined and part:
            _write(part, session)
            part = []
        part.append(run)
    if part:
        _write(part, session)


def _write(runs: list[Run], session: Session) -> None:
    with_lead = [run for run in runs if run.lead is not None]
    for run in with_lead:
        _join(run, session)
    _insert(session, LEAD, [_lead(run) for run in with_lead if not run.base_version])
    _update_leads(session, [run for run in with_lead if run.base_version])
    _insert_identities(session, with_lead)
    again = [run.submission for run in with_lead if run.kind == "replay"]
    if again:
        session.execute(sa.delete(TOUCH).where(TOUCH.c.submission.in_(again)))
    _insert(session, TOUCH, [_touch(run) for run in with_lead if run.touch])
    _insert(session, MERGE, [_merge(run) for run in with_lead if run.base_version and run.kind == "run"])
    _insert(session, DECISION, [_decision(run) for run in runs])
    _insert_suggestions(session, with_lead)
    _deliver(session, runs)
    _rotate(session, runs)
    append((event for run in runs for event in run.events), session=session)
    _finish(session, runs)


def _insert(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(sa.insert(table), rows)


def _lead(run: Run) -> dict[str, Any]:
    assert run.lead is not None
    return {**lead_store.row_of(run.lead, run.at), "flow": run.flow}


def _update_leads(session: Session, runs: list[Run]) -> None:
    if not runs:
        return
    rows = [{**_lead(run), "b_id": run.lead.id} for run in runs if run.lead]
    for row in rows:
        row.pop("id")
    names = [name for name in rows[0] if name != "b_id"]
    statement = sa.update(LEAD).where(LEAD.c.id == sa.bindparam("b_id")).values({n: sa.bindparam(n) for n in names})
    session.connection().execute(statement, rows)


def _insert_identities(session: Session, runs: list[Run]) -> None:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for run in runs:
        assert run.lead is not None
        for identity in run.identities:
            rows[identity.key, run.lead.id] = {
                "key": identity.key, "lead": run.lead.id, "exact": identity.exact, "submission": run.submission,
            }  # fmt: skip
    if not rows:
        return
    if any(run.base_version for run in runs):
        known = session.execute(
            sa.select(IDENTITY.c.key, IDENTITY.c.lead).where(
                IDENTITY.c.lead.in_({run.lead.id for run in runs if run.lead and run.base_version})
            )
        )
        for key, lead in known:
            rows.pop((key, lead), None)
    _insert(session, IDENTITY, list(rows.values()))


def _touch(run: Run) -> dict[str, Any]:
    assert run.touch is not None
    assert run.lead is not None
    fields = run.touch.fields
    try:
        cost = float(fields["cost"]) if fields.get("cost") else None
    except ValueError:
        cost = None
    return {
        "submission": run.submission, "lead": run.lead.id, "source": run.source, "at": run.touch.at or run.at,
        "campaign": fields.get("utm_campaign") or fields.get("campaign") or run.touch.tags.get("campaign"),
        "medium": fields.get("utm_medium") or fields.get("medium"), "origin": fields.get("utm_source") or run.source,
        "cost": cost, "currency": fields.get("currency"), "test": run.test, "fields": dict(fields),
        "tags": dict(run.touch.tags),
    }  # fmt: skip


def _merge(run: Run) -> dict[str, Any]:
    assert run.lead is not None
    return {
        "lead": run.lead.id, "other": None, "submission": run.submission, "at": run.at, "why": run.reason,
        "moved": None,
    }  # fmt: skip


def _join(run: Run, session: Session) -> None:
    """Move everything of the joined leads to the surviving one; what moved is kept, so that it can be undone."""
    assert run.lead is not None
    for other in run.joined:
        moved = list(session.execute(sa.select(SUBMISSION.c.id).where(SUBMISSION.c.lead == other)).scalars())
        mine = sa.select(IDENTITY.c.key).where(IDENTITY.c.lead == run.lead.id)
        session.execute(
            sa.delete(IDENTITY).where(IDENTITY.c.lead == other, ~IDENTITY.c.exact, IDENTITY.c.key.in_(mine))
        )
        for table in (IDENTITY, TOUCH, SUBMISSION):
            session.execute(sa.update(table).where(table.c.lead == other).values(lead=run.lead.id))
        session.execute(
            sa.update(LEAD).where(LEAD.c.id == other).values(state="merged", merged_into=run.lead.id, updated_at=run.at)
        )
        row = {"lead": run.lead.id, "other": other, "submission": run.submission, "at": run.at, "why": run.reason}
        _insert(session, MERGE, [{**row, "moved": moved}])


def _decision(run: Run) -> dict[str, Any]:
    return {
        "submission": run.submission, "lead": run.lead.id if run.lead else run.known_lead, "kind": run.kind,
        "flow": run.flow, "revision": run.revision, "status": run.status, "at": run.at, "body": dumps(run.decision),
    }  # fmt: skip


def _insert_suggestions(session: Session, runs: list[Run]) -> None:
    for run in runs:
        for suggestion in run.suggestions:
            assert run.lead is not None
            pair = sorted((run.lead.id, suggestion.lead))
            there = session.execute(
                sa.select(SUGGESTION.c.id).where(SUGGESTION.c.lead == pair[0], SUGGESTION.c.other == pair[1])
            ).first()
            if there is None and pair[0] != pair[1]:
                row = {"lead": pair[0], "other": pair[1], "score": suggestion.score, "at": run.at, "state": "open"}
                _insert(session, SUGGESTION, [{**row, "reasons": list(suggestion.reasons)}])


def _deliver(session: Session, runs: list[Run]) -> None:
    _supersede(session, [d for run in runs if run.base_version for d in run.deliveries])
    rows = [d for run in runs for d in run.deliveries]
    newest = {(d["lead"], d["sink"]): d["version"] for d in rows}
    for row in rows:
        if row["state"] == "ready" and row["version"] < newest[row["lead"], row["sink"]]:
            row["state"] = "superseded"
    _insert(session, DELIVERY, rows)
    started = [
        {"delivery": d["id"], "number": d["attempts"], "fence": d["fence"], "started_at": d["created_at"]}
        for d in rows
        if d["state"] == "sending"
    ]
    _insert(session, ATTEMPT, started)
    for run in runs:
        if run.lead and run.joined:
            _owe_once(run.lead.id, run.joined, session)


def _owe_once(lead: str, joined: Sequence[str], session: Session) -> None:
    """Let what is still owed for joined leads go only to sinks that have nothing of the surviving one."""
    its = DELIVERY.alias("its")
    there = sa.exists().where(its.c.lead == lead, its.c.sink == DELIVERY.c.sink, its.c.state.in_((*OPEN, "sent")))
    waiting = sa.and_(DELIVERY.c.lead.in_(joined), DELIVERY.c.state == "ready", there)
    session.execute(sa.update(DELIVERY).where(waiting).values(state="superseded", reason=JOINED))


def _supersede(session: Session, newer: list[dict[str, Any]]) -> None:
    """Let a newer version of a lead take the place of one that still waits for the same sink."""
    if not newer:
        return
    statement = (
        sa.update(DELIVERY)
        .where(
            DELIVERY.c.lead == sa.bindparam("b_lead"),
            DELIVERY.c.sink == sa.bindparam("b_sink"),
            DELIVERY.c.version < sa.bindparam("b_version"),
            DELIVERY.c.state == "ready",
        )
        .values(state="superseded", reason="a newer version of the lead goes instead")
    )
    rows = [{"b_lead": d["lead"], "b_sink": d["sink"], "b_version": d["version"]} for d in newer]
    session.connection().execute(statement, rows)


def _rotate(session: Session, runs: list[Run]) -> None:
    """Count what each member was given, in all and on the day."""
    given: dict[tuple[str, str, str], int] = {}
    for run in runs:
        if run.rotation and run.lead:
            team, member, day = run.rotation
            for when in ("", day):
                given[team, member, when] = given.get((team, member, when), 0) + 1
    for (team, member, day), number in given.items():
        where = (ROTATION.c.team == team, ROTATION.c.member == member, ROTATION.c.day == day)
        done = session.execute(sa.update(ROTATION).where(*where).values(given=ROTATION.c.given + number))
        if not done.rowcount:  # type: ignore[attr-defined]
            _insert(session, ROTATION, [{"team": team, "member": member, "day": day, "given": number}])


def _finish(session: Session, runs: list[Run]) -> None:
    states = {"accepted": "done"}
    rows = [
        {
            "b_id": run.submission, "state": states.get(run.status, run.status), "key": run.key,
            "lead": run.lead.id if run.lead else run.known_lead, "candidate": run.candidate,
            "problems": run.problems or None, "reason": run.reason, "test": run.test, "due_at": None, "done_at": run.at,
        }
        for run in runs
    ]  # fmt: skip
    names = [name for name in rows[0] if name != "b_id"]
    statement = (
        sa.update(SUBMISSION)
        .where(SUBMISSION.c.id == sa.bindparam("b_id"))
        .values({name: sa.bindparam(name) for name in names})
    )
    session.connection().execute(statement, rows)
