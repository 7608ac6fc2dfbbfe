"""What sinks share that write leads as rows: which columns there are, and what stands in a cell."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, Field, field_validator

from hub.fields import DEFAULT_COLUMNS, FieldPath, pick, text
from hub.lead import Lead

MAX_CELL = 32_767  # characters; what Excel takes, and less than Google Sheets does


class Columns(BaseModel):
    """The settings of such a sink; mix it into its Config."""

    columns: tuple[FieldPath, ...] = Field(
        DEFAULT_COLUMNS, description="What the columns hold, from A on; the lead's `id` goes first unless it is named."
    )

    @field_validator("columns")
    @classmethod
    def _with_id(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return value if "id" in value else ("id", *value)

    @property
    def key_column(self) -> str:
        """Return the letters of the column that holds the lead's id."""
        return letters(self.columns.index("id"))

    def cells(self, lead: Lead) -> list[str | int | float | bool | None]:
        """Return a row: numbers and truth values as such, nothing as None, everything else as text."""
        return [_cell(pick(lead, path)) for path in self.columns]


def letters(index: int) -> str:
    """Return the name of a column: 0 is A, 26 is AA."""
    return (letters(index // 26 - 1) if index >= 26 else "") + chr(65 + index % 26)


def _cell(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return text(value)[:MAX_CELL]
