"""The event log: what happened, appended with the change it tells of and never altered."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from hub.events import Event
from hub.store import bulk
from hub.store.columns import EVENT


def append(events: Iterable[Event], *, session: Session) -> None:
    """Store events in their order."""
    rows = [
        {
            "at": e.at, "kind": e.kind, "lead": e.lead, "submission": e.submission, "source": e.source, "sink": e.sink,
            "data": dict(e.data) or None,
        }
        for e in events
    ]  # fmt: skip
    bulk.insert(EVENT, rows, session=session)
