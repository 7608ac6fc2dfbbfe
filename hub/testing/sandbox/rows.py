"""Records of a vendor in memory: made, changed, found and paged, with ids and times as the vendor gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.clock import Clock


@dataclass(slots=True)
class Row:
    """One record: its id, its values, and when it was made and changed."""

    id: str
    values: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    marks: dict[str, Any] = field(default_factory=dict)  # what the vendor keeps beside the values


class Rows:
    """The records of one kind; `name` makes the next id out of a number."""

    def __init__(self, clock: Clock, name: Callable[[int], str] = str, first: int = 1) -> None:
        self._clock, self._name, self._next = clock, name, first
        self._rows: dict[str, Row] = {}

    def make(self, values: Mapping[str, Any], **marks: Any) -> Row:
        """Add a record."""
        now = self._clock.now()
        row = Row(self._name(self._next), dict(values), now, now, marks)
        self._next += 1
        self._rows[row.id] = row
        return row

    def change(self, id_: str, values: Mapping[str, Any]) -> Row | None:
        """Change a record; None when it is not there."""
        row = self._rows.get(id_)
        if row is not None:
            row.values.update(values)
            row.updated_at = self._clock.now()
        return row

    def get(self, id_: str) -> Row | None:
        """Return a record; None when it is not there."""
        return self._rows.get(id_)

    def drop(self, id_: str) -> bool:
        """Delete a record; returns whether it was there."""
        return self._rows.pop(id_, None) is not None

    def where(self, **equal: Any) -> list[Row]:
        """Return the records with these values, oldest first."""
        return [row for row in self if all(row.values.get(name) == value for name, value in equal.items())]

    def since(self, at: datetime) -> list[Row]:
        """Return what changed at or after a time, in the order of the changes."""
        return sorted((row for row in self if row.updated_at >= at), key=lambda row: row.updated_at)

    def __iter__(self) -> Iterator[Row]:
        """Yield the records, oldest first."""
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._rows)
