"""People: is an import dealt fairly and how long does that take, one lead's route and owner, claims, and timers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.app import Hub, Office
from hub.errors import BadInput, Conflict
from hub.events import Event
from hub.lead import Lead, RawLead
from hub.pipeline.context import RunContext, StoredLeads
from hub.pipeline.runner import run
from hub.pipeline.turn import Place
from hub.step import Work
from hub.store import bulk
from hub.store import care as care_store
from hub.store import leads as lead_store
from hub.store.columns import CARE, DECISION, LEAD, OWNERSHIP, TIMER
from tests.benchmarks.importing import write_list
from tests.benchmarks.site import at, database

KINDS = ("sqlite", "postgres")
REPS = 50
WEIGHTS = (1.0, 1.5, 2.0, 3.0, 0.5)


def reps(number: int, **more: Any) -> list[dict[str, Any]]:
    """Return so many reps of mixed weights."""
    return [{"name": f"rep{n}", "weight": WEIGHTS[n % len(WEIGHTS)], **more} for n in range(number)]


def config(
    address: str, team: Mapping[str, Any] | None, routes: list[dict[str, Any]] | None = None, **more: Any
) -> str:
    """Return a hub.yaml, which may be JSON: a list is imported, its leads go to one team and a sink that is off."""
    assign = {"assign": {"team": "all"}} if team is not None else {}
    flow = {"name": "inbound", "from": ["bought"], "routes": routes or [{"name": "rest", "to": ["crm"], **assign}]}
    return json.dumps(
        {
            "hub": {"database": address, "region": "US", "min_free": 0, "min_free_share": 0},
            "sources": {"bought": {"connector": "list_file", "tags": {"party": "third"}}},
            "sinks": {"crm": {"connector": "csv_file", "path": "out/leads.csv", "enabled": False}},
            "teams": {"all": team} if team is not None else {}, "flows": [flow], **more,
        }
    )  # fmt: skip


def _office(folder: Path, text: str) -> Office:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hub.yaml").write_text(text, "utf-8")
    return Office(folder, folder / "hub.yaml")


@contextlib.asynccontextmanager
async def opened(folder: Path, text: str, *, bells: bool = False) -> AsyncIterator[Hub]:
    """Start a hub in a folder, and stop it."""
    hub = Hub.open(_office(folder, text))
    await hub.start(bells=bells)
    try:
        yield hub
    finally:
        await hub.stop()


async def imported(folder: Path, rows: int, team: Mapping[str, Any] | None) -> tuple[float, list[dict[str, Any]]]:
    """Import a list in a hub of its own; returns the seconds it took, and what was noted of each lead's owner."""
    async with opened(folder, config(f"sqlite:///{folder}/hub.db", team)) as hub:
        path = folder / "list.csv"
        write_list(path, rows)
        began = time.perf_counter()
        await hub.imports.import_file(path, "bought")
        return time.perf_counter() - began, await hub.db.read(_notes)


def _notes(*, session: Any) -> list[dict[str, Any]]:
    bodies = (json.loads(body) for body in session.execute(sa.select(DECISION.c.body)).scalars())
    notes = (step for body in bodies for step in body["steps"] if step["step"] == "assign")
    return [note for note in notes if note.get("owner") and "before" in note]


def unfair(notes: Iterable[Mapping[str, Any]], team: list[dict[str, Any]]) -> tuple[float, float]:
    """Return how far anybody was from their share in the end, and at the worst moment, in leads.

    What a rep is owed grows until they get a lead: so it is most just before, and least just after.
    """
    total = sum(one["weight"] for one in team)
    got = Counter(note["owner"] for note in notes)
    end = max(abs(got[one["name"]] - got.total() * one["weight"] / total) for one in team)
    sides = [note[side] for note in notes for side in ("before", "after")]
    return end, max(abs(one["received"] - one["entitled"]) for one in sides)


async def fairness(folder: Path, rows: int) -> None:
    """Print how even an import is dealt, and what dealing costs."""
    team = reps(REPS)
    without, _ = await imported(folder / "without", rows, None)
    took, notes = await imported(folder / "with", rows, {"members": team})
    end, worst = unfair(notes, team)
    print(f"{rows:,} leads in one import over {REPS} reps of mixed weights: {len(notes):,} dealt")
    print(f"  fairness error in the end {end:.3f}, at the worst moment {worst:.3f} leads (wanted <= 1)")
    print(f"  time {took:.1f} s, without a team {without:.1f} s, ratio {took / without:.2f}")


