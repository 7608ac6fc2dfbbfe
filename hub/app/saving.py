"""Writes hub.yaml whole or not at all: a crash leaves the old file or the new one, never half of either."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

BOM = b"\xef\xbb\xbf"


def writable(path: Path) -> bool:
    """Return whether this process may put another file in the place of one."""
    real = path.resolve()
    return os.access(real, os.W_OK) and os.access(real.parent, os.W_OK)


def save(path: Path, text: str) -> None:
    """Put a text into a file, with the mode, the owner and the line ends it has; raises OSError, and it is as before.

    A link stays one: what it points to is replaced.
    """
    real = path.resolve()
    old, before = real.read_bytes(), real.stat()
    raw = text.replace("\r\n", "\n").encode()
    if b"\r\n" in old:
        raw = raw.replace(b"\n", b"\r\n")
    if old.startswith(BOM):
        raw = BOM + raw
    number, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(raw)
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(number, before.st_uid, before.st_gid)
            os.fchmod(number, before.st_mode & 0o7777)
            file.flush()
            os.fsync(number)
        Path(name).replace(real)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(real.parent)


def _sync(folder: Path) -> None:
    """Let a new name of a file outlast a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
