"""The port of the engine that decides which process delivers when; the rows of deliveries are the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

from hub.clock import Clock
from hub.errors import ConfigError
from hub.plan import Plan
from hub.settings import SinkSettings
from hub.sink import Sink
from hub.store.database import Database

Left = Callable[[str], None]
"""Is told the id of a delivery when nothing is left to do for it in this process."""

LOCAL_EVERY = 0.5  # seconds; what is due waits that long at most, unless the process that stored it sends it


@dataclass(frozen=True, slots=True)
class Room:
    """A sink that may be sent to now: what it holds here, how many retries it may get, whether it gets a probe only."""

    sink: str
    held: int
    again: int
    probing: bool


class Deliverer(Protocol):
    """What a runner drives: it claims by the row, under lease and fence, so being called twice does no harm."""

    clock: Clock

    def hand_over(self, yes: bool) -> None:
        """Say whether a fresh delivery is sent by the process that stores it, without a call."""
        ...

    async def deliver(self, ids: Sequence[str], left: Left) -> None:
        """Send those of these deliveries that are due and may go now; `left` is told of each when it is done with."""
        ...

    async def sweep(self) -> int:
        """Look for what is due, and send as much as fits; returns how much."""
        ...

    async def release_stray(self) -> None:
        """Give back what was claimed for a sink that went away."""
        ...

    def room(self) -> list[Room]:
        """Return the sinks that may be sent to now."""
        ...


class Runner(Protocol):
    """Decides which process calls `deliver` when. It may forget everything: `sweep` finds what is due in the rows."""

    every: float  # seconds between sweeps

    async def start(self, *, works: bool) -> None:
        """Make ready to be told of deliveries; `works`: also begin to call for them."""
        ...

    async def sweep(self) -> int:
        """See to what is due and nobody was called for; returns how many deliveries."""
        ...

    async def stop(self) -> None:
        """Call for no more; what was called for is with the lanes when this returns."""
        ...

    async def close(self) -> None:
        """Let everything go, once the lanes are closed."""
        ...


class LocalRunner:
    """The process that stores a delivery sends it when it has room; every process looks for what else is due."""

    every = LOCAL_EVERY

    def __init__(self, deliverer: Deliverer) -> None:
        self._deliverer = deliverer

    async def start(self, *, works: bool) -> None:
        """Nothing to make ready."""
        self._deliverer.hand_over(True)

    async def sweep(self) -> int:
        """Send what is due and fits."""
        return await self._deliverer.sweep()

    async def stop(self) -> None:
        """Nothing calls by itself."""

    async def close(self) -> None:
        """Nothing is held."""


def in_flight(sink: Sink, settings: SinkSettings) -> int:
    """Return how many deliveries of a sink may be under way at once."""
    return (settings.concurrency or sink.concurrency) * min(settings.batch or sink.batch, sink.batch)


def check_runner(runner: str, database: str) -> None:
    """Raise ConfigError when the runner cannot work on the database at this address, or is not installed."""
    if runner == "local":
        return
    if database.startswith("sqlite"):
        said = "hub.runner: pgqueuer shares work through PostgreSQL, but hub.database is SQLite."
        raise ConfigError(f"{said} Set hub.database to postgresql://…, or hub.runner to local.")
    if find_spec("pgqueuer") is None:
        said = "hub.runner: pgqueuer is not installed."
        raise ConfigError(f"{said} Install leadhub[distributed], or set hub.runner to local.")


def runner_of(runs: bool, db: Database, deliverer: Deliverer, plan: Callable[[], Plan]) -> Runner:
    """Return the runner that the plan names; the optional package is not touched before, nor where nothing `runs`."""
    if not runs or plan().settings.hub.runner == "local":
        return LocalRunner(deliverer)
    from hub.delivery.distributed import PgqueuerRunner

    return PgqueuerRunner(db, deliverer, plan)
