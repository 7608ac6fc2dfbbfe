"""Lets the desk of alarms see the hub it belongs to, and says what is open to those who ask for its health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.alarms.desk import EVERY, Desk, Ears
from hub.alarms.kinds import KINDS
from hub.alarms.looking import Pressure
from hub.alarms.words import sentence, subject
from hub.app.rounds import ring_once

if TYPE_CHECKING:
    from hub.app.hub import Hub

LOOK_EVERY = 15.0


class Lookout:
    """The alarms of one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        ears = Ears(lambda: hub.plan, self._pressure, self._resting, hub.emit)
        self.desk = Desk(hub.db, ears, clock=hub.clock, http=hub.http)

    def ring(self) -> None:
        """Judge now and then, in one of the nodes; all of them know what is open."""
        self._hub.schedule.every(LOOK_EVERY, "alarms", self.desk.look, soon=True)
        if "scheduler" in self._hub.office.roles:
            ring_once(self._hub, EVERY, "alarms:judge", self.desk.round)

    def reasons(self) -> list[str]:
        """Return a sentence for each open alarm that nobody acknowledged, and that health does not tell of itself."""
        now = self._hub.clock.now()
        alarms = [alarm for alarm in self.desk.open if alarm.acknowledged_at is None]
        said = [f"{subject(a, 'en')}: {sentence(a, now)}" for a in alarms if not KINDS[a.kind].seen]
        failed = sorted({(sink, how["failed"]) for a in alarms for sink, how in a.told.items() if "failed" in how})
        return said + [f"Alarms cannot be told through {sink}: {why.rstrip('.')}." for sink, why in failed]

    def _pressure(self) -> Pressure:
        seen = self._hub.guard.seen
        return Pressure(seen.refusing, seen.holding, seen.disk, self._hub.publisher.left_out)

    def _resting(self) -> set[str]:
        lanes = self._hub.dispatcher.lanes.items()
        return {name for name, lane in lanes if not lane.gate.breaker.closed}
