"""The pure pipeline, step by step: microseconds a lead, for people never seen before and for those seen already."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from hub.app import Hub, Office
from hub.lead import Lead, RawLead
from hub.pipeline.context import PendingLeads, RunContext
from hub.pipeline.runner import run
from hub.step import Work
from tests.benchmarks import workspace

ROUNDS = 5


class NobodyKnown(PendingLeads):
    """A database that knows nobody: what is left is the steps' own work."""

    async def owners(self, keys: Any) -> Any:
        """Nobody owns a key."""
        return {}

    async def near(self, keys: Any, limit: int = 20) -> Any:
        """Nobody is near."""
        return []


async def measure(folder: Path, leads: int) -> None:
    """Print the table."""
    hub = Hub.open(Office(folder, workspace.write(folder, "http://127.0.0.1:9")))
    await hub.start(bells=False)
    await hub.warm()
    plan = hub.plan
    flow = plan.flows["website"]
    ctx = RunContext(
        hub.clock,
        hub.http,
        NobodyKnown(hub.db),
        hub.turns.looking(plan),
        plan,
        plan.settings.sources["website"],
        flow.settings,
    )
    rng = random.Random(3)
    fresh: dict[str, list[float]] = {}
    again: dict[str, list[float]] = {}
    number = iter(range(10**9))
    for _ in range(ROUNDS):
        raws = [RawLead(None, workspace.lead(next(number), rng)) for _ in range(leads)]
        for table in (fresh, again):
            sums: dict[str, float] = {}
            began = time.perf_counter()
            for raw in raws:
                lead = Lead.blank(id=hub.ids("lead"), source="website")
                work = Work(raw, lead, "sub_1", "website", "inbound", hub.clock.now())
                for step in (await run(work, flow, ctx)).steps:
                    sums[step["step"]] = sums.get(step["step"], 0.0) + step["us"]
            sums["all"] = (time.perf_counter() - began) * 1e6
            for name, total in sums.items():
                table.setdefault(name, []).append(total / leads)
    print(f"{'step':12} {'new people':>12} {'seen before':>12}   µs a lead, median of {ROUNDS} rounds of {leads}")
    for name in fresh:
        print(f"{name:12} {statistics.median(fresh[name]):12.1f} {statistics.median(again[name]):12.1f}")
    await hub.stop()


def main(leads: int = 2_000) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name:
        asyncio.run(measure(Path(name), leads))


if __name__ == "__main__":
    main()
