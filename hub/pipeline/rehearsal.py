"""Deals past leads again in memory, each at its own time: what teams would have been, with another configuration."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.lead import Lead
from hub.normal.keys import account_of
from hub.people.book import Book
from hub.people.windows import windows
from hub.pipeline.turn import at_work
from hub.plan import Plan
from hub.roster import Deal, Given
from hub.settings.people import TeamSettings
from hub.store.dealing import Stand

Got = tuple[datetime, str, str]
"""When a lead was given, to whom, and which."""
Closed = tuple[datetime, str, bool]
"""When a lead was closed, whose it was, and whether it was won."""


@dataclass(slots=True)
class _Window:
    """What lies in a stretch of a list that grows at its end, as the stretch moves on; nothing is counted twice."""

    first: int = 0
    last: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def since(self, rows: Sequence[tuple[datetime, str, Any]], moment: datetime) -> Counter[str]:
        """Return how many rows since a moment each one has; moments only move on."""
        for _, name, _ in rows[self.last :]:
            self.counts[name] += 1
        self.last = len(rows)
        while self.first < self.last and rows[self.first][0] < moment:
            self.counts[rows[self.first][1]] -= 1
            self.first += 1
        return self.counts


class Rehearsal:
    """The books of teams while past leads are dealt one after the other; `now` is turned by who deals, and only on.

    `absences` are rows of who was away, `ends` when each past lead was closed and what it was then.
    """

    def __init__(
        self, plan: Plan, now: datetime, *, absences: Iterable[Mapping[str, Any]] = (),
        ends: Mapping[str, tuple[datetime, str | None]] | None = None,
    ) -> None:  # fmt: skip
        self.now = now
        self._plan, self._absences, self._ends = plan, list(absences), ends or {}
        self._books: dict[str, Book] = {}
        self._given: dict[str, list[Got]] = {}  # by team: what its caps count
        self._beside: list[Got] = []  # what a fallback got
        self._seen: dict[str | None, int] = {}  # by team: how many of these are in what is open
        self._open: Counter[str] = Counter()
        self._ending: list[tuple[datetime, str, str, str | None]] = []  # when, which lead, whose, as what
        self._won: list[Closed] = []
        self._lost: list[Closed] = []
        self._deals: dict[str, Deal] = {}
        self._windows: dict[tuple[str, int | str], _Window] = {}
        self._accounts: dict[tuple[str, str], tuple[str, str]] = {}

    async def book(self, team: str) -> Book:
        """Return the book of a team at this moment."""
        self._close()
        before = self._books.get(team)
        settings, now = self._plan.settings.teams[team], self.now
        zone, given = self._plan.settings.hub.zone, self._given.get(team, [])
        got = {
            since: self._window(team, slot).since(given, since)
            for slot, since in enumerate(windows(settings, now, zone))
        }
        stand = Stand(
            before.received if before else {}, before.entitled if before else {}, got, self._away(), self._open,
            self._closed(team, settings),
        )  # fmt: skip
        self._books[team] = Book(
            team, settings, stand, now=now, zone=zone, at_work=lambda calendar: at_work(self._plan, calendar, now),
            territories=self._plan.territories.get(team, {}),
        )  # fmt: skip
        return self._books[team]

    async def account(self, lead: Lead) -> tuple[str, str] | None:
        """Return the owner and the lead that have this lead's company already; None when nobody does."""
        return next((self._accounts[key] for key in account_of(lead).items() if key in self._accounts), None)

    def given(self, lead: Lead, owner: str, how: Given = "dealt", deal: Deal | None = None) -> None:
        """Note that a rep has a lead now."""
        rows = self._beside if how == "fallback" else self._given.setdefault(lead.team or "", [])
        rows.append((self.now, owner, lead.id))
        if deal is not None:
            self._deals[lead.id] = deal
        for key in account_of(lead).items():
            self._accounts[key] = owner, lead.id

    def _window(self, team: str, slot: int | str) -> _Window:
        return self._windows.setdefault((team, slot), _Window())

    def _away(self) -> dict[str, dict[str, Any]]:
        return {
            row["member"]: {"until": row["until"], "cover": row["cover"], "reason": row["reason"]}
            for row in self._absences
            if row["since"] <= self.now
            and all(end is None or end > self.now for end in (row["until"], row["ended_at"]))
        }

    def _close(self) -> None:
        """Bring what is open up to this moment: leads that were given since, less those that were closed by now."""
        for team, rows in ((None, self._beside), *self._given.items()):
            for _, owner, lead in rows[self._seen.get(team, 0) :]:
                self._open[owner] += 1
                if lead in self._ends:
                    at, how = self._ends[lead]
                    heapq.heappush(self._ending, (at, lead, owner, how))
            self._seen[team] = len(rows)
        while self._ending and self._ending[0][0] <= self.now:
            at, lead, owner, how = heapq.heappop(self._ending)
            self._open[owner] -= 1
            (self._won if how == "won" else self._lost).append((at, owner, how == "won"))
            self._take_back(lead, how)

    def _take_back(self, lead: str, how: str | None) -> None:
        """Take a deal back whose lead came to nothing, where its team says so."""
        deal = self._deals.pop(lead, None)
        if deal is not None and how in self._plan.settings.teams[deal.team].credit:
            self._books[deal.team].enter(deal, sign=-1)

    def _closed(self, team: str, settings: TeamSettings) -> dict[str, tuple[int, int]]:
        moment = self.now - timedelta(seconds=settings.performance_over)
        won = self._window(team, "won").since(self._won, moment)
        lost = self._window(team, "lost").since(self._lost, moment)
        return {owner: (won[owner], won[owner] + lost[owner]) for owner in {*won, *lost}}