async def deciding(folder: Path, leads: int, rules: int = 500, members: int = 200) -> None:
    """Print how long route and assign take for one lead that comes alone, and for many in one batch."""
    routes = [
        {
            "name": f"r{n}", "when": f'lead.employees == "{n}" && lead.country == "US"', "assign": {"team": "all"},
            "respond_within": "5m", "to": ["crm"],
        }
        for n in range(rules)
    ]  # fmt: skip
    team = {"members": reps(members, daily_cap=5_000, open_cap=5_000), "account": True}
    async with opened(folder, config(f"sqlite:///{folder}/hub.db", team, routes)) as hub:
        rng = random.Random(5)
        alone = [await _one(hub, rng, rules, number) for number in range(leads)]
        async with hub.turns.batch(hub.plan, 1) as turn:
            together = [await _one(hub, rng, rules, number, turn.place()) for number in range(leads)]
    print(f"route + assign, {rules} rules x {members} reps with caps, open work and accounts (wanted p99 <= 20 ms)")
    for name, took in (("a batch of one", sorted(alone)), ("in one batch", sorted(together))):
        print(f"  {name:16} p50 {at(took, 0.5):6.2f} ms  p99 {at(took, 0.99):6.2f} ms  max {took[-1]:6.2f} ms")


async def _one(hub: Hub, rng: random.Random, rules: int, number: int, place: Place | None = None) -> float:
    """Return the milliseconds that route and assign take for a lead which any of the rules may take."""
    plan = hub.plan
    flow = plan.flows["bought"]
    said = {"employees": str(rng.randrange(rules)), "country": "US", "company": f"Company {rng.randrange(10_000)}"}
    lead = Lead.blank(id=f"lead_{number}", source="bought").with_fields(**said)
    work = Work(RawLead(None, {}), lead, "sub_1", "bought", "inbound", hub.clock.now())
    async with contextlib.AsyncExitStack() as stack:
        began = time.perf_counter()
        if place is None:
            place = (await stack.enter_async_context(hub.turns.batch(plan))).place()
        ctx = RunContext(
            hub.clock, hub.http, StoredLeads(hub.db), place, plan, plan.settings.sources["bought"], flow.settings
        )
        ended = await run(work, flow, ctx, only=frozenset({"route", "assign"}))
        took = (time.perf_counter() - began) * 1000
    if ended.work.lead.owner is None:
        raise SystemExit(f"the lead got no owner: {ended.reason}")
    return took


def _rounds(
    now: datetime, pending: int, due: int, over: float, pool: str | None, first: int
) -> Iterator[dict[str, Any]]:
    """Yield rounds: some that are due in the time to come, and others that are due tomorrow."""
    for number in range(pending + due):
        soon = number < due
        at_ = now + timedelta(seconds=5 + over * number / max(due, 1)) if soon else now + timedelta(days=1)
        yield {
            "lead": f"lead_{first + number:06}", "source": "bought", "flow": "inbound", "route": "rest", "owner": None if pool else "rep0",
            "pool": pool, "team": "all", "since": now, "started_at": now, "received_at": now, "decided_at": now,
            "target": 300.0, "due_at": at_, "turns": 1,
        }  # fmt: skip


async def fill(hub: Hub, pending: int, due: int, over: float, pool: str | None = None, *, first: int = 0) -> None:
    """Write rounds with their leads and timers; the leads are numbered from `first` on."""
    rows = list(_rounds(hub.clock.now(), pending, due, over, pool, first))
    for start in range(0, len(rows), 2_000):
        await hub.db.write(_filled, rows[start : start + 2_000], hub.clock.now())


def _filled(rows: list[dict[str, Any]], now: datetime, *, session: Any) -> None:
    care_store.begin(rows, session=session)
    leads = [Lead(id=row["lead"], source="bought", team="all", owner=row["owner"], version=1) for row in rows]
    bulk.insert(LEAD, [{**lead_store.row_of(lead, now), "flow": "inbound"} for lead in leads], session=session)
    timers = [{"lead": row["lead"], "kind": "target", "number": 0, "due_at": row["due_at"]} for row in rows]
    care_store.add(timers, session=session)


