"""Looks at what a disk holds after a power cut: is the database whole, is what was promised there."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.faults.power import Cut

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
DATABASE = "data/hub.db"

Look = Callable[[Path, Cut], list[str]]


def look_at(cuts: Iterable[Cut], look: Look) -> Iterator[tuple[str, list[str]]]:
    """Look at every image, two at a time; yields where the cut was, and what was broken."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        waiting = []
        for cut in cuts:
            waiting.append(pool.submit(_laid_out, cut, look))
            if len(waiting) >= 64:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def _laid_out(cut: Cut, look: Look) -> tuple[str, list[str]]:
    with tempfile.TemporaryDirectory(prefix="leadhub-image-", dir=MEMORY) as name:
        folder = Path(name)
        for path, data in cut.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        try:
            said = look(folder, cut)
        except sqlite3.DatabaseError as error:
            said = [f"corrupt: {error}"]
        except Exception as error:  # what the next start would trip over
            said = [f"corrupt: {type(error).__name__}: {str(error)[:200]}"]
    return f"cut {cut.place} {cut.choice}", said


def intake(folder: Path, cut: Cut, sinks: tuple[str, ...]) -> list[str]:
    """P1: no acked submission is lost, no page is corrupt, a lead and its deliveries are there together."""
    with_database = sqlite3.connect(folder / DATABASE)
    try:
        said = [row[0] for row in with_database.execute("PRAGMA integrity_check(3)")]
        if said != ["ok"]:
            return [f"corrupt: {said[0]}"]
        there = {row[0] for row in with_database.execute("SELECT id FROM submission")}
        broken = [f"lost: {id_} was answered 202" for id_ in sorted(cut.acked - there)][:3]
        return broken + _together(with_database, sinks)
    finally:
        with_database.close()


def _together(database: sqlite3.Connection, sinks: tuple[str, ...]) -> list[str]:
    leads = {row[0] for row in database.execute("SELECT id FROM lead")}
    owed = set(database.execute("SELECT lead, sink FROM delivery"))
    done = database.execute("SELECT id, lead FROM submission WHERE state = 'done'").fetchall()
    missing = [f"lost: {id_} is done without its lead" for id_, lead in done if lead not in leads]
    missing += [f"lost: {lead} is not owed to {s}" for _, lead in done for s in sinks if (lead, s) not in owed]
    return missing[:3]


def outgoing(folder: Path, cut: Cut, sinks: tuple[str, ...], keyed: tuple[str, ...]) -> list[str]:
    """P2: as P1; what counts as sent was sent, and what was sent has an attempt that was written down before."""
    broken = intake(folder, cut, sinks)
    if broken:
        return broken
    database = sqlite3.connect(folder / DATABASE)
    try:
        rows = database.execute("SELECT id, sink, key, state FROM delivery").fetchall()
        tried = {row[0] for row in database.execute("SELECT delivery FROM attempt")}
    finally:
        database.close()
    mine = [row for row in rows if row[1] in keyed]
    broken = [
        f"{id_} counts as sent and no byte of it had left"
        for id_, _, key, state in mine
        if state == "sent" and key not in cut.sent
    ]
    known = {key: id_ for id_, _, key, _ in mine}
    broken += [f"{key} was sent and no attempt tells of it" for key in cut.sent if known.get(key) not in tried]
    return broken[:3]


def files(folder: Path, cut: Cut, columns: tuple[str, ...]) -> list[str]:
    """P3: no torn row is visible after the next start, a workbook is the old or the new one, sent rows are there."""
    database = sqlite3.connect(folder / DATABASE)
    try:
        query = "SELECT lead, sink, version FROM delivery WHERE state = 'sent' AND sink IN ('file', 'book')"
        sent = database.execute(query).fetchall()
    finally:
        database.close()
    listed, broken = _csv(folder / "out" / "leads.csv", columns)
    booked, more = _xlsx(folder / "out" / "leads.xlsx")
    broken += more
    for lead, sink, version in sent:
        if sink == "file" and (lead, str(version)) not in listed:
            broken.append(f"{lead} version {version} counts as written and is not in the file")
        if sink == "book" and lead not in booked:
            broken.append(f"{lead} counts as written and is not in the workbook")
    return broken[:3]


def _csv(path: Path, columns: tuple[str, ...]) -> tuple[set[tuple[str, str]], list[str]]:
    from hub.families.csvlog import CsvLog
    from tests.faults.facts import rows_of

    if not path.exists():
        return set(), []
    CsvLog(path, columns, ("id", "version"), delimiter=",", encoding="utf-8-sig").add([])  # what the next start does
    rows = rows_of(path.read_bytes()) if path.stat().st_size else {}
    torn = [f"a torn row is visible: {lead!r}" for lead, version in rows if not lead or not version.isdigit()]
    twice = [f"{which} is in the file {n} times" for which, n in rows.items() if n > 1]
    return set(rows), torn + twice


def _xlsx(path: Path) -> tuple[set[str], list[str]]:
    import zipfile

    import openpyxl

    if not path.exists():
        return set(), []
    try:
        book = openpyxl.load_workbook(path, read_only=True)
        rows = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
        book.close()
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, SyntaxError) as error:
        return set(), [f"the workbook is torn: {type(error).__name__}: {error}"]
    at = rows[0].index("id")
    return {str(row[at]) for row in rows[1:]}, []


def migrated(folder: Path, cut: Cut) -> list[str]:
    """P2: a database whose first migration was cut is migrated by the next start, and is whole."""
    from hub.store.database import Database
    from hub.store.migrations import migrate

    (folder / "data").mkdir(exist_ok=True)
    database = Database(f"sqlite:///{folder / DATABASE}")
    try:
        database.lock()
        migrate(database.writer)
        with database.writer.connect() as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            number = connection.exec_driver_sql("SELECT count(*) FROM submission").scalar_one()
    finally:
        database.close()
    return [] if said == "ok" and number == 0 else [f"corrupt after the migration: {said}"]


def looking(look: Callable[..., list[str]], **more: object) -> Look:
    """Return a look with its settings filled in."""
    return partial(look, **more)
