"""From an HTTP post to the sandbox sink's ledger: leads a second, and how long an answer takes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from tests.benchmarks import workspace


@contextlib.contextmanager
def processes(folder: Path) -> Iterator[tuple[str, Path, int]]:
    """Start the sandbox and a hub in processes of their own; yields the hub's address, the ledger and the hub's pid."""
    ledger = folder / "ledger.jsonl"
    sandbox = _start([sys.executable, "-m", "hub.testing.sandbox", "--port", "9917", "--ledger", str(ledger)], 9917)
    config = workspace.write(folder, "http://127.0.0.1:9917")
    hub = _start([sys.executable, "-m", "hub.cli", "run", "--config", str(config), "--port", "9918"], 9918)
    try:
        yield "http://127.0.0.1:9918", ledger, hub.pid
    finally:
        for process in (hub, sandbox):
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def _start(command: list[str], port: int) -> subprocess.Popen[bytes]:
    import socket

    process = subprocess.Popen(command)
    for _ in range(200):
        time.sleep(0.1)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return process
    raise SystemExit(f"{command} does not listen on {port}")


async def load(url: str, seconds: float, connections: int) -> tuple[int, list[float], dict[int, int]]:
    """Post leads over that many connections and return how many were accepted, and the seconds of each answer."""
    rng = random.Random(1)
    numbers = iter(range(10**9))
    waits: list[float] = []
    statuses: dict[int, int] = {}
    until = time.perf_counter() + seconds

    async def one(session: aiohttp.ClientSession) -> None:
        while time.perf_counter() < until:
            raw, signature = workspace.body(next(numbers), rng)
            began = time.perf_counter()
            headers = {"content-type": "application/json", "x-signature": signature}
            async with session.post(f"{url}/in/website", data=raw, headers=headers) as answer:
                await answer.read()
                statuses[answer.status] = statuses.get(answer.status, 0) + 1
            waits.append(time.perf_counter() - began)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        await asyncio.gather(*(one(session) for _ in range(connections)))
    return statuses.get(202, 0), waits, statuses


def in_ledger(ledger: Path) -> int:
    """Return how many lines the ledger has."""
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0


def main(seconds: float = 60.0, connections: int = 50) -> None:
    """Print the table."""
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name, processes(Path(name)) as (url, ledger, pid):
        asyncio.run(load(url, 2.0, connections))  # warm
        time.sleep(1.0)
        cpu, threads = cpu_seconds(pid), cpu_by_thread(pid)
        before, began = in_ledger(ledger), time.perf_counter()
        accepted, waits, statuses = asyncio.run(load(url, seconds, connections))
        took = time.perf_counter() - began
        at_end = in_ledger(ledger) - before
        while in_ledger(ledger) - before < at_end or _grows(ledger):
            at_end = in_ledger(ledger) - before
        cpu = cpu_seconds(pid) - cpu
        threads = {name: spent - threads.get(name, 0.0) for name, spent in cpu_by_thread(pid).items()}
        drained = time.perf_counter() - began
        lone = sorted(_lone(url, ledger) for _ in range(100))
        waits.sort()
        print(f"connections {connections}, {took:.0f} s, answers {statuses}")
        print(f"{'accepted':32} {accepted / took:10.0f} leads/s")
        print(
            f"{'in the sink ledger while posting':32} {(in_ledger(ledger) - before - 100) / drained:10.0f} leads/s (drained after {drained - took:.1f} s more)"
        )
        print(
            f"{'CPU of the hub per lead':32} {cpu / accepted * 1e6:10.0f} µs, so at most {accepted / cpu:.0f} leads/s and core"
        )
        busiest = sorted(threads.items(), key=lambda pair: -pair[1])[:3]
        shares = ", ".join(f"{name} {spent / accepted * 1e6:.0f} µs a lead" for name, spent in busiest)
        print(f"{'where it goes':32} {shares}")
        print(f"{'answer p50':32} {statistics.median(waits) * 1e3:10.1f} ms")
        print(f"{'answer p99':32} {waits[int(len(waits) * 0.99)] * 1e3:10.1f} ms")
        print(
            f"{'one lead alone, post to ledger':32} {statistics.median(lone) * 1e3:10.1f} ms p50, {lone[94] * 1e3:.1f} ms p95"
        )


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a process has used; it says what a busy machine's clock cannot."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_by_thread(pid: int) -> dict[str, float]:
    """Return the CPU seconds of a process's threads: the loop decides, sends and answers, the writer commits."""
    seconds: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        name = "loop" if task.name == str(pid) else f"thread {task.name}"
        seconds[name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def _grows(ledger: Path) -> bool:
    size = ledger.stat().st_size
    time.sleep(0.5)
    return ledger.stat().st_size > size


_alone = iter(range(10**8, 10**9))


def _lone(url: str, ledger: Path) -> float:
    """Post one lead to an idle hub and return the seconds until it stands in the ledger."""
    import http.client

    rng = random.Random(next(_alone))
    raw, signature = workspace.body(next(_alone), rng)
    size = ledger.stat().st_size
    began = time.perf_counter()
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    connection.request("POST", "/in/website", raw, {"content-type": "application/json", "x-signature": signature})
    connection.getresponse().read()
    while ledger.stat().st_size == size and time.perf_counter() - began < 5:
        time.sleep(0.0002)
    took = time.perf_counter() - began
    connection.close()
    time.sleep(0.02)
    return took


if __name__ == "__main__":
    main(float(os.environ.get("SECONDS_TO_RUN", "60")), int(os.environ.get("CONNECTIONS", "50")))
