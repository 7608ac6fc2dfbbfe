"""Reads the cells of an XLSX workbook as text; also run as a child process that may be killed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from hub.errors import BadInput

MAX_ROWS = 1_000_000
MAX_MEMORY = 2 << 30  # bytes of address space of the child
MAX_CPU = 120  # seconds of the child

BATCH_ROWS = 500
BATCH_CHARACTERS = 1 << 18
MAX_ROW_CHARACTERS = 1 << 20
EXACT = 10**15  # spreadsheet programs keep 15 digits

SheetRow = tuple[int, list[str], list[int]]
"""Row number from 1, cells as text, positions of numbers that lost digits."""


class Workbook:
    """One sheet of a workbook, opened; raises BadInput with a reason a person understands."""

    def __init__(self, file: BinaryIO, sheet: str | int | None) -> None:
        file.seek(0)
        try:
            book = CalamineWorkbook.from_filelike(file)
            self.name, self.others = _choose(book, sheet)
            self._sheet = book.get_sheet_by_name(self.name)
        except PasswordError:
            raise BadInput("The workbook has a password. Save it without one.") from None
        except (CalamineError, OSError, ValueError) as error:
            raise BadInput(f"The workbook is damaged: {str(error)[:200]}. Save it again.") from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # how the parser, written in Rust, gives up
                raise
            raise BadInput("The workbook is damaged in a way that cannot be read. Save it again.") from error
        if self._sheet.total_height > MAX_ROWS:
            raise BadInput(f"The sheet has {self._sheet.total_height:,} rows; at most {MAX_ROWS:,} are read. Split it.")

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows that have cells; a row longer than 1 MiB characters comes with its cells cut."""
        for number, values in enumerate(self._sheet.iter_rows(), 1):
            cells = [value if type(value) is str else cell_text(value) for value in values]
            if not any(cells):
                continue
            lost = [i for i, value in enumerate(values) if type(value) is float and abs(value) >= EXACT]
            if sum(map(len, cells)) > MAX_ROW_CHARACTERS:
                cells = [cell[: MAX_ROW_CHARACTERS // len(cells)] for cell in cells]
            yield number, cells, lost


def _choose(book: CalamineWorkbook, sheet: str | int | None) -> tuple[str, list[str]]:
    """Return the sheet's name and those of the other visible ones; hidden ones are read only when named."""
    sheets = [data for data in book.sheets_metadata if data.typ == SheetTypeEnum.WorkSheet]
    names = [data.name for data in sheets]
    visible = [data.name for data in sheets if data.visible == SheetVisibleEnum.Visible] or names
    if not names:
        raise BadInput("The workbook has no sheet with cells.")
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        chosen = names[sheet - 1]
    elif sheet is None:
        chosen = next((name for name in visible if book.get_sheet_by_name(name).start is not None), visible[0])
    elif sheet in names:
        chosen = str(sheet)
    else:
        raise BadInput(f"The workbook has no sheet {sheet!r}; it has {', '.join(map(repr, names[:20]))}.")
    return chosen, [name for name in visible if name != chosen]


def cell_text(value: Any) -> str:
    """Return a cell's value as text: whole numbers as digits, dates as ISO 8601, yes and no as TRUE and FALSE."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else _digits(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return "" if value is None else str(value)


def _digits(value: float) -> str:
    text = format(value, ".15g")
    return format(Decimal(text), "f") if "e" in text else text


def main() -> None:
    """Read the workbook on standard input and write it to standard output as JSON, a batch of rows a line."""
    _limit_this_process()
    sheet = json.loads(sys.argv[1])
    try:
        book = Workbook(sys.stdin.buffer, sheet)
        _say({"sheet": book.name, "others": book.others})
        for batch in _batches(book.rows()):
            _say({"rows": batch})
        _say({"end": True})
    except BadInput as error:
        _say({"refused": error.reason})
    except MemoryError:
        _say({"refused": f"The workbook needs more than {MAX_MEMORY >> 30} GB of memory. Split it."})


def _batches(rows: Iterator[SheetRow]) -> Iterator[list[SheetRow]]:
    batch: list[SheetRow] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(map(len, row[1]))
        if len(batch) >= BATCH_ROWS or size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _say(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    sys.stdout.buffer.flush()


def _limit_this_process() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's wall limit holds there too
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU, MAX_CPU))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
