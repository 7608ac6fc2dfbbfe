"""X: everything at once, in an order that the seed decides."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from hub import failpoints
from tests.faults import workspace
from tests.faults.bench import Bench, end, until
from tests.faults.letters.k import KINDS
from tests.faults.rows import Count, row
from tests.faults.world import World, world

STEPS, LONG_STEPS = 10, 40
POINTS = tuple(point for point in failpoints.POINTS if point.startswith(("intake.", "route.", "deliver.")))
TROUBLE = (
    {"status": 500}, {"status": 503, "headers": {"Retry-After": "1"}}, {"status": 429, "headers": {"Retry-After": "1"}},
    {"reset": "before"}, {"reset": "after"}, {"reset": "during"}, {"delay": 1.5}, {"malformed": "<html>Sign in</html>"},
    {"status": 500, "processed": True},
)  # fmt: skip


@dataclass(slots=True)
class Play:
    """What is done to one hub; `told` is what was done, so that a broken run can be read."""

    hurt: World
    rng: random.Random
    count: Count
    bodies: list[bytes] = field(default_factory=list)
    trouble: int = 0  # requests of sinks that went wrong
    told: list[str] = field(default_factory=list)

    def post(self) -> None:
        """Post people nobody knows."""
        number = self.rng.randint(1, 12)
        heard = self.hurt.posts(number, senders=self.rng.randint(1, 4))
        self.bodies += [answer.body for answer in heard if answer.ok]
        self.told.append(f"post {number}")

    def repeat(self) -> None:
        """Post again what was accepted."""
        for raw in self.rng.sample(self.bodies, min(4, len(self.bodies))):
            self.hurt.post(raw=raw)
        self.told.append("repeat")

    def correct(self) -> None:
        """Post other words of a person under the same id."""
        number = self.rng.randrange(5)
        self.hurt.post(number, workspace.body(self.hurt.name, number, company=f"Company {self.rng.randrange(9)} Ltd."))
        self.told.append(f"correct {number}")

    def trip(self) -> None:
        """Let a sink's next requests go wrong."""
        sink = self.rng.choice((f"/webhook/{self.hurt.name}-crm", f"/slack/services/T/B/{self.hurt.name}"))
        step, times = self.rng.choice(TROUBLE), self.rng.randint(1, 3)
        self.hurt.bench.sandbox.script(sink, {**step, "times": times})
        self.trouble += times
        self.told.append(f"trip {sink.split('/')[1]} {step} x{times}")

    def kill(self) -> None:
        """Kill it, and start it again."""
        self.hurt.kill()
        self.count.faults += 1
        self._again("")
        self.told.append("kill")

    def strike(self) -> None:
        """Kill it at a failpoint that the next posts come to, and start it again."""
        point = f"{self.rng.choice(POINTS)}:{self.rng.randint(1, 4)}=kill"
        self.hurt.stop()
        self._again(point)
        self.hurt.posts(6, until_dead=True)
        if until(lambda: self.hurt.ended() is not None, 5):
            self.hurt.kills += 1
            self.count.faults += 1
        else:
            self.hurt.kill()
        self._again("")
        self.told.append(f"strike {point}")

    def stop(self) -> None:
        """Stop it politely while it works, and start it again."""
        self.hurt.posts(4)
        code = self.hurt.stop()
        self.count.must(code == 0, f"X1: a polite stop ended with {code}")
        self._again("")
        self.told.append("stop")

    def freeze(self) -> None:
        """Let it stand still for a while."""
        assert self.hurt.pid is not None
        seconds = self.rng.uniform(0.3, 1.5)
        end(self.hurt.pid, signal.SIGSTOP)
        time.sleep(seconds)
        end(self.hurt.pid, signal.SIGCONT)
        self.count.faults += 1
        self.told.append(f"freeze {seconds:.1f} s")

    def _again(self, point: str) -> None:
        self.hurt.age()
        self.hurt.start(point)


ACTIONS: tuple[tuple[Callable[[Play], None], int], ...] = (
    (Play.post, 4), (Play.repeat, 2), (Play.correct, 2), (Play.trip, 3), (Play.kill, 2), (Play.strike, 2),
    (Play.stop, 1), (Play.freeze, 1),
)  # fmt: skip


@row("X1", "all of it in a random order, by seed", "I1-I8 after every play; a seed repeats it")
def x1(bench: Bench) -> Count:
    """Play a hub on each database; in the long run for `--minutes`, each time with another order."""
    whole, began, number = Count(), time.monotonic(), 0
    while not number or (bench.long and time.monotonic() - began < bench.minutes * 60):
        trials = [(kind, f"{bench.seed} X1 {kind} {number}") for kind in KINDS]
        whole.add(bench.each("X1", lambda trial: _played(bench, *trial), trials))
        number += 1
    whole.notes = [f"X1: {number} plays of each database", *whole.notes[:2]]
    return whole


def hurry(address: str) -> None:
    """Make due, while no hub runs, what waits for its next attempt: those waits are minutes."""
    statement = "UPDATE delivery SET due_at = '2020-01-01T00:00:00.000000+00:00' WHERE state = 'ready'"
    if address.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as lite, lite:
            lite.execute(statement)
        return
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def _played(bench: Bench, kind: str, seed: str) -> Count:
    count = Count()
    with world(bench, "X1", kind) as hurt:
        play = Play(hurt, random.Random(seed), count)
        hurt.start()
        play.post()
        actions, weights = zip(*ACTIONS, strict=True)
        drawn = play.rng.choices(actions, weights, k=LONG_STEPS if bench.long else STEPS)
        for action in (*drawn, Play.trip, Play.post, Play.kill):  # no play without a fault
            action(play)
            if len(count.broken) > 3:
                break
        for sink in (f"/webhook/{hurt.name}-crm", f"/slack/services/T/B/{hurt.name}"):
            bench.sandbox.script(sink)
        hurt.kill()
        hurry(hurt.database)
        hurt.recover(count)
        count.faults += 1 + play.trouble
        hurt.judge(count, faults=hurt.kills + play.trouble, where=f"X1 {kind}: {', '.join(play.told)}")
        count.notes.append(f"X1 {kind}: {', '.join(play.told)}")
    return count
