"""How many retries a destination gets: a share of its sends and a few a second, so that no storm keeps it down."""

from __future__ import annotations

SHARE = 0.2  # of the sends that are no retries
A_SECOND = 10.0  # on top, so that a quiet destination gets its retries too
SAVED = 100.0  # most that sends can save up: a good day must not pay for a storm


class Budget:
    """Counts what may be retried now: at most 20 % of the sends, 10 a second, and ten at once on top."""

    def __init__(self) -> None:
        self._earned = 0.0
        self._given = A_SECOND
        self._at = 0.0

    def sent(self) -> None:
        """Note a send that is no retry."""
        self._earned = min(self._earned + SHARE, SAVED)

    def left(self, now: float) -> int:
        """Return how many retries may start now; `now` is the clock's monotonic time in seconds."""
        self._given = min(A_SECOND, self._given + max(0.0, now - self._at) * A_SECOND)
        self._at = max(self._at, now)
        return max(0, int(self._given + self._earned + 1e-9))

    def take(self, number: int, now: float) -> None:
        """Note retries that start; more than are left are owed, and the next ones wait the longer."""
        self.left(now)
        from_share = min(number, self._earned)
        self._earned -= from_share
        self._given -= number - from_share
