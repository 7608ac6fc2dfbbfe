"""Reads the files of the pages' words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po


def entries(files: Iterable[Path]) -> list[tuple[str, Message]]:
    """Return every entry with the name of its file."""
    found = []
    for path in files:
        with path.open("rb") as file:
            found += [(path.name, entry) for entry in read_po(file) if entry.id]
    return found
