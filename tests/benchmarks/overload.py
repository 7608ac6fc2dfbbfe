"""What a hub does with ten times what it can take: how much it takes, what it refuses, and whether its memory is flat."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp

from tests.benchmarks.site import ROOT, Poster, Process, Site, site

TIMES = 10
PROBES = 128  # senders at once that find out what it can take
EVERY = 1.0  # seconds between looks at the memory
FLAT = 0.10  # what the second half may add


async def flooded(hub: Process, rate: float, seconds: float) -> tuple[dict[str, int], list[float]]:
    """Post at that rate from another process; returns what became of the posts, and the hub's memory over time."""
    command = [sys.executable, "-m", "tests.benchmarks.flood", hub.url.rpartition(":")[2], f"{rate:g}", f"{seconds:g}"]
    flood = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    saying = asyncio.create_task(flood.communicate())
    memory, began = [hub.memory], time.monotonic()
    while not saying.done():
        await asyncio.wait((saying,), timeout=EVERY)
        if time.monotonic() - began <= seconds:
            memory.append(hub.memory)
    said: dict[str, Any] = json.loads((await saying)[0])
    return said, memory


async def capacity(running: Site, seconds: float) -> float:
    """Return how many leads a second the hub takes from senders that wait for their answers."""
    async with aiohttp.ClientSession() as session:
        poster = Poster(running.urls, session)
        await poster.flood(2.0)  # warm
        before, began = len(poster.accepted), time.perf_counter()
        await poster.flood(seconds, PROBES)
        return (len(poster.accepted) - before) / (time.perf_counter() - began)


async def measure(seconds: float, probe: float) -> None:
    """Print the table."""
    async with site("sqlite", 1, {"hub: {": "hub: {per_client: 0, "}) as running:  # all senders are one address here
        rate = await capacity(running, probe)
        await running.settled()
        before = running.ask("SELECT count(*) FROM submission")[0][0]
        said, memory = await flooded(running.hubs[0], rate * TIMES, seconds)
        took = await running.settled(600.0)
        _told(said, rate, seconds)
        half, end = memory[len(memory) // 2], memory[-1]
        flat = "flat" if end <= half * (1 + FLAT) else "NOT FLAT"
        print(
            f"{'memory at start, half, end':32} {memory[0]:8.0f}, {half:.0f}, {end:.0f} MB, most {max(memory):.0f}: {flat}"
        )
        kept = running.ask("SELECT count(*) FROM submission")[0][0] - before
        print(f"{'accepted, kept':32} {said.get('202', 0):8,}, {kept:,} (one that gave up may be kept)")
        after = f", {took:.0f} s after the last post" if took is not None else ""
        print(f"{'all accepted are delivered':32} {_delivered(running)}{after}")


def _told(said: dict[str, int], rate: float, seconds: float) -> None:
    offered = said.pop("offered")
    print(f"{'it takes':32} {rate:8.0f} leads/s from senders that wait; asked for {TIMES}x for {seconds:g} s")
    print(f"{'offered':32} {offered / seconds:8.0f} leads/s, {offered / seconds / rate:.1f}x")
    print(f"{'accepted':32} {said.get('202', 0) / seconds:8.0f} leads/s")
    for what, number in sorted(said.items()):
        print(f"  answered {what:22} {number:8,}" if what.isdigit() else f"  {what:31} {number:8,}")


def _delivered(running: Site) -> str:
    owed = running.owed()
    there = running.arrived
    left = [one for one in owed if one.state != "superseded" and (one.state != "sent" or one.key not in there)]
    leads = running.ask("SELECT count(*) FROM submission WHERE state NOT IN ('done', 'duplicate')")[0][0]
    return "yes" if not left and not leads else f"NO: {len(left)} deliveries and {leads} submissions are left"


def main(seconds: float = 300.0, probe: float = 5.0) -> None:
    """Print the table."""
    asyncio.run(measure(seconds, probe))


if __name__ == "__main__":
    main()
