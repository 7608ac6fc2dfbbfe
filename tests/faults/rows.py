"""What a row of the table is: a fault, how it is put in, what was counted; rows register themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.bench import Bench


class NotRun(Exception):
    """This machine cannot put the fault in; the words say why."""


@dataclass(slots=True)
class Count:
    """What a row counted; `broken` are sentences, each about one invariant that did not hold."""

    faults: int = 0  # how often the fault was put in
    accepted: int = 0  # submissions answered 2xx
    lost: int = 0
    doubled: int = 0  # requests a sink had twice for one delivery, with the same key
    fenced: int = 0  # late results that changed nothing
    recovered: list[float] = field(default_factory=list)  # seconds from the restart until nothing waited
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_run: str | None = None
    seconds: float = 0.0

    def add(self, other: Count) -> None:
        """Take another count in."""
        self.faults += other.faults
        self.accepted += other.accepted
        self.lost += other.lost
        self.doubled += other.doubled
        self.fenced += other.fenced
        self.recovered += other.recovered
        self.broken += other.broken
        self.notes += [note for note in other.notes if note not in self.notes]

    def must(self, holds: object, said: str) -> None:
        """Note a broken promise unless it holds."""
        if not holds:
            self.broken.append(said)


Run = Callable[["Bench"], Count]


@dataclass(frozen=True, slots=True)
class Row:
    """One fault of the matrix."""

    name: str  # K1
    fault: str
    proves: str
    run: Run
    short: bool
    alone: bool  # it measures times, which others beside it would spoil


_ROWS: dict[str, Row] = {}


def row(name: str, fault: str, proves: str, *, short: bool = True, alone: bool = False) -> Callable[[Run], Run]:
    """Register a function as a row; `short`: it belongs to the short set too, `alone`: no other may run beside it."""

    def register(run: Run) -> Run:
        if name in _ROWS:
            raise ValueError(f"There are two rows {name}.")
        _ROWS[name] = Row(name, fault, proves, run, short, alone)
        return run

    return register


def rows() -> dict[str, Row]:
    """Return every row by its name, in the order of the letters' modules."""
    from tests.faults import letters

    letters.load()
    return dict(_ROWS)
