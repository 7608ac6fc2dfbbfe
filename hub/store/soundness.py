"""Tells a SQLite file that was damaged, cut short or swapped from a sound one, before and while it is written."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection

from hub.errors import ConfigError

log = logging.getLogger("leadhub")

SECONDS = 5.0  # a start may wait that long for the look at a large file; leadhub check looks at the rest
ROUND = 1 << 31  # a commit's number is kept in user_version, which has 31 bits
_DIGITS = 20
_STEPS = 2_000  # of SQLite's machine between two looks at the clock

_FATAL = ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_TRUNCATE",
          "SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ", "SQLITE_IOERR_FSTAT", "SQLITE_CORRUPT", "SQLITE_NOTADB",
          "SQLITE_READONLY")  # fmt: skip


class Guard:
    """Stands by a SQLite file while it is written; without one, as on PostgreSQL, it has nothing to say.

    The number of commits is kept in the database and, after each of them, in `FILE.mark` beside it. The mark is never
    synced, so after a power cut it may say too little, and never too much.
    """

    def __init__(self, database: Path | None) -> None:
        self.database = database
        self.broken: str | None = None
        self._commits = self._changes = 0
        self._numbered = False
        self._file: tuple[int, int] | None = None
        self._mark: int | None = None

    def open(self) -> None:
        """Begin; raises ConfigError for a file that lacks what it held, or is no database."""
        if self.database is not None:
            self._commits = look(self.database)
            self._mark = os.open(mark_of(self.database), os.O_RDWR | os.O_CREAT, 0o600)

    def examine(self) -> None:
        """Look through the file as long as a start can wait; raises ConfigError when it is damaged."""
        if self.database is not None:
            examine(self.database)

    def close(self) -> None:
        """Let the mark go."""
        if self._mark is not None:
            os.close(self._mark)
            self._mark = None

    def moved(self) -> bool:
        """Return whether another file lies where the one we write to was, or whether it failed before."""
        if self._mark is None or self.database is None or self.broken:
            return self.broken is not None
        try:
            there = _identity(self.database)
        except OSError:
            there = (0, 0)
        self._file = self._file or there
        if there != self._file:
            self.broken = f"The database {self.database} was moved, removed or replaced while leadhub wrote to it."
        return self.broken is not None

    def lost(self, error: BaseException) -> bool:
        """Return whether this error means that nothing written can be trusted any more."""
        if self._mark is None:
            return False
        name = str(getattr(getattr(error, "orig", error), "sqlite_errorname", ""))
        if name.startswith(_FATAL) and not self.broken:
            self.broken = f"The database {self.database} cannot be written any more ({name}). Look at the disk."
        return self.broken is not None

    def number(self, connection: Connection) -> None:
        """Number the commit that is about to be made, if it changes anything: an idle hub writes nothing."""
        if self._mark is None:
            return
        changes = connection.connection.dbapi_connection.total_changes  # type: ignore[union-attr]
        self._numbered = changes != self._changes
        self._changes = changes
        if self._numbered:
            connection.exec_driver_sql(f"PRAGMA user_version={(self._commits + 1) % ROUND}")

    def committed(self) -> None:
        """Remember a commit."""
        if self._mark is not None and self._numbered:
            self._commits = (self._commits + 1) % ROUND
            with contextlib.suppress(OSError):  # a full disk is no reason to deny what is committed
                os.pwrite(self._mark, b"%0*d\n" % (_DIGITS, self._commits), 0)


def mark_of(database: Path) -> Path:
    """Return where the mark of a database lies; whoever puts another database in its place removes it."""
    return database.with_name(f"{database.name}.mark")


def _identity(database: Path) -> tuple[int, int]:
    """Return what tells a file from another one of the same name; raises OSError when it is gone."""
    said = database.stat()
    return said.st_dev, said.st_ino


def marked(database: Path) -> int | None:
    """Return how many commits a database has at least, None when nothing tells."""
    try:
        said = mark_of(database).read_bytes()
    except OSError:
        return None
    return int(said) if len(said) == _DIGITS + 1 and said[:_DIGITS].isdigit() else None


def look(database: Path) -> int:
    """Return how many commits a database holds; raises ConfigError when it lacks some, or is no database."""
    known = marked(database)
    if not database.exists() or not database.stat().st_size:
        if known:
            raise _refused(database, "is gone or empty, and it held leads before")
        return 0
    with _opened(database) as raw:
        held = int(raw.execute("PRAGMA user_version").fetchone()[0])
        raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if known is not None and 0 < (known - held) % ROUND < ROUND // 2:
        missing = (known - held) % ROUND
        raise _refused(database, f"lacks the last {missing} commits it had: its write-ahead log was lost or cut")
    return held


def examine(database: Path, seconds: float = SECONDS) -> bool:
    """Look through the pages of a database for so long; raises ConfigError for a damaged one, returns if it saw all."""
    if not database.exists() or not database.stat().st_size:
        return True
    end = time.monotonic() + seconds
    with _opened(database) as raw:
        raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        try:
            said = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_INTERRUPT":
                raise
            log.warning("event=database.large detail='only a part of %s was looked through at start'", database.name)
            return False
    if said != "ok":
        raise _refused(database, f"is damaged ({str(said).splitlines()[-1][:200]})")
    return True


@contextlib.contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    """Open it for reading only, so that looking changes nothing that could still be saved."""
    try:
        raw = sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, isolation_level=None, timeout=30)
        try:
            yield raw
        finally:
            raw.close()
    except sqlite3.DatabaseError as error:
        raise _refused(database, f"cannot be read ({str(error)[:200]})") from error


def _refused(database: Path, what: str) -> ConfigError:
    return ConfigError(
        f"The database {database} {what}. leadhub does not start on it, and has changed nothing. Copy the whole folder "
        "away. Then put back what is missing, or the newest backup: leadhub restore FILE --force. If another database "
        f"lies there on purpose, remove {mark_of(database).name} and start again."
    )
