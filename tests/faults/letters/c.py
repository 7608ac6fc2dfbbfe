"""C: clocks that are wrong, and processes that stand still for longer than a lease."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.faults import facts
from tests.faults.bench import Bench, need, until
from tests.faults.nodes import RUNNERS, SLACK, TICKS, Node, done, library, nodes, takers, twice_fired
from tests.faults.rows import Count, row

JUMPS = (("+1h", "-1h"), ("-20300d", "+3650d"), ("-1h", "+1h"), ("+3650d", "-20300d"))  # 20,300 days ago was 1971
HEARD = 1.5  # seconds until faketime has looked at its file again: to look at each call would slow all down
FAILS = 2  # answers after each jump that say "not now"
SKEW = 300.0  # seconds that receivers of signed webhooks allow (Standard Webhooks)
FIRST_WAIT = 5.0 * 0.8  # seconds before the first retry, jitter taken off


@row(
    "C1",
    "the clock of one of two nodes is set: +1 h, -1 h, +10 years, 1971",
    "no lease stolen, no storm, ticks once",
    short=False,  # faketime makes the node in another time ten times slower
)
def c1(bench: Bench) -> Count:
    """Let one node live in other times, from its start and while it runs; the sinks fail once at each jump."""
    need(None if library() else "faketime is not installed")
    return bench.each("C1", lambda jumps: _jumps(bench, jumps), JUMPS)


def _jumps(bench: Bench, jumps: Sequence[str]) -> Count:
    count, where = Count(faults=len(jumps)), f"C1 {' then '.join(jumps)}"
    with nodes(bench, "C1", poll=True) as (right, wrong):
        (right.folder / "pages.json").write_text("[]")
        right.start()
        right.change(TICKS)
        when = wrong.folder / "when"
        for number, jump in enumerate(jumps):
            when.write_text(jump)
            if not number:
                wrong.launch_at(str(when))
                wrong.wait_up()
            time.sleep(HEARD)
            bench.sandbox.script(f"/webhook/{right.name}-crm", {"status": 503, "times": FAILS})
            wrong.posts(12, senders=2)
            right.posts(6, senders=2)
            _bells_ring(wrong, count, f"{where}: {jump}")
        until(lambda: not facts.waiting(right.database), 15.0, 0.1)
        waits = right.ask("SELECT count(*) AS n FROM submission WHERE state = 'received'")[0]["n"]
        right.free_submissions()
        done(right, count, where)
        count.must(wrong.ended() is None, f"{where}: it ended: {wrong.said()[-300:]}")
        sent = _signed_now(wrong, count, where)
        count.must(sent, f"{where}: the node in another time sent nothing, which proves nothing")
        _no_storm(right, count, where)
        stolen = right.ask("SELECT id FROM delivery WHERE rescues > 0")
        count.must(not stolen, f"I5 {where}: {len(stolen)} deliveries of a living node were taken over")
        twice = twice_fired(right)
        count.must(not twice, f"{where}: {twice[:3]}")
        right.judge(count, faults=FAILS * len(jumps), where=where)  # each answer 503 allows one more request
        count.doubled = 0  # those are the retries that were asked for
        count.notes.append(
            f"{where}: {sent} sends and {takers(right)[wrong.holder()]} ticks of the node in another time"
        )
        if waits:
            count.notes.append(f"{where}: {waits} submissions waited for their lease, as after a crash")
    return count


def _bells_ring(node: Node, count: Count, where: str) -> None:
    """See that a node still does what it does by itself, as often as before: it says that it is there."""
    query = f"SELECT seen_at FROM node WHERE id = '{node.holder()}'"

    def seen() -> datetime:
        return facts.time_of(node.ask(query)[0]["seen_at"])

    before = seen()
    beats = until(lambda: seen() > before, 5 + SLACK, 0.2)
    count.must(beats, f"{where}: its bells are silent since its clock was set")
    off = abs((datetime.now(UTC) - seen()).total_seconds())
    count.must(off < 60, f"{where}: it says that it is {off:.0f} s from now")


def _signed_now(node: Node, count: Count, where: str) -> int:
    """See that receivers who check the time of a signature take what the node sends; returns how much it sent."""
    requests = node.requests()
    for when, entry in requests:
        off = abs(when.timestamp() - int(entry.headers.get("webhook-timestamp", 0)))
        if off > SKEW:
            count.broken.append(f"{where}: it signed {off:.0f} s from now, which receivers refuse")
            break
    return len(requests)


def _no_storm(node: Node, count: Count, where: str) -> None:
    """See that retries came as late as the list says."""
    rows = node.ask("SELECT delivery, number, started_at, ended_at, outcome FROM attempt ORDER BY delivery, fence")
    for one, other in itertools.pairwise(rows):
        if one["delivery"] == other["delivery"] and one["outcome"] in ("retry", "unclear"):
            wait = (facts.time_of(other["started_at"]) - facts.time_of(one["ended_at"])).total_seconds()
            count.must(wait >= FIRST_WAIT - 0.1, f"{where}: a retry came after {wait:.1f} s")


@row(
    "C2",
    "a node that holds leases stands still for longer than those",
    "the other one delivers once; late results count not",
)
def c2(bench: Bench) -> Count:
    """Stop one of two nodes while it sends and has more to send, and let it go on after the other one took over."""
    return bench.each("C2", lambda runner: _stands_still(bench, runner), RUNNERS if bench.long else RUNNERS[:1])


def _stands_still(bench: Bench, runner: str) -> Count:
    count, where = Count(faults=1), f"C2 {runner}"
    with nodes(bench, "C2", hub=f", runner: {runner}") as (hurt, other):
        paths = [f"/webhook/{hurt.name}-{sink}" for sink in ("crm", "paper")]
        for path in paths:
            bench.sandbox.script(path, {"delay": 1.5, "times": 24})
        hurt.start()
        hurt.posts(24)
        until(lambda: len(hurt.requests()) >= 8 and hurt.held(hurt.holder()) > 8, 10, 0.05)
        hurt.signal(signal.SIGSTOP)
        stopped, holder = time.monotonic(), hurt.holder()
        rows = hurt.ask(f"SELECT key FROM delivery WHERE state = 'sending' AND lease_by = '{holder}'")
        held = {str(row["key"]) for row in rows}
        asked = {entry.headers.get("webhook-id") for _, entry in hurt.requests()}
        count.must(held & asked, f"{where}: it was sending nothing when it was stopped, which proves nothing")
        other.start()
        pause = 120.0 if bench.long else hurt.lease * 7 / 6 + 2
        until(lambda: time.monotonic() - stopped > pause and not hurt.held(holder), pause + SLACK, 0.1)
        for path in paths:
            bench.sandbox.script(path)
        hurt.free_submissions()
        done(other, count, where)
        hurt.signal(signal.SIGCONT)
        back = datetime.now(UTC)
        taken = until(lambda: hurt.post(timeout=5).ok, 30, 0.5)
        count.must(taken, f"{where}: it takes no leads after it stood still")
        done(other, count, where)
        late = [e for when, e in hurt.requests() if when > back and e.headers.get("webhook-id") in held]
        count.must(not late, f"I5 {where}: it sent {len(late)} deliveries that had been taken from it")
        seen = hurt.judge(count, where=where, faults=1)
        count.must(seen.fenced, f"I5 {where}: no late result of it was fenced, which proves nothing")
        count.notes.append(f"{where}: {len(held)} in its hands, {len(held & asked)} being sent, {seen.fenced} fenced")
    return count
