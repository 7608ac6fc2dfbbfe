"""M: one lead breaks a plugin or a rule; the others must not notice."""

from __future__ import annotations

import time

from tests.faults import facts, workspace
from tests.faults.bench import Bench, until
from tests.faults.rows import Count, row
from tests.faults.world import World, world

MOST_DEATHS = 8
TRAP = "SPRING THE TRAP"
MEMORY = 3 << 30  # bytes of address space the process may have; an idle one has about one

PLUGIN = '''
import asyncio, ctypes
from collections.abc import Iterable
from typing import Any
from hub import Options, Work, hookimpl, step

class TrapOptions(Options):
    """Nothing to choose."""

@step("trap")
async def trap(work: Work, _ctx: Any, options: TrapOptions) -> Work:
    """Break on one lead."""
    if work.lead.message == "SPRING THE TRAP":
        {what}
    return work

@hookimpl
def hub_register() -> Iterable[Any]:
    """Register the step."""
    yield trap
'''
TRAPS = {
    "raises": "raise RuntimeError('sprung')",
    "segfault": "ctypes.string_at(0)",
    "loop": "exec('while True: pass')",
    "hangs": "await asyncio.sleep(3600)",
    "memory": "bytearray(8 << 30)",
}


@row(
    "M1",
    "a plugin raises, segfaults, loops, hangs or eats memory on one lead",
    "that lead waits for a person, with the reason; no other does",
)
def m1(bench: Bench) -> Count:
    """Post a lead that springs the trap among others, and start the hub again as often as it dies."""
    kinds = [("sqlite", name) for name in TRAPS] + ([("postgres", "segfault")] if bench.long else [])
    return bench.each("M1", lambda trial: _sprung(bench, *trial), kinds)


def _sprung(bench: Bench, kind: str, name: str) -> Count:
    count, where = Count(faults=1), f"M1 {kind} {name}"
    plugin = PLUGIN.replace("{what}", TRAPS[name])
    limits = ", stalled_after: 2s, step_within: 3s"
    with world(bench, "M1", kind, plugin=plugin, step="trap", hub=limits) as hurt:
        env = {"FAULTS_MEMORY": str(MEMORY)} if name == "memory" else {}
        hurt.start(env=env)
        hurt.posts(8)
        trap = hurt.post(raw=workspace.body(hurt.name, 9_999, message=TRAP, email=f"trap@{hurt.name}.example.com"))
        hurt.posts(8, until_dead=True)
        deaths = _until_it_holds(hurt, env)
        count.must(deaths <= MOST_DEATHS, f"{where}: the process died {deaths} times")
        hurt.posts(8)
        hurt.drain()
        kept = facts.ask(hurt.database, "SELECT id, state, reason, body FROM submission")
        sprung = [row for row in kept if TRAP.encode() in bytes(row["body"])]
        others = [row for row in kept if row not in sprung]
        count.must(
            [row["state"] for row in sprung] == ["quarantined"], f"{where}: the lead is {[r['state'] for r in sprung]}"
        )
        count.must(all(row["reason"] for row in sprung), f"{where}: it has no reason")
        wrong = [row for row in others if row["state"] not in ("done", "duplicate")]
        count.must(
            not wrong,
            f"{where}: {len(wrong)} other leads are {wrong and wrong[0]['state']}: {wrong and wrong[0]['reason']}",
        )
        count.must(trap.ok or trap.status is None, f"{where}: the sender heard {trap.status}")
        hurt.judge(count, where=where)
        count.notes.append(f"M1 {name}: {deaths} deaths, then: {sprung and sprung[0]['reason']}")
    return count


def _until_it_holds(hurt: World, env: dict[str, str]) -> int:
    """Start the hub each time it dies, as a supervisor does; returns how often that was."""
    deaths = 0
    while True:
        settled = until(lambda: hurt.ended() is not None or not facts.waiting(hurt.database), 40, 0.1)
        time.sleep(0.3)
        if hurt.ended() is None and settled:
            return deaths
        hurt.kill_quietly()
        hurt.kills += 1
        deaths += 1
        if deaths > MOST_DEATHS:
            return deaths
        hurt.age()
        hurt.launch(env=env)
        until(lambda: hurt._found() or hurt.ended() is not None, 40)


@row("M2", "a rule breaks on one lead", "that lead waits, visible, and goes on after the rule is mended; others go on")
def m2(bench: Bench) -> Count:
    """Divide by nothing in a rule, for one lead only."""
    count = Count(faults=1)
    broken = "      - {name: odd, when: '100 / (size(lead.company) - 3) > -1000', to: [crm]}"
    mended = "      - {name: rest, to: [crm]}"
    with world(bench, "M2", routes=broken) as hurt:
        hurt.sinks = ("crm",)
        hurt.start()
        hurt.posts(8)
        raw = workspace.body(hurt.name, 9_999, company="abc", email=f"odd@{hurt.name}.example.com")
        hurt.post(raw=raw)
        hurt.posts(8)
        hurt.drain()
        status, said = hurt.call("GET", "/api/submissions?state=quarantined")
        items = said["items"] if status == 200 else []
        count.must(len(items) == 1, f"M2: {len(items)} submissions wait for a person")
        if items:
            count.notes.append(f"M2: {items[0].get('reason')}")
            hurt.configure(routes=mended)
            until(lambda: _replayed(hurt, items[0]["id"]), 30, 0.5)
        hurt.drain()
        states = [row["state"] for row in facts.ask(hurt.database, "SELECT state FROM submission")]
        count.must(
            set(states) == {"done"}, f"M2: after the rule was mended there are {states.count('quarantined')} waiting"
        )
        hurt.judge(count, where="M2")
    return count


def _replayed(hurt: World, submission: str) -> bool:
    hurt.call("POST", f"/api/submissions/{submission}/replay", {})
    rows = facts.ask(hurt.database, f"SELECT state FROM submission WHERE id = '{submission}'")
    return bool(rows and rows[0]["state"] == "done")
