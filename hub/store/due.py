"""Tells the runner which deliveries become due and when, in the transaction that makes them due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

OWE = "owe"  # where a writing session carries what is told; nothing there: the runner looks by itself


class Due(NamedTuple):
    """A delivery that is ready: which one, as of which fence, and the seconds until it is due."""

    delivery: str
    sink: str
    fence: int
    priority: int
    due_at: datetime
    wait: float


Tell = Callable[[Sequence[Due], Session], None]


def owe(due: Iterable[Due], *, session: Session) -> None:
    """Tell the runner of this process, if it wants to know; what it stores is stored with the rows or not at all."""
    tell: Tell | None = session.info.get(OWE)
    if tell is None:
        return
    told = list(due)
    if told:
        tell(told, session)
