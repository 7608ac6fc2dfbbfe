"""Hands many leads on at once: a leaver's to the others or to one, anybody's to a rep; each that cannot go says why."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.errors import BadInput, Conflict
from hub.response.desk import Desk
from hub.settings.people import UNASSIGNED
from hub.store import absences as store
from hub.store import care as care_store
from hub.store.audit import Actor

AT_ONCE = 16  # leads that are moved side by side, so that their writes are committed together

Row = Mapping[str, Any]


@dataclass(slots=True)
class Handed:
    """What became of leads that were handed on: how many went to whom, and why the others stayed."""

    leads: int
    to: Counter[str] = field(default_factory=Counter)  # by rep, or by pool after `pool `
    failed: dict[str, str] = field(default_factory=dict)  # by lead: the reason

    @property
    def moved(self) -> int:
        """Return how many leads moved."""
        return self.to.total()


class Handing:
    """Moves leads in numbers."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def of(self, rep: str) -> list[dict[str, Any]]:
        """Return the rounds of a rep's open leads."""
        return await self.desk.db.read(store.held, rep)

    async def rounds(self, leads: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the current round of each lead; those without one are absent."""
        return await self.desk.db.read(care_store.current, list(leads))

    async def transfer(
        self, leads: Sequence[str], to: str, *, team: str | None, reason: str | None, by: Actor
    ) -> Handed:
        """Hand leads to a rep, whoever has them now."""

        async def one(lead: str) -> Any:
            return await self.desk.transfer(lead, to, team=team, reason=reason, by=by)

        return await _each(leads, one)

    async def inherit(self, rep: str, to: str | None, *, by: Actor) -> Handed:
        """Hand on every open lead of somebody who leaves: to a rep, else by turns in the team of each."""
        rounds = {row["lead"]: row for row in await self.of(rep)}

        async def one(lead: str) -> Any:
            if to is not None:
                return await self.desk.transfer(lead, to, reason="left", by=by, act="inherited", seen=rounds[lead])
            if rounds[lead]["team"] in self.desk.plan().settings.teams:
                return await self.desk.reassign(lead, "left", act="inherited", by=by)
            return await self.desk.give_back(
                lead, "left", pool=UNASSIGNED, by=by, act="inherited", seen=rounds[lead]
            )  # fmt: skip

        return await _each(list(rounds), one)


async def _each(leads: Sequence[str], move: Callable[[str], Awaitable[Any]]) -> Handed:
    handed, free = Handed(len(leads)), asyncio.Semaphore(AT_ONCE)

    async def one(lead: str) -> None:
        async with free:
            try:
                moved = await move(lead)
            except (BadInput, Conflict) as error:
                handed.failed[lead] = str(error)
                return
            handed.to[moved.care["owner"] or f"pool {moved.care['pool']}"] += 1

    await asyncio.gather(*(one(lead) for lead in dict.fromkeys(leads)))
    return handed
