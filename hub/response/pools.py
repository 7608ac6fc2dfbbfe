"""Pools: leads that reps take themselves; the first click wins, by the rules of each pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from hub.clock import Clock
from hub.errors import BadInput
from hub.people.pools import Against, Taker, open_to, pools_of, protection, refusal
from hub.people.reps import members
from hub.people.windows import beginning
from hub.plan import Plan
from hub.response.desk import Desk
from hub.settings.people import PoolSettings
from hub.store import pools as store
from hub.store.audit import Actor
from hub.store.database import Database
from hub.store.ownership import Moved, locked

Row = Mapping[str, Any]


class Refused(BadInput):
    """A rep may not take a lead; `against` says why, in parts that other languages can be made of."""

    def __init__(self, against: Against) -> None:
        super().__init__(str(against), status=409)
        self.against = against


class Pools:
    """Lets reps look at the leads of pools and take them."""

    def __init__(self, db: Database, plan: Callable[[], Plan], desk: Desk, *, clock: Clock) -> None:
        self.db, self.plan, self.desk, self.clock = db, plan, desk, clock

    async def listed(self) -> list[dict[str, Any]]:
        """Return every pool with its rules and how many leads wait in it, also one that hub.yaml names no more."""
        found = await self.db.read(store.counts, self.clock.now())
        named = pools_of(self.plan().settings)
        nothing = {"leads": 0, "embargoed": 0, "oldest": None}
        rules = {**named, **{name: self.settings(name) for name in found if name not in named}}
        return [
            {"pool": name, **nothing, **found.get(name, {}), **one.model_dump(mode="json")}
            for name, one in rules.items()
        ]

    async def there(self, pool: str) -> bool:
        """Return whether there is a pool of that name: hub.yaml names it, or leads wait in it still."""
        return pool in pools_of(self.plan().settings) or bool((await self.waiting(pool, 1, None))[0])

    def settings(self, pool: str) -> PoolSettings:
        """Return the rules of a pool; one that hub.yaml names no more has those of the pool that is always there."""
        return pools_of(self.plan().settings).get(pool) or PoolSettings()

    def open_to(self, rep: str) -> frozenset[str]:
        """Return the pools that a rep may look into and take leads out of."""
        teams = self._teams(rep)
        return frozenset(name for name, settings in pools_of(self.plan().settings).items() if open_to(settings, teams))

    async def waiting(self, pool: str, limit: int, after: int | None) -> tuple[list[dict[str, Any]], int | None]:
        """Return the rounds of leads that wait in a pool, newest first, and where the next page begins."""
        return await self.db.read(store.waiting, pool, limit, after)

    async def claim(self, lead: str, rep: str, *, by: Actor | None = None) -> Moved:
        """Let a rep take a lead out of its pool; raises BadInput 409 with the rule that is against it."""
        seen = await self.desk.round_of(lead)
        pool = _pool_of(seen)
        if rep not in members(self.plan().settings):
            raise BadInput(f"There is no rep {rep[:64]!r} in any team.", status=422)
        changes = {"protected_until": protection(self.settings(pool), self.clock.now())}
        check = partial(self._check, rep=rep, pool=pool)
        return await self.desk.claim(lead, rep, changes=changes, check=check, seen=seen, by=by)

    def _check(self, seen: Row, *, rep: str, pool: str, session: Session) -> None:
        """Raise BadInput when a rep may not take a lead, with its row locked and nobody else counting for the rep."""
        care = locked(seen["lead"], session=session)
        if care is None or any(care[name] != seen[name] for name in ("id", "owner", "pool", "since", "closed_at")):
            raise _taken(care or seen)
        store.one_at_a_time(rep, session=session)
        now = self.clock.now()
        taken, last, open_ = store.taken(rep, pool, self._today(now), session=session)
        taker = Taker(rep, self._teams(rep), taken, last, open_)
        why = refusal(pool, self.settings(pool), taker, care, now)
        if why is not None:
            raise Refused(why)

    async def allowance(self, rep: str, pool: str) -> dict[str, Any]:
        """Return what a rep may take out of a pool: what they took today, how many more, and what is against it now."""
        settings, now = self.settings(pool), self.clock.now()
        taken, last, open_ = await self.db.read(store.taken, rep, pool, self._today(now))
        why = refusal(pool, settings, Taker(rep, self._teams(rep), taken, last, open_), None, now)
        most = settings.claims_a_day
        return {
            "rep": rep, "pool": pool, "may": why is None, "why": why.why if why else None,
            "given": dict(why.given) if why else {}, "says": str(why) if why else None, "taken": taken,
            "left": None if most is None else max(0, most - taken), "open": open_,
        }  # fmt: skip

    async def view(self, lead: str, rep: str, *, by: str) -> Row:
        """Note that a rep opens a lead of a pool, and return its round; raises BadInput past the limit of a day."""
        seen = await self.desk.round_of(lead)
        pool = _pool_of(seen)
        settings, now = self.settings(pool), self.clock.now()
        if not open_to(settings, self._teams(rep)):
            raise BadInput(f"There is no lead {lead[:64]!r} for {rep}.", status=404)
        number = await self.db.write(store.viewed, seen, rep, by, now, self._today(now), settings.views_a_day)
        if number is None:
            said = f"{rep} opened {settings.views_a_day} leads of pool {pool} today, the most for a day."
            raise BadInput(said, status=409)
        return seen

    def _today(self, now: datetime) -> datetime:
        return beginning("day", now, self.plan().settings.hub.zone)

    def _teams(self, rep: str) -> frozenset[str]:
        return members(self.plan().settings).get(rep, frozenset())


def _pool_of(care: Row) -> str:
    if care["owner"] is not None or care["pool"] is None or care["closed_at"] is not None:
        raise _taken(care)
    return str(care["pool"])


def _taken(care: Row) -> Refused:
    """Return what whoever comes too late is told: who was faster, or that it waits no more."""
    why = "faster" if care["owner"] else "closed" if care["pool"] and care["closed_at"] else "gone"
    return Refused(Against(why, {"lead": care["lead"], "owner": care["owner"]}))
