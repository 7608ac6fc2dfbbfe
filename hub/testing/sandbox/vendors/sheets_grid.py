"""The cells of one sheet, and ranges in A1 notation."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Self

_A1 = re.compile(r"([A-Za-z]{0,3})(\d*)(?::([A-Za-z]{0,3})(\d*))?")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


class BadRange(Exception):
    """The text is no range in A1 notation."""


class Range(NamedTuple):
    """Rows and columns from 0; an end of None is open, ends are exclusive."""

    row: int = 0
    column: int = 0
    end_row: int | None = None
    end_column: int | None = None

    @classmethod
    def parse(cls, text: str, first_sheet: str) -> tuple[str, Self]:
        """Return sheet name and range of `Leads!A1:D9`, `'My Leads'!A:C`, `A1` or `Leads`; raises BadRange."""
        sheet, mark, cells = text.rpartition("!")
        if not mark:
            sheet, cells = (first_sheet, text) if _A1.fullmatch(text) and re.search(r"\d|:", text) else (text, "")
        if sheet.startswith("'") and sheet.endswith("'") and len(sheet) > 1:
            sheet = sheet[1:-1].replace("''", "'")
        match = _A1.fullmatch(cells)
        if not match or not sheet:
            raise BadRange(text)
        left, top, right, bottom = match.groups()
        column, row = _column(left) if left else 0, int(top) - 1 if top else 0
        if not cells:
            return sheet, cls()
        if right is None and bottom is None:  # one cell
            return sheet, cls(row, column, row + 1, column + 1)
        return sheet, cls(row, column, int(bottom) if bottom else None, _column(right) + 1 if right else None)

    def sized(self, height: int, width: int) -> Range:
        """Return a range of this size with the same corner."""
        return Range(self.row, self.column, self.row + max(height, 1), self.column + max(width, 1))

    def text(self, sheet: str) -> str:
        """Return A1 notation with the sheet's name, quoted where it must be."""
        name = sheet if re.fullmatch(r"[A-Za-z_]\w*", sheet, re.ASCII) else "'" + sheet.replace("'", "''") + "'"
        start = f"{_letters(self.column)}{self.row + 1}"
        right = "Z" if self.end_column is None else _letters(self.end_column - 1)
        end = f"{right}{1000 if self.end_row is None else self.end_row}"
        return f"{name}!{start}" if start == end else f"{name}!{start}:{end}"


class Grid:
    """Rows of cells, as long as they are filled."""

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []

    def read(self, where: Range) -> list[list[Any]]:
        """Return the cells of a range without the empty ones at its ends."""
        rows = [_trimmed(row[where.column : where.end_column]) for row in self.rows[where.row : where.end_row]]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def write(self, where: Range, rows: list[list[Any]]) -> None:
        """Overwrite cells from the range's corner on; None leaves a cell as it is."""
        for number, values in enumerate(rows, where.row):
            while len(self.rows) <= number:
                self.rows.append([])
            row = self.rows[number]
            row.extend([""] * (where.column + len(values) - len(row)))
            for column, value in enumerate(values, where.column):
                if value is not None:
                    row[column] = value

    def append(self, where: Range, rows: list[list[Any]], insert: bool) -> tuple[Range | None, Range]:
        """Add rows below the table the range touches; return that table, None without one, and where they went.

        A table is the block of filled rows without an empty one between them.
        """
        start = min(where.row, len(self.rows))
        if start and not self._filled(start):
            start -= 1  # a range just below a table touches it
        while start and self._filled(start) and self._filled(start - 1):
            start -= 1
        end = start
        while self._filled(end):
            end += 1
        table = Range(start, 0, end, max(map(len, self.rows[start:end]))) if end > start else None
        at = Range(end if table else where.row, 0 if table else where.column)
        if insert and table:
            self.rows[at.row : at.row] = [[] for _ in rows]
        self.write(at, [["" if cell is None else cell for cell in row] for row in rows])
        return table, at

    def _filled(self, number: int) -> bool:
        return number < len(self.rows) and bool(_trimmed(self.rows[number]))


def entered(cell: Any) -> Any:
    """Return what a cell shows when a text is typed into it: formulas run, `+49…` becomes a number."""
    if not isinstance(cell, str):
        return cell
    if cell.startswith("'"):
        return cell[1:]
    if _NUMBER.fullmatch(cell):
        return float(cell) if re.search(r"[.eE]", cell) else int(cell)
    return "#ERROR!" if cell[:1] in ("=", "+", "@") else cell


def _trimmed(row: list[Any]) -> list[Any]:
    end = len(row)
    while end and row[end - 1] in ("", None):
        end -= 1
    return row[:end]


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _letters(column: int) -> str:
    letters, column = "", column + 1
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(65 + digit) + letters
    return letters
