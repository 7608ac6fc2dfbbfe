"""Shows what a mapping makes of what a source really sent; nothing is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import orjson

from hub import mapping as mappings
from hub import yamlfile
from hub.clock import Clock
from hub.errors import ConfigError
from hub.lead import LEAD_FIELDS, Lead, RawLead
from hub.mapping import Mapping as FieldMapping
from hub.pipeline.context import RunContext, StoredLeads
from hub.pipeline.reading import item_of, parse
from hub.pipeline.rehearsal import Rehearsal
from hub.pipeline.runner import run
from hub.plan import Flow, Plan
from hub.settings import FlowSettings
from hub.step import Work
from hub.store.database import Database
from hub.store.tables import SubmissionRow

STEPS = frozenset({"map", "normalize"})
LONGEST = 20_000  # characters of what was sent that are shown
LONGEST_MAPPING = 200_000


def typed(text: str, name: str, plan: Plan) -> FieldMapping:
    """Return the mapping that somebody typed, with its tests passed; raises ConfigError."""
    if len(text) > LONGEST_MAPPING:
        raise ConfigError("The mapping is too long.")
    functions = {name: socket.run for name, socket in plan.registry.all("mapping_function").items()}
    return mappings.parse(yamlfile.loads(text, f"{name}.yaml"), functions)


def text_of(mapping: FieldMapping) -> str:
    """Return a mapping as it stands in its file; of one that goes by usual names, how that is written."""
    if mapping.path is None:
        return "usual_names: true\n"
    try:
        return mapping.path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise ConfigError(f"The mapping {mapping.path.name} cannot be read.") from error


class Preview:
    """Reads submissions again, through the mapping in force and through another one."""

    def __init__(self, db: Database, plan: Plan, *, clock: Clock, http: httpx.AsyncClient) -> None:
        self._db, self._plan, self._clock, self._http = db, plan, clock, http

    async def of(self, row: SubmissionRow, changed: FieldMapping | None) -> dict[str, Any]:
        """Return what a submission said, and what each mapping makes of it."""
        source = self._plan.sources.get(row.source)
        said = {"submission": row.id, "received_at": row.received_at, "state": row.state, "test": row.test}
        raws = parse(source, item_of(row)) if source is not None and row.body else []
        if not raws:
            return {**said, "raw": None, "more": 0, "now": None, "changed": None}
        made = await self._made(row, raws[0], self._plan.mappings[row.source])
        other = await self._made(row, raws[0], changed) if changed is not None else None
        return {**said, "raw": _written(raws[0].data), "more": len(raws) - 1, "now": made, "changed": other}

    async def _made(self, row: SubmissionRow, raw: RawLead, mapping: FieldMapping) -> dict[str, Any]:
        mapped = mapping.apply(raw.data)
        lead = await self._normalized(row, raw, mapping)
        fields = lead.model_dump(mode="json", include=set(LEAD_FIELDS), exclude_none=True)
        problems = [{"field": p.field, "code": p.code, "message": p.message} for p in lead.problems]
        return {
            "mapped": {name: _written(value, 500) for name, value in mapped.fields.items()},
            "lead": {name: _written(value, 500) for name, value in fields.items()},
            "touch": {name: _written(value, 500) for name, value in lead.touch.fields.items()},
            "left": sorted(map(str, mapped.extra)),
            "problems": problems,
        }

    async def _normalized(self, row: SubmissionRow, raw: RawLead, mapping: FieldMapping) -> Lead:
        plan = replace(self._plan, mappings={**self._plan.mappings, row.source: mapping})
        flow = self._flow(row.source)
        place = Rehearsal(plan, row.received_at, absences=[], ends={})
        settings = plan.settings.sources[row.source]
        ctx = RunContext(self._clock, self._http, StoredLeads(self._db), place, plan, settings, flow.settings)
        lead = Lead.blank(id=row.lead or row.id, source=row.source, submitted_at=raw.submitted_at)
        work = Work(
            raw=raw, lead=lead, submission=row.id, source=row.source, flow=flow.settings.name,
            received_at=row.received_at,
        )  # fmt: skip
        return (await run(work, flow, ctx, only=STEPS)).work.lead

    def _flow(self, source: str) -> Flow:
        """Return the flow of a source; of one that no flow takes, the two steps as they are without options."""
        found = self._plan.flows.get(source)
        if found is not None:
            return found
        steps = [self._plan.registry.step(name) for name in ("map", "normalize")]
        settings = FlowSettings.model_validate({"name": "preview", "from": [source]})
        return Flow(settings, tuple((step, step.options()) for step in steps))


def docs(mapping: FieldMapping, fields: list[tuple[str, datetime]]) -> list[dict[str, Any]]:
    """Return for each field that a source sent what becomes of it: a field of the lead, or it is kept as it came."""
    return [{"name": name, "since": since, "becomes": _becomes(mapping, name)} for name, since in fields]


def _becomes(mapping: FieldMapping, name: str) -> str | None:
    said = next((field for field, key in mapping.plan.plain if key == name), None)
    if said is not None:
        return said
    found: Mapping[str, Any] = mapping.apply({name: "1"}).fields
    return next(iter(found), None)


def _written(value: Any, longest: int = LONGEST) -> str:
    if isinstance(value, str):
        return value[:longest]
    text = orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode("utf-8")
    return text[:longest]
