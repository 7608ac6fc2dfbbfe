"""What was deleted is not in the bytes of a SQLite file: not in its pages, its free list or its log."""

from __future__ import annotations

import random
from pathlib import Path

from hub.store.database import Database
from hub.store.scrub import AT_ONCE, clear

NEEDLE = b"canary"


def churned(path: Path, seed: int) -> Database:
    """Return a database whose pages were split while the canary was in them, which then was deleted."""
    rng = random.Random(seed)
    db = Database(f"sqlite:///{path}")
    with db.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, key TEXT, body TEXT)")
        connection.exec_driver_sql("CREATE INDEX i ON t (body)")
        for number in range(300):
            said = f"canary{number} " if number % 30 == 0 else "plain "
            body = said + "z" * rng.randrange(900)
            connection.exec_driver_sql("INSERT INTO t VALUES (?, ?, ?)", (rng.randrange(1 << 40), "k", body))
    with db.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE t SET body = '' WHERE body LIKE 'canary%'")
    return db


def left(path: Path) -> list[str]:
    """Return the files of a database that hold the canary."""
    return [file.name for file in path.parent.glob(f"{path.name}*") if NEEDLE in file.read_bytes()]


def test_overwriting_alone_leaves_bytes_and_writing_the_file_anew_leaves_none(tmp_path):
    before, after = [], []
    for seed in range(25):
        path = tmp_path / f"{seed}.db"
        db = churned(path, seed)
        assert not clear(db.writer, most=0)  # the log is emptied, the file is too large to be written anew
        before += left(path)
        assert clear(db.writer, AT_ONCE)
        after += left(path)
        db.close()
    assert before
    assert after == []


def test_a_log_that_somebody_reads_is_emptied_once_they_are_done(tmp_path):
    path = tmp_path / "hub.db"
    db = churned(path, 1)
    with db.reader.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM t").scalar()
    assert clear(db.writer, AT_ONCE)
    assert left(path) == []
    db.close()


async def test_a_large_file_is_left_for_the_night(tmp_path):
    db = churned(tmp_path / "hub.db", 1)
    assert await db.scrub(most=1000) is False
    assert await db.scrub() is True
    db.close()
