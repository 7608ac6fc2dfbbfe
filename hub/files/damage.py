"""Sees what programs and transport did to a cell: shortened numbers, guards, lost bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.files.text import DAMAGED
from hub.lead import Problem

SUSPICIOUS = re.compile('[\ufffd\0]|\\d[eE]\\+\\d|="|(?:^|[,;|\t"])\'[0-9+=@-]')
"""What a line must have in it for any of its cells to need a closer look."""

_SHORTENED = re.compile(r"\s*-?\d(?:[.,]\d+)?[eE]\+\d{1,3}\s*")
_GUARDED = re.compile(r'="(.*)"', re.DOTALL)


def repaired(cells: Sequence[str], columns: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """Return the cells without the guards of spreadsheet programs and without NULs, and what is damaged.

    `="0012"` and `'0012` are how text is kept from being read as a number; both give `0012`.
    """
    plain = [_unguarded(cell) for cell in cells]
    problems: list[Problem] = []
    for position, cell in enumerate(plain):
        name = columns[position] if position < len(columns) else f"column {position + 1}"
        if DAMAGED in cell:
            problems.append(Problem(field=name, code="damaged_text", message=_DAMAGED_TEXT))
        if "\0" in cell:
            plain[position] = cell.replace("\0", "")
            problems.append(Problem(field=name, code="nul", message="NUL characters were removed."))
        if _SHORTENED.fullmatch(cell):
            problems.append(Problem(field=name, code="number_shortened", message=_LOST_DIGITS))
    return plain, problems


_DAMAGED_TEXT = "Some bytes are not text in the file's encoding and show as \ufffd. Check the setting `encoding`."
_LOST_DIGITS = (
    "A spreadsheet program shortened this number (such as 1.38E+10); its digits are lost. "
    "Format the column as text and export again."
)


def _unguarded(cell: str) -> str:
    if cell.startswith("="):
        guarded = _GUARDED.fullmatch(cell)
        return guarded[1] if guarded else cell
    if cell.startswith("'") and cell[1:2] in ("+", "=", "@", "-", *"0123456789"):
        return cell[1:]
    return cell
