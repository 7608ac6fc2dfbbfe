"""Finds the row that names the columns, and makes the names unique."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.errors import BadInput
from hub.files.row import MAX_COLUMNS

SEARCHED = 60  # rows at the start in which a header is looked for

_MAX_NAME = 200
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d\s().-]{7,20}")
_SPACES = re.compile(r"[\s\ufeff\u200b\u200e\u200f\xa0]+")


def find(rows: Sequence[Sequence[str]], header_row: int | None) -> int | None:
    """Return the index of the header among the first rows, skipping titles above it; None when there is none.

    `header_row` is what a person set: a row from 1, 0 for none. Raises BadInput when the row that should
    be the header holds a lead, which would otherwise be lost.
    """
    if header_row is not None:
        return None if header_row == 0 else header_row - 1
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = max(sorted(set(filled)), key=lambda width: width * sum(_fills(count, width) for count in filled), default=1)
    full = [i for i, count in enumerate(filled) if count and _fills(count, usual)]
    data = {i: cell for i, row in enumerate(rows) for cell in row if _is_data(cell.strip())}
    found = next((i for i in full if i not in data), None)
    lead = next((i for i in full if i in data), len(rows))
    if lead < (len(rows) if found is None else found):
        kind = "an e-mail address" if "@" in data[lead] else "a phone number"
        raise BadInput(
            f"No header was found: row {lead + 1} holds {kind}. Name the columns in a row above the leads, "
            "set header_row to the row that does, or set header_row to 0 when none does."
        )
    return found if found is not None else next((i for i, count in enumerate(filled) if count), 0)


def _fills(count: int, width: int) -> bool:
    """Return whether a row with so many filled cells may be one of a table so wide."""
    return count * 10 >= width * 6


def name_columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns: trimmed, repeated ones numbered, blank ones called `column 3`."""
    used = len(cells)
    while used and not cells[used - 1].strip():
        used -= 1
    if used > MAX_COLUMNS:
        raise BadInput(f"The header has {used:,} columns; at most {MAX_COLUMNS:,} are read. Check the delimiter.")
    names: dict[str, None] = {}
    for position, cell in enumerate(cells[:used], 1):
        plain = _SPACES.sub(" ", cell).strip()[:_MAX_NAME] or f"column {position}"
        name, count = plain, 1
        while name in names:
            count += 1
            name = f"{plain} ({count})"
        names[name] = None
    return tuple(names)


def unnamed(width: int) -> tuple[str, ...]:
    """Return the names of the columns of a file without a header."""
    return tuple(f"column {position}" for position in range(1, width + 1))


def _is_data(cell: str) -> bool:
    if _EMAIL.fullmatch(cell):
        return True
    return bool(_PHONE.fullmatch(cell)) and sum(c.isdigit() for c in cell) >= 7
