"""Makes rows under named columns out of the records of a text or a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from hub.errors import BadInput
from hub.files import header
from hub.files.damage import repaired
from hub.files.records import Broken, Record
from hub.files.row import MAX_COLUMNS, Layout, Row, unreadable
from hub.lead import Problem


@dataclass(frozen=True, slots=True)
class Head:
    """The start of a table: its columns, what stands above them, and the records read so far below them."""

    columns: tuple[str, ...]
    preamble: tuple[str, ...]
    below: tuple[Record | Broken, ...]
    named: bool  # whether a header names the columns
    row: int = 0  # where the header stands, from 1; 0: there is none


def head(stream: Iterator[Record | Broken], layout: Layout) -> Head:
    """Read the first records, find the header among them and return the start of the table; raises BadInput."""
    first = list(islice(stream, max(header.SEARCHED, layout.header_row or 0)))
    if not any(isinstance(record, Broken) or any(record.cells) for record in first):
        raise BadInput("The file is empty: it has only blank rows. Export it again.")
    found = header.find([_cells(record) for record in first], layout.header_row)
    if found is None:
        width = min(max(len(_cells(record)) for record in first), MAX_COLUMNS)
        return Head(header.unnamed(width), (), tuple(first), named=False)
    if found >= len(first):
        raise BadInput(f"The file has {len(first)} rows, but header_row is {found + 1}. Correct the setting.")
    names = first[found]
    if isinstance(names, Broken):
        raise BadInput(f"The header in line {names.number} {names.reason}: {names.text[:200]!r}. Correct the file.")
    above = (" ".join(filter(None, map(str.strip, _cells(record)))) for record in first[:found])
    columns = header.name_columns(repaired(names.cells, ())[0])
    return Head(columns, tuple(filter(None, above)), tuple(first[found + 1 :]), named=True, row=names.number)


def _cells(record: Record | Broken) -> list[str]:
    return record.cells if isinstance(record, Record) else []


class Rows:
    """Turns records into rows; `word` is what a record is called in messages, `Line` or `Row`."""

    def __init__(self, head: Head, word: str) -> None:
        self._head, self._columns, self._word = head, head.columns, word
        self._blank = {name for position, name in enumerate(head.columns, 1) if name == f"column {position}"}

    def read(self, rest: Iterable[Record | Broken]) -> Iterator[Row]:
        """Yield the rows of the records below the header; blank rows and repeated headers are left out."""
        empty = True
        for record in chain(self._head.below, rest):
            row = self._broken(record) if isinstance(record, Broken) else self._row(record)
            if row is not None:
                empty = False
                yield row
        if empty:
            raise BadInput("The file has a header and no rows below it. Nothing was read.")

    def _row(self, record: Record) -> Row | None:
        cells: Sequence[str] = record.cells
        if not any(cells) or not any(cell.strip() for cell in cells) or self._is_header(cells):
            return None
        problems: list[Problem] = []
        if record.suspicious:
            cells, problems = repaired(cells, self._columns)
        problems += map(self._imprecise, record.imprecise)
        if len(cells) == len(self._columns) and not self._blank:
            return Row(record.number, dict(zip(self._columns, cells, strict=True)), tuple(problems))
        return Row(record.number, self._padded(cells), tuple(problems + self._ragged(record.number, cells)))

    def _padded(self, cells: Sequence[str]) -> dict[str, str]:
        """Keep cells past the last name under `column 7`; leave out unnamed cells that are empty."""
        width = len(self._columns)
        named = zip(self._columns, chain(cells, [""] * (width - len(cells))), strict=False)
        data = {name: cell for name, cell in named if cell or name not in self._blank}
        beyond = enumerate(cells[width : width + MAX_COLUMNS], width + 1)
        data.update((f"column {position}", cell) for position, cell in beyond if cell.strip())
        return data

    def _ragged(self, number: int, cells: Sequence[str]) -> list[Problem]:
        width = len(self._columns)
        if len(cells) == width or (len(cells) > width and not any(cell.strip() for cell in cells[width:])):
            return []
        message = f"{self._word} {number} has {len(cells)} cells under {width} columns; some may be under wrong names."
        return [Problem(field="row", code="ragged_row", message=message)]

    def _imprecise(self, position: int) -> Problem:
        name = self._columns[position] if position < len(self._columns) else f"column {position + 1}"
        message = (
            "A spreadsheet program kept only 15 digits of this number. Format the column as text and export again."
        )
        return Problem(field=name, code="precision_lost", message=message)

    def _is_header(self, cells: Sequence[str]) -> bool:
        """Tell a header that comes again, as in exports pasted together."""
        same = self._head.named and self._columns and cells[0].strip() == self._columns[0]
        return bool(same) and header.name_columns(cells) == self._columns

    def _broken(self, record: Broken) -> Row:
        span = f"line {record.number}" if record.last <= record.number else f"lines {record.number} to {record.last}"
        message = f"The row in line {record.number} {record.reason}; {span} could not be read. Correct the file there."
        return unreadable(record.number, record.code, message, record.text)
