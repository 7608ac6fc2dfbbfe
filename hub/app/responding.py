"""Puts the desk of leads together: who has each, what is due, and who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.response.desk import Desk
from hub.response.handing import Handing
from hub.response.heard import Heard
from hub.response.ledger import Ledger
from hub.response.pools import Pools
from hub.response.reps import EVERY as REPS_EVERY
from hub.response.reps import Reps
from hub.response.telling import Telling
from hub.response.timers import EVERY, Timers
from hub.store import timers as timer_store

if TYPE_CHECKING:
    from hub.app.hub import Hub

TELL_EVERY = 1.0
RENEW_EVERY = 2.0


class Responding:
    """What a hub does about leads between their assignment and the first human answer."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        plan = lambda: hub.plan  # noqa: E731 - the plan in force, whenever it is asked for
        self.desk = Desk(hub.db, plan, hub.turns, clock=hub.clock, ids=hub.ids, http=hub.http, emit=hub.emit)
        self.timers = Timers(hub.db, plan, self.desk, clock=hub.clock, ids=hub.ids, emit=hub.emit)
        self.telling = Telling(hub.db, plan, clock=hub.clock, http=hub.http)
        self.pools = Pools(hub.db, plan, self.desk, clock=hub.clock)
        self.handing = Handing(self.desk)
        self.reps = Reps(hub.db, plan, self.handing, clock=hub.clock, emit=hub.emit)
        self.ledger = Ledger(hub.db, plan, clock=hub.clock)
        self.heard = Heard(plan, clock=hub.clock, ids=hub.ids)
        self._anew: int | None = None  # the configuration that timers were made for

    def ring(self) -> None:
        """Fire what is due, and tell people, in every process that is a scheduler; each thing is done once."""
        if "scheduler" not in self._hub.office.roles:
            return
        self._hub.schedule.every(RENEW_EVERY, "timers:anew", self.renew, soon=True)
        self._hub.schedule.every(EVERY, "timers", self.timers.sweep, soon=True)
        self._hub.schedule.every(TELL_EVERY, "notices", self.telling.sweep)
        self._hub.schedule.every(REPS_EVERY, "absences", self.reps.sweep)

    async def renew(self) -> None:
        """Make timers anew where the configuration is not the one they were made for; what is due fires meanwhile."""
        revision, db = self._hub.plan.revision, self._hub.db
        if revision is not None and revision != self._anew:
            if await db.read(timer_store.made_for) != revision:  # it changed, perhaps while no process ran
                await self.timers.make_anew()
                await db.write(timer_store.note_made_for, revision)
            self._anew = revision
