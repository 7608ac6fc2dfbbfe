"""Finds out, before anything is run again, what would become of it: who would be told, and who would not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.lead import Lead, RawLead
from hub.pipeline.context import RunContext, StoredLeads
from hub.pipeline.erased import Erased
from hub.pipeline.reading import Item, item_of, parse
from hub.pipeline.rehearsal import Rehearsal
from hub.pipeline.runner import Ended, run
from hub.plan import Plan
from hub.replays import accepted
from hub.source import WebhookSource
from hub.step import Work
from hub.store.database import Database
from hub.store.tables import SubmissionRow
from hub.trials import DECIDING

LOOKED_AT = 100
"""Submissions that are tried before a person decides on all of a group."""

_TRIED = DECIDING | {"dedupe"}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of one submission: accepted, quarantined, rejected, or unknown where a vendor is asked first.

    `first` are sinks that would get the lead for the first time, `again` those that have it and take updates, `kept`
    those that would get nothing, with the reason.
    """

    submission: str
    status: str
    test: bool = False
    known: bool = False
    first: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()


class Foresight:
    """Runs submissions through the deciding steps with the plan in force: nothing is sent, and nothing is written."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], *, clock: Clock, http: httpx.AsyncClient, erased: Erased
    ) -> None:
        self.db, self.plan, self.clock, self.http, self.erased = db, plan, clock, http, erased

    async def replays(self, submissions: Sequence[str], accept: frozenset[str]) -> list[Foreseen]:
        """Return what would become of submissions if they were decided again, one after the other."""
        plan, leads = self.plan(), StoredLeads(self.db)
        dealing = Rehearsal(plan, self.clock.now())
        rows = await self.db.read(_rows, list(submissions))
        return [await self._one(row, plan, leads, dealing, accept | waved) for row, waved in rows]

    async def _one(
        self, row: SubmissionRow, plan: Plan, leads: StoredLeads, dealing: Rehearsal, accept: frozenset[str]
    ) -> Foreseen:
        flow, source = plan.flows.get(row.source), plan.sources.get(row.source)
        if flow is None or source is None or not row.body:
            return Foreseen(row.id, "quarantined", row.test)
        item = item_of(row)
        raws = parse(source, item)
        if not raws:
            return Foreseen(row.id, "quarantined" if item.problems else "accepted", row.test)
        if _asks(source, item):
            return Foreseen(row.id, "unknown", row.test)
        ctx = RunContext(
            self.clock, self.http, leads, dealing, plan, plan.settings.sources[row.source], flow.settings, self.erased
        )
        work = _work(row, raws[0], flow.settings.name, accept)
        ended = await run(work, flow, ctx, only=_TRIED)
        have = await leads.sinks_of(ended.work.lead.id) if ended.work.merged else frozenset[str]()
        return _foreseen(row.id, ended, have)


def _asks(source: Any, item: Item) -> bool:
    """Return whether the vendor is asked for the rest of it before it can be decided."""
    if item.completed or not isinstance(source, WebhookSource):
        return False
    return type(source).complete is not WebhookSource.complete


def _work(row: SubmissionRow, raw: RawLead, flow: str, accept: frozenset[str]) -> Work:
    lead = Lead.blank(id=row.lead or row.id, source=row.source, submitted_at=raw.submitted_at)
    return Work(
        raw=raw, lead=lead, submission=row.id, source=row.source, flow=flow, received_at=row.received_at,
        accept=accept, again=row.lead,
    )  # fmt: skip


def _foreseen(submission: str, ended: Ended, have: frozenset[str]) -> Foreseen:
    work = ended.work
    if ended.status != "accepted":
        return Foreseen(submission, ended.status, work.lead.test, work.merged)
    sinks = [target.sink for target in work.targets]
    skipped = work.notes.get("deliver", {}).get("skipped", ())
    return Foreseen(
        submission, "accepted", work.lead.test, work.merged, tuple(sink for sink in sinks if sink not in have),
        tuple(sink for sink in sinks if sink in have), tuple((one["sink"], one["why"]) for one in skipped),
    )  # fmt: skip


def foretold(found: Iterable[Foreseen]) -> dict[str, Any]:
    """Return the numbers a person decides by: what becomes of the submissions, and which sinks get how many."""
    found = list(found)
    real = [one for one in found if not one.test]
    sinks: dict[str, Counter[str]] = {}
    why: dict[str, str] = {}
    for one in real:
        for word, names in (("first", one.first), ("again", one.again), ("kept", tuple(name for name, _ in one.kept))):
            for name in names:
                sinks.setdefault(name, Counter())[word] += 1
        why |= dict(one.kept)
    return {
        "looked_at": len(found),
        "outcomes": dict(Counter(one.status for one in found)),
        "tests": len(found) - len(real),
        "known": sum(one.known for one in found if one.status == "accepted"),
        "sinks": [_line(name, counts, why) for name, counts in sorted(sinks.items())],
    }


def _line(sink: str, counts: Mapping[str, int], why: Mapping[str, str]) -> dict[str, Any]:
    number = {word: counts.get(word, 0) for word in ("first", "again", "kept")}
    return {"sink": sink, **number, "why": why.get(sink, "") if number["kept"] else ""}


def _rows(submissions: list[str], *, session: Session) -> list[tuple[SubmissionRow, frozenset[str]]]:
    query = sa.select(SubmissionRow).where(sa.column("id").in_(submissions)).order_by(sa.column("id"))
    rows = list(session.execute(query).scalars())
    found = [(row, accepted(row.id, session=session)) for row in rows]
    session.expunge_all()
    return found
