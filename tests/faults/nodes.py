"""Several hubs on one database: each may be cut off from it, stopped for a while, or live in another time."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg

from hub.testing.sandbox.ledger import Entry
from tests.faults import facts
from tests.faults.bench import ROOT, Bench, end, until
from tests.faults.proxy import Proxy
from tests.faults.rows import Count
from tests.faults.world import World

SHORT_LEASE, REAL_LEASE = 6, 90  # seconds
SLACK = 10.0  # seconds that two cores with much to do may add to anything
RUNNERS = ("local", "pgqueuer")
SINKS = ("crm", "paper", "chat")
ROUTES = f"      - {{name: all, to: [{', '.join(SINKS)}]}}"

TICKS = """
CREATE TABLE IF NOT EXISTS tick_log (schedule text, tick timestamptz, node text, fence bigint, at timestamptz);
CREATE OR REPLACE FUNCTION log_tick() RETURNS trigger AS $$ BEGIN
  IF TG_OP = 'INSERT' OR NEW.fence <> OLD.fence THEN
    INSERT INTO tick_log VALUES (NEW.schedule, NEW.tick, NEW.node, NEW.fence, clock_timestamp());
  END IF; RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE OR REPLACE TRIGGER log_tick AFTER INSERT OR UPDATE ON tick FOR EACH ROW EXECUTE FUNCTION log_tick();
