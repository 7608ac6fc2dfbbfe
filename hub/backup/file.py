"""Backups of a SQLite database: a copy made while it is used, and a checked one put in its place."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from hub.errors import ConfigError, LeadhubError
from hub.store.soundness import mark_of
from hub.store.types import stamp

MAGIC = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm")


def copy(database: Path, to: Path, now: datetime) -> None:
    """Copy a database that may be in use into a new file: one moment of it, checked, synced, and marked as a copy."""
    if not database.is_file():
        raise LeadhubError(f"There is no database {database}. Start leadhub once, or name the workspace with --config.")
    try:
        with closing(_reading(database)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)  # all at once: step by step, each write of the hub would begin it anew
            target.execute("PRAGMA journal_mode=DELETE")
            target.execute("DELETE FROM copy_mark")
            target.execute("INSERT INTO copy_mark (id, made_at, paused, stopped) VALUES (1, ?, 0, 0)", (stamp(now),))
            target.commit()
    except sqlite3.Error as error:
        raise LeadhubError(f"The database {database} could not be copied: {error}.") from error
    check(to)
    sync(to)


def check(path: Path) -> tuple[str, datetime | None]:
    """Return the schema of a copy and when it was made, None for a plain one; raises LeadhubError."""
    try:
        with closing(_reading(path)) as raw:
            said = raw.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                raise LeadhubError(f"The copy {path.name} is damaged: {str(said).splitlines()[-1][:200]}.")
            schema = raw.execute("SELECT version_num FROM alembic_version").fetchone()
            row = raw.execute("SELECT made_at FROM copy_mark").fetchone()
    except sqlite3.Error as error:
        raise LeadhubError(f"{path.name} is no sound copy of a leadhub database: {error}.") from error
    if schema is None:
        raise LeadhubError(f"{path.name} holds no leadhub tables.")
    return str(schema[0]), datetime.fromisoformat(row[0]) if row and row[0] else None


def remark(path: Path, *, paused: bool, stopped: bool) -> None:
    """Write into a copy what the restore was told; a plain copy is marked as one."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT OR IGNORE INTO copy_mark (id, paused, stopped) VALUES (1, 0, 0)")
        raw.execute("UPDATE copy_mark SET paused = ?, stopped = ?", (paused, stopped))


def owed(path: Path) -> dict[str, int]:
    """Return how many deliveries of a copy were not settled when it was made, by sink; an empty sink: not decided."""
    with closing(_reading(path)) as raw:
        rows = raw.execute("SELECT sink, count(*) FROM delivery WHERE state IN ('ready', 'sending') GROUP BY sink")
        found = dict(rows.fetchall())
        unrun = raw.execute("SELECT count(*) FROM submission WHERE state = 'received'").fetchone()[0]
    return {**found, **({"": unrun} if unrun else {})}


@contextlib.contextmanager
def alone(database: Path) -> Iterator[None]:
    """Keep every leadhub off a database meanwhile; raises ConfigError when one uses it."""
    path = Path(f"{database}.lock")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"The database {database} is in use by a leadhub process. Stop it first.") from error
        yield


def _unused(path: Path) -> Path:
    """Return the path, or one with a number behind it where two copies are placed in one second."""
    others = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return next(one for one in itertools.chain((path,), others) if not one.exists())


def place(copied: Path, database: Path, now: datetime) -> Path | None:
    """Put a checked copy in the place of a database, whole or not at all; returns where the old one lies now."""
    kept = None
    if database.exists():
        kept = _unused(database.with_name(f"{database.name}.replaced-{now:%Y%m%dT%H%M%SZ}"))
        os.link(database, kept)
    for end in _BESIDE:
        old = Path(f"{database}{end}")
        if old.exists() and kept:
            old.replace(f"{kept}{end}")
        old.unlink(missing_ok=True)
    copied.chmod(0o600)
    copied.replace(database)
    mark_of(database).unlink(missing_ok=True)  # last: with it, a database that lost its log does not start
    sync(database)
    return kept


def sync(path: Path) -> None:
    """Have a file and its name on the disk."""
    for one in (path, path.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)
