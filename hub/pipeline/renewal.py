"""Finds out anew about leads that were taken apart or joined: what enrichers know of them, their score and grade."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.errors import LeadhubError, brief
from hub.lead import LEAD_FIELDS, Lead, RawLead, Value
from hub.pipeline.context import RunContext, StoredLeads
from hub.pipeline.runner import run
from hub.pipeline.turn import Turns
from hub.plan import Flow, Plan
from hub.step import Work
from hub.store import leads as lead_store
from hub.store import parts as store
from hub.store.database import Database
from hub.store.parts import Part
from hub.survivorship import ENRICHED, renew

log = logging.getLogger("leadhub")

REDO = 4  # times a lead is looked at again because it changed meanwhile
TOGETHER = 50  # leads that are renewed at once
FINDING, SCORING = frozenset({"enrich"}), frozenset({"score"})  # they read and reckon; nothing is routed or assigned

Found = dict[str, tuple[str, Any]]
"""What was found out: the field, or name in `extra`, with the enricher and the value."""


class Renewal:
    """Runs the flow of a lead's newest submission over the lead as it is now; owner and deliveries stay."""

    def __init__(self, db: Database, plan: Callable[[], Plan], *, clock: Clock, http: httpx.AsyncClient) -> None:
        self.db, self.plan, self.clock, self.http = db, plan, clock, http
        self._turns = Turns(db, plan, clock=clock)

    async def renew(self, leads: Iterable[str]) -> None:
        """Renew these leads; one that cannot be renewed now stays as it is, and the log says so."""
        for part in lead_store.chunks(dict.fromkeys(leads), TOGETHER):
            await asyncio.gather(*(self._renew(lead) for lead in part))

    async def _renew(self, lead: str) -> None:
        try:
            for _ in range(REDO):
                if await self._once(lead):
                    return
            log.warning("event=lead.stale lead=%s reason='it changed all the time'", lead)
        except (SQLAlchemyError, LeadhubError, OSError) as error:
            log.warning("event=lead.stale lead=%s error=%s", lead, brief(error))

    async def _once(self, lead: str) -> bool:
        """Return whether the lead is renewed, or need not be; not when somebody else changed it meanwhile."""
        found = await self.db.read(store.made_of, lead)
        plan = self.plan()
        flow = plan.flows.get(found[1][-1].source) if found else None
        if found is None or flow is None:
            return True
        known, parts = found
        renewed, said = await self._decide(known, parts, flow, plan)
        changed = {part.submission: own for part, own in zip(parts, said, strict=True) if own != part.lead}
        if renewed == known and not changed:
            return True
        now = self.clock.now()
        renewed = renewed.with_fields(version=known.version + 1, updated_at=now)
        return await self.db.write(store.write, renewed, known.version, flow.settings.name, changed, now)

    async def _decide(self, known: Lead, parts: Sequence[Part], flow: Flow, plan: Plan) -> tuple[Lead, list[Lead]]:
        """Return the lead as it is made of its parts, and each part with what is found for it now."""
        newest, settings = parts[-1], plan.settings
        ctx = RunContext(
            self.clock, self.http, StoredLeads(self.db), self._turns.looking(plan), plan,
            settings.sources[newest.source], flow.settings,
        )  # fmt: skip
        before = [_found(part.lead, part.steps.get("enrich", {})) for part in parts]
        bare = [_without(part.lead, found) for part, found in zip(parts, before, strict=True)]
        work = Work(
            raw=RawLead(None, {}, submitted_at=newest.lead.submitted_at), lead=renew(known, bare, settings.trust_of),
            submission=newest.submission, source=newest.source, flow=flow.settings.name, merged=True, anew=False,
            received_at=newest.received_at, touch=newest.lead.touch, notes=_notes(newest),
        )  # fmt: skip
        ended = await run(work, flow, ctx, only=FINDING)
        note = ended.work.notes.get("enrich", {}) if ended.status == "accepted" else {}
        said = _share(bare, before, _found(ended.work.lead, note), _answered(flow, note))
        ended = await run(work.change(lead=renew(known, said, settings.trust_of)), flow, ctx, only=SCORING)
        return ended.work.lead, said


def _notes(part: Part) -> dict[str, Any]:
    """Return what the steps before these noted at the part's own run, such as the grades that validation took."""
    return {name: record for name, record in part.steps.items() if name not in FINDING | SCORING}


def _answered(flow: Flow, note: Mapping[str, Any]) -> frozenset[str]:
    """Return the enrichers whose word counts now: those that were asked and did not fail."""
    asked = (getattr(options, "use", ()) for step, options in flow.steps if step.name in FINDING and note)
    return frozenset(name for names in asked for name in names) - frozenset(note.get("failed", ()))


def _found(lead: Lead, note: Mapping[str, Any]) -> Found:
    """Return what was found for a lead; `note` is the enrich step's own of that run."""
    found: Found = {
        name: (value.source.removeprefix(ENRICHED), value)
        for name, value in lead.values.items()
        if value.source.startswith(ENRICHED)
    }
    for name, enricher in note.get("filled", {}).items():
        if name not in LEAD_FIELDS and name in lead.extra:
            found[name] = (enricher, lead.extra[name])
    return found


def _without(lead: Lead, found: Found) -> Lead:
    """Return a lead as it was before that was found."""
    return lead.with_fields(
        **{name: None for name in found if name in LEAD_FIELDS},
        values={name: value for name, value in lead.values.items() if name not in found},
        extra={name: value for name, value in lead.extra.items() if name in LEAD_FIELDS or name not in found},
    )


def _with(lead: Lead, found: Found) -> Lead:
    fields = {name: value for name, (_, value) in found.items() if name in LEAD_FIELDS}
    extra = {name: value for name, (_, value) in found.items() if name not in LEAD_FIELDS}
    return lead.with_fields(
        **{name: value.value for name, value in fields.items()},
        values={**lead.values, **fields},
        extra={**lead.extra, **extra},
    )


def _share(bare: Sequence[Lead], before: Sequence[Found], now: Found, answered: frozenset[str]) -> list[Lead]:
    """Return the parts with what is found now: where it was found before, and with the newest part what is new.

    What was found before by an enricher that gave no answer now is kept.
    """
    kept = [
        {n: one for n, one in found.items() if one[0] not in answered or _same(one, now.get(n))} for found in before
    ]
    there = {name for found in kept for name in found}
    kept[-1] |= {name: one for name, one in now.items() if name not in there}
    return [_with(lead, found) for lead, found in zip(bare, kept, strict=True)]


def _same(one: tuple[str, Any], other: tuple[str, Any] | None) -> bool:
    return other is not None and (one[0], _plain(one[1])) == (other[0], _plain(other[1]))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Value) else value
