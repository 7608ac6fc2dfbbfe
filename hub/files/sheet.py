"""Reads XLSX workbooks as a stream of rows, a large or odd one in a child process that cannot hurt this one.

A workbook is parsed as a whole before its first row comes out, and a hostile one of a few kilobytes can ask for
any amount of memory. So it is unpacked once without keeping anything (`zipscan`). What is small by that count, in
bytes and in the area its cells span, is parsed here. Anything else is parsed by a child under limits of memory and
processor time, started with `subprocess` because that shares nothing with this process, on any system, whatever
threads run here. The child gets the opened file, not its name, and hands rows back as lines of JSON.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from hub.errors import BadInput
from hub.files import tabular
from hub.files.damage import SUSPICIOUS
from hub.files.records import Record
from hub.files.row import Layout, Table
from hub.files.workbook import SheetRow, Workbook
from hub.files.zipscan import scan

WALL_LIMIT = 30.0
_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT")  # of the environment; the rest may hold secrets
_MAX_LINE = 1 << 24
_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def opened(file: BinaryIO, layout: Layout, wall: float = WALL_LIMIT) -> Iterator[Table]:
    """Yield the table of a workbook's sheet; raises BadInput for what is no workbook, or a dangerous one.

    `wall` is how many seconds a child may take for its next rows.
    """
    if scan(file).small:
        book = Workbook(file, layout.sheet)
        yield _table(book.name, book.others, book.rows(), layout)
        return
    child = _Child(file, layout.sheet, wall)
    try:
        said = child.hear()
        yield _table(str(said["sheet"]), list(said["others"]), child.rows(), layout)
    finally:
        child.stop()


def _table(name: str, others: list[str], rows: Iterator[SheetRow], layout: Layout) -> Table:
    stream = _records(rows)
    head = tabular.head(stream, layout)
    unread = f"; not read: {', '.join(map(repr, others[:20]))}" if others else ""
    return Table(
        kind="XLSX",
        columns=head.columns,
        preamble=head.preamble,
        note=f"sheet {name!r}{unread}",
        rows=tabular.Rows(head, "Row").read(stream),
        facts={"sheet": name, "others": others, "header_row": head.row},
    )


def _records(rows: Iterator[SheetRow]) -> Iterator[Record]:
    last = 0
    for number, cells, lost in rows:
        if number - last <= 60:  # blank rows count for header_row, where they can stand above the header
            yield from (Record(blank, []) for blank in range(last + 1, number))
        last = number
        yield Record(number, cells, SUSPICIOUS.search("\t".join(cells)) is not None, tuple(lost))


class _Child:
    """The process that parses, heard line by line; it is killed when it says nothing for too long."""

    def __init__(self, file: BinaryIO, sheet: str | int | None, wall: float) -> None:
        self._wall = wall
        file.seek(0)
        self._process = subprocess.Popen(  # noqa: S603 - the arguments are our own
            [sys.executable, "-m", "hub.files.workbook", orjson.dumps(sheet).decode()],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )

    def hear(self) -> dict[str, Any]:
        """Return what the child says next; raises BadInput when it refuses, dies or is too slow."""
        timer = threading.Timer(self._wall, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline(_MAX_LINE) if self._process.stdout else b""
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            raise BadInput("The workbook takes too much memory or time to read. Split it, or save it as CSV (UTF-8).")
        said: dict[str, Any] = orjson.loads(line)
        if "refused" in said:
            raise BadInput(str(said["refused"]))
        return said

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows in order."""
        while "rows" in (said := self.hear()):
            yield from said["rows"]

    def stop(self) -> None:
        """End the child, whatever it does."""
        self._process.kill()
        self._process.communicate()
