"""A CSV file that rows are added to and that survives a crash: synced rows, a torn one cut off, no row twice."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from hub.errors import Misconfigured
from hub.families.disk import open_private, replace_file, sync_folder

_BOM = b"\xef\xbb\xbf"
_MOST_TORN = 1 << 20  # bytes; one row of ours has fewer


class CsvLog:
    """A file of quoted values (RFC 4180) in an encoding that ASCII is part of; not for two threads at once."""

    def __init__(
        self, path: Path, columns: Sequence[str], keys: Sequence[str], *, delimiter: str, encoding: str
    ) -> None:
        self.path, self.columns, self.keys = path, tuple(columns), tuple(keys)
        self.delimiter, self.encoding = delimiter, encoding
        self._torn_row = re.compile(rb'(?:"(?:[^"]|"")*+"%b)*+(?:"(?:[^"]|"")*+"?)?\r?' % re.escape(delimiter.encode()))
        self._header: list[str] = []  # the columns the file has, in its order
        self._seen: set[tuple[str, ...]] = set()
        self._state: tuple[int, int, int] | None = None

    def add(self, rows: Sequence[Mapping[str, str]]) -> int:
        """Append the rows whose key the file does not have; they are on the disk when this returns their number.

        Raises OSError, and Misconfigured for a file that cannot be appended to.
        """
        created = not self.path.exists()
        try:
            with open(self.path, "ab", buffering=0, opener=open_private) as file:
                if self._state is None or self._state != _state(file):
                    self._read()
                fresh = {key: row for row in rows if (key := self._key(row)) not in self._seen}
                if fresh:
                    self._append(file, self._encoded(list(fresh.values()), new=_state(file)[1] == 0))
                self._seen.update(fresh)
                self._state = _state(file)
        except BaseException:
            self._state = None
            raise
        if created:
            sync_folder(self.path.parent)
        return len(fresh)

    def drop(self, column: str, value: str) -> int:
        """Take the rows with this value in a column out, and return how many they were; the others stay byte for byte.

        Raises OSError, and Misconfigured for a file that is not ours.
        """
        kept: list[bytes] = []
        dropped = 0
        place: int | None = None
        with self.path.open("rb") as file:
            for record, _ in _records(file):
                row = self._parsed(record)
                if place is None and row:
                    place = row.index(column) if column in row else -1
                gone = place is not None and 0 <= place < len(row) and row[place] == value
                dropped += gone
                kept += [] if gone else [record]
        if place == -1:
            raise Misconfigured(f"{self.path} has no column {column!r}, so no row can be told apart.")
        if dropped:
            replace_file(self.path, lambda new: new.writelines(kept))
            self._state = None
        return dropped

    def _key(self, row: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(row.get(name, "") for name in self.keys)

    def _read(self) -> None:
        """Read header and keys, and cut off a row that a crash tore."""
        self._header, self._seen, end = [], set(), 0
        with self.path.open("rb") as file:
            for record, whole in _records(file):
                row = self._parsed(record)
                if _is_hole(record, end) or (not whole and self._is_torn(record, row, end)):
                    self._cut(end, record + file.read())
                    break
                end += len(record)
                self._note(row)
                if not whole:
                    with self.path.open("ab", buffering=0) as tail:
                        tail.write(b"\r\n")

    def _note(self, row: list[str]) -> None:
        if self._header:
            self._seen.add(self._key(dict(zip(self._header, row, strict=False))))
        elif row:
            self._header = row
            missing = [name for name in self.columns if name not in row]
            if missing:
                raise Misconfigured(
                    f"{self.path} has no column {missing[0]!r}. Start a new file, add the column to the file's first "
                    "line, or take it out of the settings."
                )

    def _is_torn(self, record: bytes, row: list[str], at: int) -> bool:
        """Return whether the last record is a torn one of ours; ours start with a quote and end with a line break."""
        start = record.removeprefix(_BOM) if at == 0 else record
        if at == 0 and _BOM.startswith(start):
            return True
        if not start.startswith(b'"') and record.count(b'"') % 2 == 0:
            return bool(self._header) and len(row) != len(self._header)
        if len(record) > _MOST_TORN or not self._torn_row.fullmatch(start):
            raise Misconfigured(f"{self.path} has a quote left open after byte {at}. Close it, or move the file away.")
        return True

    def _cut(self, end: int, torn: bytes) -> None:
        """Cut off what was torn, and keep it beside the file in case somebody else wrote it."""
        with open(f"{self.path}.torn", "ab", opener=open_private) as beside:
            beside.write(torn + b"\r\n")
            beside.flush()
            os.fsync(beside.fileno())
        os.truncate(self.path, end)

    def _append(self, file: io.FileIO, data: bytes) -> None:
        before = _state(file)[1]
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.truncate(self.path, before)
            raise

    def _encoded(self, rows: list[Mapping[str, str]], new: bool) -> bytes:
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        if not self._header:
            self._header = list(self.columns)
            writer.writerow(self._header)
        writer.writerows([row.get(name, "") for name in self._header] for row in rows)
        codec = self.encoding.removesuffix("-sig")
        return (_BOM if new and codec != self.encoding else b"") + out.getvalue().encode(codec, "replace")

    def _parsed(self, record: bytes) -> list[str]:
        said = record.removeprefix(_BOM).decode(self.encoding.removesuffix("-sig"), "replace")
        try:
            return next(csv.reader(io.StringIO(said, newline=""), delimiter=self.delimiter), [])
        except csv.Error:  # a field somebody made longer than the reader takes: not a row of ours
            return []


def _is_hole(record: bytes, at: int) -> bool:
    """Return whether a power cut left zeros in a record: what was synced has none, and all after it was not synced."""
    return (b"\0" if at else b"\0\0") in record  # a whole file of UTF-16 is somebody else's


def _records(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Yield records as bytes: lines joined until their quotes are even; False beside one that does not end."""
    parts: list[bytes] = []
    quotes = 0
    for part in file:
        parts.append(part)
        quotes += part.count(b'"')
        if quotes % 2 == 0 and part.endswith(b"\n"):
            yield b"".join(parts), True
            parts, quotes = [], 0
    if parts:
        yield b"".join(parts), False


def _state(file: io.FileIO) -> tuple[int, int, int]:
    """Return what changes when anybody writes to the file: its inode, size and time."""
    stat = os.fstat(file.fileno())
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
