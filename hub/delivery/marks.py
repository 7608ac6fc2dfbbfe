"""Where the claims of a sink begin: behind what they took before, for as long as they find as much as they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.store.tables import DeliveryRow
from hub.store.taking import Place

AFRESH = 15.0  # seconds; what became free behind a mark waits that long at most


class Marks:
    """The last delivery taken of each sink and priority.

    Without them, a claim out of a long backlog walks over all that was taken before it, as long as the database
    cannot clear that away: while some forgotten transaction stays open, hundreds of thousands of dead rows.
    """

    def __init__(self) -> None:
        self._marks: dict[str, tuple[float, dict[int, Place]]] = {}

    def after(self, sink: str, now: float) -> Mapping[int, Place]:
        """Return where to begin; now and then that is the beginning. `now` is the clock's monotonic time."""
        since, places = self._marks.setdefault(sink, (now, {}))
        if now - since > AFRESH:
            since, places = self._marks[sink] = now, {}
        return places

    def note(self, sink: str, rows: Sequence[DeliveryRow], *, full: bool) -> None:
        """Take over what a claim found; one that was not `full` came to the end."""
        if not full:
            self._marks.pop(sink, None)
            return
        places = self._marks[sink][1] if sink in self._marks else {}
        for row in rows:
            if row.due_at is not None:
                places[row.priority] = max(places.get(row.priority, (row.due_at, row.id)), (row.due_at, row.id))