async def claiming(folder: Path, address: str, kind: str, clicks: int, rounds: int) -> None:
    """Print how many of those who click at once get a lead of the pool."""
    team = {"members": reps(clicks)}
    async with opened(folder, config(address, team, pools={"sea": {"claims_a_day": 3, "hold": 1_000}})) as hub:
        await fill(hub, rounds, 0, 1.0, "sea")
        winners, took = [], []
        for number in range(rounds):
            began = time.perf_counter()
            said = await asyncio.gather(*(_click(hub, f"lead_{number:06}", f"rep{n}") for n in range(clicks)))
            took.append(time.perf_counter() - began)
            winners.append(sum(said))
        logged = await hub.db.read(_claims)
    print(f"  {kind:9} {clicks} clicks at once on one lead, {rounds} times: owners {winners}, in the log {logged}, "
          f"{max(took):.2f} s at most for all {clicks}")  # fmt: skip


async def _click(hub: Hub, lead: str, rep: str) -> bool:
    try:
        await hub.responding.pools.claim(lead, rep)
    except (BadInput, Conflict):
        return False
    return True


def _claims(*, session: Any) -> int:
    return int(session.execute(sa.select(sa.func.count()).where(OWNERSHIP.c.act == "claimed")).scalar())


async def firing(folder: Path, address: str, kind: str, pending: int, due: int, over: float) -> None:
    """Print how long after its moment each timer fired: until what it does is committed and told."""
    async with opened(folder, config(address, {"members": reps(REPS)})) as hub:
        await hub.responding.renew()  # all timers are of this configuration
        await fill(hub, pending, 0, over)
    fired: dict[str, float] = {}
    async with opened(folder, config(address, {"members": reps(REPS)}), bells=True) as hub:
        inner = hub.responding.timers.emit

        def heard(events: Iterable[Event]) -> None:
            every = list(events)
            fired.update((str(one.lead), hub.clock.now().timestamp()) for one in every if one.kind == "lead.breached")
            inner(every)

        hub.responding.timers.emit = heard
        await fill(hub, 0, due, over, first=pending)
        moments = await hub.db.read(_due, hub.clock.now() + timedelta(hours=1))
        until = max(moments.values()) + 15
        while len(fired) < len(moments) and hub.clock.now().timestamp() < until:
            await asyncio.sleep(0.2)
        left = await hub.db.read(_left)
    late = sorted(fired[lead] - moment for lead, moment in moments.items() if lead in fired)
    print(
        f"  {kind:9} {left:,} pending, {len(moments):,} due over {over:g} s, {len(fired):,} fired: delay"
        f" p50 {at(late, 0.5):.3f} s  p99 {at(late, 0.99):.3f} s  max {late[-1]:.3f} s (wanted p99 <= 1 s)"
    )


def _due(before: datetime, *, session: Any) -> dict[str, float]:
    query = sa.select(CARE.c.lead, CARE.c.due_at).where(CARE.c.due_at < before, CARE.c.breached_at.is_(None))
    return {row.lead: row.due_at.timestamp() for row in session.execute(query)}


def _left(*, session: Any) -> int:
    return int(session.execute(sa.select(sa.func.count()).select_from(TIMER)).scalar())


def main(
    rows: int = 10_000, leads: int = 2_000, clicks: int = 500, rounds: int = 5, pending: int = 100_000,
    due: int = 2_000, over: float = 60.0,
) -> None:  # fmt: skip
    """Print the tables."""
    with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name:
        asyncio.run(fairness(Path(name), rows))
    with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name:
        asyncio.run(deciding(Path(name), leads))
    for what in ("claims", "timers"):
        print(f"{what}:")
        for kind in KINDS:
            with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name, database(kind, Path(name)) as address:
                folder = Path(name) / "hub"
                if what == "claims":
                    asyncio.run(claiming(folder, address, kind, clicks, rounds))
                else:
                    asyncio.run(firing(folder, address, kind, pending, due, over))


if __name__ == "__main__":
    main()
