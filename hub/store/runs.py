"""Writes finished runs down: identities, leads, touches, decisions and deliveries, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.failpoints import hit
from hub.lead import Lead, Touch
from hub.roster import Deal
from hub.step import Identity, Suggestion
from hub.store import auctions, bulk, care, consent, dealing, erasure, freed, joins, search
from hub.store import leads as lead_store
from hub.store.columns import (
    ATTEMPT,
    DECISION,
    DELIVERY,
    IDENTITY,
    LEAD,
    MERGE,
    SUBMISSION,
    SUGGESTION,
    TOUCH,
)
from hub.store.due import Due, owe
from hub.store.erasure import FirstPart
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
    deal: Deal | None = None  # by turns
    sale: dict[str, Any] | None = None  # the auction it was sold in, and its bids
    ownership: list[dict[str, Any]] = field(default_factory=list)  # who got the lead, for the log
    care: dict[str, Any] | None = None  # its round
    anew: bool = True  # it counts as new interest
    timers: Callable[[Mapping[str, Any]], list[dict[str, Any]]] | None = None  # what is due, from the round it is in
    events: list[Event] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)  # what the submission says about consent
    wipe: FirstPart | None = None  # the person was erased: nothing of the submission is kept
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
    new = [_lead(run) for run in with_lead if not run.base_version]
    bulk.insert(LEAD, new, session=session)
    search.add(new, session=session)
    _update_leads(session, [run for run in with_lead if run.base_version])
    freed.free([run for run in with_lead if run.kind == "replay" and run.base_version], session=session)
    _insert_identities(session, with_lead)
    again = [run.submission for run in with_lead if run.kind == "replay"]
    if again:
        session.execute(sa.delete(TOUCH).where(TOUCH.c.submission.in_(again)))
    bulk.insert(TOUCH, [_touch(run) for run in with_lead if run.touch], session=session)
    bulk.insert(MERGE, [_merge(run) for run in with_lead if run.base_version and run.kind == "run"], session=session)
    bulk.insert(DECISION, [_decision(run) for run in runs], session=session)
    _keep_consents(session, with_lead)
    _insert_suggestions(session, with_lead)
    _deliver(session, runs)
    auctions.add([run.sale for run in runs if run.sale], session=session)
    hit("route.inserted")
    dealing.log([row for run in with_lead for row in run.ownership], session=session)
    _care(session, with_lead)
    append((event for run in runs for event in run.events), session=session)
    for run in runs:
        if run.wipe:
            erasure.blank_submissions([run.submission], run.wipe, session=session)
    _finish(session, runs)


def _lead(run: Run) -> dict[str, Any]:
    assert run.lead is not None
    return {**lead_store.row_of(run.lead, run.at), "flow": run.flow}


def _update_leads(session: Session, runs: list[Run]) -> None:
    if not runs:
        return
    rows = {row["id"]: row for row in map(_lead, runs)}  # of several versions of one lead the last one stays
    old = search.before(rows, session=session)
    bulk.update(LEAD, ["id"], list(rows.values()), session=session)
    search.follow(old, rows.values(), session=session)


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
    bulk.insert(IDENTITY, list(rows.values()), session=session)


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
    assert run.lead is not None
    for other in run.joined:
        joins.join(run.lead.id, other, run.at, submission=run.submission, why=run.reason, session=session)


def _decision(run: Run) -> dict[str, Any]:
    return {
        "submission": run.submission, "lead": run.lead.id if run.lead else run.known_lead, "kind": run.kind,
        "flow": run.flow, "revision": run.revision, "status": run.status, "at": run.at, "body": dumps(run.decision),
    }  # fmt: skip


def _keep_consents(session: Session, runs: list[Run]) -> None:
    """Keep what the submissions say about consent, unless an earlier run of theirs did."""
    speaking = [run for run in runs if run.consents]
    if not speaking:
        return
    kept = consent.kept_of([run.submission for run in speaking if run.kind == "replay"], session=session)
    rows = [
        {**row, "lead": run.lead.id if run.lead else None, "submission": run.submission, "source": run.source}
        for run in speaking
        if run.submission not in kept
        for row in run.consents
    ]
    consent.add(rows, session=session)


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
                bulk.insert(SUGGESTION, [{**row, "reasons": list(suggestion.reasons)}], session=session)


def _deliver(session: Session, runs: list[Run]) -> None:
    _supersede(session, [d for run in runs if run.base_version for d in run.deliveries])
    rows = [d for run in runs for d in run.deliveries]
    newest = {(d["lead"], d["sink"]): d["version"] for d in rows}
    for row in rows:
        if row["state"] == "ready" and row["version"] < newest[row["lead"], row["sink"]]:
            row["state"] = "superseded"
    bulk.insert(DELIVERY, rows, session=session)
    started = [
        {"delivery": d["id"], "number": d["attempts"], "fence": d["fence"], "started_at": d["created_at"]}
        for d in rows
        if d["state"] == "sending"
    ]
    bulk.insert(ATTEMPT, started, session=session)
    owe((_due(d) for d in rows if d["state"] == "ready"), session=session)
    for run in runs:
        if run.lead and run.joined:
            joins.owe_once(run.lead.id, run.joined, session=session)


def _due(row: dict[str, Any]) -> Due:
    wait = (row["due_at"] - row["created_at"]).total_seconds()
    return Due(row["id"], row["sink"], row["fence"], row["priority"], row["due_at"], wait)


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


def _care(session: Session, runs: list[Run]) -> None:
    """Begin or go on with the rounds of leads, and write down what is due for each."""
    new = [run for run in runs if run.care and not run.base_version]
    care.begin([run.care for run in new if run.care], session=session)
    timers = [row for run in new if run.care and run.timers for row in run.timers({**care.BLANK, **run.care})]
    care.add(timers, session=session)
    for run in runs:
        if run.care and run.base_version:
            now = care.go_on(run.care, anew=run.anew, session=session)
            care.remember(now["lead"], run.timers(now) if run.timers else (), session=session)


def _finish(session: Session, runs: list[Run]) -> None:
    states = {"accepted": "done"}
    rows = [
        {
            "id": run.submission, "state": states.get(run.status, run.status), "key": run.key,
            "lead": run.lead.id if run.lead else run.known_lead, "candidate": run.candidate,
            "problems": run.problems or None, "reason": run.reason, "test": run.test, "due_at": None, "done_at": run.at,
        }
        for run in runs
    ]  # fmt: skip
    bulk.update(SUBMISSION, ["id"], rows, session=session)
