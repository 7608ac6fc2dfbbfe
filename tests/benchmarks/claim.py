"""How long it takes to claim work out of a long backlog, also while a forgotten transaction keeps dead rows alive."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import sqlalchemy as sa

from hub.delivery.dispatcher import LEASE
from hub.delivery.marks import Marks
from hub.store import deliveries as store
from hub.store.database import Database
from hub.store.migrations import migrate
from tests.benchmarks.site import at, database

SITES = (
    ("sqlite", "first attempts", False),
    ("postgres", "first attempts", False),
    ("postgres", "first attempts", True),
    ("postgres", "replays", True),
)
KINDS = {"first attempts": 0, "replays": 2}  # as the hub marks them
SINK, LIMIT = "crm", 128  # what the lane of a sink with 64 in flight asks for
AGAIN = LIMIT  # how many retries its budget allows

_FROM = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)",
    "postgres": "WITH n(i) AS (SELECT generate_series(1, :rows))",
}
_AGO = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%f000+00:00', julianday('now') - (:rows - i) / 86400000.0 - 0.001)",
    "postgres": "now() - (:rows - i) * interval '1 millisecond' - interval '90 seconds'",
}
_FILL = """
INSERT INTO delivery (id, lead, sink, version, key, route, submission, sentence, state, priority, attempts, rescues,
  unclear, test, created_at, due_at, fence)
{source} SELECT 'dlv_' || i, 'lead_' || (i % 1000) || '_' || (i / 1000), '{sink}', 1, 'key-' || i, 'rest', 'sub_' || i,
  'It matches the route rest.', 'ready', :priority, 0, 0, {no}, {no}, {ago}, {ago}, 0 FROM n
"""


def filled(address: str, folder: Path, rows: int, priority: int) -> Database:
    """Return a database of the hub that owes so many due deliveries to one sink, each of a lead of its own."""
    db = Database(address, folder)
    migrate(db.writer)
    kind = "sqlite" if db.sqlite else "postgres"
    no = "0" if db.sqlite else "false"
    fill = _FILL.format(source=_FROM[kind], ago=_AGO[kind], sink=SINK, no=no)
    with db.writer.begin() as connection:
        if not db.sqlite:
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text(fill), {"rows": rows, "priority": priority})
    with db.writer.begin() as connection:
        connection.execute(sa.text("ANALYZE"))  # as autovacuum does within a minute
    return db


@contextlib.contextmanager
def forgotten(address: str) -> Iterator[None]:
    """Hold a transaction open that has read something: what is dead from now on cannot be cleared away."""
    with psycopg.connect(address) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM sink_state").fetchall()
        yield


async def claims(db: Database, number: int) -> tuple[list[float], list[float]]:
    """Claim and finish so many times; returns the milliseconds of each claim, and of asking which sinks are due."""
    took, asked, marks = [], [], Marks()
    for _ in range(number):
        now = datetime.now(UTC)
        began = time.perf_counter()
        await db.read(store.due_sinks, [SINK, "chat", "sheet"], now)
        asked.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        rows = await db.write(
            store.claim, SINK, now, now + LEASE, "node_a", LIMIT, again=AGAIN, sqlite=db.sqlite,
            after=dict(marks.after(SINK, began)),
        )  # fmt: skip
        marks.note(SINK, rows, full=True)
        took.append((time.perf_counter() - began) * 1000)
        if len(rows) != LIMIT:
            raise SystemExit(f"a claim took {len(rows)} deliveries, not {LIMIT}")
        done = datetime.now(UTC) + timedelta(milliseconds=1)
        sent = [store.Result(row.id, row.attempts, row.fence, "sent", "sent", done, ms=1.0) for row in rows]
        await db.write(store.settle, sent, "node_a")
    return took, asked


def dead(db: Database) -> str:
    """Return how many dead rows PostgreSQL keeps of the deliveries."""
    if db.sqlite:
        return "-"
    with db.reader.connect() as connection:
        connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
        query = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'delivery'"
        return f"{connection.execute(sa.text(query)).scalar_one():,}"


def main(rows: int = 1_000_000, number: int = 1_000) -> None:
    """Print the table."""
    print(f"{rows:,} due deliveries; {number} times {LIMIT} of them are claimed and finished; target p95 < 50 ms")
    print(
        f"{'database, what is due':52} {'p50':>8} {'p95':>8} {'last tenth p95':>15} {'sinks due p95':>14} {'dead rows':>10}"
    )
    for kind, what, idle in SITES:
        with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name, database(kind, Path(name)) as address:
            db = filled(address, Path(name), rows, KINDS[what])
            try:
                with forgotten(address) if idle else contextlib.nullcontext():
                    took, asked = asyncio.run(claims(db, number))
                    kept = dead(db)
            finally:
                db.close()
        row = f"{kind}, {what}{', beside an idle transaction' if idle else ''}"
        print(
            f"{row:52} {statistics.median(took):5.1f} ms {at(sorted(took), 0.95):5.1f} ms"
            f" {at(sorted(took[-len(took) // 10 :]), 0.95):12.1f} ms {at(sorted(asked), 0.95):11.1f} ms {kept:>10}",
            flush=True,
        )


if __name__ == "__main__":
    main()
