"""What a step, an enricher or a strategy may reach, in memory: a clock turned by hand, no leads, plain settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from hub.consents import Said
from hub.lead import Lead, RawLead
from hub.mapping import Mapping as FieldMapping
from hub.mapping import by_usual_names
from hub.registry import Provider, Registry
from hub.settings import FlowSettings, Settings, SourceSettings
from hub.step import Work
from hub.testing.fakes import START, HandClock


class NoLeads:
    """A hub that has no leads yet."""

    async def owners(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Nobody owns a key."""
        return {}

    async def get(self, lead: str) -> Lead | None:
        """No lead is there."""
        return None

    async def said(self, lead: str) -> Mapping[str, Lead]:
        """Nobody said anything."""
        return {}

    async def near(self, keys: Sequence[str], limit: int = 50) -> Sequence[Lead]:
        """No lead is near."""
        return ()

    async def sinks_of(self, lead: str) -> frozenset[str]:
        """No sink has anything."""
        return frozenset()

    async def seen_since(self, lead: str, source: str | None, since: Any) -> bool:
        """Nobody was seen."""
        return False

    async def consents(self, lead: str) -> Sequence[Said]:
        """Nobody said anything of consent."""
        return ()


class Given:
    """How many leads each member was given; the same number in all and today."""

    def __init__(self, given: Mapping[str, int] | None = None) -> None:
        self._given = dict(given or {})

    def given(self, team: str, day: str | None = None) -> Mapping[str, int]:
        """Return the numbers by member."""
        return self._given


class TrialContext:
    """A context for one step, enricher or strategy."""

    def __init__(
        self, http: httpx.AsyncClient, things: Sequence[Any] = (), *, given: Mapping[str, int] | None = None
    ) -> None:
        self.clock = HandClock()
        self.http = http
        self.leads = NoLeads()
        self.rotations = Given(given)
        self.settings = Settings()
        self.source = SourceSettings(connector="web_form")
        self.flow = FlowSettings.model_validate({"name": "inbound", "from": []})
        self.registry = Registry()
        for thing in things:
            self.registry.add(thing, Provider("kit", shipped=True))

    def mapping_of(self, source: str) -> FieldMapping:
        """Return the mapping by usual names."""
        return by_usual_names()


def trial_work(lead: Lead, **changes: Any) -> Work:
    """Return the work of one submission that came in now."""
    raw = RawLead("1", {}, submitted_at=START)
    work = Work(raw=raw, lead=lead, submission="sub_1", source="website", flow="inbound", received_at=START)
    return work.change(**changes)
