"""How long the report on attribution takes over a million touches, against a plain count of them."""

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

import sqlalchemy as sa
from sqlmodel import Session

from hub.attribution.desk import Vendors
from hub.attribution.reports import Attribution
from hub.clock import SystemClock
from hub.ids import RandomIds
from hub.settings import Settings
from hub.store import attribution as store
from hub.store import bulk
from hub.store.columns import ACTIVITY, LEAD, TOUCH
from hub.store.database import Database
from hub.store.migrations import migrate
from tests.benchmarks.site import database

YEAR = timedelta(days=365)
AT_ONCE = 20_000
CAMPAIGNS = tuple(f"campaign-{number:03}" for number in range(300))
_WORDS = ("contacted", "contacted", "qualified", "won", "lost", "returned")


def _lead(number: int, first: datetime, rng: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]], list[Any]]:
    id_ = f"lead_{number:012}"
    lead = {
        "id": id_, "version": 1, "state": "open", "source": "ads", "test": False, "created_at": first,
        "updated_at": first, "body": "{}",
    }  # fmt: skip
    touches, at = [], first
    for place in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        touches.append({
            "submission": f"sub_{number:012}_{place}", "lead": id_, "source": f"source_{number % 12}", "at": at,
            "campaign": rng.choice(CAMPAIGNS), "medium": "cpc", "origin": "google", "cost": None, "currency": None,
            "test": False, "fields": {"utm_term": "crm", "gclid": f"g-{number}-{place}"}, "tags": {"party": "first"},
        })  # fmt: skip
        at += timedelta(hours=rng.expovariate(1 / 200))
    acts = [
        {
            "lead": id_, "sink": "crm", "key": f"k{number}-{place}", "kind": "status", "human": True, "reason": None,
            "at": first + timedelta(hours=rng.random() * 500), "heard_at": first, "disposition": word,
            "value": 1000.0 if word == "won" else None, "currency": "EUR" if word == "won" else None,
        }
        for place, word in enumerate(rng.sample(_WORDS, rng.choice((0, 1, 1, 2))))
    ]  # fmt: skip
    return lead, touches, acts


def _fill(number: int, now: datetime, session: Session) -> int:
    rng, made, lead = random.Random(7), 0, 0
    while made < number:
        parts = [_lead(one, now - YEAR * rng.random(), rng) for one in range(lead, lead + AT_ONCE)]
        lead += AT_ONCE
        touches = [row for _, its, _ in parts for row in its]
        bulk.insert(LEAD, [row for row, _, _ in parts], session=session)
        bulk.insert(TOUCH, touches, session=session)
        bulk.insert(ACTIVITY, [row for _, _, its in parts for row in its], session=session)
        made += len(touches)
    session.commit()
    return made


def _count(*, session: Session) -> int:
    return int(session.execute(sa.select(sa.func.count()).select_from(TOUCH)).scalar_one())


async def _measure(db: Database) -> None:
    plan: Any = SimpleNamespace(
        settings=Settings.model_validate({"sources": {"source_1": {"connector": "x", "cost": {"per_lead": 5}}}}),
        registry=SimpleNamespace(all=lambda _: {}),
    )
    maker = Attribution(db, plan, SystemClock())
    vendors = Vendors(db, plan, SystemClock(), RandomIds(), lambda: b"x" * 32)
    span = (datetime.now(UTC) - timedelta(days=30), datetime.now(UTC))
    asked = [
        ("a plain count", lambda: db.read(_count)),
        *(
            (f"{name}, a year", lambda name=name: maker.make(maker.frame("366d", models=[name])))
            for name in maker.models()
        ),
        ("two models, a year", lambda: maker.make(maker.frame("366d", models=["first", "linear"]))),
        ("all models, a year", lambda: maker.make(maker.frame("366d", models=list(maker.models())))),
        ("by a tag, a year", lambda: maker.make(maker.frame("366d", by="tag:party"))),
        ("linear, 30 days", lambda: maker.make(maker.frame("30d", models=["linear"]))),
        ("a scorecard, a year", lambda: vendors.card("source_1")),
        ("touches of a campaign", lambda: db.read(store.touches_of, CAMPAIGNS[0], span, limit=50)),
    ]
    plainly = 0.0
    for said, ask in asked:
        began, worked = time.perf_counter(), time.process_time()
        await ask()
        took, work = time.perf_counter() - began, time.process_time() - worked
        plainly = plainly or took
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"  {said:28} {took:8.2f} s {work:8.2f} s of a core {took / plainly:10,.1f} x {highest:6,} MB", flush=True
        )


def main(number: int = 1_000_000, kinds: tuple[str, ...] = ("sqlite", "postgres")) -> None:
    """Print the table."""
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name, database(kind, Path(name)) as address:
            db = Database(address, Path(name))
            migrate(db.writer)
            with Session(db.writer) as session:
                if not db.sqlite:
                    session.execute(sa.text("SET statement_timeout = 0"))
                made = _fill(number, datetime.now(UTC), session)
                session.execute(sa.text("ANALYZE"))  # as autovacuum does within a minute
                session.commit()
            print(f"{kind}: {made:,} touches of a year, {len(CAMPAIGNS)} campaigns, 12 sources")
            try:
                asyncio.run(_measure(db))
            finally:
                db.close()


if __name__ == "__main__":
    main()
