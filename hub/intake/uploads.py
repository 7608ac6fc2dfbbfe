"""The files a browser may have read in: those it uploaded, which are ours for a while, and those of the inbox."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from hub.errors import BadInput
from hub.files.opening import look, refused_name, unfinished_name

FOLDER = "data/uploads"
INBOX = "inbox"
LONGEST_NAME = 120  # bytes
MOST_LISTED = 200
MOST_WALKED = 5_000


@dataclass(frozen=True, slots=True)
class Uploads:
    """The places in a workspace that files are read from; nothing outside of them is ever touched."""

    workspace: Path

    def new(self, id_: str, name: str) -> Path:
        """Make the place of an upload, which nobody else can read, and return its path."""
        root = self.workspace / FOLDER
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = root / id_
        folder.mkdir(mode=0o700)
        return folder / safe_name(name)

    def remove(self, id_: str) -> None:
        """Take an upload away; one that is gone is gone."""
        if id_.startswith("upl_") and id_.replace("_", "").isalnum():
            shutil.rmtree(self.workspace / FOLDER / id_, ignore_errors=True)

    def old(self, before: datetime) -> list[str]:
        """Return the ids of the uploads that lie here and that nobody touched since then."""
        root = self.workspace / FOLDER
        found = root.iterdir() if root.is_dir() else ()
        return sorted(path.name for path in found if path.lstat().st_mtime < before.timestamp())

    def relative(self, path: Path) -> str:
        """Return a path as it is kept."""
        return str(path.relative_to(self.workspace))

    def size(self, path: Path) -> int:
        """Return how many bytes a file has."""
        return path.lstat().st_size

    def inbox(self) -> list[dict[str, Any]]:
        """Return the files of the inbox, the newest first, of a bounded walk."""
        found = [(path.lstat().st_mtime, path) for path in self._walk(self.workspace / INBOX)]
        listed = sorted(found, reverse=True)[:MOST_LISTED]
        return [
            {
                "path": str(path.relative_to(self.workspace / INBOX)), "size": path.lstat().st_size,
                "changed_at": datetime.fromtimestamp(at, UTC),
            }
            for at, path in listed
        ]  # fmt: skip

    def _walk(self, root: Path) -> Iterator[Path]:
        seen = 0
        for folder, folders, names in os.walk(root):  # follows no links
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                seen += 1
                if seen > MOST_WALKED:
                    return
                path = Path(folder) / name
                if (
                    not unfinished_name(name)
                    and refused_name(name) is None
                    and path.is_file()
                    and not path.is_symlink()
                ):
                    yield path

    def of_inbox(self, text: str) -> Path:
        """Return the file of that path in the inbox; raises BadInput for any other place of the machine."""
        root = (self.workspace / INBOX).resolve()
        try:
            path = (root / text).resolve()
            inside = path.is_relative_to(root) and path != root and (root / text).absolute() == path
        except (OSError, ValueError):
            inside = False
        if not inside or "\0" in text:
            raise BadInput(f"{text[:200]!r} is no file of the inbox. Choose one of the list.", status=422)
        look(path)
        return path

    def at(self, kept: str) -> Path:
        """Return where a kept path lies."""
        return self.workspace / kept


def opened(path: Path) -> BinaryIO:
    """Open a new file that only its owner may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600), "wb")


def safe_name(name: str) -> str:
    """Return a name for an uploaded file that is a plain name in one folder, whatever the sender called it."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in last).strip(" .~")
    stem, dot, suffix = plain.rpartition(".")
    stem, suffix = (stem, f".{suffix[:12]}") if dot and stem else (plain, "")
    while len((stem + suffix).encode("utf-8", "replace")) > LONGEST_NAME:
        stem = stem[:-1]
    found = (stem + suffix).encode("utf-8", "replace").decode()
    return found if stem and refused_name(found) is None else f"file{suffix if suffix.isascii() else ''}"
