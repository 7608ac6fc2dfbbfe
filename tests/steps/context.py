"""What steps reach in these tests: a clock turned by hand, settings from a dict, counters and leads in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from hub.lead import Lead, RawLead
from hub.mapping import Mapping as FieldMapping
from hub.mapping import by_usual_names
from hub.pipeline.rehearsal import Rehearsal
from hub.registry import Provider, Registry
from hub.settings import Settings, SourceSettings
from hub.step import Work
from hub.testing.fakes import HandClock

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)


class MemoryLeads:
    """Leads in memory; `known` maps an identity key to a lead."""

    def __init__(self, known: Mapping[str, Lead] | None = None, sinks: frozenset[str] = frozenset()) -> None:
        self.known, self.sinks = dict(known or {}), sinks

    async def owners(self, keys: Sequence[str]) -> Mapping[str, str]:
        return {key: self.known[key].id for key in keys if key in self.known}

    async def get(self, lead: str) -> Lead | None:
        return next((held for held in self.known.values() if held.id == lead), None)

    async def near(self, keys: Sequence[str], limit: int = 50) -> Sequence[Lead]:
        return [self.known[key] for key in keys if key in self.known][:limit]

    async def sinks_of(self, lead: str) -> frozenset[str]:
        return self.sinks

    async def seen_since(self, lead: str, source: str | None, since: datetime) -> bool:
        return any(held.id == lead for held in self.known.values())


class FakeContext:
    """A context for one source and the first flow of the settings."""

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        source: Mapping[str, Any] | None = None,
        mapping: FieldMapping | None = None,
        leads: MemoryLeads | None = None,
        things: Sequence[Any] = (),
    ) -> None:
        self.settings = Settings.model_validate(settings or {})
        self.source = SourceSettings.model_validate({"connector": "web_form", **(source or {})})
        self.flow = self.settings.flows[0] if self.settings.flows else None
        self.clock: Any = HandClock(NOW)
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500)))
        self.leads: Any = leads or MemoryLeads()
        self.calendars: dict[str, Any] = {}
        self.territories: dict[str, Any] = {}
        self.teams: Any = Rehearsal(self, NOW)  # type: ignore[arg-type]
        self.registry = Registry()
        for thing in things:
            self.registry.add(thing, Provider("tests", True))
        self.mapping = mapping or by_usual_names()

    def mapping_of(self, source: str) -> FieldMapping:
        return self.mapping


def work_of(data: Mapping[str, Any] | None = None, lead: Lead | None = None, **changes: Any) -> Work:
    """Return the work of one submission that came in now."""
    raw = changes.pop("raw", None) or RawLead("1", data or {})
    work = Work(
        raw=raw, lead=lead or Lead(id="lead_1"), submission="sub_1", source="website", flow="inbound", received_at=NOW
    )
    return work.change(**changes)
