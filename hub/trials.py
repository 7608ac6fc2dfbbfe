"""Tries things without doing them: a dry run of an import, and a changed configuration on past leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.events import Event
from hub.ids import RandomIds
from hub.intake.imports import Imports
from hub.intake.rows import Rows
from hub.lead import Lead
from hub.pipeline.auctions import Recalled
from hub.pipeline.comparison import Comparison, Way, going, gone
from hub.pipeline.context import RunContext, StoredLeads
from hub.pipeline.drift import Drift
from hub.pipeline.engine import Pipeline
from hub.pipeline.outcome import clock_of
from hub.pipeline.ownmaps import OwnMaps
from hub.pipeline.reading import item_of, parse
from hub.pipeline.rehearsal import Rehearsal
from hub.pipeline.runner import run
from hub.pipeline.turn import Turns
from hub.plan import Plan
from hub.step import Work
from hub.store.columns import ABSENCE, CARE, DECISION, SUBMISSION
from hub.store.database import Database
from hub.store.scratch import scratch
from hub.store.tables import SubmissionRow

EXAMPLES = 50
MOST = 20_000  # leads a simulation looks at
DECIDING = frozenset(
    {"map", "correct", "normalize", "validate", "enrich", "score", "route", "auction", "assign", "deliver"}
)
"""What is run of a past lead: who it is was found out then, and `deliver` only names those who are owed it."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The way a lead went and the one it would go (None: it would be stopped), and when it was really answered."""

    lead: str
    before: Way
    after: Way | None
    responded_at: datetime | None


class NoSlots:
    """Nothing is sent in a trial: deliveries stay rows."""

    def reserve(self, sink: str) -> bool:
        """Refuse."""
        return False

    def lease(self) -> tuple[str, datetime]:
        """Never asked."""
        raise NotImplementedError

    def take(self, rows: list[dict[str, Any]], lead: Lead) -> None:
        """Send nothing."""

    def give_back(self, rows: list[dict[str, Any]]) -> None:
        """Nothing was reserved."""


def _unheard(done: int, of: int) -> None:
    """Tell nobody how far it is."""


def _silent(events: Iterable[Event]) -> None:
    for _ in events:
        pass


