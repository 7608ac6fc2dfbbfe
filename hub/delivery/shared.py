"""A sink's rate, rests and breaker when several processes send to it: one for all, through the database."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from hub.clock import Clock
from hub.delivery.gate import FIRST_REST, LONGEST_REST, PROBES, Gate
from hub.errors import Conflict, brief
from hub.store import paces as store
from hub.store.database import Database
from hub.store.paces import Pace

AHEAD = 1.0  # seconds of turns a process takes at once: so long may another one wait for a turn nobody uses
PROBE_SECONDS = 150.0  # after which a probe whose process ended may be made by another: an attempt takes less
AGAIN = 1.0  # seconds before a database that does not answer is asked once more

log = logging.getLogger("leadhub.delivery")


class Limits:
    """What this process knows of the sinks' paces; `agree` takes over what others changed."""

    def __init__(self, db: Database, holder: str, clock: Clock) -> None:
        self.db, self.holder, self.clock = db, holder, clock
        self._gates: dict[str, SharedGate] = {}

    def gate(self, sink: str, rate: float | None) -> Gate:
        """Return the gate of a sink."""
        gate = self._gates[sink] = SharedGate(sink, rate, self)
        return gate

    async def agree(self) -> None:
        """Take over which sinks rest, and who probes them."""
        known = await self.db.read(store.known)
        for sink, gate in self._gates.items():
            gate.adopt(known.get(sink, Pace()))

    async def change(self, sink: str, how: Callable[[Pace], Pace | None]) -> tuple[Pace, bool]:
        """Change what all processes know of a sink."""
        try:
            return await self.db.beside(store.change, sink, how)
        except Conflict:  # another one wrote the first row of this sink
            return await self.db.beside(store.change, sink, how)

    async def turns(self, sink: str, number: int, rate: float) -> float:
        """Take turns at a sink; returns when the first is, in seconds since 1970. Waits for a database that is away."""
        while True:
            try:
                return await self.db.beside(store.take_turns, sink, number, rate, self.clock.now().timestamp())
            except Conflict:
                continue
            except DBAPIError as error:
                log.error("sink=%s error=%s", sink, brief(error))
                await self.clock.sleep(AGAIN)


