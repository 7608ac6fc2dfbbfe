"""What a sink that is down costs the others of its hub: submit to delivered at a healthy one, alone and beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from tests.benchmarks.site import CALM, Poster, at, site, waits

BESIDE = (
    ("alone", None),
    ("beside a healthy one", "works"),
    ("beside one that hangs", "hangs"),
    ("beside one that answers 500", "fails"),
)
SHORT = (BESIDE[0], BESIDE[2])
OTHER = '  other: {connector: webhook, url: "{sink}/WHAT/other", secret: "whsec_b3RoZXItc2VjcmV0LW9mLXRoZS1iZW5jaG1hcms=", rate: 0}\nteams:'


async def measure(other: str | None, seconds: float, rate: float) -> tuple[list[float], int]:
    """Return the milliseconds to the healthy sink of each lead, in order, and how many never came to it."""
    changes = {"teams:": OTHER.replace("WHAT", other), "to: [crm]": "to: [crm, other]"} if other else {}
    async with site("sqlite", 1, changes) as running, aiohttp.ClientSession() as session:
        poster = Poster(running.urls, session)
        await poster.trickle(min(seconds, 5.0), rate)  # warm, and the other one is known to be down
        poster.accepted.clear()
        await poster.trickle(seconds, rate)
        for _ in range(100):
            owed = running.owed()
            open_ = [one for one in owed if one.sink == "crm" and one.state in ("ready", "sending")]
            if not open_ and not running.ask("SELECT 1 FROM submission WHERE state = 'received' LIMIT 1"):
                break
            await asyncio.sleep(0.2)
        for hub in running.hubs:
            hub.process.kill()  # it would wait for what hangs
        return waits(poster.accepted, owed, running.arrived, "crm"), len(open_)


def main(seconds: float = 60.0, rate: float = CALM, beside: Sequence[tuple[str, str | None]] = BESIDE) -> None:
    """Print the table; the ratios are to the first row."""
    print(f"one hub on SQLite, {rate:g} leads a second to both sinks for {seconds:g} s; target p95 < 2x")
    print(f"{'the healthy sink is':32} {'leads':>8} {'p50':>10} {'p95':>18} {'undelivered':>12}")
    first = 0.0
    for name, other in beside:
        took, left = asyncio.run(measure(other, seconds, rate))
        p95 = at(took, 0.95)
        first = first or p95
        print(
            f"{name:32} {len(took):8} {at(took, 0.5):7.1f} ms {p95:7.1f} ms {p95 / first:5.2f}x {left:12}", flush=True
        )


if __name__ == "__main__":
    main()
