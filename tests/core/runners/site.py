"""Hubs under one runner and one database, as the contract of runners sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg

from hub.app import Hub
from hub.testing.fakes import HandClock
from tests.conftest import MakeHub
from tests.core.inputs import one_sink

KINDS = ("local-sqlite", "local-postgres", "pgqueuer-postgres")
TABLE = "leadhub_pgqueuer"
CANARY = "nobody"


class Site:
    """Starts hubs under a runner, lets time pass for them, and waits for what they do."""

    def __init__(self, kind: str, make: MakeHub, clock: HandClock, database: str) -> None:
        self.runner = kind.partition("-")[0]
        self.make, self.clock, self._database = make, clock, database
        self.rings = self.runner == "local"  # the sweep is its engine; pgqueuer's must do without one for as long

    def config(self, sink: str = "memory_sink", **settings: object) -> str:
        """Return the configuration of a hub with one sink under this runner, and a second sink that gets nothing."""
        plain = one_sink(sink, **settings).replace("region: CN,", f"region: CN, runner: {self.runner},")
        return plain.replace("flows:", "  idle: {connector: memory_sink}\nflows:")

    async def hub(self, sink: str = "memory_sink", *, things: Sequence[Any] = (), **settings: object) -> Hub:
        """Start a hub with one sink, called crm."""
        return await self.make(self.config(sink, **settings), things=things)

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what the database answers."""
        with psycopg.connect(self._database, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def jobs(self, columns: str = "entrypoint") -> list[tuple[Any, ...]]:
        """Return the jobs that wait or are under way, oldest first."""
        return self.ask(f"SELECT {columns} FROM {TABLE} ORDER BY id")

    def turn(self, seconds: float) -> None:
        """Let time pass, for the database too."""
        self.clock.turn(seconds)
        if self.runner == "pgqueuer":
            passed = f"interval '{seconds} seconds'"
            self.ask(f"UPDATE {TABLE} SET execute_after = execute_after - {passed}, heartbeat = heartbeat - {passed}")

    def forget_jobs(self) -> None:
        """Let the engine lose everything it knows."""
        if self.runner == "pgqueuer":
            self.ask(f"DELETE FROM {TABLE}")

    async def until(self, condition: Any, *hubs: Hub, rings: bool = False) -> None:
        """Let the hubs work until it is so; `rings`: their sweeps ring too, as they do in life."""
        for _ in range(9_000):
            if condition():
                return
            for hub in hubs if rings or self.rings else ():
                await hub.runner.sweep()
            await asyncio.sleep(0.005)
        raise AssertionError("it never came about")

    async def looked(self, hub: Hub) -> None:
        """Wait until the engine has looked at everything that may go now."""
        if self.runner == "local":
            await hub.runner.sweep()
            await asyncio.sleep(0.005)
            return
        self.ask(
            f"INSERT INTO {TABLE} (priority, entrypoint, payload, status) VALUES (-1, 'idle', '{CANARY}', 'queued')"
        )
        await self.until(lambda: (CANARY.encode(),) not in self.jobs("payload"))
