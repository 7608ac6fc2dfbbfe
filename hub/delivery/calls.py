"""What a runner calls: deliveries by their ids, and which sinks have room for how much."""

from __future__ import annotations

from collections.abc import Sequence

from hub.delivery.dispatcher import Dispatcher
from hub.delivery.lane import Lane
from hub.delivery.runner import Left, Room
from hub.store import taking as store
from hub.store.tables import DeliveryRow


class Calls:
    """Hands deliveries that a runner names to the lanes, by the same claim as the sweep."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._to = dispatcher
        self.clock = dispatcher.clock

    def hand_over(self, yes: bool) -> None:
        """Say whether a fresh delivery is sent by the process that stores it, without a call."""
        self._to.hands_over = yes

    async def deliver(self, ids: Sequence[str], left: Left) -> None:
        """Send those of these deliveries that are due and may go now; `left` is told of each when it is done with."""
        to, now = self._to, self._to.clock.now()
        asked = to.clock.monotonic()
        lanes = {name: lane for name, lane in to.lanes.items() if lane.open()}
        rows: list[DeliveryRow] = []
        try:
            rows = await to.db.write(
                store.claim_these, ids, list(lanes), now, to.leases.end(now), to.holder, sqlite=to.db.sqlite
            )
            to.left.update((row.id, left) for row in rows)
            await to.put(rows, lanes, now, asked)
        finally:  # what was not claimed; all of it, when the database failed meanwhile
            held = {row.id for row in rows if row.sink in lanes and row.id in lanes[row.sink].held}
            for delivery in ids:
                if delivery not in held and to.left.pop(delivery, left) is left:
                    left(delivery)

    async def sweep(self) -> int:
        """Send what is due and fits; returns how many deliveries."""
        return await self._to.sweep()

    async def release_stray(self) -> None:
        """Give back what was claimed for a sink that went away."""
        await self._to.release_stray()

    def room(self) -> list[Room]:
        """Return what the open lanes may take now."""
        return [_room(lane) for lane in self._to.lanes.values() if lane.free > 0 and lane.open()]


def _room(lane: Lane) -> Room:
    probing = lane.gate.breaker.state != "closed"
    return Room(lane.name, len(lane.held), lane.budget.left(lane.clock.monotonic()), probing)
