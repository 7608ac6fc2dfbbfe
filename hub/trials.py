"""Tries things without doing them: a dry run of an import, and a changed configuration on past leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
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
from hub.pipeline.context import Rotation, RunContext, StoredLeads
from hub.pipeline.drift import Drift
from hub.pipeline.engine import Pipeline
from hub.pipeline.reading import item_of, parse
from hub.pipeline.runner import run
from hub.plan import Plan
from hub.step import Work
from hub.store.columns import DECISION, SUBMISSION
from hub.store.database import Database
from hub.store.scratch import scratch
from hub.store.tables import SubmissionRow

EXAMPLES = 50
MOST = 20_000  # leads a simulation looks at
DECIDING = frozenset({"map", "normalize", "validate", "enrich", "score", "route", "assign"})


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


def _silent(events: Iterable[Event]) -> None:
    for _ in events:
        pass


class Trials:
    """Runs the real code on a private copy of the database."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], *, clock: Clock, http: httpx.AsyncClient, rotation: Rotation
    ) -> None:
        self.db, self.plan, self.clock, self.http, self.rotation = db, plan, clock, http, rotation

    async def dry_run(self, path: Path, source: str) -> AsyncIterator[dict[str, Any]]:
        """Import a file into a copy, and tell what became of its rows: the same code, the same counts."""
        async with scratch(self.db) as copy:
            ids = RandomIds()
            pipeline = Pipeline(
                copy, self.plan, clock=self.clock, ids=ids, http=self.http, rotation=self.rotation.copy(),
                slots=NoSlots(), emit=_silent, drift=Drift(self.clock, _silent),
            )  # fmt: skip
            rows = Rows(copy, pipeline, clock=self.clock, ids=ids)
            imports = Imports(copy, self.plan, rows, clock=self.clock, ids=ids, emit=_silent)
            pipeline.start()
            try:
                async for line in imports.steps(path, source):
                    yield line
            finally:
                await pipeline.stop()

    async def simulate(self, changed: Plan, days: float) -> dict[str, Any]:
        """Decide the leads of the last days with another plan, and say which would go elsewhere, and to whom."""
        past = await self.db.read(_past, self.clock.now() - timedelta(days=days))
        rotation = Rotation()
        moved: list[dict[str, Any]] = []
        before: Counter[tuple[str, str]] = Counter()
        after: Counter[tuple[str, str]] = Counter()
        skipped = 0
        for row, decision in past:
            work = await self._decide(row, changed, rotation)
            if work is None:
                skipped += 1
                continue
            _count(before, decision["assignment"].get("team"), decision["assignment"].get("owner"))
            _count(after, work.assignment.team, work.assignment.owner)
            moved += _moved(decision, work)
        load = [
            {"team": team, "member": member, "before": before[team, member], "after": after[team, member]}
            for team, member in sorted(before | after)
        ]
        examples = moved[:EXAMPLES]
        return {"leads": len(past), "moved": len(moved), "not_decided": skipped, "examples": examples, "load": load}

    async def _decide(self, row: SubmissionRow, plan: Plan, rotation: Rotation) -> Work | None:
        """Run the deciding steps of one past submission; None when the new plan would stop it or has no flow for it."""
        flow, source = plan.flows.get(row.source), plan.sources.get(row.source)
        if flow is None or source is None:
            return None
        raws = parse(source, item_of(row))
        if not raws:
            return None
        lead = Lead.blank(id=row.lead or row.id, source=row.source, submitted_at=raws[0].submitted_at)
        work = Work(
            raw=raws[0], lead=lead, submission=row.id, source=row.source, flow=flow.settings.name,
            received_at=row.received_at,
        )  # fmt: skip
        settings = plan.settings.sources[row.source]
        ctx = RunContext(self.clock, self.http, StoredLeads(self.db), rotation, plan, settings, flow.settings)
        ended = await run(work, flow, ctx, only=DECIDING)
        return ended.work if ended.status == "accepted" else None


def _moved(decision: dict[str, Any], work: Work) -> list[dict[str, Any]]:
    """Return where a lead went and would go, when that differs."""
    was = (decision["routes"], sorted({target["sink"] for target in decision["targets"]}))
    now = (list(work.routes), sorted({target.sink for target in work.targets}))
    if was == now:
        return []
    names = ("routes_before", "sinks_before", "routes_after", "sinks_after")
    return [{"lead": decision["lead"], **dict(zip(names, (*was, *now), strict=True))}]


def _count(load: Counter[tuple[str, str]], team: str | None, owner: str | None) -> None:
    if team and owner:
        load[team, owner] += 1


def _past(since: datetime, *, session: Session) -> list[tuple[SubmissionRow, dict[str, Any]]]:
    """Return the accepted first submissions since then with what was decided, oldest first."""
    query = (
        sa.select(SubmissionRow, DECISION.c.body)
        .join(DECISION, DECISION.c.submission == SUBMISSION.c.id)
        .where(
            SUBMISSION.c.state == "done",
            SUBMISSION.c.received_at >= since,
            DECISION.c.kind == "run",
            ~SUBMISSION.c.test,
        )
        .order_by(SUBMISSION.c.id)
        .limit(MOST)
    )
    found = [(row, orjson.loads(body)) for row, body in session.execute(query)]
    session.expunge_all()
    return [(row, decision) for row, decision in found if decision.get("lead") and not decision.get("merged")]
