"""Keeps what must outlive the database: the key of the marks, and the list of who was erased."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from hub import keyfile
from hub.pipeline.erased import mark_of

log = logging.getLogger("leadhub")

KEY_FILE = Path("data") / "privacy.key"
LEDGER = Path("data") / "erased.jsonl"

_ERASURE = {"erasure", "at", "marks", "key"}


class Keeper:
    """The workspace's key file and its ledger of erasures; both are for their owner's eyes only."""

    def __init__(self, folder: Path, key: str | None = None) -> None:
        self.folder = folder
        self._given = key
        self._secret: bytes | None = None

    def secret(self) -> bytes:
        """Return the key, made when there is none; raises ConfigError for one that cannot be read."""
        if self._secret is None:
            text = self._given if self._given is not None else self._read()
            where = f"LEADHUB_PRIVACY_KEY, or {self.folder / KEY_FILE}"
            self._secret = keyfile.long_enough(text, "the privacy key", where)
        return self._secret

    def key_id(self) -> str:
        """Return the name of the key, which does not tell it."""
        return mark_of("leadhub privacy key", self.secret())[:12]

    def there(self) -> bool:
        """Return whether there is a key already."""
        return self._given is not None or (self.folder / KEY_FILE).exists()

    def _read(self) -> str:
        path = self.folder / KEY_FILE
        if not path.exists():
            keyfile.make(path)
        return keyfile.read(path, "The privacy key")

    def note(self, line: Mapping[str, Any]) -> None:
        """Append a line to the ledger; it is on the disk when this returns."""
        path = self.folder / LEDGER
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, orjson.dumps(line) + b"\n")
            os.fsync(file)
        finally:
            os.close(file)

    def erased(self) -> dict[str, tuple[datetime, dict[str, str]]]:
        """Return what the ledger holds: by erasure its time, and its marks with the key that made them."""
        found: dict[str, tuple[datetime, dict[str, str]]] = {}
        for line in self._lines():
            if "lifted" in line:
                for _, marks in found.values():
                    for mark in line["marks"]:
                        marks.pop(str(mark), None)
            else:
                marks = dict.fromkeys(line["marks"], str(line["key"]))
                found[str(line["erasure"])] = (datetime.fromisoformat(line["at"]), marks)
        return found

    def _lines(self) -> Iterable[dict[str, Any]]:
        path = self.folder / LEDGER
        for text in path.read_bytes().splitlines() if path.is_file() else ():
            try:
                line = orjson.loads(text)
            except ValueError:  # half written, as when the power failed: the database has it
                continue
            if isinstance(line, dict) and ({"lifted", "marks"} <= line.keys() or line.keys() >= _ERASURE):
                yield line
