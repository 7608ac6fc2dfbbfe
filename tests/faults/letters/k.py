"""K: the process is killed, at every failpoint, at random times, at a sync, or told to stop."""

from __future__ import annotations

import contextlib
import csv
import http.client
import json
import random
import signal
import socket
import threading
import time
from pathlib import Path

from hub.failpoints import POINTS
from tests.faults import facts, workspace
from tests.faults.bench import Bench, can_trace, end, need, until
from tests.faults.rows import Count, row
from tests.faults.world import World, world

KINDS = ("sqlite", "postgres")
NTH = 6  # a point is struck at its first to sixth time
ONLY_CRM = "      - {name: all, to: [crm]}"


@row("K1", "kill -9 at every failpoint, on SQLite and PostgreSQL", "I1-I8 after the restart; every point was struck")
def k1(bench: Bench) -> Count:
    """Strike each point on each database once, in the long run three times."""
    rng = bench.rng("K1")
    rounds = 3 if bench.long else 1
    trials = [(kind, point, rng.randint(1, NTH)) for _ in range(rounds) for kind in KINDS for point in POINTS]
    count = bench.each("K1", lambda trial: _strike(bench, *trial), trials)
    count.notes.append(f"{len(POINTS)} points on {len(KINDS)} databases")
    return count


def _strike(bench: Bench, kind: str, point: str, nth: int) -> Count:
    count = Count()
    place = point.partition(".")[0]
    trial = _TRIALS.get(point) or _TRIALS.get(place) or _posting
    settings: dict[str, object] = {}
    if place in ("poll", "tick", "import"):
        settings = {"routes": ONLY_CRM, "poll": place in ("poll", "tick"), "lists": place == "import"}
    with world(bench, "K1", kind, **settings) as hurt:
        where = f"K1 {kind} {point}:{nth}"
        trial(hurt, point, nth, count)
        count.must(hurt.kills, f"{where}: the point was never reached")
        count.faults += hurt.kills
        if hurt.kills:
            _look(hurt, count, where, ("crm",) if settings else workspace.SINKS)
    return count


def _look(hurt: World, count: Count, where: str, sinks: tuple[str, ...]) -> None:
    hurt.sinks = sinks
    hurt.judge(count, where=where)
    if hurt.kind == "sqlite":
        hurt.kill_quietly()
        said = facts.ask(hurt.database, "PRAGMA integrity_check")
        count.must([*said[0].values()] == ["ok"], f"{where}: integrity_check says {said}")


def _dies(hurt: World, count: Count, seconds: float = 30.0) -> bool:
    """Wait until the hub has killed itself."""
    code = hurt.ended(seconds)
    if code == -signal.SIGKILL:
        hurt.kills += 1
    elif code is None:
        hurt.kill_quietly()
    else:
        count.broken.append(f"{hurt.name}: it ended with {code} instead: {hurt.said()[-300:]}")
    return code == -signal.SIGKILL


def _posting(hurt: World, point: str, nth: int, count: Count) -> None:
    """Post until the hub dies at the point, start again, post some more."""
    if point == "deliver.all_sent":
        hurt.bench.sandbox.script(f"/webhook/{hurt.name}-*", {"delay": 0.4, "times": "always"})
    hurt.start(f"{point}:{nth}=kill")
    hurt.posts(40, until_dead=True)
    if _dies(hurt, count):
        hurt.bench.sandbox.script(f"/webhook/{hurt.name}-*")
        hurt.recover(count)
        hurt.posts(5)
        hurt.drain()


def _left_behind(hurt: World, point: str, nth: int, count: Count) -> None:
    """Let a process die with work in hand, and the next one as it takes that up."""
    first = {"route.swept": "route.decided:2", "rescue.taken": "deliver.started:3"}[point]
    hurt.start(f"{first}=kill")
    hurt.posts(30, until_dead=True)
    if _dies(hurt, count):
        hurt.age()
        hurt.launch(f"{point}=kill")
        if _dies(hurt, count):
            hurt.recover(count)


def _backlog(hurt: World, point: str, nth: int, count: Count) -> None:
    """Take leads without a worker, and let the worker die as it claims what is due."""
    hurt.start("", "--roles", "intake")
    hurt.posts(30)
    until(lambda: "submission" not in facts.waiting(hurt.database), 20)
    hurt.stop()
    hurt.launch(f"{point}:{min(nth, 3)}=kill")
    if _dies(hurt, count):
        hurt.recover(count)


