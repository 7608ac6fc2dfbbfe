"""Writes files so that a crash or a power cut leaves them whole, and one process at a time in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows has neither flock nor folder handles: there, one process may use a folder
    fcntl = None  # type: ignore[assignment]

PRIVATE = 0o660  # people's data: nobody but owner and group reads it, whatever the umask allows


def open_private(path: str, flags: int) -> int:
    """Open a file for `open(..., opener=open_private)`; a new one is closed to strangers."""
    return os.open(path, flags, PRIVATE)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Keep other processes that ask too from writing to the folder."""
    if fcntl is None:
        yield
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    if fcntl is None:
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def replace_file(path: Path, save: Callable[[BinaryIO], None]) -> None:
    """Write a whole file so that readers see the old one or the new one, never a part; raises OSError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with open(part, "w+b", opener=open_private) as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            part.chmod(path.stat().st_mode & 0o777)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
