"""Makes rows under named columns out of the cells of a sheet that was read whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.errors import BadInput
from hub.files import header
from hub.files.row import Row, Table


def cell_table(cells: Sequence[Sequence[str]], header_row: int | None = None) -> Table:
    """Return the table of a sheet's cells, its rows by their number in the sheet and with their filled cells only.

    `header_row` is the row that names the columns, from 1; None: it is found. A sheet with nothing in it is a table
    without columns. Raises BadInput when there is no such row, or it holds a lead.
    """
    found = header.find(cells[: header.SEARCHED], header_row) if any(map(any, cells)) else None
    if found is None:
        return Table("sheet", iter(()))
    if found >= len(cells):
        raise BadInput(f"The sheet has {len(cells)} rows, but header_row is {found + 1}. Correct the setting.")
    columns = header.name_columns(cells[found])
    if not columns:
        raise BadInput(f"Row {found + 1}, which should name the columns, is blank. Correct the setting header_row.")
    return Table("sheet", _rows(cells, found, columns), columns)


def _rows(cells: Sequence[Sequence[str]], head: int, columns: Sequence[str]) -> Iterator[Row]:
    for number, row in enumerate(cells[head + 1 :], head + 2):
        named = {_name(columns, place): cell for place, cell in enumerate(row) if cell.strip()}
        if named and header.name_columns(row) != columns:  # a header may stand there once more
            yield Row(number, named)


def _name(columns: Sequence[str], place: int) -> str:
    return columns[place] if place < len(columns) else f"column {place + 1}"
