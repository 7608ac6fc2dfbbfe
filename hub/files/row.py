"""What a file turns into: rows, and the table that says how they were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hub.files.text import codec
from hub.lead import Problem

MAX_COLUMNS = 16_384  # what a spreadsheet can hold
MAX_RECORD = 1 << 20  # characters of one row

DELIMITERS: Mapping[str, str] = {"comma": ",", "tab": "\t", "\\t": "\t", "semicolon": ";", "pipe": "|"}


class Layout(BaseModel):
    """What a person may say about how a file is to be read; everything left out is found out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str | None = Field(default=None, description="Encoding of the text, such as gb18030; none: found out.")
    delimiter: str | None = Field(
        default=None,
        description="What parts the columns: one character, or tab, comma, semicolon, pipe; none: found out.",
    )
    sheet: str | int | None = Field(
        default=None, description="Name or number (from 1) of the sheet in a workbook; none: the first one with rows."
    )
    header_row: int | None = Field(
        default=None, ge=0, description="Row that names the columns, from 1; 0: there is none; none given: found out."
    )
    max_mb: int = Field(default=50, ge=1, le=2000, description="Largest file that is read, in MB.")

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        if value is not None and codec(value) is None:
            raise ValueError(f"the encoding {value!r} is not known; write one such as utf-8, gb18030 or cp1252")
        return value

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value is None:
            return None
        character = DELIMITERS.get(value, value)
        if len(character) != 1 or character in '"\r\n\0':
            raise ValueError(f"the delimiter {value!r} is not one character")
        return character

    @property
    def max_bytes(self) -> int:
        """Return the largest size of a file in bytes."""
        return self.max_mb * 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` is its line, sheet row, array element or card, from 1.

    A row that cannot be read has its start as `data["text"]` and a problem on the field `row`.
    """

    number: int
    data: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file: its columns, the lines above them, how it was read, and its rows (read once)."""

    kind: str
    rows: Iterator[Row]
    columns: tuple[str, ...] = ()
    preamble: tuple[str, ...] = ()
    note: str = ""
    facts: Mapping[str, Any] = field(
        default_factory=dict
    )  # how it was read: encoding, how, delimiter, sheet, header_row


def unreadable(number: int, code: str, message: str, text: str) -> Row:
    """Return the row that stands for what cannot be read, with at most 2,000 characters of it."""
    return Row(number, {"text": text[:2000]}, (Problem(field="row", code=code, message=message),))
