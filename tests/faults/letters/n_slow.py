"""N, where time counts: a sink answers late or never, flaps, or comes back with fifty others at once."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from tests.faults import facts
from tests.faults.bench import Bench, until
from tests.faults.facts import Request
from tests.faults.rows import Count, row
from tests.faults.world import World, world

WEBHOOK = '  {name}: {{connector: webhook, url: "{sink}/webhook/{world}-{name}", {more}}}'
DRIP = {"status": 200, "body": "x" * 400, "drip": 1, "processed": True, "times": "always"}


def _sinks(hurt: World, names: list[str], more: str) -> None:
    """Give a world more sinks, which all leads go to."""
    place = {"sink": hurt.bench.sandbox.url, "world": hurt.name, "more": more}
    sinks = "\n".join(WEBHOOK.format(name=name, **place) for name in names)
    hurt.settings = {
        "sinks": sinks,
        "routes": f"      - {{name: all, to: [{', '.join(names)}]}}",
        "answer_within": "5s",
    }
    hurt.configure()
    hurt.sinks = tuple(names)


def _script(hurt: World, sink: str, *steps: dict[str, Any]) -> None:
    hurt.bench.sandbox.script(f"/webhook/{hurt.name}-{sink}", *steps)


@row(
    "N1",
    "a sink answers just in time, too late, never, or a byte a second",
    "an attempt ends in time; others are not slowed",
    alone=True,
)
def n1(bench: Bench) -> Count:
    """Let sinks be slow; in the short run a fifteenth of the usual times is waited for."""
    return bench.each("N1", lambda timeout: _slow(bench, timeout), (30.0 if bench.long else 2.0,))


def _slow(bench: Bench, timeout: float) -> Count:
    count, most = Count(faults=4), timeout * 1.5
    with world(bench, "N1") as hurt:
        _sinks(hurt, ["quick", "intime", "late", "never", "drip"], f"rate: 0, concurrency: 4, timeout: {timeout}")
        hurt.start()
        calm = _latency(hurt, 30)
        hurt.drain()
        last = _last(hurt)
        _script(hurt, "intime", {"delay": timeout * 0.9, "times": "always"})
        _script(hurt, "late", {"delay": timeout * 1.55, "times": "always"})
        _script(hurt, "never", {"delay": 10_000, "times": "always"})
        _script(hurt, "drip", DRIP)
        beside = _latency(hurt, 30)
        want = {"intime": "sent", "late": "unclear", "never": "unclear", "drip": "unclear"}
        until(lambda: all(_slow_ones(hurt, name, last) for name in want), most * 3 + 20, 0.2)
        for name, outcome in want.items():
            ended = _slow_ones(hurt, name, last)
            count.must(
                ended and {one["outcome"] for one in ended} == {outcome},
                f"N1 {name}: {Counter(o['outcome'] for o in ended)}",
            )
            longest = max((one["ms"] for one in ended), default=0) / 1000
            count.must(longest <= most + 1, f"N1 {name}: an attempt took {longest:.1f} s")
            count.must(longest >= timeout * 0.8, f"N1 {name}: it was never slow: {longest:.1f} s")
            doubt = facts.ask(hurt.database, _WAITS.format(sink=name))
            waits = [(facts.time_of(one["due_at"]) - facts.time_of(one["ended_at"])).total_seconds() for one in doubt]
            count.must(
                all(wait >= 59.9 for wait in waits), f"N1 {name}: tried again {min(waits, default=0):.1f} s after doubt"
            )
            count.notes.append(f"N1 {name}: {outcome} after {longest:.1f} s")
        count.must(
            beside < 2 * max(calm, 0.1), f"I11 N1: p95 of a sink beside them was {calm:.2f} s, is {beside:.2f} s"
        )
        count.notes.append(f"N1: p95 from answer to arrival {calm:.3f} s, beside four slow sinks {beside:.3f} s")
        hurt.judge(count, where="N1", faults=1, leases=False)
        for name in want:
            _script(hurt, name)
    return count


_WAITS = (
    "SELECT delivery.due_at, attempt.ended_at FROM attempt JOIN delivery ON delivery.id = attempt.delivery "
    "WHERE sink = '{sink}' AND attempt.outcome = 'unclear' AND state = 'ready' AND attempts = 1"
)


def _latency(hurt: World, number: int) -> float:
    """Post leads one by one; return the p95 of the time until `quick` has them."""
    told: dict[str, float] = {}
    for _ in range(number):
        answer = hurt.post()
        told[answer.said["submission"]] = datetime.now().timestamp()
    query = "SELECT submission, key FROM delivery WHERE sink = 'quick'"
    until(lambda: len(facts.ask(hurt.database, query + " AND state = 'sent'")) >= len(hurt.answers), 30, 0.1)
    keys = {row["key"]: row["submission"] for row in facts.ask(hurt.database, query)}
    arrived = {keys[r.key]: r.at.timestamp() for r in hurt.facts().requests if r.sink == "quick" and r.key in keys}
    waits = sorted(max(0.0, arrived[one] - at) for one, at in told.items() if one in arrived)
    return waits[int(len(waits) * 0.95)]


def _last(hurt: World) -> int:
    """Return the number of the newest attempt."""
    return int(facts.ask(hurt.database, "SELECT coalesce(max(id), 0) AS n FROM attempt")[0]["n"])


def _slow_ones(hurt: World, sink: str, after: int) -> list[dict[str, Any]]:
    """Return the attempts at a sink that ended since it is slow."""
    query = (
        "SELECT attempt.outcome, attempt.ms FROM attempt JOIN delivery ON delivery.id = attempt.delivery "
        f"WHERE sink = '{sink}' AND attempt.id > {after} AND ended_at IS NOT NULL"
    )
    return facts.ask(hurt.database, query)


@row(
    "N2", "a sink flaps, and nine of ten answers are 503", "the breaker opens and closes, retries stay in their budget"
)
def n2(bench: Bench) -> Count:
    """Let a sink fail, see it left alone, and let it come back; in the short run its rests are cut short."""
    return bench.each("N2", lambda rounds: _flapping(bench, rounds), (6 if bench.long else 1,))


def _flapping(bench: Bench, rounds: int) -> Count:
    count, each = Count(faults=rounds), 40
    with world(bench, "N2", "postgres") as hurt:
        _sinks(hurt, ["flaps"], f"rate: 0, concurrency: 8, retry: [{', '.join(['1s'] * 60)}]")
        hurt.start()
        with psycopg.connect(hurt.database, autocommit=True) as connection:
            for number in range(rounds):
                _script(hurt, "flaps", {"status": 503, "rate": 0.9})
                hurt.posts(each)
                opened = until(lambda: _open(connection), 30)
                count.must(opened, f"N2 round {number}: the breaker did not open")
                time.sleep(0.5)  # what was on its way
                before, owed = len(hurt.facts().requests), facts.waiting(hurt.database)
                time.sleep(2.0)
                more = len(hurt.facts().requests) - before
                count.must(more <= 1, f"N2 round {number}: {more} requests to a sink that is left alone")
                count.must("delivery" in owed, f"N2 round {number}: nothing was owed, so that shows nothing")
                _script(hurt, "flaps")
                began = time.monotonic()
                done = until(lambda: _closed(connection, cut=not bench.long), 700, 0.2) and hurt.drain(120)
                count.must(done is not None, f"I6 N2: {facts.waiting(hurt.database)}")
                count.recovered.append(time.monotonic() - began)
        seen = hurt.judge(count, where="N2", faults=60)
        worst = _over_budget([r for r in seen.requests if r.sink == "flaps"])
        count.must(
            worst[0] <= 0, f"N2: {worst[1]} retries within {worst[2]:.1f} s, {worst[0]:.0f} more than the budget has"
        )
        count.notes.append(
            f"N2: {len(seen.requests)} requests for {each * rounds} leads; most retries within a second: {worst[3]}"
        )
    return count


def _open(connection: psycopg.Connection[Any]) -> bool:
    return bool(connection.execute("SELECT 1 FROM pace WHERE open_until IS NOT NULL").fetchone())


def _closed(connection: psycopg.Connection[Any], *, cut: bool) -> bool:
    """Return whether the breaker closed; `cut`: let its rest be over."""
    if cut:
        connection.execute("UPDATE pace SET open_until = now(), version = version + 1 WHERE open_until > now()")
    return not _open(connection)


def _over_budget(requests: list[Request]) -> tuple[float, int, float, int]:
    """Return by how much retries passed 20 % of the sends + 10 a second + 10 at once, in which window, and their most a second."""
    known: set[str | None] = set()
    times: list[float] = []
    firsts: list[float] = []
    for one in sorted(requests, key=lambda r: r.at):
        (times if one.key in known else firsts).append(one.at.timestamp())
        known.add(one.key)
    worst = (-1e9, 0, 0.0)
    for i, start in enumerate(times):
        for j in range(i, len(times)):
            span, number = times[j] - start, j - i + 1
            allowed = 0.2 * sum(at <= times[j] for at in firsts) + 10 * span + 10 + 1
            worst = max(worst, (number - allowed, number, span))
    return *worst, max((sum(0 <= at - start < 1 for at in times) for start in times), default=0)


@row(
    "N6",
    "fifty sinks come back at once with a backlog",
    "no rate is exceeded, none waits for another, no limit is passed",
)
def n6(bench: Bench) -> Count:
    """Let fifty sinks ask to be left alone while leads come in, and come back in the same moment."""
    return bench.each("N6", lambda number: _come_back(bench, number), (400 if bench.long else 20,))


RATE, SINKS, REST = 5, 50, 4
RSS_KB, FILES = 700_000, 1_000


def _come_back(bench: Bench, number: int) -> Count:
    count, names = Count(faults=SINKS), [f"s{place}" for place in range(SINKS)]
    with world(bench, "N6") as hurt:
        rate = RATE * (4 if bench.long else 1)
        _sinks(hurt, names, f"rate: {rate}, concurrency: 8, retry: [1s, 1s, 1s]")
        _script(hurt, "s*", {"throttle": REST, "times": "always"})
        hurt.start()
        hurt.posts(number, 8)
        until(lambda: "submission" not in facts.waiting(hurt.database), 60, 0.1)
        owed = facts.ask(hurt.database, "SELECT count(*) AS n FROM delivery WHERE state <> 'sent'")[0]["n"]
        _script(hurt, "s*")
        began = datetime.now().timestamp()
        done = hurt.drain(number / rate * 3 + 60)
        count.must(done is not None, f"I6 N6: {facts.waiting(hurt.database)}")
        count.recovered.append(datetime.now().timestamp() - began)
        count.must(owed > SINKS * number * 0.8, f"N6: only {owed} deliveries were owed")
        _limits(hurt, count)
        seen = hurt.judge(count, where="N6", faults=10)
        by = defaultdict(list)
        for one in seen.requests:
            if one.seen:
                by[one.sink].append(one.at.timestamp())
        worst = max(_burst(sorted(times), rate) for times in by.values())
        count.must(worst <= 2, f"N6: a sink had {worst:.0f} requests more than its rate of {rate} a second allows")
        ends = sorted(max(times) - began for times in by.values())
        count.must(
            ends[-1] < 2 * ends[0] + 2,
            f"N6: the first sink was done after {ends[0]:.1f} s, the last after {ends[-1]:.1f} s",
        )
        count.must(ends[0] > (number - 2 * rate) / rate, f"N6: {ends[0]:.1f} s, so no rate was in force")
        count.notes.append(f"N6: {owed} owed; sinks done after {ends[0]:.1f} to {ends[-1]:.1f} s")
    return count


def _burst(times: list[float], rate: float) -> float:
    """Return by how many requests any stretch of time passes the rate and a second's worth saved up."""
    over = -1e9
    for i, start in enumerate(times):
        for j in range(i, len(times)):
            over = max(over, j - i + 1 - rate * (times[j] - start + 1))
    return over


def _limits(hurt: World, count: Count) -> None:
    """See what memory and how many open files it came to."""
    status = Path(f"/proc/{hurt.pid}/status").read_text()
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    files = len(list(Path(f"/proc/{hurt.pid}/fd").iterdir()))
    count.must(memory < RSS_KB and files < FILES, f"I9 N6: {memory} kB of memory, {files} open files")
    count.notes.append(f"N6: {memory // 1000} MB of memory at most, {files} open files")