class SharedGate(Gate):
    """The gate of a sink that other processes send to as well."""

    def __init__(self, sink: str, rate: float | None, limits: Limits) -> None:
        super().__init__(None)
        self.sink, self.rate, self.limits = sink, rate or 0.0, limits
        self._turn = asyncio.Lock()
        self._next, self._left, self._size = 0.0, 0, 0
        self._version = 0
        self._telling = 0
        self._probes = False  # this process has the probe

    async def turn(self, now: float, waiting: int) -> float:
        """Take a turn and return the seconds until it comes; one that is not used in its time is lost."""
        if not self.rate:
            return 0.0
        async with self._turn:
            wall = self.limits.clock.now().timestamp()
            late = min(self._left, max(0, math.floor((wall - self._next) * self.rate)))
            self._next, self._left = self._next + late / self.rate, self._left - late
            if not self._left:  # twice as many as before, where those before were all used
                wanted = waiting if late else max(waiting, 2 * self._size)
                self._size = self._left = max(1, min(wanted, math.floor(self.rate * AHEAD)))
                self._next = await self.limits.turns(self.sink, self._left, self.rate)
            at = self._next
            self._next, self._left = at + 1.0 / self.rate, self._left - 1
            return max(0.0, at - self.limits.clock.now().timestamp())

    def give_back(self) -> None:
        """A turn is not given back: another process may have the next one."""

    async def begin(self) -> bool:
        """Note that a send starts; False when the sink rests, and another process has the probe."""
        if self.breaker.closed:
            return True
        now, me = self.limits.clock.now(), self.limits.holder
        pace, mine = await self._tell(lambda pace: _probing(pace, now, me))
        self._probes = mine
        self._take_over(pace)
        return mine or (pace is not None and pace.open_until is None)

    async def note(self, ok: bool, now: float) -> str | None:
        """Note how a send ended; returns `opened` or `closed` when that changes the state for all processes."""
        if self._probes:
            self._probes = False
            return await self._note_probe(ok)
        if not self.breaker.closed or self.breaker.note(ok, now) != "opened":
            return None
        at = self.limits.clock.now()
        pace, first = await self._tell(lambda pace: _opened(pace, at))
        self._take_over(pace)
        return "opened" if first else None

    async def _note_probe(self, ok: bool) -> str | None:
        at, me = self.limits.clock.now(), self.limits.holder
        pace, changed = await self._tell(lambda pace: _probed(pace, ok, at, me))
        self._take_over(pace)
        return "closed" if changed and pace is not None and pace.open_until is None else None

    async def leave_alone(self, seconds: float, now: float) -> None:
        """Let the whole destination wait, in all processes."""
        self.rest(seconds, now)
        until = self.limits.clock.now() + timedelta(seconds=seconds)
        await self._tell(lambda pace: _resting(pace, until))

    async def _tell(self, how: Callable[[Pace], Pace | None]) -> tuple[Pace | None, bool]:
        """Change what all know. A database that is away must not keep us from noting down what was sent."""
        self._telling += 1
        try:
            return await self.limits.change(self.sink, how)
        except (Conflict, DBAPIError) as error:
            log.error("sink=%s error=%s", self.sink, brief(error))
            return None, False
        finally:
            self._telling -= 1

    def adopt(self, pace: Pace) -> None:
        """Take over what the database says, unless this process is about to say something newer."""
        if not self._telling and pace.version >= self._version:
            self._take_over(pace)

    def _take_over(self, pace: Pace | None) -> None:
        if pace is None:
            return
        clock = self.limits.clock
        now, wall = clock.monotonic(), clock.now()
        self._version = max(self._version, pace.version)
        if pace.rest_until is not None:
            self.rest_until = max(self.rest_until, now + (pace.rest_until - wall).total_seconds())
        if pace.open_until is None:
            if not self.breaker.closed:
                self.breaker.close()
            return
        busy = pace.probe_until is not None and pace.probe_until > wall
        left = (pace.open_until - wall).total_seconds()
        self.breaker.hold(now + left, pace.rest, pace.good, probing=busy)


def _opened(pace: Pace, now: datetime) -> Pace | None:
    """Return the pace once most sends of one process failed."""
    if pace.open_until is not None:
        return None
    return replace(pace, open_until=now + timedelta(seconds=FIRST_REST), rest=FIRST_REST, good=0, probe_by=None)


def _probing(pace: Pace, now: datetime, node: str) -> Pace | None:
    """Return the pace once a process makes the probe; None when it may not."""
    busy = pace.probe_until is not None and pace.probe_until > now
    if pace.open_until is None or pace.open_until > now or busy:
        return None
    return replace(pace, probe_by=node, probe_until=now + timedelta(seconds=PROBE_SECONDS))


def _probed(pace: Pace, ok: bool, now: datetime, node: str) -> Pace | None:
    """Return the pace after a probe: closed after three good ones in a row, a longer rest after a bad one."""
    if pace.probe_by != node or pace.open_until is None:
        return None
    pace = replace(pace, probe_by=None, probe_until=None)
    if not ok:
        rest = min(pace.rest * 2, LONGEST_REST)
        return replace(pace, rest=rest, good=0, open_until=now + timedelta(seconds=rest))
    if pace.good + 1 >= PROBES:
        return replace(pace, open_until=None, rest=0.0, good=0)
    return replace(pace, good=pace.good + 1)


def _resting(pace: Pace, until: datetime) -> Pace | None:
    """Return the pace after the destination asked to be left alone; a rest is never made shorter."""
    if pace.rest_until is not None and pace.rest_until >= until:
        return None
    return replace(pace, rest_until=until)
