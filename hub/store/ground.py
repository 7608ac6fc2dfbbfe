"""What a database stands on: settings of PostgreSQL, file systems and versions of SQLite that could lose leads."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store.database import Database

MOUNTS = Path("/proc/self/mountinfo")
"""Where Linux says what is mounted; there is no such file elsewhere, and nothing is refused there (see proc(5))."""

SAFE_SQLITE = (3, 51, 3)
OVERRIDE = "hub: {unsafe_storage: true}"

_REMOTE = re.compile(r"nfs\d*|cifs|smb\w*|9p|afs|ceph|lustre|beegfs\w*|gpfs|davfs\d*|vboxsf|prl_fs|fuse(\..+)?")
_LOCAL_FUSE = frozenset({"fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.mergerfs", "fuse.gocryptfs", "fuse.lxcfs"})
_DURABLE = {
    "fsync": "accepted leads would be lost, or the whole database, when the machine loses its power",
    "full_page_writes": "a page half written when the machine loses its power would stay so",
    "synchronous_commit": "leads that were accepted just before a crash would be lost",
}


def check(db: Database, *, unsafe: bool = False, mounts: Path = MOUNTS) -> None:
    """Raise ConfigError for a database that could lose what it accepted, unless the operator wants it so."""
    if unsafe:
        return
    if db.sqlite:
        check_file_system(Path(str(db.url.database)), mounts)
    else:
        with db.reader.connect() as connection:
            check_postgres({name: connection.execute(sa.text(f"SHOW {name}")).scalar_one() for name in _DURABLE})


def check_postgres(settings: dict[str, str]) -> None:
    """Raise ConfigError when PostgreSQL does not write what it commits."""
    for name, what in _DURABLE.items():
        if settings[name] == "off":
            said = (
                f"PostgreSQL runs with {name} = off: {what}. Switch it on (ALTER SYSTEM SET {name} = on, then reload)"
            )
            raise ConfigError(f"{said}; for a database whose loss is no matter, set {OVERRIDE}.")


def check_file_system(path: Path, mounts: Path = MOUNTS) -> None:
    """Raise ConfigError when a SQLite file lies on a file system whose locks and fsync cannot be relied on."""
    try:
        kind = kind_of(path, mounts.read_text("utf-8", "surrogateescape"))
    except OSError:
        return
    if not _REMOTE.fullmatch(kind) or kind in _LOCAL_FUSE:
        return
    said = f"The database {path} lies on a network file system ({kind}), where SQLite loses or damages data"
    better = "Keep it on a disk of this machine, or use PostgreSQL: hub: {database: postgresql://USER:PASSWORD@HOST/DB}"
    raise ConfigError(f"{said}. {better}. If you know that nobody else mounts it, set {OVERRIDE}.")


def kind_of(path: Path, mounts: str) -> str:
    """Return the type of the file system a path lies on, from the text of /proc/self/mountinfo; empty: unknown."""
    wanted = path.resolve()
    found, depth = "", -1
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        parts = before.split(" ")
        if not dash or len(parts) < 5:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), parts[4]))
        if wanted.is_relative_to(point) and len(point.parts) >= depth:  # of several at one point the last covers
            found, depth = after.split(" ")[0], len(point.parts)
    return found


def old_sqlite() -> str | None:
    """Return what is to be known of a SQLite with the flaw in the reset of its log; None for one without."""
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return None
    have, wanted = sqlite3.sqlite_version, ".".join(map(str, SAFE_SQLITE))
    return (
        f"Python has SQLite {have} here; before {wanted} two connections that reset the write-ahead log at once can "
        "damage it. leadhub keeps to one writing connection, which avoids it. Let no second program write to the "
        "database."
    )
