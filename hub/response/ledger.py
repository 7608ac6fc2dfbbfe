"""The fairness of a team: what each member was dealt and is owed, and what a person adds to that by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.clock import Clock
from hub.errors import BadInput
from hub.plan import Plan
from hub.roster import shares
from hub.settings.people import TeamSettings
from hub.store import ledger as store
from hub.store.audit import Actor, noted
from hub.store.database import Database

MOST = 1000.0  # leads that one entry may add or take
NOTHING: Mapping[str, Any] = {"received": 0, "entitled": 0.0, "balance": 0.0, "error": 0.0}


class Ledger:
    """Reads the turns of a team, and adds to them by hand."""

    def __init__(self, db: Database, plan: Callable[[], Plan], *, clock: Clock) -> None:
        self.db, self.plan, self.clock = db, plan, clock

    async def stands(self, team: str) -> list[dict[str, Any]]:
        """Return what each member was dealt and entitled to; those who left the team and were dealt leads, too."""
        known, found = self._team(team), await self.db.read(store.stands, team)
        there = {member.name: member for member in known.members}
        return [
            {
                "member": name, "weight": there[name].weight if name in there else None, **NOTHING,
                **found.get(name, {}),
            }
            for name in dict.fromkeys([*there, *found])
        ]  # fmt: skip

    async def page(
        self, team: str, member: str, limit: int, after: tuple[int, float] | None = None
    ) -> tuple[list[dict[str, Any]], tuple[int, float] | None]:
        """Return the credits and debits of a member, newest first, and where the next page begins."""
        self._team(team)
        return await self.db.read(store.page, team, member, limit, after)

    async def credit(self, team: str, member: str, leads: float, reason: str, *, by: Actor) -> dict[str, float]:
        """Owe a member so many leads more, or fewer, and the others of the team fewer: in sum nothing changes.

        Returns by member what changed. The others bear it by weight; those who take no leads now bear nothing.
        """
        known = self._team(team)
        if known.member(member) is None:
            raise BadInput(f"There is no member {member[:64]!r} in team {team}.", status=404)
        if not 0 < abs(leads) <= MOST:
            raise BadInput(f"A credit is some leads, at most {MOST:g}, and not 0.", status=422)
        others = {one.name: one.weight for one in known.members if one.name != member and one.active}
        if not others:
            raise BadInput(f"Nobody else in team {team} takes leads, so nobody can bear it.", status=409)
        owed = {member: leads, **{name: -leads * part for name, part in shares(others).items()}}
        reasons = {name: reason if name == member else f"for {member}: {reason}" for name in owed}
        now = self.clock.now()
        said = {"at": now, "by": by.who, "revision": self.plan().revision}
        told = {"team": team, "credit": leads}
        write = noted(store.credit, "member.credited", by=by, at=now, target=member, told=lambda _: told)
        await self.db.write(write, team, owed, said, reasons)
        return owed

    def _team(self, team: str) -> TeamSettings:
        found = self.plan().settings.teams.get(team)
        if found is None:
            raise BadInput(f"There is no team {team[:64]!r}.", status=404)
        return found
