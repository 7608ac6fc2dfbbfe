"""Simulations that people wait for: one after the other beside the hub's work, with how far each has come."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from hub.app.hub import Hub
from hub.app.revisions import digest_of
from hub.errors import ConfigError, LeadhubError, brief

log = logging.getLogger("leadhub")

MOST = 20


@dataclass(slots=True)
class Simulation:
    """One simulation: waiting, running, done or failed."""

    days: float
    state: str = "waiting"
    done: int = 0
    of: int = 0
    result: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def told(self, done: int, of: int) -> None:
        """Hear how far it has come."""
        self.state, self.done, self.of = "running", done, of


class Simulations:
    """The simulations of one web application, the newest ones with what they found."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: OrderedDict[str, Simulation] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(1)

    def begin(self, text: str, days: float) -> str:
        """Begin a simulation of a configuration, and return its name; the same one on the same rules goes on."""
        name = digest_of(f"{self._hub.plan.revision} {days:g} {text}")[:24]
        known = self._known.get(name)
        if known is not None and known.state in ("waiting", "running"):
            return name
        self._known[name] = made = Simulation(days)
        self._known.move_to_end(name)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        task = asyncio.create_task(self._run(made, text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return name

    def find(self, name: str) -> Simulation | None:
        """Return a simulation that was begun."""
        return self._known.get(name)

    async def _run(self, one: Simulation, text: str) -> None:
        async with self._turn:
            try:
                one.result = await self._hub.trials.simulate(self._hub.try_plan(text), one.days, told=one.told)
                one.state, one.done = "done", one.of
            except LeadhubError as error:
                one.state, one.error = "failed", error.reason if isinstance(error, ConfigError) else str(error)
            except Exception as error:  # of a plugin's step, or of the database: whoever waits must hear of it
                log.warning("event=simulation.failed error=%s", brief(error))
                one.state, one.error = "failed", "It broke; the log says where."