class Trials:
    """Runs the real code on a private copy of the database."""

    def __init__(self, db: Database, plan: Callable[[], Plan], *, clock: Clock, http: httpx.AsyncClient) -> None:
        self.db, self.plan, self.clock, self.http = db, plan, clock, http
        self._own = OwnMaps(db)

    async def dry_run(
        self, path: Path, source: str, *, mapping: str | None = None, layout: Mapping[str, Any] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Import a file into a copy, and tell what became of its rows: the same code, the same counts."""
        async with scratch(self.db) as copy:
            ids = RandomIds()
            pipeline = Pipeline(
                copy, self.plan, clock=self.clock, ids=ids, http=self.http,
                turns=Turns(copy, self.plan, clock=self.clock),
                slots=NoSlots(), emit=_silent, drift=Drift(self.clock, _silent),
            )  # fmt: skip
            rows = Rows(copy, pipeline, clock=self.clock, ids=ids)
            imports = Imports(copy, self.plan, rows, clock=self.clock, ids=ids, emit=_silent)
            pipeline.start()
            try:
                async for line in imports.steps(path, source, mapping=mapping, layout=layout):
                    yield line
            finally:
                await pipeline.stop()

    async def simulate(
        self, changed: Plan, days: float, *, told: Callable[[int, int], None] = _unheard
    ) -> dict[str, Any]:
        """Decide the leads of the last days with another plan: which would go elsewhere or to whom else, and how soon.

        Turns, caps and open work begin with the first of these leads. People who came again are left out, what people
        did by hand too. Nothing is sent, nobody is asked for bids, and nothing is written.
        `told` hears how many leads are done, and of how many.
        """
        found, leads, skipped = Comparison(self.clock.now()), 0, 0
        async for way in self.ways(changed, days, told=told):
            leads += 1
            skipped += way.after is None
            if way.after is not None:
                found.add(way.lead, way.before, way.after, way.responded_at)
        return {"leads": leads, "not_decided": skipped, **found.told(EXAMPLES)}

    async def ways(
        self, changed: Plan, days: float, *, told: Callable[[int, int], None] = _unheard
    ) -> AsyncIterator[Ways]:
        """Yield the way each lead of the last days went, and the one it would go with another plan; oldest first."""
        past = await self.db.read(_past, self.clock.now() - timedelta(days=days))
        absences, rounds = await self.db.read(_happened)
        ends = {lead: (row.closed_at, row.disposition) for lead, row in rounds.items() if row.closed_at is not None}
        began = past[0][2] if past else self.clock.now()
        dealing = Rehearsal(changed, began, absences=absences, ends=ends)
        for number, (row, decision, at) in enumerate(past):
            told(number, len(past))
            dealing.now = max(dealing.now, at)
            work = await self._decide(row, changed, dealing, decision)
            known = rounds.get(decision["lead"])
            before = gone(decision, known.due_at if known else None)
            after = going(work, clock_of(work, changed)[2]) if work is not None else None
            yield Ways(decision["lead"], before, after, known.responded_at if known else None)

    async def _decide(
        self, row: SubmissionRow, plan: Plan, dealing: Rehearsal, decision: dict[str, Any]
    ) -> Work | None:
        """Run the deciding steps of one past submission; None when the new plan would stop it or has no flow for it."""
        flow, source = plan.flows.get(row.source), plan.sources.get(row.source)
        if flow is None or source is None:
            return None
        item = item_of(row)
        raws = parse(source, item)
        if not raws:
            return None
        lead = Lead.blank(id=row.lead or row.id, source=row.source, submitted_at=raws[0].submitted_at)
        work = Work(
            raw=raws[0], lead=lead, submission=row.id, source=row.source, flow=flow.settings.name,
            received_at=row.received_at, corrections=item.corrections,
        )  # fmt: skip
        settings, then = plan.settings.sources[row.source], _Then(self.clock, dealing.now)
        ctx = RunContext(then, self.http, StoredLeads(self.db), dealing, plan, settings, flow.settings)
        ctx.auctions, ctx.own = Recalled(decision), await self._own.of(row.import_id, plan)
        ended = await run(work, flow, ctx, only=DECIDING)
        return ended.work if ended.status == "accepted" else None


class _Then:
    """A clock that stands at a moment that is past."""

    def __init__(self, clock: Clock, at: datetime) -> None:
        self._clock, self._at = clock, at

    def now(self) -> datetime:
        """Return that moment."""
        return self._at

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await self._clock.sleep(seconds)


def _past(since: datetime, *, session: Session) -> list[tuple[SubmissionRow, dict[str, Any], datetime]]:
    """Return the accepted first submissions since then with what was decided and when, in the order of that."""
    query = (
        sa.select(SubmissionRow, DECISION.c.body, DECISION.c.at)
        .join(DECISION, DECISION.c.submission == SUBMISSION.c.id)
        .where(
            SUBMISSION.c.state == "done",
            SUBMISSION.c.received_at >= since,
            DECISION.c.kind == "run",
            ~SUBMISSION.c.test,
        )
        .order_by(DECISION.c.id)
        .limit(MOST)
    )
    found = [(row, orjson.loads(body), at) for row, body, at in session.execute(query)]
    session.expunge_all()
    return [one for one in found if one[1].get("lead") and not one[1].get("merged")]


def _happened(*, session: Session) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return who was away when, and how the first round of each lead went: due, answered, closed."""
    away = [dict(row) for row in session.execute(sa.select(ABSENCE).order_by(ABSENCE.c.id)).mappings()]
    columns = (CARE.c.lead, CARE.c.due_at, CARE.c.responded_at, CARE.c.closed_at, CARE.c.disposition)
    return away, {row.lead: row for row in session.execute(sa.select(*columns).where(CARE.c.round == 1))}