def _polling(hurt: World, point: str, nth: int, count: Count) -> None:
    """Let it die in the middle of a poll; what the platform holds must be here once."""
    rows = [workspace.lead(hurt.name, number) for number in range(35)]
    (hurt.folder / "pages.json").write_text(json.dumps(rows))
    hurt.launch(f"{point}:{1 + nth % 3}=kill")
    if _dies(hurt, count):
        hurt.recover(count)
        _all_here(hurt, count, "pages", 35)


def _importing(hurt: World, point: str, nth: int, count: Count) -> None:
    """Let it die in the middle of a file; its rows must be here once."""
    write_list(hurt.folder / "inbox" / "list.csv", hurt.name, 520)
    hurt.launch(f"{point}:{1 + nth % 2}=kill")
    if _dies(hurt, count):
        hurt.recover(count)
        _all_here(hurt, count, "lists", 520)


def _all_here(hurt: World, count: Count, source: str, number: int) -> None:
    """Wait for all rows of a poll or file, and see that each is here once."""
    query = f"SELECT key, count(*) AS n FROM submission WHERE source = '{source}' AND key IS NOT NULL GROUP BY key"
    until(lambda: len(facts.ask(hurt.database, query)) >= number, 60, 0.2)
    hurt.drain()
    found = {row["key"]: row["n"] for row in facts.ask(hurt.database, query)}
    wanted = {f"{hurt.name}-{n}" for n in range(number)}
    count.accepted += len(found)
    lost = len(wanted - found.keys())
    count.lost += lost
    count.must(not lost, f"I1 lost: {hurt.name}: {lost} of {number} rows of {source} are not here")
    count.must(found.keys() <= wanted, f"I2 {hurt.name}: {source} has rows that nobody handed over")
    count.must(set(found.values()) <= {1}, f"I3 {hurt.name}: rows of {source} are here twice")
    again = facts.ask(hurt.database, f"SELECT count(*) AS n FROM submission WHERE source = '{source}' AND key IS NULL")
    count.must(not again[0]["n"], f"I3 {hurt.name}: {again[0]['n']} rows of {source} came again")


def write_list(path: Path, world_name: str, number: int) -> None:
    """Write a list of leads as a CSV file."""
    rows = [workspace.lead(world_name, n) for n in range(number)]
    new = path.with_suffix(".new")
    with new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    new.replace(path)


def _erasing(hurt: World, point: str, nth: int, count: Count) -> None:
    """Let it die while a person is erased; asked again, it must be done, and everywhere."""
    hurt.start(f"{point}=kill")
    heard = hurt.posts(12)
    hurt.drain()
    gone = f"p{heard[0].number - heard[0].number % 5}@{hurt.name}.example.com"
    with contextlib.suppress(OSError, http.client.HTTPException):
        hurt.call("POST", "/api/erase", {"email": gone})
    if _dies(hurt, count):
        hurt.recover(count)
        status, said = hurt.call("POST", "/api/erase", {"email": gone})
        count.must(status == 200, f"{hurt.name}: erasing again answered {status} {said}")
        hurt.drain()
        left = facts.ask(hurt.database, f"SELECT count(*) AS n FROM lead WHERE email = '{gone}'")[0]["n"]
        bodies = facts.ask(hurt.database, "SELECT body FROM submission")
        inside = sum(gone.encode() in bytes(row["body"]) for row in bodies)
        count.must(
            not left and not inside, f"{hurt.name}: {left} leads and {inside} bodies of the erased person are left"
        )
        hurt.answers = [answer for answer in hurt.answers if gone.encode() not in answer.body]


def _migrating(hurt: World, point: str, nth: int, count: Count) -> None:
    """Let it die in the middle of the first migration, and once more; the third start must do."""
    for statement in (nth, nth * 9):
        hurt.launch(f"{point}:{statement}=kill")
        if not _dies(hurt, count):
            return
    hurt.recover(count)
    hurt.posts(5)
    hurt.drain()


_TRIALS = {
    "poll": _polling, "tick": _polling, "import": _importing, "erase": _erasing, "migrate": _migrating, "route.swept": _left_behind,
    "rescue.taken": _left_behind, "deliver.claimed": _backlog,
}  # fmt: skip


@row("K2", "kill -9 at random times under 50 leads a second", "I1, I3, I6")
def k2(bench: Bench) -> Count:
    """Kill again and again while senders go on; in the short run six times, in the long run 200."""
    rounds = 100 if bench.long else 3
    return bench.each("K2", lambda kind: _at_random(bench, kind, rounds), KINDS)


