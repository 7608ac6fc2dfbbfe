"""Writes rows as files in the encodings and formats that lists arrive in; equal rows give equal bytes."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl import Workbook  # type: ignore[import-untyped, unused-ignore]

Cell = str | float | int | None

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_BREAK = re.compile(r"\r\n|\r|\n")
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def csv_bytes(rows: Iterable[Sequence[Cell]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """Return rows as CSV (RFC 4180) in an encoding; `utf-16` and `utf-8-sig` start with their byte order mark."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    if encoding == "utf-16":  # as Excel saves "Unicode Text": little-endian, whatever machine this is
        return b"\xff\xfe" + text.getvalue().encode("utf-16-le")
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: Iterable[Sequence[Cell]], sheet: str, created: datetime) -> bytes:
    """Return rows as a workbook of one sheet; texts stay texts, also those that look like formulas."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = page.cell(number, column, value)
            if isinstance(value, str):
                cell.data_type = "s"
    buffer = io.BytesIO()
    book.save(buffer)
    return _repacked(buffer.getvalue(), created)


def _repacked(workbook: bytes, created: datetime) -> bytes:
    """Return the workbook without the times of its making, stored, as compressors differ between machines."""
    stamp = created.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + stamp, content)
            target.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content)
    return out.getvalue()


def line_numbers(rows: Iterable[Sequence[Cell]], *, header: bool, one_line: bool) -> list[int]:
    """Return the line each row starts on, counted from 1; line breaks inside cells count unless `one_line`."""
    numbers: list[int] = []
    line = 2 if header else 1
    for row in rows:
        numbers.append(line)
        breaks = 0 if one_line else sum(len(_BREAK.findall(str(cell))) for cell in row)
        line += 1 + breaks
    return numbers
