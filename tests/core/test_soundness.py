"""A SQLite file that was damaged, cut short, swapped or stands on a failing disk: seen, told, and never written to."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.errors import Broken, ConfigError
from hub.store.database import Database
from hub.store.soundness import ROUND, examine, mark_of

PAGE = 4096


def add(number: int, *, session: Any) -> None:
    for _ in range(number):
        session.connection().exec_driver_sql("INSERT INTO note (text) VALUES (hex(randomblob(200)))")


def nothing(*, session: Any) -> None:
    """Write nothing."""


def opened(path: Path) -> Database:
    database = Database(f"sqlite:///{path}")
    database.lock()
    with database.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT)")
    return database


def number_in(path: Path) -> int:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as raw:
        return raw.execute("PRAGMA user_version").fetchone()[0]


@pytest.fixture
async def running(tmp_path: Path) -> Iterator[Database]:
    """Return a database of a few commits that is in use."""
    database = opened(tmp_path / "live" / "hub.db")
    for _ in range(3):
        await database.write(add, 40)
    yield database
    database.close()


def crashed(database: Database, to: Path) -> Path:
    """Copy the files as a killed process leaves them; returns the database's path."""
    shutil.copytree(Path(str(database.url.database)).parent, to)
    return to / "hub.db"


async def test_what_a_killed_process_left_is_opened(running: Database, tmp_path: Path):
    again = opened(crashed(running, tmp_path / "left"))
    await again.write(add, 1)
    again.close()


DAMAGE = {
    "lacks the last": lambda path: path.with_name("hub.db-wal").unlink(),
    "lacks the last 1 commits": lambda path: cut(path.with_name("hub.db-wal"), 2 * PAGE),
    "is gone or empty": lambda path: path.unlink(),
    "is gone or empty, and it held leads before": lambda path: path.write_bytes(b""),
    "cannot be read": lambda path: (path.with_name("hub.db-wal").unlink(), path.write_bytes(b"no database" * 999)),
}


def cut(path: Path, number: int) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - number)


@pytest.mark.parametrize("words", DAMAGE)
async def test_a_start_on_a_file_that_lacks_what_it_held_is_refused(running: Database, tmp_path: Path, words: str):
    path = crashed(running, tmp_path / "left")
    DAMAGE[words](path)
    with pytest.raises(ConfigError, match=words) as refused:
        opened(path)
    assert "has changed nothing" in str(refused.value)
    assert "leadhub restore FILE --force" in str(refused.value)


async def test_a_start_on_a_swapped_file_is_made_when_a_person_removed_the_mark(running: Database, tmp_path: Path):
    path = crashed(running, tmp_path / "left")
    path.with_name("hub.db-wal").unlink()
    mark_of(path).unlink()
    opened(path).close()


async def test_a_mark_that_a_power_cut_left_empty_says_nothing(running: Database, tmp_path: Path):
    path = crashed(running, tmp_path / "left")
    mark_of(path).write_bytes(b"")
    opened(path).close()


async def test_the_number_of_commits_goes_round(tmp_path: Path):
    first = opened(tmp_path / "hub.db")
    first.guard._commits = ROUND - 1
    await first.write(add, 1)
    first.close()
    assert number_in(tmp_path / "hub.db") == 0
    again = opened(tmp_path / "hub.db")
    await again.write(add, 1)
    again.close()
    assert mark_of(tmp_path / "hub.db").read_text() == f"{1:020}\n"


async def test_a_write_that_changes_nothing_is_no_commit(running: Database):
    path = Path(str(running.url.database))
    before = number_in(path), path.with_name("hub.db-wal").stat().st_size
    await running.write(nothing)
    assert (number_in(path), path.with_name("hub.db-wal").stat().st_size) == before
    await running.write(add, 1)
    assert number_in(path) == before[0] + 1


def whole_pages(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.close()


def test_a_page_of_zeros_is_found_at_the_start(tmp_path: Path):
    database = opened(tmp_path / "hub.db")
    asyncio.run(database.write(add, 200))
    database.close()
    path = tmp_path / "hub.db"
    data = bytearray(path.read_bytes())
    data[3 * PAGE : 4 * PAGE] = bytes(PAGE)
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="is damaged"):
        examine(path)


def test_a_file_too_large_for_a_start_is_looked_at_in_part(tmp_path: Path):
    database = opened(tmp_path / "hub.db")
    asyncio.run(database.write(add, 4000))
    database.close()
    assert examine(tmp_path / "hub.db")
    assert not examine(tmp_path / "hub.db", seconds=-1.0)


@pytest.mark.parametrize("instead", [None, b"something else"])
async def test_a_file_that_is_swapped_away_stops_all_writing(tmp_path: Path, instead: bytes | None):
    database = opened(tmp_path / "hub.db")
    await database.write(add, 1)
    (tmp_path / "hub.db").rename(tmp_path / "away.db")
    if instead:
        (tmp_path / "hub.db").write_bytes(instead)
    with pytest.raises(Broken, match="moved, removed or replaced"):
        await database.write(add, 1)
    assert database.failed.is_set()
    with pytest.raises(Broken):
        await database.write(nothing)
    (tmp_path / "hub.db").unlink(missing_ok=True)
    (tmp_path / "away.db").rename(tmp_path / "hub.db")
    database.close()


def failing(name: str) -> Any:
    def fail(*, session: Any) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = name
        raise error

    return fail


async def test_a_disk_that_fails_to_sync_stops_all_writing_and_nothing_is_tried_again(running: Database):
    with pytest.raises(sqlite3.OperationalError):
        await running.write(failing("SQLITE_FULL"))
    await running.write(add, 1)
    together = [running.write(add, 1), running.write(failing("SQLITE_IOERR_FSYNC")), running.write(add, 1)]
    said = await asyncio.gather(*together, return_exceptions=True)
    assert [type(one) for one in said[1:]] == [Broken, Broken]
    assert "SQLITE_IOERR_FSYNC" in str(said[2])
    assert running.failed.is_set()


async def test_a_hub_does_not_start_in_a_folder_it_cannot_write(tmp_path: Path):
    (tmp_path / "hub.db.lock").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        Database(f"sqlite:///{tmp_path}/hub.db").lock()
