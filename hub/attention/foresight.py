"""Finds out, before anything is run again, what would become of it: who would be told, and who would not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import httpx
import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.corrections import Corrections, merged
from hub.lead import LEAD_FIELDS, Lead, Problem, RawLead
from hub.pipeline.context import RunContext, StoredLeads
from hub.pipeline.erased import Erased
from hub.pipeline.ownmaps import OwnMaps
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

FORESEEN = "foreseen"
"""Who would have corrected a field, while it is only tried."""

NOTHING: Mapping[str, str | None] = MappingProxyType({})

_TRIED = DECIDING | {"dedupe"}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of one submission: accepted, quarantined, rejected, or unknown where a vendor is asked first.

    `first` are sinks that would get the lead for the first time, `again` those that have it and take updates, `kept`
    those that would get nothing, with the reason. `problems` are what would be wrong then, and `becomes` what would be
    made of each corrected field.
    """

    submission: str
    status: str
    test: bool = False
    known: bool = False
    first: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    becomes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a submission says by itself, field by field as it came, and what was corrected in it; None: unreadable."""

    row: SubmissionRow
    mapped: Mapping[str, Any] | None
    corrections: Corrections


class Foresight:
    """Runs submissions through the deciding steps with the plan in force: nothing is sent, and nothing is written."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], *, clock: Clock, http: httpx.AsyncClient, erased: Erased
    ) -> None:
        self.db, self.plan, self.clock, self.http, self.erased = db, plan, clock, http, erased
        self._own = OwnMaps(db)

    async def replays(
        self, submissions: Sequence[str], accept: frozenset[str], fields: Mapping[str, str | None] = NOTHING
    ) -> list[Foreseen]:
        """Return what would become of submissions if they were decided again, one after the other.

        `fields` are what would be corrected in each of them first.
        """
        plan, leads = self.plan(), StoredLeads(self.db)
        dealing = Rehearsal(plan, self.clock.now())
        rows = await self.db.read(_rows, list(submissions))
        return [await self._one(row, plan, leads, dealing, accept | waved, fields) for row, waved in rows]

    async def reading(self, submission: str) -> Reading | None:
        """Return what a submission says as its mapping reads it, before any correction; None: it is not there.

        What ended the process each time is not read once more.
        """
        rows = await self.db.read(_rows, [submission])
        if not rows:
            return None
        plan, row = self.plan(), rows[0][0]
        poison = any(one.get("code") == "poison" for one in row.problems or ())
        item, raw, _ = (item_of(row), None, "") if poison else _read(row, plan)
        if raw is None:
            return Reading(row, None, item.corrections)
        ctx = await self._context(row, plan, StoredLeads(self.db), Rehearsal(plan, self.clock.now()))
        work = _work(item, raw, row, plan)
        ended = await run(work, plan.flows[row.source], ctx, only=frozenset({"map"}))
        return Reading(row, ended.work.mapped if ended.status == "accepted" else None, item.corrections)

    async def _one(
        self,
        row: SubmissionRow,
        plan: Plan,
        leads: StoredLeads,
        dealing: Rehearsal,
        accept: frozenset[str],
        fields: Mapping[str, str | None],
    ) -> Foreseen:
        item, raw, status = _read(row, plan)
        if raw is None:
            return Foreseen(row.id, status, row.test)
        item.corrections = merged(item.corrections, fields, FORESEEN, self.clock.now())[0]
        ctx = await self._context(row, plan, leads, dealing)
        ended = await run(_work(item, raw, row, plan).change(accept=accept), plan.flows[row.source], ctx, only=_TRIED)
        have = await leads.sinks_of(ended.work.lead.id) if ended.work.merged else frozenset[str]()
        return replace(_foreseen(row.id, ended, have), **_made(ended, item.corrections))

    async def _context(self, row: SubmissionRow, plan: Plan, leads: StoredLeads, dealing: Rehearsal) -> RunContext:
        return RunContext(
            self.clock, self.http, leads, dealing, plan, plan.settings.sources[row.source],
            plan.flows[row.source].settings, self.erased, own=await self._own.of(row.import_id, plan),
        )  # fmt: skip


def _read(row: SubmissionRow, plan: Plan) -> tuple[Item, RawLead | None, str]:
    """Return a submission with its raw lead; without one, what becomes of it as far as that can be told."""
    item, source = item_of(row), plan.sources.get(row.source)
    if row.source not in plan.flows or source is None or not row.body:
        return item, None, "quarantined"
    raws = parse(source, item)
    if not raws:
        return item, None, "quarantined" if item.problems else "accepted"
    return (item, None, "unknown") if _asks(source, item) else (item, raws[0], "")


def _asks(source: Any, item: Item) -> bool:
    """Return whether the vendor is asked for the rest of it before it can be decided."""
    if item.completed or not isinstance(source, WebhookSource):
        return False
    return type(source).complete is not WebhookSource.complete


def _work(item: Item, raw: RawLead, row: SubmissionRow, plan: Plan) -> Work:
    lead = Lead.blank(id=row.lead or row.id, source=row.source, submitted_at=raw.submitted_at)
    return Work(
        raw=raw, lead=lead, submission=row.id, source=row.source, flow=plan.flows[row.source].settings.name,
        received_at=row.received_at, again=None if row.state == "rejected" else row.lead, corrections=item.corrections,
    )  # fmt: skip


def _made(ended: Ended, corrections: Corrections) -> dict[str, Any]:
    """Return what would be wrong, and what is made of what was corrected."""
    work = ended.work
    said = work.candidate or work.lead
    made = {name: getattr(said, name) if name in LEAD_FIELDS else work.touch.fields.get(name) for name in corrections}
    return {"problems": work.quarantine or said.problems, "becomes": made}


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
