"""The groups of a report, so many and no more: a report is read by people, and kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from hub.errors import BadInput

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

MOST = 50_000
"""Lines of one report."""


def group_of(groups: dict[K, T], key: K, make: Callable[[], T]) -> T:
    """Return the group of a key, made when it is new; raises BadInput when a report would have too many lines."""
    found = groups.get(key)
    if found is None:
        if len(groups) >= MOST:
            said = f"The report would have more than {MOST:,} lines."
            raise BadInput(f"{said} Divide it by less, or take a shorter span.", status=422)
        found = groups[key] = make()
    return found