def _at_random(bench: Bench, kind: str, rounds: int) -> Count:
    count, rng = Count(), random.Random(f"{bench.seed} K2 {kind}")
    with world(bench, "K2", kind) as hurt:
        for _ in range(rounds):
            hurt.start()
            ended = threading.Event()
            senders = [threading.Thread(target=_send_on, args=(hurt, ended, 25.0)) for _ in range(2)]
            for sender in senders:
                sender.start()
            time.sleep(rng.uniform(0.0, 3.0))
            hurt.kill()
            ended.set()
            for sender in senders:
                sender.join()
            hurt.age()
        count.faults += rounds
        hurt.recover(count)
        _look(hurt, count, f"K2 {kind}", workspace.SINKS)
    return count


def _send_on(hurt: World, ended: threading.Event, rate: float) -> None:
    """Post leads at a rate until told to stop."""
    due = time.monotonic()
    while not ended.is_set():
        hurt.post(timeout=5.0)
        due += 1 / rate
        time.sleep(max(0.0, due - time.monotonic()))


@row("K3", "kill -9 at the Nth sync and write to disk", "I1, integrity_check")
def k3(bench: Bench) -> Count:
    """Let strace kill the hub in a system call of the SQLite writer."""
    need(can_trace())
    numbers = range(1, 180, 7) if bench.long else (1, 8, 29)
    calls = ("fdatasync", "pwrite64")
    trials = [(call, n if call == "fdatasync" else n * 6) for n in numbers for call in calls]
    return bench.each("K3", lambda trial: _in_call(bench, *trial), trials)


def _in_call(bench: Bench, call: str, number: int) -> Count:
    count = Count()
    with world(bench, "K3") as hurt:
        hurt.start()
        with hurt.traced("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"):
            for _ in range(60):
                if hurt.ended() is not None:
                    break
                hurt.posts(20, until_dead=True)
            _dies(hurt, count, 5)
        count.must(hurt.kills, f"K3 {call} {number}: it was never reached")
        count.faults += hurt.kills
        hurt.recover(count)
        _look(hurt, count, f"K3 {call}:{number}", workspace.SINKS)
    return count


@row("K4", "SIGTERM, two SIGTERMs, SIGKILL: nothing is left running", "exit code, port, no orphans, I1, I6")
def k4(bench: Bench) -> Count:
    """Stop a hub under load politely, impatiently and by force."""
    return bench.each("K4", lambda how: _stopped(bench, how), ("once", "twice", "force"))


def _stopped(bench: Bench, how: str) -> Count:
    count = Count(faults=1)
    with world(bench, "K4") as hurt:
        if how == "twice":
            bench.sandbox.script(f"/webhook/{hurt.name}-*", {"delay": 30.0, "times": "always"})
        hurt.start()
        ended = threading.Event()
        sender = threading.Thread(target=_send_on, args=(hurt, ended, 40.0))
        sender.start()
        time.sleep(0.7)
        began = time.monotonic()
        code = _stop(hurt, how)
        took = time.monotonic() - began
        ended.set()
        sender.join()
        most = {"once": 45.0, "twice": 10.0, "force": 5.0}[how]
        count.must(code is not None and took < most, f"K4 {how}: it ran on for {took:.1f} s")
        if how == "once":
            count.must(code == 0, f"K4 once: it ended with {code}: {hurt.said()[-300:]}")
        count.must(_free(hurt.url), f"K4 {how}: its port is still taken")
        count.must(not _group(hurt.pid or 0), f"K4 {how}: processes of it are left: {_group(hurt.pid or 0)}")
        bench.sandbox.script(f"/webhook/{hurt.name}-*")
        hurt.kills += how != "once"
        hurt.recover(count)
        _look(hurt, count, f"K4 {how}", workspace.SINKS)
    return count


def _stop(hurt: World, how: str) -> int | None:
    assert hurt.pid
    if how == "force":
        end(hurt.pid)
        return hurt.ended(20)
    end(hurt.pid, signal.SIGTERM)
    if how == "twice":
        time.sleep(1.0)
        end(hurt.pid, signal.SIGTERM)
    return hurt.ended(60)


def _free(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            return False
    return True


def _group(group: int) -> list[int]:
    """Return the processes of a group that are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(entry.name))
    return found
