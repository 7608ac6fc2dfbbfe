"""From the end of a run to what is stored of it: the decision record, events and deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from hub import explain
from hub.events import Event
from hub.ids import Ids
from hub.lead import Lead, Problem, RawLead
from hub.normal.keys import account_of
from hub.people.pools import embargo
from hub.pipeline.erased import Gone
from hub.pipeline.reading import Item, first_part
from hub.pipeline.runner import Ended
from hub.pipeline.sales import sale_of, sold_row
from hub.plan import Plan
from hub.step import Work
from hub.store.owed import owed
from hub.store.runs import Run


class Slots(Protocol):
    """Where deliveries can be handed over without a detour through the database's queue."""

    def reserve(self, sink: str) -> bool:
        """Take a place for one delivery to that sink, if there is one now."""
        ...

    def lease(self) -> tuple[str, datetime]:
        """Return who holds a reserved delivery, and until when."""
        ...

    def take(self, rows: list[dict[str, Any]], lead: Lead) -> None:
        """Send the reserved deliveries of a stored lead."""
        ...

    def give_back(self, rows: list[dict[str, Any]]) -> None:
        """Free the places of deliveries that were not stored."""
        ...


def run_of(item: Item, raw: RawLead, ended: Ended | None, plan: Plan, now: datetime) -> Run:
    """Return what is to be stored of a run; `ended` is None when the submission could not be run at all."""
    common: dict[str, Any] = {
        "submission": item.id, "source": item.source, "at": now, "key": raw.key, "digest": item.digest,
        "kind": item.kind, "revision": plan.revision, "test": raw.test, "polled": item.polled,
    }  # fmt: skip
    if ended is None:
        return _unread(common, item, plan)
    work = ended.work
    if ended.gone is not None:
        return _suppressed({**common, "key": None}, work, ended.gone, plan)
    run = Run(
        **common, flow=work.flow, status=ended.status, reason=ended.reason, problems=_problems(work),
        base_version=work.lead.version - 1 if work.merged else 0, identities=work.identities, touch=work.touch,
        joined=work.joined, suggestions=work.suggestions, candidate=_json(work.candidate or work.lead),
        deal=work.assignment.deal if ended.given else None,
    )  # fmt: skip
    run.test = work.lead.test
    if ended.status == "accepted":
        run.lead = _golden(work, now)
        run.consents, run.anew = work.stated(), work.anew
        if not run.test:
            _take_care(run, work, plan, given=ended.given)
    else:
        run.known_lead = work.lead.id if ended.status == "rejected" else work.again
    run.decision = _decision(run, work, ended)
    run.events = list(_events(run, work, item))
    return run


def _suppressed(common: dict[str, Any], work: Work, gone: Gone, plan: Plan) -> Run:
    """Store that an erased person came again, and nothing of what came."""
    run = Run(**common, flow=work.flow, status="rejected", reason=gone.reason)
    run.test = work.lead.test
    run.wipe = partial(first_part, plan.sources)
    day = gone.at.date().isoformat()
    run.decision = {
        "submission": run.submission, "source": run.source, "flow": work.flow, "status": run.status,
        "reason": gone.reason, "erased_on": day, "steps": [],
    }  # fmt: skip
    kind = "submission.returned" if gone.agreed else "submission.suppressed"
    test = {"test": True} if run.test else {}
    run.events = [Event(kind, run.at, None, run.submission, run.source, data={"erased_on": day, **test})]
    return run


def _golden(work: Work, now: datetime) -> Lead:
    """Return the lead as it is stored; the first touch is the one that made it."""
    first = work.lead.first_touch if work.merged else work.touch
    return work.lead.with_fields(created_at=work.lead.created_at or now, updated_at=now, first_touch=first)


def _unread(common: dict[str, Any], item: Item, plan: Plan) -> Run:
    """Store a submission that cannot be run: it waits for a person, or has no lead in it."""
    problems = item.problems
    if not problems and item.source not in plan.flows:
        said = f'No flow takes the source "{item.source}". Add it to a flow, then replay.'
        problems = (Problem(field="", code="no_flow", message=said),)
    status = "quarantined" if problems else "accepted"
    reason = "; ".join(p.message for p in problems) or "There is no lead in it."
    run = Run(**common, flow="", status=status, reason=reason, problems=[p.model_dump() for p in problems])
    run.decision = {"submission": item.id, "source": item.source, "status": status, "reason": reason, "steps": []}
    kind = "submission.quarantined" if problems else "submission.received"
    run.events = [Event(kind, run.at, None, item.id, item.source, data={"codes": [p.code for p in problems]})]
    return run


def _problems(work: Work) -> list[dict[str, Any]]:
    every = dict.fromkeys([*work.quarantine, *work.lead.problems, *work.raw.problems])
    return [{"field": p.field, "code": p.code, "message": p.message} for p in every]


def _json(lead: Lead) -> str:
    return lead.model_dump_json(exclude_defaults=True)


