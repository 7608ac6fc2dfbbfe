"""How long each report takes over a million rounds of leads: seconds, those of a core, and the most memory so far."""

from __future__ import annotations

import asyncio
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import SystemClock
from hub.insight.reports import Reports
from hub.people.due import Always
from hub.store import care, dealing
from hub.store.columns import ROSTER, SHARE
from hub.store.database import Database
from hub.store.migrations import migrate
from tests.benchmarks.site import database

YEAR = timedelta(days=365)
REPS = tuple(f"rep_{number}" for number in range(200))
AT_ONCE = 20_000
ASKED = (
    ("speed", ""), ("speed", "source"), ("speed", "source,grade,hour"), ("target", "source"),
    ("lateness", ""), ("board", "rep"), ("lost", ""), ("unassigned", "source"), ("fairness", None), ("pools", None),
    ("recycle", None),
)  # fmt: skip
_DISPOSITIONS = ("contacted", "qualified", "won", "lost", None)


def _round(number: int, at: datetime, rng: random.Random) -> dict[str, Any]:
    waits = rng.lognormvariate(6.5, 2.0)
    answered = rng.random() < 0.85
    rep = None if rng.random() < 0.02 else rng.choice(REPS)
    word = rng.choice(_DISPOSITIONS) if answered else None
    decided = at + timedelta(seconds=0.2)
    return {
        "lead": f"lead_{number}", "source": f"source_{number % 12}", "grade": "ABC"[number % 3], "team": "north",
        "owner": rep, "pool": None if rep else "unassigned", "flow": "inbound", "route": "all", "turns": int(bool(rep)),
        "since": decided, "started_at": at, "received_at": at + timedelta(seconds=0.1), "decided_at": decided,
        "delivered_at": at + timedelta(seconds=1) if answered else None, "target": 600.0,
        "due_at": at + timedelta(seconds=600), "responded_at": at + timedelta(seconds=waits + 1) if answered else None,
        "waited": waits + 1 if answered else None, "held": 0.8 if answered else None, "disposition": word,
        "closed_at": at + timedelta(days=30) if word in ("won", "lost") else None,
        "reason": rng.choice(("price", "budget", "rival")) if word == "lost" else None,
    }  # fmt: skip


def _said(row: dict[str, Any]) -> dict[str, Any]:
    dealt = {"turn_of": row["owner"], "roster": "all", "gained": 1} if row["owner"] else {}
    act = {"act": "assigned" if row["owner"] else "pooled", "owner": row["owner"], "pool": row["pool"]}
    return {"turn_of": None, "roster": None, "gained": 0, "at": row["since"], "lead": row["lead"], "team": "north",
            "former": None, **act, **dealt}  # fmt: skip


def _fill(rows: int, now: datetime, session: Session) -> None:
    rng = random.Random(5)
    for start in range(0, rows, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, rows))
        part = [_round(number, now - YEAR * ((number + 1) / rows), rng) for number in numbers]
        care.begin(part, session=session)
        moved = [
            {**_said(row), "act": "reassigned", "former": row["owner"], "owner": rng.choice(REPS), "turn_of": None,
             "roster": None}
            for row in part if row["owner"] and rng.random() < 0.05
        ]  # fmt: skip
        dealing.log([_said(row) for row in part] + moved, session=session)
    share = {name: 1 / len(REPS) for name in REPS}
    session.execute(sa.insert(ROSTER).values(digest="all", shares=share))
    session.execute(
        sa.insert(SHARE), [{"team": "north", "member": name, "received": 5, "entitled": 5} for name in REPS]
    )
    session.commit()


async def _measure(db: Database) -> None:
    hub: Any = SimpleNamespace(
        settings=SimpleNamespace(hub=SimpleNamespace(zone=ZoneInfo("Europe/Berlin"))), working=lambda _: Always()
    )
    reports = Reports(db, hub, SystemClock())
    for name, by in ASKED:
        frame = reports.frame(name, since="366d", by=by)
        began, worked = time.perf_counter(), time.process_time()
        table = await reports.table(name, frame)
        took, work = time.perf_counter() - began, time.process_time() - worked
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        said = f"{name} by {','.join(frame.by) or 'nothing'}"
        print(
            f"  {said:40} {len(table.rows):8,} lines {took:8.2f} s {work:8.2f} s of a core {highest:6,} MB", flush=True
        )


def main(rows: int = 1_000_000, kinds: tuple[str, ...] = ("sqlite", "postgres")) -> None:
    """Print the table."""
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name, database(kind, Path(name)) as address:
            db = Database(address, Path(name))
            migrate(db.writer)
            with Session(db.writer) as session:
                if not db.sqlite:
                    session.execute(sa.text("SET statement_timeout = 0"))
                _fill(rows, datetime.now(UTC), session)
                session.execute(sa.text("ANALYZE"))  # as autovacuum does within a minute
                session.commit()
            print(f"{kind}: {rows:,} rounds of a year, 15 % unanswered, 12 sources, 3 grades, {len(REPS)} reps")
            try:
                asyncio.run(_measure(db))
            finally:
                db.close()


if __name__ == "__main__":
    main()
