"""The waits of prospects, gathered by group in one look: what every report on speed is made of."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from operator import attrgetter

from hub.grouped import group_of
from hub.insight.figures import Curve, curve
from hub.insight.frame import Frame, Key, Row, columns, keyed, moment

LEGS = ("intake", "route", "deliver", "accept", "respond")
"""The way of a lead: to us, to a decision, to a sink, to a rep who takes it, to the answer."""

_NEEDS = (
    "received", "decided", "delivered", "accepted", "responded", "closed", "current", "rep", "waited", "held",
    "calendar",
)  # fmt: skip

_WAITS = attrgetter("started", "responded", "waited")
_MOMENTS = attrgetter("received", "decided", "delivered", "accepted", "responded")


def needs(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that waits are read from."""
    return columns(by, *_NEEDS)


class Waits:
    """The waits of a group: of answered leads on the clock of the wall and in working time, and of open ones."""

    __slots__ = ("answered", "held", "legs", "never", "waiting", "working")

    def __init__(self) -> None:
        self.answered, self.working = array("d"), array("d")
        self.waiting, self.held = array("d"), array("d")
        self.legs = {name: array("d") for name in LEGS}
        self.never = 0

    def __len__(self) -> int:
        """Return how many leads there are."""
        return len(self.answered) + len(self.waiting) + self.never

    def add(self, other: Waits) -> None:
        """Take the waits of another group in."""
        self.answered += other.answered
        self.working += other.working
        self.held += other.held
        self.waiting += other.waiting
        self.never += other.never
        for name in LEGS:
            self.legs[name] += other.legs[name]

    def curve(self) -> Curve:
        """Return how many were answered after how long; open leads count for as long as they have waited."""
        return curve(self.answered, self.waiting, self.never)


Groups = dict[Key, Waits]


def gathered(rows: Iterable[Row], frame: Frame) -> Groups:
    """Return waits by group; open leads count for as long as they have waited, those nobody will answer as never."""
    key, groups, now = keyed(frame.by, frame.zone), Groups(), frame.now.timestamp()
    for row in rows:
        _take(group_of(groups, key(row), Waits), row, now, frame)
    return groups


def whole(groups: Groups) -> Waits:
    """Return the waits of all groups together."""
    found = Waits()
    for group in groups.values():
        found.add(group)
    return found


def _take(group: Waits, row: Row, now: float, frame: Frame) -> None:
    started, responded, waited = _WAITS(row)
    held = held_of(row, now)
    group.held.append(held)
    off = held if frame.without_held else 0.0
    if responded is not None:
        group.answered.append(max(0.0, responded - started - off))
        working = waited if waited is not None else responded - started
        group.working.append(max(0.0, working - _working_held(row, now, frame)) if off else working)
    elif row.closed is None and row.current:
        group.waiting.append(max(0.0, now - started - off))
    else:
        group.never += 1
    kept = group.legs
    for name, seconds in legs(row):
        kept[name].append(seconds)


def held_of(row: Row, now: float) -> float:
    """Return the seconds in which the hub had decided, and no sink had the lead yet; none while it waits in a pool."""
    if row.responded is not None and row.held is not None:
        return float(row.held)
    if row.delivered is None and row.rep is None:
        return 0.0
    ends = [at for at in (row.delivered, row.responded, row.closed, now) if at is not None]
    return float(max(0.0, min(ends) - row.decided))


def _working_held(row: Row, now: float, frame: Frame) -> float:
    ends = [at for at in (row.delivered, row.responded, now) if at is not None]
    return frame.working(row.calendar).between(moment(row.decided), moment(max(row.decided, min(ends))))


def legs(row: Row) -> list[tuple[str, float]]:
    """Return the legs of a lead's way that are known, in seconds on the clock of the wall; they add up to the wait."""
    found, last, end = [], row.started, row.responded
    for name, at in zip(LEGS, _MOMENTS(row), strict=True):
        if at is None:
            continue
        if end is not None and at > end:
            at = end
        if at < last:
            at = last
        found.append((name, at - last))
        last = at
    return found
