"""Notices when a source sends a field it never sent before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.events import Event
from hub.normal.text import storable
from hub.store.tables import FieldRow

FIELD = FieldRow.__table__  # type: ignore[attr-defined]

MOST = 1_000  # fields remembered per source; a source that invents names would grow without end


class Drift:
    """Remembers the fields of each source; `fresh` holds those that are not stored yet."""

    def __init__(self, clock: Clock, emit: Callable[[Iterable[Event]], None]) -> None:
        self._clock, self._emit = clock, emit
        self._known: dict[str, set[str]] = {}
        self.fresh: list[tuple[str, str]] = []

    def remember(self, known: Iterable[tuple[str, str]]) -> None:
        """Take in what the database remembers."""
        for source, field in known:
            self._known.setdefault(source, set()).add(field)

    def look(self, seen: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Compare the fields of stored raw leads with those the source sent before."""
        for source, data in seen:
            known = self._known.get(source)
            if known is None:
                known = self._known[source] = set()
                first = True
            else:
                first = False
            new = [name for name in data if name not in known]
            if not new or len(known) > MOST:
                continue
            known.update(new)
            self.fresh += [(source, str(storable(name[:200]))) for name in new]
            if not first:
                self._emit(
                    [Event("schema.drifted", self._clock.now(), source=source, data={"fields": sorted(new)[:50]})]
                )


def stored_fields(*, session: Session) -> list[tuple[str, str]]:
    """Return every (source, field) that was ever seen."""
    return [(source, name) for source, name in session.execute(sa.select(FIELD.c.source, FIELD.c.field))]


def store_fields(fresh: list[tuple[str, str]], at: Any, *, session: Session) -> None:
    """Remember fields that were seen for the first time."""
    known = set(stored_fields(session=session))
    rows = [{"source": s, "field": f, "first_seen_at": at} for s, f in dict.fromkeys(fresh) if (s, f) not in known]
    if rows:
        session.execute(sa.insert(FIELD), rows)
