"""Speed to lead: how long prospects wait from their submit to the first answer, and how many still do."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from operator import attrgetter

from hub.insight.figures import curve, percentile
from hub.insight.frame import Frame, Key, Line, Row, Table, columns, group_of, keyed, moment, ordered, rounded, share

LEGS = ("intake", "route", "deliver", "accept", "respond")
"""The way of a lead: to us, to a decision, to a sink, to a rep who takes it, to the answer."""

MARKS = {"5m": 300.0, "1h": 3_600.0, "1d": 86_400.0}

_NEEDS = (
    "received", "decided", "delivered", "accepted", "responded", "closed", "current", "rep", "waited", "held",
    "calendar",
)  # fmt: skip


_WAITS = attrgetter("started", "responded", "waited")
_MOMENTS = attrgetter("received", "decided", "delivered", "accepted", "responded")


def needs(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns the report reads."""
    return columns(by, *_NEEDS)


class _Group:
    """The waits of a group: of answered leads on the clock of the wall and in working time, and of open ones."""

    __slots__ = ("answered", "held", "legs", "never", "waiting", "working")

    def __init__(self) -> None:
        self.answered, self.working = array("d"), array("d")
        self.waiting, self.held = array("d"), array("d")
        self.legs = {name: array("d") for name in LEGS}
        self.never = 0

    def add(self, other: _Group) -> None:
        self.answered += other.answered
        self.working += other.working
        self.held += other.held
        self.waiting += other.waiting
        self.never += other.never
        for name in LEGS:
            self.legs[name] += other.legs[name]

    def line(self) -> Line:
        wall, working = sorted(self.answered), sorted(self.working)
        both = curve(wall, self.waiting, self.never)
        held = sorted(self.held)
        said: Line = {
            "leads": len(wall) + len(self.waiting) + self.never, "answered": len(wall), "open": len(self.waiting),
            "never": self.never, "p50": rounded(percentile(wall, 0.5)), "p90": rounded(percentile(wall, 0.9)),
            "p50_with_open": rounded(both.when(0.5)), "p90_with_open": rounded(both.when(0.9)),
            "p50_working": rounded(percentile(working, 0.5)), "p90_working": rounded(percentile(working, 0.9)),
        }  # fmt: skip
        for name, seconds in MARKS.items():
            after = both.after(seconds)
            said[f"answered_after_{name}"] = None if after is None else round(after, 4)
        said |= {"held_p50": rounded(percentile(held, 0.5)), "held_p90": rounded(percentile(held, 0.9))}
        said["held_over_1m"] = share(sum(value > 60 for value in held), len(held))
        for name in LEGS:
            leg = sorted(self.legs[name])
            said |= {
                f"{name}_p50": rounded(percentile(leg, 0.5)),
                f"{name}_p90": rounded(percentile(leg, 0.9)),
            }
        return said


def speed(rows: Iterable[Row], frame: Frame) -> Table:
    """Return waits by group; open leads count for as long as they have waited, those nobody will answer as never."""
    key, groups = keyed(frame.by, frame.zone), dict[Key, _Group]()
    now = frame.now.timestamp()
    for row in rows:
        _take(group_of(groups, key(row), _Group), row, now, frame)
    whole = _Group()
    for group in groups.values():
        whole.add(group)
    return Table(ordered({k: g.line() for k, g in groups.items()}, frame.by), whole.line(), tuple(_notes(whole)))


def _take(group: _Group, row: Row, now: float, frame: Frame) -> None:
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


def _notes(whole: _Group) -> Iterator[str]:
    if whole.waiting:
        yield (
            f"{len(whole.waiting)} leads still wait: p50 and p90 are those of answered leads; "
            "with_open and answered_after count the open ones for as long as they have waited."
        )
    if whole.never:
        yield f"{whole.never} leads were closed, or their person came again, before anybody answered: never."
