"""L: more than can be taken, from many, from one, very slowly, and for too long."""

from __future__ import annotations

import asyncio
import json
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa

from hub.store.database import Database
from hub.store.gauges import readings
from tests.benchmarks import claim
from tests.benchmarks.flood import Flood, Heard, post
from tests.faults import workspace
from tests.faults.bench import Bench
from tests.faults.letters.k import KINDS, ONLY_CRM
from tests.faults.rows import Count, row
from tests.faults.world import Answer, World, world

SIGNED = "connector: json_webhook, auth: hmac, secret: " + workspace.SECRET
ONLY_FILE = "      - {name: all, to: [file]}"
IDLE_LIMIT = 30.0  # seconds after which PostgreSQL ends a transaction of ours that does nothing


def flooded(hurt: World, rate: float, seconds: float, source: str = "website", first: int = 10**6) -> Flood:
    """Post at a rate, whatever is answered; what is heard is added to the world's answers."""

    def request(number: int) -> bytes:
        raw = workspace.body(hurt.name, first + number)
        return post(source, raw, workspace.signature(raw))

    def heard(one: Heard) -> None:
        said = json.loads(one.body or b"{}")
        raw = workspace.body(hurt.name, first + one.number)
        hurt.answers.append(Answer(first + one.number, raw, one.status, said, one.seconds))
        if one.status in (429, 503) and b"retry-after:" not in one.head.lower():
            flood.answers["refused without Retry-After"] += 1

    flood = Flood(int(hurt.url.rpartition(":")[2]), rate, request, heard)
    asyncio.run(flood.run(seconds))
    return flood


