"""P: the power fails while the hub takes leads, delivers, writes files; and the file is damaged while it is off."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

from tests.faults import facts, images, workspace
from tests.faults.bench import Bench, can_trace, need
from tests.faults.images import DATABASE, Look, look_at, looking
from tests.faults.invariants import KEYED
from tests.faults.power import OPTIONS, Event, cuts, read_log
from tests.faults.rows import Count, row
from tests.faults.world import World, world

PAGES = "150"  # of the log before it is copied into the file, so that cuts fall into that; a hub waits for 1,000
CONTROLS = ("NORMAL", "OFF")
BOOK = "  book: {connector: xlsx_file, path: out/leads.xlsx}\n"
WITH_BOOK = (*workspace.SINKS, "book")
COLUMNS = ("id", "version")


def _base(folder: Path) -> dict[str, bytes]:
    """Return the files of a hub that stands still."""
    found = [*(folder / "data").glob("hub.db*"), *(folder / "out").glob("*")]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if path.is_file() and not path.name.endswith(("-shm", ".lock"))
    }


def _still(folder: Path) -> dict[str, bytes]:
    """Return the files once two looks find the same."""
    for _ in range(100):
        before = _base(folder)
        time.sleep(0.1)
        if before == _base(folder):
            return before
    raise RuntimeError("The hub never stood still.")


def _recorded(hurt: World, leads: int, *argv: str, mode: str = "") -> tuple[dict[str, bytes], list[Event], set[str]]:
    """Record a hub that takes leads; returns its files before, what happened, and the keys it had sent before."""
    env = {"FAULTS_CHECKPOINT": PAGES, **({"FAULTS_SYNCHRONOUS": mode} if mode else {})}
    hurt.start("", *argv, env=env)
    hurt.posts(3)
    if not argv:
        hurt.drain()
    with hurt.traced(*OPTIONS) as log:
        base = _still(hurt.folder)
        before = {str(r.key) for r in hurt.facts().requests if r.sink in KEYED}
        hurt.posts(leads, senders=2)
        if not argv:
            hurt.drain()
        time.sleep(0.3)
    events = read_log(log, hurt.folder, base)
    log.unlink()
    hurt.kill_quietly()
    return base, events, before


def _looked(
    bench: Bench, name: str, number: int, recorded: tuple[dict[str, bytes], list[Event], set[str]], look: Look
) -> Count:
    base, events, before = recorded
    count = Count()
    rng = random.Random(f"{bench.seed} {name}")
    for where, broken in look_at(cuts(base, events, number, rng, before), look):
        count.faults += 1
        count.lost += any(line.startswith("lost") for line in broken)
        count.broken += [f"{name} {where}: {line}" for line in broken]
    count.notes.append(
        f"{name}: {count.faults} images of {sum(e.kind == 'write' for e in events)} writes and "
        f"{sum(e.kind == 'sync' for e in events)} syncs"
    )
    return count


@row("P1", "power cut while leads come in", "no 202 is lost, no page corrupt, a lead and its deliveries together")
def p1(bench: Bench) -> Count:
    """Cut the power with full syncs; and see that the same cuts find what is wrong with weaker ones."""
    need(can_trace())
    number, leads = (50_000, 200) if bench.long else (2_000, 30)
    look = looking(images.intake, sinks=workspace.SINKS)
    with world(bench, "P1") as hurt:
        recorded = _recorded(hurt, leads, "--roles", "intake")
        count = _looked(bench, "P1", number, recorded, look)
        count.accepted += sum(answer.ok for answer in hurt.answers)
    count.add(bench.each("P1", lambda mode: _control(bench, mode, leads, number // 5, look), CONTROLS))
    return count


def _control(bench: Bench, mode: str, leads: int, number: int, look: Look) -> Count:
    """A hub with weaker syncs must fail: a trial that does not see that sees nothing."""
    with world(bench, "P1") as hurt:
        found = _looked(bench, f"P1 {mode}", number, _recorded(hurt, leads, "--roles", "intake", mode=mode), look)
    count = Count(notes=[f"control synchronous={mode}: {_words(found)} of {found.faults} images"])
    count.must(found.broken, f"P1: the control synchronous={mode} was not found out, so this trial proves nothing")
    return count


def _words(found: Count) -> str:
    corrupt = len({line.partition(": ")[0] for line in found.broken if "corrupt" in line})
    return f"leads lost in {found.lost}, corrupt {corrupt},"


@row("P2", "power cut while routing, delivering, checkpointing, migrating", "as P1; `sent` only after it was sent")
def p2(bench: Bench) -> Count:
    """Cut the power while deliveries go out, and during the first start."""
    need(can_trace())
    number, leads = (10_000, 100) if bench.long else (400, 20)
    look = looking(images.outgoing, sinks=workspace.SINKS, keyed=tuple(KEYED))
    with world(bench, "P2") as hurt:
        count = _looked(bench, "P2", number, _recorded(hurt, leads), look)
        count.accepted += sum(answer.ok for answer in hurt.answers)
    with world(bench, "P2") as hurt:
        recorded = _first_start(hurt)
        count.add(_looked(bench, "P2 migration", 400 if bench.long else 24, recorded, looking(images.migrated)))
    return count


def _first_start(hurt: World) -> tuple[dict[str, bytes], list[Event], set[str]]:
    """Record a hub from its very first system call to its first answer."""
    hurt.launch("", env={"FAULTS_WAIT": "1"})
    with hurt.traced(*OPTIONS) as log:
        hurt.wake()
        hurt.wait_up()
        time.sleep(0.3)
    events = [e for e in read_log(log, hurt.folder, {}) if e.path.startswith("data") or e.kind == "sync"]
    log.unlink()
    hurt.kill_quietly()
    return {}, events, set()


@row(
    "P3",
    "power cut while CSV and XLSX files are written",
    "no torn row, the old workbook or the new one, sent rows are there",
)
def p3(bench: Bench) -> Count:
    """Cut the power while sinks write files."""
    need(can_trace())
    number, leads = (5_000, 100) if bench.long else (200, 16)
    routes = "      - {name: all, to: [file, book]}"
    with world(bench, "P3", sinks=BOOK, routes=routes) as hurt:
        recorded = _recorded(hurt, leads)
        columns = (hurt.folder / "out" / "leads.csv").read_text("utf-8-sig").splitlines()[0].replace('"', "").split(",")
        count = _looked(bench, "P3", number, recorded, looking(images.files, columns=tuple(columns)))
        count.accepted += sum(answer.ok for answer in hurt.answers)
    return count


@row(
    "P4",
    "a damaged, cut, swapped or emptied database file",
    "the start is refused and says how to restore; never a silent loss",
)
def p4(bench: Bench) -> Count:
    """Damage copies of one workspace and start a hub on each."""
    with world(bench, "P4") as made:
        made.start()
        made.posts(120 if bench.long else 60)
        made.drain()
        made.kill_quietly()
        whole = made.folder
        rng = bench.rng("P4")
        damages = [*_DAMAGE] * (8 if bench.long else 1)
        trials = [(name, rng.randint(0, 10**9)) for name in damages]
        accepted = sum(answer.ok for answer in made.answers)
        count = bench.each("P4", lambda trial: _damaged(bench, whole, *trial), trials)
        count.accepted += accepted
        return count


def _damaged(bench: Bench, whole: Path, name: str, seed: int) -> Count:
    count = Count(faults=1)
    with world(bench, "P4") as hurt:
        shutil.copytree(whole / "data", hurt.folder / "data", dirs_exist_ok=True)
        database = hurt.folder / DATABASE
        if name in ("page", "bit"):
            _fold_in(database)
        before = _submissions(whole / DATABASE)
        _DAMAGE[name](database, random.Random(seed))
        code = None if hurt.comes_up() else hurt.ended()
        said = hurt.said()
        refused = code == 1 and "has changed nothing" in said and "backup" in said
        if code is None:  # it started: then nothing may be missing
            missing = before - _submissions(database)
            refused = not missing
            count.must(refused, f"P4 {name} {seed}: it started without {len(missing)} submissions")
        count.must(refused, f"P4 {name} {seed}: it ended with {code} and said {said[-300:]!r}")
        count.notes.append(f"{name}: {'refused' if code == 1 else 'started, nothing was missing'}")
    return count


def _fold_in(database: Path) -> None:
    """Copy the log into the file, as a hub does from time to time, so that damage to a page is damage to what counts."""
    raw = sqlite3.connect(database)
    raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    wal = database.with_name("hub.db-wal")
    keep = wal.read_bytes()[:0]
    raw.close()
    wal.write_bytes(keep)


def _submissions(database: Path) -> set[str]:
    return {row["id"] for row in facts.ask(f"sqlite:///{database}", "SELECT id FROM submission")}


def _zero_page(database: Path, rng: random.Random) -> None:
    """Blank a page that is used."""
    data = bytearray(database.read_bytes())
    pages = [n for n in range(len(data) // 4096) if any(data[n * 4096 : n * 4096 + 4096])]
    page = rng.choice(pages)
    data[page * 4096 : page * 4096 + 4096] = bytes(4096)
    database.write_bytes(data)


def _flip_bit(database: Path, rng: random.Random) -> None:
    """Turn one bit in what holds a page together: its kind, number of cells, or where they begin."""
    data = bytearray(database.read_bytes())
    pages = [n for n in range(1, len(data) // 4096) if data[n * 4096] in (2, 5, 10, 13) and data[n * 4096 + 4]]
    pages = [n for n in pages if int.from_bytes(data[n * 4096 + 3 : n * 4096 + 5], "big") > 0] or pages
    place = rng.choice(pages) * 4096 + rng.choice((0, 3, 5))
    data[place] ^= 1 << rng.randrange(4, 8)
    database.write_bytes(data)


def _cut_log(database: Path, rng: random.Random) -> None:
    """Take the end off the write-ahead log."""
    wal = database.with_name("hub.db-wal")
    size = wal.stat().st_size
    with wal.open("r+b") as file:
        file.truncate(rng.randint(0, size - 60_000))


def _flip_log(database: Path, rng: random.Random) -> None:
    """Turn a bit in the middle of the write-ahead log."""
    wal = database.with_name("hub.db-wal")
    data = bytearray(wal.read_bytes())
    data[rng.randint(40, len(data) // 2)] ^= 4
    wal.write_bytes(data)


def _no_log(database: Path, rng: random.Random) -> None:
    """Take the write-ahead log away."""
    database.with_name("hub.db-wal").unlink()


def _empty(database: Path, rng: random.Random) -> None:
    """Leave a file of no bytes, and no log."""
    _no_log(database, rng)
    database.write_bytes(b"")


def _gone(database: Path, rng: random.Random) -> None:
    """Take the database away."""
    _no_log(database, rng)
    database.unlink()


def _cut_file(database: Path, rng: random.Random) -> None:
    """Cut the database file in half."""
    _fold_in(database)
    with database.open("r+b") as file:
        file.truncate(database.stat().st_size // 2 // 4096 * 4096)


def _other_file(database: Path, rng: random.Random) -> None:
    """Put something that is no database in its place."""
    database.write_bytes(rng.randbytes(8192))


_DAMAGE: dict[str, Any] = {
    "page": _zero_page, "bit": _flip_bit, "log cut": _cut_log, "log bit": _flip_log, "log gone": _no_log,
    "empty": _empty, "gone": _gone, "half": _cut_file, "no database": _other_file,
}  # fmt: skip