"""
"""Keeps every tick that was taken: the hub itself remembers only the last of a schedule."""


@dataclass(slots=True)
class Wall(Proxy):
    """A proxy that can be shut: connections of now end or fall silent, and no new one is made."""

    shut: bool = False

    def _upstream(self) -> Any:
        if self.shut:
            raise OSError("the wall is shut")
        return Proxy._upstream(self)

    def part(self, how: str) -> None:
        """Cut a node off: `reset` tells it so, `silent` tells it nothing."""
        self.shut = True
        if how == "silent":
            self.hold()
        else:
            self.cut()


class Node(World):
    """One of several processes on a database; the sinks hear which one it is."""

    def __init__(self, bench: Bench, row: str, letter: str, first: Node | None, **settings: Any) -> None:
        self.letter, self.first = letter, first
        self.place: dict[str, str] = {}
        self._own: subprocess.Popen[bytes] | None = None
        super().__init__(bench, row, "postgres", database=first and first.database, **settings)
        self.sinks = SINKS
        self.place = _place(self.database)
        if first is not None:
            self.name, self.answers, self.numbers, self._mutex = first.name, first.answers, first.numbers, first._mutex
        self.configure()

    @property
    def lease(self) -> int:
        """Return how long a lease runs here, in seconds."""
        return REAL_LEASE if self.bench.long else SHORT_LEASE

    def configure(self, **changes: Any) -> None:
        """Write hub.yaml, the same text for every node: where it finds the database is in its environment."""
        if self.first is not None:
            for part in ("plugins", "inbox", "out"):
                shutil.copytree(self.first.folder / part, self.folder / part, dirs_exist_ok=True)
            shutil.copyfile(self.first.folder / "hub.yaml", self.folder / "hub.yaml")
            return
        more = f", lease: {self.lease}s{self.settings.get('hub', '')}"
        super().configure(**{"routes": ROUTES, **changes, "hub": more})
        path = self.folder / "hub.yaml"
        text = path.read_text("utf-8").replace(self.database, f"postgresql:///{self.name}")
        for sink in ("crm", "paper"):
            text = text.replace(f'-{sink}"', f'-{sink}?node=${{env:NODE}}"')
        path.write_text(text, "utf-8")

    def launch(self, failpoint: str = "", *argv: str, env: dict[str, str] | None = None) -> None:
        """Start it; nobody waits for it."""
        self._own = None
        super().launch(failpoint, *argv, env={**self.place, "NODE": self.letter, **(env or {})})

    def launch_at(self, when: str, env: Mapping[str, str] | None = None) -> None:
        """Start it by faketime: `when` is a file that says how far its clock is off."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "data" / "run.json").unlink()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("HUB_", "LEADHUB_"))}
        faked = {"FAKETIME_TIMESTAMP_FILE": when, "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        faked |= {"LD_PRELOAD": library(), "PYTHONPATH": str(ROOT), "DONT_FAKE_MONOTONIC": "1"}
        command = [sys.executable, "-m", "hub.cli", "run", "--config", "hub.yaml", "--port", "0"]
        with (self.folder / "out.log").open("ab") as out:
            self._own = subprocess.Popen(
                command, cwd=self.folder, env={**clean, **faked, **self.place, "NODE": self.letter, **(env or {})},
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        self.pid = self._own.pid

    def ended(self, timeout: float = 0.0) -> int | None:
        """Return how it ended; None while it runs."""
        if self._own is None:
            return super().ended(timeout)
        try:
            return self._own.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.pid is not None
        end(self.pid, number)

    def holder(self) -> str:
        """Return the id under which it holds leases."""
        found = facts.ask(self.database, f"SELECT id FROM node WHERE pid = {int(self.pid or 0)}")
        return str(found[0]["id"]) if found else ""

    def held(self, holder: str) -> int:
        """Return how many deliveries are held under that id."""
        query = f"SELECT count(*) AS n FROM delivery WHERE state = 'sending' AND lease_by = '{holder}'"
        return int(facts.ask(self.database, query)[0]["n"])

    def requests(self) -> list[tuple[datetime, Entry]]:
        """Return what the sinks had from this node, the chat aside, with the time of each."""
        found = facts._of(self.bench.sandbox.ledger, self.name)
        return [(facts.time_of(e.time), e) for e in found if e.query.get("node") == self.letter]

    def change(self, statement: str) -> None:
        """Change something in the database, as from outside."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Ask the database."""
        return facts.ask(self.database, query)

    def free_submissions(self) -> None:
        """Let what a dead process was about to decide be decided now: those leases are 90 seconds, whatever else."""
        if not self.bench.long:
            self.change("UPDATE submission SET due_at = now() WHERE state = 'received'")


def _place(address: str) -> dict[str, str]:
    """Return the environment in which libpq finds a server without being told."""
    said = urlsplit(address)
    query = parse_qs(said.query)
    host = query.get("host", [said.hostname or "127.0.0.1"])[0]
    port = query.get("port", [str(said.port or 5432)])[0]
    return {"PGHOST": host, "PGPORT": port, "PGUSER": said.username or "postgres", "PGSSLMODE": "disable",
            "PGGSSENCMODE": "disable"}  # fmt: skip


def behind(node: Node, wall: Wall) -> None:
    """Let a node reach its database through a wall only."""
    node.place = {**_place(wall.address), "PGUSER": "postgres"}


@contextlib.contextmanager
def nodes(bench: Bench, row: str, **settings: Any) -> Iterator[tuple[Node, Node]]:
    """Open two nodes, a and b, that share a database; they are closed whatever happens."""
    first = Node(bench, row, "a", None, **settings)
    second = Node(bench, row, "b", first, **settings)
    try:
        yield first, second
    finally:
        for node in (first, second):
            if node.pid is not None and node.ended() is None:
                node.signal(18)  # SIGCONT: one that stands still cannot end
            node.close()


def library() -> str:
    """Return where libfaketime is, empty where it is not installed."""
    places = (*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), *Path("/usr/lib/faketime").glob("*MT.so.1"))
    return str(next(iter(places), ""))


def done(node: Node, count: Count, where: str, seconds: float | None = None) -> float | None:
    """Wait until nothing is left to do on the database; a node that ended does not do it."""
    limit = seconds or 60.0 + 2 * node.lease
    if not until(lambda: not facts.waiting(node.database), limit, 0.1):
        count.must(False, f"I6 {where}: the backlog did not drain: {facts.waiting(node.database)}")
        return None
    return 0.0


def twice_fired(node: Node) -> list[str]:
    """Return the ticks that were taken more than once, in words."""
    rows = node.ask("SELECT schedule, tick, count(*) AS n FROM tick_log GROUP BY 1, 2 HAVING count(*) > 1")
    return [f"{row['schedule']} of {row['tick']} was taken {row['n']} times" for row in rows]


def takers(node: Node, schedule: str = "") -> Counter[str]:
    """Return how many ticks each node took."""
    rows = node.ask("SELECT node, schedule FROM tick_log")
    return Counter(row["node"] for row in rows if schedule in row["schedule"])
