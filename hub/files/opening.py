"""Opens files that strangers put into a folder: regular ones only, of a sane name and size."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hub.errors import BadInput

MAX_NAME_BYTES = 255
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp", "~")

_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a file saw; two equal ones in a row mean that nobody is writing to it."""

    size: int
    mtime_ns: int
    inode: int


def refused_name(name: str) -> str | None:
    """Return why a file of this name is not taken, as part of a sentence; None when it is."""
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if length > MAX_NAME_BYTES:
        return f"its name is longer than {MAX_NAME_BYTES} bytes"
    if not name or name in (".", "..") or any(c in "/\\" or ord(c) < 32 or ord(c) == 127 for c in name):
        return "its name has a slash or a control character"
    if name.partition(".")[0].strip().lower() in _DEVICES:
        return "its name is that of a device"
    return None


def unfinished_name(name: str) -> bool:
    """Return whether a name says that the file is hidden, locked or still being uploaded."""
    return name.startswith((".", "~$")) or name.lower().endswith(UNFINISHED)


def look(path: Path) -> Seen:
    """Return size and time of a regular file without opening it; raises BadInput for anything else."""
    reason = refused_name(path.name)
    if reason:
        raise BadInput(f"The file {_quoted(path)} is not read: {reason}. Rename it.")
    try:
        return _seen(path, path.lstat())
    except OSError as error:
        raise BadInput(f"The file {_quoted(path)} cannot be read: {error.strerror}.") from error


def settled(before: Seen | None, after: Seen) -> bool:
    """Return whether two looks, some time apart, show a file that nobody is writing to."""
    return before == after


def inside(folder: Path, path: Path) -> bool:
    """Return whether a path stays in the folder once `..` and linked folders are followed."""
    return (path.parent.resolve() / path.name).is_relative_to(folder.resolve())


@contextmanager
def open_file(path: Path, max_bytes: int) -> Iterator[BinaryIO]:
    """Open a regular file for reading, never a link, pipe, device or folder; raises BadInput.

    Also raises BadInput at the end when the file was changed meanwhile: its rows must be read again.
    """
    before = look(path)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise BadInput(f"The file {_quoted(path)} cannot be opened: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as file:
        opened = _seen(path, os.fstat(descriptor))  # what was opened counts, whatever the look before said
        if opened.inode != before.inode:
            raise BadInput(f"The file {_quoted(path)} was replaced while it was opened. It is read next time.")
        if opened.size > max_bytes:
            raise BadInput(
                f"The file {_quoted(path)} has {opened.size / 1e6:,.1f} MB, more than the {max_bytes / 1e6:,.0f} MB "
                "allowed. Split it, or raise max_mb."
            )
        yield file
        if _seen(path, os.fstat(descriptor)) != opened:
            raise BadInput(f"The file {_quoted(path)} changed while it was read. It is read again next time.")


def _seen(path: Path, status: os.stat_result) -> Seen:
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"{_quoted(path)} is {_what(status.st_mode)}; only regular files are read.")
    return Seen(status.st_size, status.st_mtime_ns, status.st_ino)


def _what(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"


def _quoted(path: Path) -> str:
    return repr(path.name[:200])
