"""Makes a backup of whatever database there is, whole or not at all, and looks whether one can be read to its end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from hub.backup import file as files
from hub.backup import sealed, server
from hub.errors import LeadhubError
from hub.store.database import Database

HEAD = 64  # bytes by which a backup is told


def write(db: Database, file: Path, passphrase: str | None, now: datetime) -> None:
    """Write a backup under another name first; with a passphrase, encrypted. Blocks until it is on the disk."""
    with draft(file.parent) as plain, draft(file.parent) as closed:
        if db.sqlite:
            files.copy(Path(str(db.url.database)), plain, now)
        else:
            server.dump(db.writer, db.url, plain, now)
        if passphrase:
            with plain.open("rb") as source, closed.open("wb") as target:
                sealed.seal(source, target, passphrase)
        (closed if passphrase else plain).replace(file)
    files.sync(file)


def check(file: Path, passphrase: str | None) -> tuple[str, datetime | None]:
    """Read a backup to its end; return its schema and when it was made, where it says so. Raises LeadhubError."""
    with draft(file.parent) as plain:
        if is_sealed(file):
            if not passphrase:
                raise LeadhubError(f"{file.name} is encrypted. Give its passphrase.")
            with file.open("rb") as source, plain.open("wb") as target:
                sealed.unseal(source, target, passphrase)
            return _check(plain, file.name)
        return _check(file, file.name)


def _check(plain: Path, name: str) -> tuple[str, datetime | None]:
    with plain.open("rb") as source:
        head = source.read(HEAD)
    if head.startswith(files.MAGIC):
        return files.check(plain)
    if head.startswith(server.MAGIC):
        return server.check(plain), None
    raise LeadhubError(f"{name} is no backup of leadhub.")


def is_sealed(file: Path) -> bool:
    """Return whether a backup is encrypted."""
    with file.open("rb") as source:
        return sealed.is_sealed(source.read(HEAD))


@contextmanager
def draft(folder: Path) -> Iterator[Path]:
    """Yield a new file that only its owner may read; it is removed, unless it was given another name."""
    handle, name = tempfile.mkstemp(prefix=".leadhub-", dir=folder)
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)