def memory(hurt: World) -> float:
    """Return the megabytes of memory the hub has."""
    return int(Path(f"/proc/{hurt.pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def share(answers: Sequence[Answer], part: float) -> float:
    """Return within how many seconds that share was answered."""
    times = sorted(answer.seconds for answer in answers)
    return times[min(len(times) - 1, int(len(times) * part))] if times else 0.0


class Beside:
    """Does something on and on in a thread, as long as the block runs."""

    def __init__(self, work: Callable[[], object], every: float) -> None:
        self._work, self._every, self._over = work, every, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            self._work()

    def __enter__(self) -> Beside:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@row(
    "L1",
    "ten times more than it can take",
    "it refuses what it cannot keep; its memory is flat; the accepted arrives",
    alone=True,
)
def l1(bench: Bench) -> Count:
    """Find out what it takes, and post ten times that, with a sink that is slow."""
    count, seconds = Count(faults=1), 600.0 if bench.long else 2.0
    with world(bench, "L1", routes=ONLY_CRM if bench.long else ONLY_FILE) as hurt:
        hurt.sinks = ("crm",) if bench.long else ("file",)
        if bench.long:
            bench.sandbox.script(f"/webhook/{hurt.name}-crm", {"delay": 0.01, "times": "always"})
        else:  # few at once, so that two seconds are enough to see it refuse
            path = hurt.folder / "hub.yaml"
            path.write_text(path.read_text("utf-8").replace("per_client: 0", "per_client: 100"), "utf-8")
        hurt.start()
        began = time.monotonic()
        rate = len(hurt.posts(60, senders=16)) / (time.monotonic() - began)
        sizes = [memory(hurt)]
        began = time.monotonic()
        with Beside(lambda: sizes.append(memory(hurt)), seconds / 20):
            flood = flooded(hurt, max(rate * 10, 2000.0), seconds)
        accepted = [answer for answer in hurt.answers if answer.ok]
        bench.sandbox.script(f"/webhook/{hurt.name}-crm")
        drained = hurt.drain(max(120.0, 2 * seconds))
        half, end = sizes[len(sizes) // 2], sizes[-1]
        refused = flood.answers["503"] + flood.answers["429"]
        count.must(refused, f"L1: none of {flood.offered} was refused: it was no overload, which proves nothing")
        odd = flood.answers.keys() - {"202", "429", "503", "no connection free", "gave up", "broken off"}
        count.must(not flood.answers["refused without Retry-After"], "L1: a refusal does not say when to come again")
        count.must(not odd, f"L1: it answered {dict(flood.answers)}")
        count.must(drained is not None, "I6 L1: the backlog did not drain")
        count.must(end <= half * 1.15 + (0 if bench.long else 100), f"L1: {half:.0f} MB at half, {end:.0f} at the end")
        if bench.long:
            count.must(share(accepted, 0.99) <= 1.0, f"L1: p99 of the accepted is {share(accepted, 0.99):.2f} s")
        if drained is not None:
            count.recovered.append(drained)
        hurt.judge(count, where="L1")
        count.notes.append(
            f"L1: {flood.offered} offered in {seconds:g} s, {dict(flood.answers)}; accepted p99"
            f" {share(accepted, 0.99) * 1000:.0f} ms; memory {sizes[0]:.0f}, {half:.0f}, {end:.0f} MB"
        )
    return count


@row("L2", "one source floods", "it hears 429 and when to come again; the others notice nothing", alone=True)
def l2(bench: Bench) -> Count:
    """Let one source send far more than its rate while another sends as always."""
    return bench.each("L2", lambda kind: _one_floods(bench, kind), KINDS if bench.long else KINDS[:1])


def _one_floods(bench: Bench, kind: str) -> Count:
    count, where, seconds, most = Count(faults=1), f"L2 {kind}", 60.0 if bench.long else 4.0, 20
    noisy = {"noisy": f"{SIGNED}, key: id, rate: {most}"}
    with world(bench, "L2", kind, also=noisy, routes=ONLY_CRM) as hurt:
        hurt.sinks = ("crm",)
        hurt.start()
        alone = [hurt.post() for _ in range(20)]
        beside: list[Answer] = []
        with Beside(lambda: beside.append(hurt.post()), 0.1):
            flood = flooded(hurt, most * 15.0, seconds, "noisy")
        count.must(flood.answers["429"], f"{where}: nothing was refused: {dict(flood.answers)}")
        allowed = most * (seconds + 2)  # a second's worth is saved up, and one may be waited for
        count.must(flood.answers["202"] <= allowed, f"{where}: {flood.answers['202']} were taken at a rate of {most}")
        count.must(flood.answers["202"] >= most * seconds / 2, f"{where}: only {flood.answers['202']} were taken")
        count.must(not flood.answers["refused without Retry-After"], f"{where}: a 429 does not say when to come again")
        others = [answer.status for answer in beside if not answer.ok]
        count.must(
            not others and len(beside) > 5, f"{where}: of {len(beside)} of the other source {others} were refused"
        )
        usual, now = share(alone, 0.99), share(beside, 0.99)
        if bench.long:
            count.must(now <= max(2 * usual, 0.3), f"{where}: the other source waits {now:.2f} s, alone {usual:.2f} s")
        hurt.drain()
        hurt.judge(count, where=where)
        count.notes.append(
            f"{where}: {dict(flood.answers)}; the other source's p99 {usual * 1000:.0f} ms alone, {now * 1000:.0f} ms beside"
        )
    return count


@row(
    "L3",
    "slow senders: a byte a second, or nothing at all",
    "they are ended at their deadline; a webhook is answered",
    alone=True,
)
def l3(bench: Bench) -> Count:
    """Open many connections that send their head or their body very slowly, or stay silent."""
    slow, idle = (1_000, 10_000) if bench.long else (150, 600)
    head, body = (10.0, 30.0) if bench.long else (2.0, 4.0)
    count = Count(faults=2 * slow + idle)
    _more_files(0, 2 * slow + idle)
    with world(bench, "L3", hub=f", head_within: {head:g}s, body_within: {body:g}s", routes=ONLY_CRM) as hurt:
        hurt.sinks = ("crm",)
        hurt.start()
        _more_files(hurt.pid or 0, 2 * slow + idle)
        port = int(hurt.url.rpartition(":")[2])
        beside: list[Answer] = []
        with Beside(lambda: beside.append(hurt.post()), 0.1):
            ended = asyncio.run(_all_slow(port, {"head": slow, "body": slow, "idle": idle}, 2 * body + head + 10))
        for kind, times in ended.items():
            deadline = body if kind == "body" else head
            late = [t for t in times if t is None or t > deadline * 1.5 + 5]
            early = [t for t in times if t is not None and t < deadline * 0.8]
            count.must(not late, f"L3: {len(late)} of {len(times)} {kind} connections were not ended in {deadline:g} s")
            count.must(
                not early, f"L3: {len(early)} {kind} connections ended before {deadline:g} s, which proves nothing"
            )
        count.must(all(answer.ok for answer in beside), f"L3: {Counter(answer.status for answer in beside)}")
        count.must(len(beside) > 5, "L3: nobody posted meanwhile, which proves nothing")
        late_share = share(beside, 0.99 if bench.long else 0.9)
        count.must(late_share <= 1.0, f"L3: a webhook was answered after {late_share:.2f} s")
        hurt.drain()
        hurt.judge(count, where="L3")
        count.notes.append(
            f"L3: {count.faults} slow connections; a webhook's p99 beside them {share(beside, 0.99) * 1000:.0f} ms"
        )
    return count


def _more_files(pid: int, number: int) -> None:
    """Let a process (0: this one) have so many connections, as far as this machine lets it."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    wanted = min(hard, max(soft, number + 1_000)) if hard != resource.RLIM_INFINITY else max(soft, number + 1_000)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (wanted, hard))


_BEGINS = {
    "head": b"POST /in/website HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ",
    "body": b"POST /in/website HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100000\r\n\r\n",
    "idle": b"",
}


async def _all_slow(port: int, numbers: dict[str, int], patience: float) -> dict[str, list[float | None]]:
    """Return after how many seconds each slow connection was ended; None: it was not."""
    gate = asyncio.Semaphore(200)  # connections made at once

    async def slow(kind: str) -> float | None:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
        began = time.monotonic()
        try:
            writer.write(_BEGINS[kind])
            while time.monotonic() - began < patience:
                try:
                    async with asyncio.timeout(1.0):
                        await reader.read()
                    return time.monotonic() - began
                except TimeoutError:
                    writer.write(b"x" if kind != "idle" else b"")
            return None
        except OSError:
            return time.monotonic() - began
        finally:
            writer.transport.abort()

    found: dict[str, list[float | None]] = {}
    kinds = [kind for kind, number in numbers.items() for _ in range(number)]
    for kind, took in zip(kinds, await asyncio.gather(*map(slow, kinds)), strict=True):
        found.setdefault(kind, []).append(took)
    return found


@row(
    "L4",
    "a long backlog beside a forgotten transaction",
    "claims stay quick; dead rows are seen; ours do not idle",
    alone=True,
)
def l4(bench: Bench) -> Count:
    """Claim and finish work out of a backlog while nothing that is dead can be cleared away."""
    count, (rows, number) = Count(faults=1), (1_000_000, 1_000) if bench.long else (20_000, 40)
    folder = bench.folder / bench.name("L4")
    folder.mkdir()
    address = bench.database("postgres", folder, folder.name)
    db = claim.filled(address, folder, rows, 0)
    try:
        with claim.forgotten(address):
            took = sorted(asyncio.run(claim.claims(db, number))[0])
            dead = _dead_rows(db)
        p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
        slow = p95 if bench.long else p50
        count.must(slow < 50, f"L4: a claim takes {p50:.0f} ms, p95 {p95:.0f} ms, out of {rows:,} due deliveries")
        count.must(dead > number * claim.LIMIT / 2, f"L4: the metric says {dead} dead rows, which proves nothing")
        _idles(db, bench.long, count)
        count.notes.append(f"L4: {rows:,} due: claim p50 {p50:.1f} ms, p95 {p95:.1f} ms, with {dead:,.0f} dead rows")
    finally:
        db.close()
    return count


def _dead_rows(db: Database) -> float:
    """Return what the metric says of dead deliveries."""
    with db.reader.connect() as connection:
        connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
    said = asyncio.run(db.read(readings, datetime.now(UTC)))
    return said["leadhub_database_dead_tuples"]["delivery",]


def _idles(db: Database, long: bool, count: Count) -> None:
    """A transaction of the hub that does nothing is ended by the server; in the short run, it is only set so."""
    for name, engine in (("reader", db.reader), ("writer", db.writer)):
        with engine.connect() as connection:
            said = connection.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar_one()
            count.must(said == f"{IDLE_LIMIT:g}s", f"L4: a {name}'s transaction may idle for {said}")
    if not long:
        return
    try:
        with db.reader.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
            time.sleep(IDLE_LIMIT + 2)
            connection.execute(sa.text("SELECT 1"))
        count.must(False, f"L4: a transaction idled for {IDLE_LIMIT + 2:g} s and goes on")
    except (sa.exc.DBAPIError, psycopg.Error):
        pass
