"""Turns: one batch of one process at a time deals leads, each on what all the others dealt before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from hub.clock import Clock
from hub.lead import Lead
from hub.normal.keys import account_of
from hub.people.book import Book
from hub.people.windows import windows
from hub.plan import Plan
from hub.roster import Deal, Given
from hub.settings.people import TeamSettings
from hub.store import dealing as store
from hub.store.database import Database

LOCK = "turns"


class Turns:
    """Lets batches deal leads one after the other, in this process and in all that share its database."""

    def __init__(self, db: Database, plan: Callable[[], Plan], *, clock: Clock) -> None:
        self.db, self.plan, self.clock = db, plan, clock

    @asynccontextmanager
    async def batch(self, plan: Plan, runs: int = 1) -> AsyncIterator[Turn]:
        """Hand out the turn of a batch of so many runs; the lock is taken when the first lead is dealt."""
        turn = Turn(self, plan, runs)
        try:
            yield turn
        finally:
            await turn.close()

    def looking(self, plan: Plan) -> Place:
        """Return a place in a turn of its own that only looks: it takes no lock, and nothing it deals is written."""
        return Turn(self, plan, 1, looks=True).place()


class Turn:
    """The books of one batch, as they are after all that was dealt before it.

    Steps before the deal may wait for slow things; so the lock is taken only when every run of the batch has come to
    its deal, or has ended.
    """

    def __init__(self, turns: Turns, plan: Plan, runs: int, *, looks: bool = False) -> None:
        self._turns, self._plan, self._coming, self._looks = turns, plan, runs, looks
        self._here = asyncio.Event()
        self._opening = asyncio.Lock()
        self._books: dict[str, Book] = {}
        self._accounts: dict[tuple[str, str], tuple[str, str]] = {}
        self._gained: list[tuple[str | None, str, Given]] = []
        self._lock: Any = None
        self._last: Place | None = None
        self.number: int | None = None  # how often turns were taken when this one began; None: nothing was dealt

    def place(self) -> Place:
        """Return the place of the next run, behind those that were given out."""
        self._last = Place(self, self._last)
        return self._last

    async def book(self, team: str) -> Book:
        """Return the book of a team; it waits until it is this batch's turn."""
        await self._take()
        async with self._opening:
            if team not in self._books:
                self._books[team] = await self._open(team)
            return self._books[team]

    async def account(self, lead: Lead) -> tuple[str, str] | None:
        """Return the owner and the lead that have this lead's company already; None when nobody does."""
        await self._take()
        keys = account_of(lead)
        stored = await self._turns.db.read(store.account, keys) if keys else None
        # what this batch dealt counts first, and more of it was dealt while the database was asked
        return next((self._accounts[key] for key in keys.items() if key in self._accounts), stored)

    def given(self, lead: Lead, owner: str, how: Given) -> None:
        """Note who has a company and an open lead more now, for leads of the same batch."""
        for key in account_of(lead).items():
            self._accounts[key] = owner, lead.id
        self._gained.append((lead.team, owner, how))
        for name, book in self._books.items():
            if how != "dealt" or name != lead.team:  # the book that dealt it counted it
                book.note(owner, counts=how == "kept" and name == lead.team)

    def unsettled(self) -> dict[str, Mapping[str, float]]:
        """Return the teams whose shares somebody left uneven, with what each member is owed because of that."""
        return {name: book.credits for name, book in self._books.items() if book.credits}

    def arrived(self) -> None:
        """Note that a run of the batch has come to its deal, or has ended without one."""
        self._coming -= 1
        if self._coming <= 0:
            self._here.set()

    async def _take(self) -> None:
        await self._here.wait()
        async with self._opening:
            if self.number is None:
                if not self._looks:
                    self._lock = await self._turns.db.alone(LOCK)
                self.number = await self._turns.db.read(store.number)

    async def _open(self, name: str) -> Book:
        plan, now = self._plan, self._turns.clock.now()
        team, zone = plan.settings.teams[name], plan.settings.hub.zone
        needs = plan.registry.strategy(team.strategy).needs
        names = [member.name for member in team.members]
        stand = await self._turns.db.read(
            store.stand, name, names, now, set(windows(team, now, zone)), open_=_counts_open(team, needs),
            closed=_since(team, now) if "outcomes" in needs else None,
        )  # fmt: skip
        book = Book(
            name, team, stand, now=now, zone=zone, at_work=lambda calendar: at_work(plan, calendar, now),
            territories=plan.territories.get(name, {}),
        )  # fmt: skip
        for whose, owner, how in self._gained:  # in this batch, so no database knows of it yet
            book.note(owner, counts=how == "kept" and whose == name)
        return book

    async def close(self) -> None:
        """Let the next batch deal."""
        if self._lock is not None:
            await self._lock.release()


class Place:
    """One run's place in its batch's turn: leads are dealt in the order they came, whatever the runs waited for."""

    def __init__(self, turn: Turn, before: Place | None = None) -> None:
        self._turn, self._before, self._arrived = turn, before, False
        self._dealt = asyncio.Event()

    async def book(self, team: str) -> Book:
        """Return the book of a team, when it is this lead's turn to be dealt."""
        await self._wait()
        return await self._turn.book(team)

    async def account(self, lead: Lead) -> tuple[str, str] | None:
        """Return the owner and the lead that have this lead's company already; None when nobody does."""
        await self._wait()
        return await self._turn.account(lead)

    def given(self, lead: Lead, owner: str, how: Given = "dealt", deal: Deal | None = None) -> None:
        """Note that a rep has a lead now."""
        self._turn.given(lead, owner, how)
        self._dealt.set()

    def leave(self) -> None:
        """Note that the run has ended."""
        self._arrive()
        self._dealt.set()

    async def _wait(self) -> None:
        self._arrive()
        if self._before is not None:
            await self._before._dealt.wait()

    def _arrive(self) -> None:
        if not self._arrived:
            self._arrived = True
            self._turn.arrived()


def at_work(plan: Plan, calendar: str | None, now: datetime) -> bool:
    """Return whether it is working time on a calendar; without one it always is."""
    return calendar is None or plan.calendars[calendar].is_open(now)


def _counts_open(team: TeamSettings, needs: frozenset[str]) -> bool:
    return "open" in needs or any(member.open_cap for member in team.members)


def _since(team: TeamSettings, now: datetime) -> datetime:
    return now - timedelta(seconds=team.performance_over)
