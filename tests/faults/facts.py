"""What is so after a trial, out of three places that know nothing of each other: database, ledger, files."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.rows import dict_row

from hub.testing.sandbox.ledger import Entry

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a sink received."""

    sink: str
    key: str | None  # webhook-id, or the short mark of a message
    at: datetime
    seen: str | None  # new, repeat or twin: what the sink itself made of it
    status: int | None
    text: str


@dataclass(slots=True)
class Facts:
    """Rows of the database by table, requests by the ledger, rows of the file that a file sink wrote."""

    submissions: list[Record] = field(default_factory=list)
    leads: list[Record] = field(default_factory=list)
    deliveries: list[Record] = field(default_factory=list)
    attempts: list[Record] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    written: Counter[tuple[str, str]] = field(default_factory=Counter)  # lead, version

    @property
    def doubled(self) -> int:
        """Return how many requests a sink had again, with a key it had before."""
        return sum(request.seen in ("repeat", "twin") for request in self.requests)

    @property
    def fenced(self) -> int:
        """Return how many results came too late and changed nothing."""
        return sum(str(attempt["reason"] or "").startswith("fenced") for attempt in self.attempts)


_QUERIES = {
    "submissions": "SELECT id, source, kind, key, state, lead, duplicate_of, digest, parent, tries FROM submission",
    "leads": "SELECT id, version, state, merged_into, email FROM lead",
    "deliveries": "SELECT id, lead, sink, version, key, state, attempts, rescues, lease_by, fence, test FROM delivery",
    "attempts": "SELECT delivery, number, fence, started_at, ended_at, outcome, reason FROM attempt",
}


def ask(address: str, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query as dicts, from either database; SQLite is opened for reading only."""
    if address.startswith("sqlite"):
        path = address.removeprefix("sqlite:///")
        return _ask_copy(Path(path), query) if path.startswith("/proc/") else _ask_file(path, query)
    with psycopg.connect(address, autocommit=True, row_factory=dict_row) as connection:
        return list(connection.execute(query))


def _ask_file(path: str, query: str) -> list[dict[str, Any]]:
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=30)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]
    finally:
        connection.close()


def _ask_copy(path: Path, query: str) -> list[dict[str, Any]]:
    """Ask a copy of a file that only another process sees: SQLite would follow the way to it into our own view."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (path.name, f"{path.name}-wal"):
            shutil.copyfile(path.with_name(name), Path(folder) / name)
        return _ask_file(f"{folder}/{path.name}", query)


def gather(address: str, ledger: Path, name: str, written: Path | None = None) -> Facts:
    """Return what is so."""
    found = Facts(**{part: ask(address, query) for part, query in _QUERIES.items()})
    found.requests = [_request(entry, sink) for entry in _of(ledger, name) if (sink := _sink(entry, name))]
    if written is not None and written.exists():
        found.written = rows_of(written.read_bytes())
    return found


def _of(ledger: Path, name: str) -> Iterator[Entry]:
    """Yield the entries that may be of one world; the others are not even read: there are many."""
    with ledger.open("rb") as lines:
        for line in lines:
            if name.encode() in line and line.endswith(b"\n"):
                yield Entry.read(line)


def rows_of(text: bytes) -> Counter[tuple[str, str]]:
    """Return how often each lead and version stands in a CSV file."""
    lines = csv.DictReader(text.decode("utf-8-sig").splitlines(keepends=True))
    return Counter((line["id"], line["version"]) for line in lines)


def _sink(entry: Entry, name: str) -> str | None:
    if entry.path.startswith("/slack/"):
        return "chat" if entry.path.endswith(f"/{name}") else None
    world, _, sink = entry.path.removeprefix("/webhook/").partition("-")
    return sink if world == name else None


def _request(entry: Entry, sink: str) -> Request:
    key = entry.headers.get("webhook-id") or entry.key
    text = entry.body.decode("utf-8", "replace")
    return Request(sink, key, datetime.fromisoformat(entry.time), entry.seen, entry.status, text)


_OPEN = (
    "state IN ('ready', 'sending') AND NOT EXISTS (SELECT 1 FROM delivery AS older WHERE older.lead = d.lead "
    "AND older.sink = d.sink AND older.version < d.version AND older.state = 'unclear')"
)
"""What is owed now: a newer version waits, by design, as long as a person must say whether the older one arrived."""


def waiting(address: str) -> str:
    """Return what is still to be done, in words; empty when nothing is."""
    query = (
        "SELECT 'submission ' || state AS what, count(*) AS n FROM submission WHERE state = 'received' GROUP BY state "
        f"UNION ALL SELECT 'delivery ' || state, count(*) FROM delivery AS d WHERE {_OPEN} GROUP BY state "
        "UNION ALL SELECT 'erasure ' || state, count(*) FROM erasure WHERE state <> 'done' GROUP BY state"
    )
    try:
        return ", ".join(f"{row['n']} {row['what']}" for row in ask(address, query))
    except (sqlite3.DatabaseError, psycopg.Error, OSError) as error:
        return f"it cannot be asked: {error}"


def age(address: str, seconds: float) -> None:
    """Turn back the leases in a PostgreSQL database, as if that much time had passed since they were taken."""
    leases = (
        ("delivery", "lease_until", "state = 'sending'"),
        ("submission", "due_at", "state = 'received'"),
        ("tick", "lease_until", "done_at IS NULL"),
    )
    with psycopg.connect(address, autocommit=True) as connection:
        there = {row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relkind = 'r'")}
        for table, column, held in leases:
            if table in there:  # a migration that was broken off has made none
                change = f"UPDATE {table} SET {column} = {column} - make_interval(secs => %s) WHERE {held}"
                connection.execute(change, (seconds,))


def time_of(value: Any) -> datetime:
    """Return a time as either database hands it over."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, int):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    said = datetime.fromisoformat(str(value))
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def digest(body: bytes) -> str:
    """Return how the hub remembers a body."""
    return hashlib.sha256(body).hexdigest()


def ids_in(bodies: Iterable[bytes]) -> set[str]:
    """Return the senders' own ids in bodies that are leads."""
    return {str(json.loads(body)["id"]) for body in bodies}