def _decision(run: Run, work: Work, ended: Ended) -> dict[str, Any]:
    given = work.assignment
    return {
        "lead": run.lead.id if run.lead else run.known_lead,
        "submission": run.submission,
        "source": run.source,
        "flow": work.flow,
        "revision": run.revision,
        "status": run.status,
        "reason": run.reason,
        "test": run.test,
        "merged": work.merged,
        "steps": ended.steps,
        "routes": list(work.routes),
        "targets": [{"sink": t.sink, "route": t.route} for t in work.targets],
        "assignment": {
            "team": given.team, "owner": given.owner, "strategy": given.strategy, "considered": list(given.considered),
            **({"pool": given.pool} if given.pool else {}),
        },
        "respond_within": work.respond_within,
        **({"accepted": sorted(work.accept)} if work.accept else {}),
    }  # fmt: skip


def _events(run: Run, work: Work, item: Item) -> Iterable[Event]:
    lead = run.lead.id if run.lead else run.known_lead
    at = run.at
    if run.status == "quarantined":
        codes = [p.code for p in work.quarantine]
        yield Event("submission.quarantined", at, lead, item.id, item.source, data={"codes": codes})
        return
    if run.status != "accepted":
        yield Event("submission.rejected", at, lead, item.id, item.source, data={"reason": run.reason})
        return
    test = {"test": True} if run.test else {}
    kind = "submission.replayed" if work.again else "lead.merged" if work.merged else "lead.created"
    yield Event(kind, at, lead, item.id, item.source, data=test)
    for other in work.joined:
        yield Event("lead.joined", at, lead, item.id, item.source, data={"other": other, **test})
    if not run.test:
        for row in run.ownership:
            named = {name: row[name] for name in ("team", "owner", "pool") if row.get(name)}
            yield Event(f"lead.{row['act']}", at, lead, item.id, item.source, data=named)


def _take_care(run: Run, work: Work, plan: Plan, *, given: bool) -> None:
    """Add who has the lead now, by when somebody must answer, and what is due for it."""
    run.care = care_of(run, work, plan)
    run.timers = partial(plan.timers, lead=run.lead)
    run.ownership = list(_ownership(run, work, given=given))


def _ownership(run: Run, work: Work, *, given: bool) -> Iterable[dict[str, Any]]:
    """Yield what the log of who has a lead is told: that somebody got it, or that it waits in a pool."""
    found = work.assignment
    row = {
        "at": run.at, "lead": run.lead.id if run.lead else None, "submission": run.submission, "team": found.team,
        "strategy": found.strategy, "reason": work.notes.get("assign", {}).get("reason"), "revision": run.revision,
    }  # fmt: skip
    if given and run.lead and run.lead.owner:
        deal = found.deal
        dealt = {"turn_of": deal.member, "roster": deal.roster} if deal else {}
        yield {**row, "act": "assigned", "team": run.lead.team, "owner": run.lead.owner, "gained": 1, **dealt}
    elif found.pool and (not work.merged or work.anew):
        yield {**row, "act": "pooled", "pool": found.pool}


def care_of(run: Run, work: Work, plan: Plan) -> dict[str, Any]:
    """Return the round of a lead as this run leaves it: who has it, and by when somebody must answer."""
    assert run.lead is not None
    lead, settings = run.lead, plan.settings
    start, calendar, due_at = clock_of(work, plan)
    pool = None if lead.owner else work.assignment.pool
    return {
        "lead": lead.id, "source": work.source, "flow": work.flow, "route": next(iter(work.routes), None),
        "grade": lead.grade, "test": lead.test, "revision": run.revision, "team": lead.team, "owner": lead.owner,
        "pool": pool, "since": run.at, "turns": int(lead.owner is not None), "started_at": start,
        "received_at": work.received_at, "decided_at": run.at, "target": work.respond_within, "calendar": calendar,
        "due_at": due_at, "embargo_until": embargo(settings, pool, run.at), **_NO_ACCOUNT, **account_of(lead),
    }  # fmt: skip


def clock_of(work: Work, plan: Plan) -> tuple[datetime, str | None, datetime | None]:
    """Return since when a prospect waits, in whose working time, and when an answer is due; a submit to come is now."""
    team = plan.settings.teams.get(work.lead.team or "")
    calendar = work.calendar or (team.calendar if team else None)
    said = (work.candidate or work.lead).submitted_at  # as normalize read it: what was received may lack its zone
    start = min(said, work.received_at) if said is not None and said.tzinfo else work.received_at
    due_at = plan.working(calendar).after(start, work.respond_within) if work.respond_within else None
    return start, calendar, due_at


_NO_ACCOUNT: Mapping[str, None] = {"domain": None, "firm": None}


def deliveries_of(run: Run, work: Work, plan: Plan, ids: Ids, slots: Slots) -> list[dict[str, Any]]:
    """Return the delivery rows of a run; those of new leads may be handed straight to a worker."""
    assert run.lead is not None
    lead = run.lead
    if not work.targets:
        return []
    run.sale = sale_of(run, work, ids)
    sentence = explain.sentence(run.decision, plan.settings.hub.language)
    rows = []
    for target in work.targets:
        row = owed(
            ids("dlv"), lead.id, target.sink, lead.version, run.submission, run.at, route=target.route,
            sentence=sentence, test=lead.test,
        )  # fmt: skip
        if run.sale and target.sink == run.sale["bids"][0]["buyer"]:
            row |= sold_row(run.sale)
        if not work.merged and slots.reserve(target.sink):
            holder, until = slots.lease()
            row.update(state="sending", attempts=1, fence=1, lease_by=holder, lease_until=until)
        rows.append(row)
    return rows
