"""Counts in memory what sources send, by the minute; written down every few seconds beside the leads."""

from __future__ import annotations

from datetime import datetime

from hub.clock import Clock
from hub.store import volumes as store
from hub.store.database import Database


class Volumes:
    """What this process took since it was last written down; a crash loses some seconds of it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._counts: dict[tuple[str, int], int] = {}  # by source and minute since 1970

    def note(self, source: str, number: int = 1) -> None:
        """Count something that a source sent now."""
        place = source, int(self._clock.now().timestamp() // 60)
        self._counts[place] = self._counts.get(place, 0) + number

    async def flush(self) -> None:
        """Write the counts down; what cannot be written is kept."""
        counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            await self._db.write(store.add, _by_hour(counts, self._clock.now()))
        except BaseException:
            for place, number in counts.items():
                self._counts[place] = self._counts.get(place, 0) + number
            raise


def _by_hour(counts: dict[tuple[str, int], int], now: datetime) -> list[store.Sent]:
    hours: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for (source, minute), number in counts.items():
        hours.setdefault((source, minute // 60), []).append((minute, number))
    found = []
    for (source, hour), minutes in hours.items():
        mask = 0
        for minute, _ in minutes:
            mask |= 1 << minute % 60
        first = datetime.fromtimestamp(min(minutes)[0] * 60, now.tzinfo)
        last = min(now, datetime.fromtimestamp(max(minutes)[0] * 60 + 60, now.tzinfo))
        at = datetime.fromtimestamp(hour * 3600, now.tzinfo)
        found.append(store.Sent(source, at, sum(number for _, number in minutes), mask, first, last))
    return found
