"""One hub, its database and its senders: started, hurt, started again, and looked at afterwards."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import facts, workspace
from tests.faults.bench import ROOT, Bench, end, tool, until
from tests.faults.invariants import broken
from tests.faults.rows import Count

START_SECONDS, DRAIN_SECONDS = 60.0, 60.0
LEASE_SECONDS = 120.0  # by how much leases are aged where we do not want to wait for them


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender heard: the status, None when the connection broke; `submission` of a 2xx."""

    number: int
    body: bytes
    status: int | None
    said: dict[str, Any]
    seconds: float

    @property
    def ok(self) -> bool:
        """Return whether the hub took it upon itself."""
        return self.status is not None and 200 <= self.status < 300


class HubDown(RuntimeError):
    """The hub ended before it listened."""


class World:
    """A workspace that hubs are started in, one after the other."""

    def __init__(
        self, bench: Bench, row: str, kind: str = "sqlite", *, database: str | None = None, **settings: Any
    ) -> None:
        self.bench, self.row, self.kind = bench, row, kind
        self.name = bench.name(row)
        self.folder = bench.folder / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = database or bench.database(kind, self.folder, self.name)
        self.settings = settings
        self.configure()
        self.answers: list[Answer] = []
        self.numbers = iter(range(10**9))
        self.pid: int | None = None
        self.url = self.key = ""
        self.kills = 0
        self.sinks: tuple[str, ...] = workspace.SINKS
        self._strace: subprocess.Popen[bytes] | None = None
        self._mutex = threading.Lock()

    def configure(self, **changes: Any) -> None:
        """Write hub.yaml, also one that differs from the first."""
        workspace.write(
            self.folder,
            name=self.name,
            database=self.database,
            sink=self.bench.sandbox.url,
            **{**self.settings, **changes},
        )

    # -- the process ---------------------------------------------------------------------------------

    def launch(self, failpoint: str = "", *argv: str, env: dict[str, str] | None = None) -> None:
        """Start a hub; nobody waits for it."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "data" / "run.json").unlink()
        values = {**(env or {}), **({"HUB_FAILPOINT": failpoint} if failpoint else {})}
        self.pid = self.bench.nursery.start(
            ["run", "--config", "hub.yaml", "--port", "0", *argv], self.folder, self.folder / "out.log", values
        )

    def wake(self) -> None:
        """Let a hub go on that waits to be traced from its first call."""
        assert self.pid is not None
        end(self.pid, signal.SIGCONT)

    def start(self, failpoint: str = "", *argv: str, env: dict[str, str] | None = None) -> float:
        """Start a hub and return after how many seconds it listened; raises HubDown when it ended instead."""
        began = time.monotonic()
        self.launch(failpoint, *argv, env=env)
        self.wait_up()
        return time.monotonic() - began

    def wait_up(self) -> None:
        """Wait until the hub listens."""
        if not until(lambda: self.ended() is not None or self._found(), START_SECONDS) or self.ended() is not None:
            raise HubDown(f"{self.name}: the hub did not start: {self.said()[-400:]}")

    def comes_up(self) -> bool:
        """Start a hub and return whether it listens; it may as well refuse."""
        self.launch()
        until(lambda: self.ended() is not None or self._found(), START_SECONDS)
        return self.ended() is None

    def _found(self) -> bool:
        try:
            said = json.loads((self.folder / "data" / "run.json").read_text())
        except (OSError, ValueError):
            return False
        self.url, self.key = said["url"], said["key"]
        return True

    def ended(self, timeout: float = 0.0) -> int | None:
        """Return how the hub ended: its code, negative for a signal; None while it runs."""
        assert self.pid is not None
        return self.bench.nursery.ended(self.pid, timeout)

    def said(self) -> str:
        """Return what the hub wrote to its terminal so far."""
        try:
            return (self.folder / "out.log").read_text("utf-8", "replace")
        except OSError:
            return ""

    def kill(self) -> None:
        """End the hub as a power switch ends it."""
        assert self.pid is not None
        if self.ended() is None:
            end(self.pid)
            self.ended(20)
            self.kills += 1

    def kill_quietly(self) -> None:
        """End the hub when everything is done; it is no fault any more."""
        before = self.kills
        self.kill()
        self.kills = before

    def stop(self, seconds: float = 60.0) -> int | None:
        """Ask the hub to end and return its code."""
        assert self.pid is not None
        end(self.pid, signal.SIGTERM)
        return self.ended(seconds)

    def command(self, *argv: str, timeout: float = 90.0) -> subprocess.CompletedProcess[str]:
        """Run another leadhub command of this workspace."""
        command = [sys.executable, "-m", "hub.cli", *argv]
        env = {k: v for k, v in os.environ.items() if not k.startswith(("HUB_", "LEADHUB_"))} | {
            "PYTHONPATH": str(ROOT)
        }
        return subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=timeout, check=False
        )

    @contextlib.contextmanager
    def traced(self, *options: str) -> Iterator[Path]:
        """Trace the running hub with strace for a while; yields the log."""
        log = self.folder / f"trace-{time.monotonic_ns()}.log"
        command = [tool("strace"), "-f", "-o", str(log), *options, "-p", str(self.pid)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert process.stderr
        line = process.stderr.readline()
        if b"attached" not in line:
            process.wait(5)
            raise RuntimeError(f"strace could not attach: {line.decode().strip()}")
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield log
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()

    # -- senders --------------------------------------------------------------------------------------

    def post(
        self, number: int | None = None, raw: bytes | None = None, timeout: float = 15.0, source: str = "website",
        **headers: str,
    ) -> Answer:  # fmt: skip
        """Post one lead, the next one unless it is named."""
        with self._mutex:
            number = next(self.numbers) if number is None else number
        raw = workspace.body(self.name, number) if raw is None else raw
        sent = {"content-type": "application/json", "x-signature": workspace.signature(raw)}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        began = time.monotonic()
        status, said = None, {}
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=timeout)
        try:
            connection.request("POST", f"/in/{source}", raw, sent)
            answer = connection.getresponse()
            text = answer.read()
            status = answer.status
            said = json.loads(text or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            pass
        finally:
            connection.close()
        heard = Answer(number, raw, status, said, time.monotonic() - began)
        with self._mutex:
            self.answers.append(heard)
        return heard

    def posts(self, number: int, senders: int = 4, *, until_dead: bool = False) -> list[Answer]:
        """Post so many leads by several senders; `until_dead`: stop when nobody answers any more."""
        left = iter(range(number))
        heard: list[Answer] = []

        def send() -> None:
            while next(left_of(left, self._mutex), None) is not None:
                answer = self.post()
                heard.append(answer)
                if until_dead and answer.status is None:
                    return

        threads = [threading.Thread(target=send) for _ in range(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return heard

    def call(self, method: str, path: str, body: Any = None, timeout: float = 30.0) -> tuple[int, Any]:
        """Call the hub's API as this machine's owner."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=timeout)
        try:
            headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else text

    # -- afterwards -----------------------------------------------------------------------------------

    def facts(self) -> facts.Facts:
        """Return what database, ledger and files say now."""
        return facts.gather(self.database, self.bench.sandbox.ledger, self.name, self.folder / "out" / "leads.csv")

    def age(self) -> None:
        """Let the leases of a dead process run out without waiting for them: only other processes' lives end here."""
        if self.kind != "sqlite":
            facts.age(self.database, LEASE_SECONDS)

    def drain(self, seconds: float = DRAIN_SECONDS) -> float | None:
        """Wait until nothing is left to do; returns the seconds it took, None when it did not end."""
        began = time.monotonic()
        until(lambda: not facts.waiting(self.database) or self.ended() is not None, seconds, 0.1)
        return None if facts.waiting(self.database) else time.monotonic() - began

    def recover(self, count: Count, failpoint: str = "") -> None:
        """Start again after a crash, wait until everything is done, and note how long it took."""
        self.age()
        began = time.monotonic()
        self.start(failpoint)
        done = self.drain()
        count.recovered.append(time.monotonic() - began)
        count.must(done is not None, f"I6 {self.name}: the backlog did not drain: {facts.waiting(self.database)}")

    def settle(self, count: Count) -> None:
        """Wait until what a fault delayed is done; in the short run a restart takes the place of its lease's 90 s."""
        if not self.bench.long:
            self.stop()
            self.start()
        done = self.drain(LEASE_SECONDS)
        count.must(done is not None, f"I6 {self.name}: the backlog did not drain: {facts.waiting(self.database)}")

    def judge(self, count: Count, *, faults: int | None = None, where: str = "", leases: bool = True) -> facts.Facts:
        """Check every invariant now, and add what was counted; without `leases`, some may still have to run out."""
        seen = self.facts()
        accepted = [answer for answer in self.answers if answer.ok]
        sent = [answer.body for answer in self.answers]
        said = broken(seen, accepted, sent, faults=self.kills if faults is None else faults, sinks=self.sinks)
        said = [line for line in said if leases or not line.startswith("I6")]
        count.broken += [f"{line} [{where or self.name}]" for line in said]
        count.accepted += len(accepted)
        count.lost += sum(line.startswith("I1 lost") for line in said)
        count.doubled += seen.doubled
        count.fenced += seen.fenced
        return seen

    def close(self) -> None:
        """End what still runs, and drop what takes room unless somebody wants to look at it."""
        if self.pid is not None and self.ended() is None:
            end(self.pid, group=True)
            self.ended(20)


def left_of(numbers: Iterator[int], mutex: Any) -> Iterator[int]:
    """Yield the next of numbers that several threads share."""
    with mutex:
        found = next(numbers, None)
    if found is not None:
        yield found


@contextlib.contextmanager
def world(bench: Bench, row: str, kind: str = "sqlite", **settings: Any) -> Iterator[World]:
    """Open a world that is closed whatever happens."""
    made = World(bench, row, kind, **settings)
    try:
        yield made
    finally:
        made.close()
