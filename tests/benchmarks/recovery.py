"""How long the leads of a process that ended wait: one of two nodes is killed, or stopped, in the middle of its work."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Collection

import aiohttp

from tests.benchmarks.site import Poster, Site, site

WAYS = (("kill -9", signal.SIGKILL), ("SIGTERM", signal.SIGTERM))
LEASE = 90.0  # seconds, as a hub has it that says nothing
LATEST = 1.5  # leases after which somebody else must have gone on
RATE = 120.0  # leads a second: about what 64 sends at once to a sink that takes a second can bear


async def measure(number: int, lease: float, seconds: float, patience: float) -> tuple[int, float, float | None]:
    """End a node while it works; returns what it held, and the seconds until that, and all it accepted, arrived."""
    changes = {"hub: {": f"hub: {{lease: {lease:g}s, ", "/webhook/crm": "/slow/crm"}
    async with site("postgres", 2, changes) as running, aiohttp.ClientSession() as session:
        first = running.hubs[0]
        poster = Poster([first.url], session)  # the node that takes a lead also sends it while it has room
        await poster.trickle(seconds, RATE)
        holder = running.holder(first)
        ended = time.time()
        os.kill(first.process.pid, number)
        held = {one.key for one in running.owed() if one.lease_by == holder}
        if number == signal.SIGKILL:  # the rest has arrived, although it could not note that any more
            held = {key for key in held if not _since(running, [key], 0.0)}
        await _arrive(running, held, ended, lease * LATEST + 30)
        times = _since(running, held, ended)
        took = max(times) - ended if len(times) == len(held) and times else float("nan")
        rest = await running.settled(patience) if patience else None
        return len(held), took, rest and time.time() - ended


async def _arrive(running: Site, keys: Collection[str], since: float, seconds: float) -> None:
    while len(_since(running, keys, since)) < len(keys) and time.time() - since < seconds:
        await asyncio.sleep(0.1)


def _since(running: Site, keys: Collection[str], since: float) -> list[float]:
    """Return when each of these arrived for the first time, if it has."""
    return [running.arrived[key][0] for key in keys if key in running.arrived and running.arrived[key][0] >= since]


def main(lease: float = LEASE, seconds: float = 5.0, patience: float = 240.0) -> None:
    """Print the table; without patience, nobody waits for what was accepted and not yet decided."""
    print(
        f"two nodes on one PostgreSQL, a lease of {lease:g} s, a sink that takes 1 s to answer, {RATE:g} leads a second"
    )
    print(
        f"{'the first node is ended by':28} {'it held':>10} {'last of that arrived':>22} {'all accepted':>16}   expected"
    )
    for name, number in WAYS:
        held, took, rest = asyncio.run(measure(number, lease, seconds, patience))
        expected = f"<= {lease + 15:g} s" if number == signal.SIGKILL else "at once, without a lease"
        whole = f"{rest:14.1f} s" if rest else f"{'not waited for':>16}" if not patience else f"{'NOT ALL':>16}"
        print(f"{name:28} {held:10} {took:20.1f} s {whole}   {expected}", flush=True)


if __name__ == "__main__":
    main()
