"""Compares the runners: leads a second through whole hubs, and the time from submit to delivered when it is calm."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from tests.benchmarks.site import Poster, Site, at, site, waits

SITES = (
    ("local", "sqlite", 1),
    ("local", "postgres", 1),
    ("pgqueuer", "postgres", 1),
    ("local", "postgres", 2),
    ("pgqueuer", "postgres", 2),
)

SHORT = (SITES[0], SITES[3])


@dataclass(slots=True)
class Figures:
    """What was measured of one runner: leads a second, and milliseconds from submit to delivered."""

    rate: float
    p50: float
    p99: float
    lost: int
    twice: int
    refused: int


async def measure(runner: str, kind: str, number: int, seconds: float) -> Figures:
    """Return the figures of one runner with so many worker processes."""
    changes = {"hub: {": f"hub: {{runner: {runner}, "}
    async with site(kind, number, changes) as running, aiohttp.ClientSession() as session:
        return await _measure(running, Poster(running.urls, session), seconds)


async def _measure(running: Site, poster: Poster, seconds: float) -> Figures:
    arrived = running.arrived
    await poster.flood(min(2.0, seconds))  # warm
    await running.settled()
    before, began = len(arrived), time.time()
    await poster.flood(seconds)
    await running.settled()
    last = max(times[-1] for times in arrived.values())
    rate = (len(arrived) - before) / (last - began)
    poster.accepted.clear()
    await poster.trickle(seconds)
    await running.settled()
    owed = running.owed()
    took = waits(poster.accepted, owed, arrived, "crm")
    lost = sum(one.key not in arrived for one in owed if one.state != "superseded")
    twice = sum(len(times) > 1 for times in arrived.values())
    return Figures(rate, at(took, 0.5), at(took, 0.99), lost, twice, poster.refused)


def main(
    seconds: float = float(os.environ.get("SECONDS_TO_RUN", "10")), sites: Sequence[tuple[str, str, int]] = SITES
) -> None:
    """Print the table; the ratios are to the first row."""
    print("submit to delivered: from the post to the sink's answer, at 40 leads a second")
    print(f"{'runner, worker processes':28} {'leads/s':>15} {'p50':>18} {'p99':>18}  not there, twice, refused")
    first: Figures | None = None
    for runner, kind, number in sites:
        got = asyncio.run(measure(runner, kind, number, seconds))
        first = first or got
        print(
            f"{f'{runner}-{kind}, {number}':28} {got.rate:8.0f} {got.rate / first.rate:5.2f}x"
            f" {got.p50:8.1f} ms {got.p50 / first.p50:5.2f}x {got.p99:8.1f} ms {got.p99 / first.p99:5.2f}x"
            f"  {got.lost}, {got.twice}, {got.refused}",
            flush=True,
        )


if __name__ == "__main__":
    main()
