"""Makes files for tests: workbooks, and damaged ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import openpyxl

from hub.errors import BadInput
from hub.files import Row


@dataclass(frozen=True)
class Whole:
    """A table with all of its rows."""

    kind: str
    columns: tuple[str, ...]
    preamble: tuple[str, ...]
    note: str
    rows: list[Row]

    @property
    def data(self) -> list[Mapping[str, Any]]:
        return [row.data for row in self.rows]

    @property
    def codes(self) -> list[list[str]]:
        """The codes of every row's problems."""
        return [[problem.code for problem in row.problems] for row in self.rows]


Reader = Callable[..., Whole]


def outcome(read: Reader, content: bytes) -> str:
    """Return the reason why a file is refused, or that it was read; anything else that happens is a failure."""
    try:
        return f"It has {len(read(content).rows)} rows."
    except BadInput as error:
        return error.reason


def workbook(*rows: list[Any], sheet: str = "Leads") -> openpyxl.Workbook:
    """Return a workbook with these rows."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    return book


def saved(book: openpyxl.Workbook) -> bytes:
    """Return the bytes of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """Return a workbook with one part put in the place of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in dict.fromkeys([*old.namelist(), name]):
            new.writestr(one, part if one == name else old.read(one))
    return out.getvalue()
