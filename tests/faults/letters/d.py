"""D: the disk is full, fails, is slow, or is swapped away under a running hub."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import threading
import time
from pathlib import Path

from tests.faults import facts
from tests.faults.bench import Bench, can_trace, can_unshare, need, until
from tests.faults.rows import Count, NotRun, row
from tests.faults.world import World, world

SOME = 40
WITHIN = 2.5  # seconds an answer may take here: the intake's deadline is one, the machine is busy


def _only_said(hurt: World, count: Count, where: str, *statuses: int | None) -> set[int | None]:
    """See that nothing else was answered than this."""
    heard = {answer.status for answer in hurt.answers}
    count.must(heard <= {202, *statuses}, f"{where}: senders heard {heard}")
    return heard


@row("D1", "disk full, and room again", "503 and never a 202 that is not kept; goes on without a restart")
def d1(bench: Bench) -> Count:
    """Fill a small disk for real where one can be mounted, and let writes fail where strace can do that."""
    kinds = [name for name, why in (("disk", can_unshare()), ("call", can_trace())) if why is None]
    if not kinds:
        raise NotRun(f"{can_unshare()}; {can_trace()}")
    count = bench.each("D1", lambda kind: {"disk": _full_disk, "call": _full_call}[kind](bench), kinds)
    count.notes += [f"D1 disk: {can_unshare()}"] if can_unshare() else []
    return count


def _full_disk(bench: Bench) -> Count:
    count = Count(faults=1)
    folder = bench.folder / "disks" / bench.name("disk")
    folder.mkdir(parents=True)
    with world(bench, "D1", database=f"sqlite:///{folder}/hub.db") as hurt:
        hurt.start(env={"FAULTS_MOUNT": f"tmpfs|{folder}|size=10m"})
        inside = Path(f"/proc/{hurt.pid}/root{folder}")
        hurt.database = f"sqlite:///{inside}/hub.db"
        hurt.posts(10)
        hurt.drain()
        ballast = inside / "ballast"
        free = os.statvfs(inside).f_bavail * os.statvfs(inside).f_frsize
        ballast.write_bytes(bytes(max(0, free - 150_000)))
        hurt.posts(SOME)
        heard = _only_said(hurt, count, "D1 disk", 503)
        count.must(503 in heard, "D1 disk: it was never full")
        ballast.unlink()
        began = time.monotonic()
        count.must(until(lambda: hurt.post().ok, 20, 0.2), "D1 disk: it takes nothing although there is room again")
        _delivered(hurt, count, "D1 disk")
        count.recovered.append(time.monotonic() - began)
        hurt.drain(110.0 if bench.long else 5.0)  # what could not be decided is tried again when its lease is over
        hurt.judge(count, faults=1, where="D1 disk", leases=bench.long)
    return count


def _delivered(hurt: World, count: Count, where: str) -> None:
    """See that the newest lead reaches a sink without a restart."""
    newest = hurt.answers[-1].said.get("lead")
    query = f"SELECT state FROM delivery WHERE lead = '{newest}' AND sink = 'crm' AND state = 'sent'"
    count.must(until(lambda: facts.ask(hurt.database, query), 20, 0.1), f"{where}: {newest} is not delivered")


def _full_call(bench: Bench) -> Count:
    count = Count(faults=1)
    with world(bench, "D1") as hurt:
        hurt.start()
        hurt.posts(10)
        with hurt.traced("-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC:when=60+"):
            hurt.posts(SOME)
        heard = _only_said(hurt, count, "D1 call", 503)
        count.must(503 in heard, "D1 call: it was never full")
        count.must(hurt.ended() is None, f"D1 call: it ended: {hurt.said()[-300:]}")
        began = time.monotonic()
        count.must(until(lambda: hurt.post().ok, 20, 0.2), "D1 call: it takes nothing although there is room again")
        _delivered(hurt, count, "D1 call")
        count.recovered.append(time.monotonic() - began)
        hurt.settle(count)
        hurt.judge(count, faults=1, where="D1 call")  # what it could not write down of a send, it sends again
    return count


@row(
    "D2", "the disk answers EIO to a sync or a write", "the process ends and claims nothing; all 202 are there after it"
)
def d2(bench: Bench) -> Count:
    """Let syncs or writes fail from some moment on."""
    need(can_trace())
    rng = bench.rng("D2")
    calls = [("fdatasync", rng.randint(2, 25)), ("pwrite64", rng.randint(20, 200))] * (10 if bench.long else 1)
    return bench.each("D2", lambda trial: _failing(bench, *trial), [(*c, n) for n, c in enumerate(calls)])


def _failing(bench: Bench, call: str, when: int, number: int) -> Count:
    count, where = Count(faults=1), f"D2 {call} {when}"
    with world(bench, "D2") as hurt:
        hurt.start()
        hurt.posts(5)
        with hurt.traced("-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={when + number}+"):
            for _ in range(20):
                hurt.posts(20, until_dead=True)
                if hurt.ended() is not None:
                    break
            code = hurt.ended(20)
        count.must(code == 1, f"{where}: it ended with {code} instead of stopping")
        said = hurt.said()
        count.must("database.failed" in said, f"{where}: it did not say why: {said[-300:]!r}")
        _only_said(hurt, count, where, 503, None)
        hurt.kills += 1
        hurt.recover(count)
        hurt.judge(count, where=where)
    return count


@row(
    "D3", "each sync takes three seconds", "503 in time, the event loop never stands still, health says why", alone=True
)
def d3(bench: Bench) -> Count:
    """Make syncs slow for a while."""
    need(can_trace())
    count = Count(faults=1)
    with world(bench, "D3") as hurt:
        hurt.start()
        hurt.posts(5)
        hurt.drain()
        with hurt.traced("-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=3000000"):
            ended, worst = threading.Event(), [0.0]
            feeling = threading.Thread(target=_feel_pulse, args=(hurt, ended, worst))
            feeling.start()
            slow = hurt.posts(12)
            status, said = hurt.call("GET", "/health")
            ended.set()
            feeling.join()
        heard = _only_said(hurt, count, "D3", 503)
        count.must(503 in heard, "D3: nobody was told to come back")
        longest = max(answer.seconds for answer in slow)
        count.must(longest < WITHIN, f"D3: a sender waited {longest:.1f} s")
        count.must(worst[0] < 1.0, f"D3: the event loop stood still for {worst[0]:.2f} s")
        count.must(status == 200 and said["status"] == "degraded", f"D3: health said {status} {said}")
        count.notes.append(f"D3: longest answer {longest:.2f} s, longest answer without the database {worst[0]:.3f} s")
        for answer in [answer for answer in hurt.answers if answer.status == 503]:
            hurt.post(answer.number)  # senders come back; what was kept late is known
        hurt.settle(count)
        hurt.judge(count, where="D3")
    return count


def _feel_pulse(hurt: World, ended: threading.Event, worst: list[float]) -> None:
    """Ask again and again what needs no database, and note the longest answer."""
    while not ended.is_set():
        began = time.monotonic()
        connection = http.client.HTTPConnection(hurt.url.removeprefix("http://"), timeout=20)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/in/nobody", b"{}")
            connection.getresponse().read()
        connection.close()
        worst[0] = max(worst[0], time.monotonic() - began)
        time.sleep(0.02)


@row(
    "D4",
    "the database file is moved, replaced, or its folder read-only",
    "a clear word and exit; never a 202 into nowhere",
)
def d4(bench: Bench) -> Count:
    """Take the file away from a running hub, and start one where it cannot write."""
    kinds = ["moved", "replaced", *(["readonly"] if can_unshare() is None else [])]
    count = bench.each("D4", lambda kind: _swapped(bench, kind), kinds)
    count.notes += [f"D4 readonly: {can_unshare()}"] if can_unshare() else []
    return count


def _swapped(bench: Bench, kind: str) -> Count:
    count = Count(faults=1)
    with world(bench, "D4") as hurt:
        hurt.start()
        hurt.posts(10)
        hurt.drain()
        if kind == "readonly":
            hurt.stop()
            hurt.launch(env={"FAULTS_MOUNT": f"readonly|{hurt.folder}/data|"})
            code = hurt.ended(10)
            said = hurt.said()[-600:]
            count.must(code == 1 and "Traceback" not in said, f"D4 readonly: it ended with {code}: {said!r}")
        else:
            _take_away(hurt, kind, count)
        hurt.recover(count)
        hurt.judge(count, where=f"D4 {kind}")
    return count


def _take_away(hurt: World, kind: str, count: Count) -> None:
    """Move the database of a running hub, see it stop and refuse to start, and put it back."""
    there, away = hurt.folder / "data" / "hub.db", hurt.folder / "data" / "away.db"
    there.rename(away)
    if kind == "replaced":
        there.write_bytes(random.Random(hurt.bench.seed).randbytes(4096))
    hurt.posts(20, until_dead=True)
    code = hurt.ended(20)
    said = hurt.said()
    count.must(code == 1 and "moved, removed or replaced" in said, f"D4 {kind}: it ended with {code}: {said[-300:]!r}")
    _only_said(hurt, count, f"D4 {kind}", 503, None)
    hurt.kills += 1
    if hurt.comes_up():  # all of it was in the log still: then nothing may be missing
        held = {row["id"] for row in facts.ask(hurt.database, "SELECT id FROM submission")}
        missing = {answer.said["submission"] for answer in hurt.answers if answer.ok} - held
        count.must(not missing, f"D4 {kind}: it started without {len(missing)} submissions")
        hurt.kill_quietly()
    else:
        said = hurt.said()[-500:]
        count.must("has changed nothing" in said, f"D4 {kind}: it did not say what to do: {said!r}")
    there.unlink(missing_ok=True)
    away.rename(there)
