"""B: PostgreSQL restarts, breaks off in the middle of a commit, falls silent, refuses, or is yesterday's."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from typing import Any

import psycopg

from tests.faults import facts
from tests.faults.bench import ROOT, Bench, until
from tests.faults.letters.k import KINDS
from tests.faults.postgres import ERRORS, REFUSALS, belongs_to, created, own_postgres, programs
from tests.faults.proxy import Lose, Proxy
from tests.faults.rows import Count, row
from tests.faults.senders import all_taken, load, same_answers
from tests.faults.world import LEASE_SECONDS, World, world

HEALS = 5.0  # seconds after which a hub works again, once its database does
SILENCE = 15.0  # seconds after which it no longer waits for one that says nothing
ANSWERED = {202, 503}


def _aged(hurt: World, count: Count, where: str) -> None:
    """Wait until nothing is left to do; in the short run a restart ends the leases of what nobody knows about."""
    if not hurt.bench.long and hurt.drain(2.0) is None:
        hurt.stop()
        facts.age(hurt.database, LEASE_SECONDS)
        hurt.start()
    done = hurt.drain(LEASE_SECONDS)
    count.must(done is not None, f"I6 {where}: the backlog did not drain: {facts.waiting(hurt.database)}")


def _heard(hurt: World, count: Count, where: str) -> None:
    heard = {answer.status for answer in hurt.answers}
    count.must(heard <= ANSWERED, f"I10 {where}: senders heard {heard}")
    count.must(hurt.ended() is None, f"{where}: the hub ended: {hurt.said()[-300:]}")


@row(
    "B1",
    "PostgreSQL ends at once and comes back, again and again, under load",
    "I1-I8; works again within five seconds",
)
def b1(bench: Bench) -> Count:
    """Stop the server as `pg_ctl -m immediate` does, and start it again, while leads come in."""
    times, every = (24, (5.0, 40.0)) if bench.long else (2, (0.5, 1.0))
    runners = ("local", "pgqueuer") if bench.long else ("local",)
    rng = bench.rng("B1")
    with own_postgres() as server:
        return bench.each("B1", lambda runner: _restarts(bench, server, runner, times, every, rng), runners, 1)


def _restarts(
    bench: Bench, server: Any, runner: str, times: int, every: tuple[float, float], rng: random.Random
) -> Count:
    count, where = Count(faults=times), f"B1 {runner}"
    with world(bench, "B1", "postgres", database=created(server, bench.name("b1")), hub=f", runner: {runner}") as hurt:
        hurt.start()
        ended = threading.Event()
        senders = load(hurt, ended)
        healed = []
        for _ in range(times):
            time.sleep(rng.uniform(*every))
            os.kill(server.get_pid(), signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
            until(lambda: not server.get_postmaster_info().is_running(), 20)
            time.sleep(rng.uniform(0.0, 1.0))
            server.ensure_postgres_running()
            began = time.monotonic()
            count.must(until(lambda: hurt.post().ok, 30, 0.05), f"{where}: it takes nothing any more")
            healed.append(time.monotonic() - began)
        ended.set()
        for sender in senders:
            sender.join()
        count.recovered += healed
        _heard(hurt, count, where)
        refused = sum(answer.status == 503 for answer in hurt.answers)
        count.must(refused, f"{where}: nobody was told to come back, so the server was never away")
        count.must(max(healed) <= HEALS, f"{where}: it took nothing for {max(healed):.1f} s after the server was back")
        all_taken(hurt)
        _aged(hurt, count, where)
        hurt.judge(count, faults=times, where=where)
        count.notes.append(f"{where}: {refused} times 503, back after {max(healed):.1f} s at most")
    return count


@row(
    "B2",
    "the connection breaks exactly at a COMMIT: before it, or before its answer",
    "one lead and one answer to each",
)
def b2(bench: Bench) -> Count:
    """Lose every fourth COMMIT, or the answer to it, on its way between hub and server."""
    return bench.each("B2", lambda lost: _half_committed(bench, lost, 250 if bench.long else 25), ("answer", "request"))


def _half_committed(bench: Bench, lost: Lose, most: int) -> Count:
    count, where = Count(), f"B2 {lost}"
    with world(bench, "B2", "postgres", answer_within="5s") as hurt, Proxy(hurt.database) as proxy:
        _through(hurt, proxy)
        hurt.start()
        rng, left = bench.rng(where), itertools.count()
        proxy.lose(lambda: lost if rng.random() < 0.25 and next(left) < most else None)
        ended = threading.Event()
        senders = load(hurt, ended)
        until(lambda: proxy.committed + proxy.refused >= most, 60, 0.05)
        proxy.lose(lambda: None)
        ended.set()
        for sender in senders:
            sender.join()
        count.faults += proxy.committed + proxy.refused
        struck = proxy.committed if lost == "answer" else proxy.refused
        count.must(struck >= most, f"{where}: only {struck} commits were struck")  # the server had said COMMIT to each
        _heard(hurt, count, where)
        all_taken(hurt)
        _aged(hurt, count, where)
        same_answers(hurt, count, where)
        said = hurt.judge(count, faults=2, where=where)
        count.notes.append(f"{where}: {struck} struck, {len(said.submissions)} submissions, {said.fenced} fenced")
    return count


def _through(hurt: World, proxy: Proxy) -> None:
    """Let the hub reach its database by the proxy only; we ourselves look at it directly."""
    direct, hurt.database = hurt.database, proxy.address
    hurt.configure()
    hurt.database = direct


@row(
    "B3",
    "every connection to PostgreSQL falls silent at once, half open",
    "works again within 15 s; finds work within 2 s",
)
def b3(bench: Bench) -> Count:
    """Forget all connections without a word, as a firewall does; new ones work."""
    return bench.each("B3", lambda runner: _silent(bench, runner), ("local", "pgqueuer"), 2)


def _silent(bench: Bench, runner: str) -> Count:
    count, where = Count(faults=1), f"B3 {runner}"
    with world(bench, "B3", "postgres", hub=f", runner: {runner}") as hurt, Proxy(hurt.database) as proxy:
        _through(hurt, proxy)
        hurt.start()
        hurt.posts(10)
        hurt.drain()
        held = proxy.hold()
        began = time.monotonic()
        count.must(held >= 3, f"{where}: only {held} connections were there to be lost")
        refused = hurt.post(timeout=20)
        count.must(refused.status == 503, f"I10 {where}: without a database a sender heard {refused.status}")
        back = until(lambda: hurt.post(timeout=20).ok, 30, 0.1)
        healed = time.monotonic() - began
        count.must(back and healed <= SILENCE + 2, f"{where}: it took nothing for {healed:.1f} s")
        found = _finds(hurt, count, where)
        count.recovered.append(healed)
        all_taken(hurt)
        _aged(hurt, count, where)
        _heard(hurt, count, where)
        hurt.judge(count, where=where, faults=1)
        count.notes.append(
            f"{where}: {held} connections lost, back after {healed:.1f} s, new work found in {found:.1f} s"
        )
    return count


def _finds(hurt: World, count: Count, where: str) -> float:
    """Return how long a new lead takes to arrive, which nobody may be told of by a notification that is lost."""
    began = time.monotonic()
    submission = hurt.post().said.get("submission")  # its lead may be decided after the answer
    query = f"SELECT id FROM delivery WHERE submission = '{submission}' AND sink = 'crm' AND state = 'sent'"
    count.must(until(lambda: facts.ask(hurt.database, query), 20), f"{where}: a new lead does not arrive")
    return time.monotonic() - began


@row(
    "B4",
    "PostgreSQL refuses: deadlock, serialization, a lock held, no connection left, read-only",
    "tried again or 503; nothing lost, works again within five seconds",
)
def b4(bench: Bench) -> Count:
    """Let the server say each of these for a while, under load."""
    return bench.each("B4", lambda kind: _refused(bench, kind), REFUSALS)


def _refused(bench: Bench, kind: str) -> Count:
    count, where = Count(faults=1), f"B4 {kind}"
    with world(bench, "B4", "postgres", answer_within="5s") as hurt:
        belongs_to(hurt, f"{hurt.name}_hub")
        hurt.start()
        ended = threading.Event()
        senders = load(hurt, ended)
        until(lambda: sum(answer.ok for answer in hurt.answers) > 10, 20)
        with psycopg.connect(hurt.database, autocommit=True) as connection:
            struck = REFUSALS[kind](connection, hurt)
        healed = _heals(hurt, count, where)
        ended.set()
        for sender in senders:
            sender.join()
        count.must(struck, f"{where}: the server refused nothing")
        _heard(hurt, count, where)
        refused = sum(not answer.ok for answer in hurt.answers)
        if kind in ERRORS:
            count.must(
                not refused,
                f"{where}: {refused} senders were told to come back, which a second try spares them",
            )
        all_taken(hurt)
        _aged(hurt, count, where)
        same_answers(hurt, count, where)
        hurt.judge(count, faults=1, where=where)
        count.notes.append(f"{where}: refused {struck} times, {refused} senders heard 503, back after {healed:.1f} s")
    return count


def _heals(hurt: World, count: Count, where: str) -> float:
    """Return the seconds until it takes leads again; there is nothing any more that keeps it from that."""
    began = time.monotonic()
    back = until(lambda: hurt.post().ok, 30, 0.05)
    count.recovered.append(time.monotonic() - began)
    count.must(
        back and count.recovered[-1] <= HEALS, f"{where}: it takes nothing {count.recovered[-1]:.1f} s afterwards"
    )
    return count.recovered[-1]


@row(
    "B5",
    "yesterday's backup is put in the place of the database",
    "what went out since is asked for, repeated with its key or held; never blindly sent again",
)
def b5(bench: Bench) -> Count:
    """Back up what is owed, let it go out, and restore."""
    return bench.each("B5", lambda kind: _restored(bench, kind), KINDS)


def _restored(bench: Bench, kind: str) -> Count:
    count, where, number = Count(faults=1), f"B5 {kind}", 200 if bench.long else 20
    with world(bench, "B5", kind) as hurt:
        hurt.start("", "--roles", "intake")
        hurt.posts(number)
        until(lambda: "submission" not in facts.waiting(hurt.database), 30)
        backup = str(hurt.folder / "backup")
        _done(hurt, "backup", backup)  # all of it is owed
        hurt.stop()
        hurt.start()
        hurt.drain()
        before = hurt.facts()
        hurt.stop()
        _done(hurt, "restore", "--force", backup)
        hurt.recover(count)
        seen = hurt.judge(count, faults=1, where=where)
        count.broken = [line for line in count.broken if not line.startswith("I8")]  # those attempts went with the rest
        _nothing_blind(hurt, before, seen, count, where)
        hurt.stop()
        _done(hurt, "restore", "--force", "--stopped", backup)  # the control: as if nothing had gone out since
        hurt.start()
        hurt.drain()
        blind = _paper(hurt.facts()) - _paper(seen)
        count.must(blind > 0, f"{where}: without the look at what may have gone out, nothing went out twice either")
        count.notes.append(f"{where}: sent again blindly when told that nothing went out since: {blind}; else 0")
    return count


def _done(hurt: World, *argv: str) -> None:
    """Run a leadhub command to its end; raises RuntimeError when it fails."""
    pid = hurt.bench.nursery.start(list(argv), hurt.folder, hurt.folder / "out.log", programs())
    code = hurt.bench.nursery.ended(pid, 60)
    if code:
        raise RuntimeError(f"leadhub {argv[0]} ended with {code}: {hurt.said()[-400:]}")


def _paper(seen: facts.Facts) -> int:
    return sum(request.sink == "paper" for request in seen.requests)


def _nothing_blind(hurt: World, before: facts.Facts, seen: facts.Facts, count: Count, where: str) -> None:
    """See what became of each delivery that went out after the backup was made."""
    gone = {row["id"]: row["sink"] for row in before.deliveries if row["state"] == "sent"}
    states = {(gone[row["id"]], row["state"]) for row in seen.deliveries if row["id"] in gone}
    count.must(
        _paper(before) and _paper(seen) == _paper(before), f"{where}: paper, which must not have a lead twice, did"
    )
    count.must(("paper", "unclear") in states, f"{where}: nothing waits for a person: {states}")
    again = sum(request.sink == "crm" and request.seen == "repeat" for request in seen.requests)
    count.must(again, f"{where}: crm, which forgives a repeat, was not asked again")
    count.must("event=database.restored" in hurt.said(), f"{where}: nobody is told that it was restored")
    guide = (ROOT / "docs" / "guide" / "operating.md").read_text("utf-8")
    count.must("leadhub restore" in guide, f"{where}: the guide does not say how to restore")
    count.notes.append(
        f"{where}: {len(gone)} sent since: crm again with its key {again}, paper again 0, held for a person"
    )
