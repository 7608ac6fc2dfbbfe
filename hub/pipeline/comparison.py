"""Compares the ways that leads went with those they would go: who would move, and what reps, pools and targets get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.step import Work

PARTS = ("routes", "sinks", "team", "owner", "pool")
"""What a lead that moved may have another of."""
_SIDES = ("before", "after")


@dataclass(frozen=True, slots=True)
class Way:
    """Where a lead went, whose it was then, and by when somebody had to answer."""

    routes: tuple[str, ...]
    sinks: tuple[str, ...]
    team: str | None
    owner: str | None
    pool: str | None
    due_at: datetime | None


def gone(decision: Mapping[str, Any], due_at: datetime | None) -> Way:
    """Return the way that a stored decision sent a lead."""
    given = decision["assignment"]
    sinks = sorted({target["sink"] for target in decision["targets"]})
    whose = (given.get("team"), given.get("owner"), given.get("pool"))
    return Way(tuple(decision["routes"]), tuple(sinks), *whose, due_at)


def going(work: Work, due_at: datetime | None) -> Way:
    """Return the way that a run would send a lead."""
    given, sinks = work.assignment, sorted({target.sink for target in work.targets})
    return Way(work.routes, tuple(sinks), given.team, given.owner, given.pool, due_at)


class Comparison:
    """What was and what would be, lead by lead; `now` tells targets that were missed from those still to come."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._moved: list[dict[str, Any]] = []
        self._parts: Counter[str] = Counter()
        self._load: Counter[tuple[str, str, str]] = Counter()  # side, team, owner
        self._pools: Counter[tuple[str, str]] = Counter()
        self._targets: Counter[tuple[str, str, str]] = Counter()  # route, what, side

    def add(self, lead: str, before: Way, after: Way, responded_at: datetime | None) -> None:
        """Take in a lead; `responded_at` is when somebody really answered it."""
        differs = [part for part in PARTS if getattr(before, part) != getattr(after, part)]
        self._parts.update(differs)
        if differs:
            shown = {
                f"{part}_{side}": _listed(getattr(way, part)) for part in PARTS for side, way in _both(before, after)
            }
            self._moved.append({"lead": lead, **shown})
        for side, way in _both(before, after):
            if way.team and way.owner:
                self._load[side, way.team, way.owner] += 1
            if way.pool:
                self._pools[side, way.pool] += 1
            if way.due_at is not None:
                self._target(side, way, way.due_at, responded_at)

    def _target(self, side: str, way: Way, due_at: datetime, responded_at: datetime | None) -> None:
        route = next(iter(way.routes), "")
        self._targets[route, "due", side] += 1
        if responded_at is not None and responded_at <= due_at:
            self._targets[route, "within", side] += 1
        elif min(responded_at or self._now, self._now) > due_at:
            self._targets[route, "breached", side] += 1

    def told(self, examples: int) -> dict[str, Any]:
        """Return what came of it, with so many examples: first those of whom more changes than the owner."""
        more = [one for one in self._moved if _more_than_owner(one)]
        rest = [one for one in self._moved if not _more_than_owner(one)]
        return {
            "moved": len(self._moved),
            "moved_by": {part: self._parts[part] for part in PARTS},
            "examples": (more + rest)[:examples],
            "load": [
                {"team": team, "member": member, **{side: self._load[side, team, member] for side in _SIDES}}
                for team, member in sorted({key[1:] for key in self._load})
            ],
            "pools": [
                {"pool": pool, **{side: self._pools[side, pool] for side in _SIDES}}
                for pool in sorted({pool for _, pool in self._pools})
            ],
            "targets": [
                {
                    "route": route,
                    **{f"{what}_{side}": self._targets[route, what, side] for what in _KINDS for side in _SIDES},
                }
                for route in sorted({route for route, _, _ in self._targets})
            ],
        }


_KINDS = ("due", "within", "breached")


def _both(before: Way, after: Way) -> Iterable[tuple[str, Way]]:
    return zip(_SIDES, (before, after), strict=True)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _more_than_owner(one: Mapping[str, Any]) -> bool:
    return any(one[f"{part}_before"] != one[f"{part}_after"] for part in PARTS if part != "owner")
