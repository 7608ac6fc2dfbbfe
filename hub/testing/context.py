"""What a step, an enricher or a strategy may reach, in memory: a clock turned by hand, no leads, plain settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from hub.bids import Auctions
from hub.consents import Said
from hub.lead import Lead, RawLead
from hub.mapping import Mapping as FieldMapping
from hub.mapping import by_usual_names
from hub.people.book import Book
from hub.people.windows import windows
from hub.registry import Provider, Registry
from hub.roster import Deal, Given
from hub.settings import FlowSettings, Settings, SourceSettings, TeamSettings
from hub.step import Work
from hub.store.dealing import Stand
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

    async def sold(self, leads: Sequence[str]) -> Mapping[str, str]:
        """Nothing was sold."""
        return {}

    async def seen_since(self, lead: str, source: str | None, since: Any) -> bool:
        """Nobody was seen."""
        return False

    async def consents(self, lead: str) -> Sequence[Said]:
        """Nobody said anything of consent."""
        return ()


class TrialTeams:
    """The books of teams in memory: what each member got so far is `given`, and all of it was fair."""

    def __init__(self, given: Mapping[str, int] | None = None, teams: Mapping[str, TeamSettings] | None = None) -> None:
        self._given, self._teams = dict(given or {}), teams or {}

    async def book(self, team: str) -> Book:
        """Return the book of a team."""
        counts = Counter(self._given)
        settings, zone = self._teams[team], ZoneInfo("UTC")
        stand = Stand(counts, {}, dict.fromkeys(windows(settings, START, zone), counts), {}, counts)
        return Book(team, settings, stand, now=START, zone=zone, at_work=lambda _calendar: True)

    async def account(self, lead: Lead) -> tuple[str, str] | None:
        """Nobody has a company."""
        return None

    def given(self, lead: Lead, owner: str, how: Given = "dealt", deal: Deal | None = None) -> None:
        """Note nothing."""


class TrialContext:
    """A context for one step, enricher or strategy."""

    def __init__(
        self, http: httpx.AsyncClient, things: Sequence[Any] = (), *, given: Mapping[str, int] | None = None,
        team: TeamSettings | None = None,
    ) -> None:  # fmt: skip
        self.clock = HandClock()
        self.http = http
        self.leads = NoLeads()
        teams = {"team": team or TeamSettings()}
        self.teams = TrialTeams(given, teams)
        self.settings = Settings(teams=teams)
        self.source = SourceSettings(connector="web_form")
        self.flow = FlowSettings.model_validate({"name": "inbound", "from": []})
        self.auctions: Auctions | None = None  # nobody is asked
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
