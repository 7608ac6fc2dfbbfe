"""Speed to lead: how long prospects wait from their submit to the first answer, and how many still do."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping

from hub.insight.figures import percentile
from hub.insight.frame import Frame, Line, Row, Table, ordered, rounded, share
from hub.insight.waits import LEGS, Groups, Waits, gathered, whole

MARKS = {"5m": 300.0, "1h": 3_600.0, "1d": 86_400.0}

BANDS: Mapping[str, float] = {
    "under_1m": 60.0, "under_5m": 300.0, "under_15m": 900.0, "under_1h": 3_600.0, "under_1d": 86_400.0,
}  # fmt: skip
"""Bands of waits, each up to so many seconds (exclusive) and from where the one before it ends."""

AFTER: Mapping[str, float] = {
    "1m": 60.0, "5m": 300.0, "15m": 900.0, "30m": 1_800.0, "1h": 3_600.0, "2h": 7_200.0, "4h": 14_400.0,
    "8h": 28_800.0, "1d": 86_400.0, "2d": 172_800.0, "3d": 259_200.0, "7d": 604_800.0, "14d": 1_209_600.0,
    "30d": 2_592_000.0,
}  # fmt: skip
"""Moments after the submit at which the survival curve is read; each is about twice the one before."""


def speed(rows: Iterable[Row], frame: Frame) -> Table:
    """Return waits by group; open leads count for as long as they have waited, those nobody will answer as never."""
    return speed_of(gathered(rows, frame), frame)


def distribution(rows: Iterable[Row], frame: Frame) -> Table:
    """Return by group how many leads were answered within each band of time, and how many never or not yet."""
    return distribution_of(gathered(rows, frame), frame)


def survival(rows: Iterable[Row], frame: Frame) -> Table:
    """Return by group the share of leads that was not yet answered after each of AFTER (Kaplan and Meier, 1958)."""
    return survival_of(gathered(rows, frame), frame)


def speed_of(groups: Groups, frame: Frame) -> Table:
    """Return the report on waits that were gathered."""
    return _table(groups, frame, _line)


def distribution_of(groups: Groups, frame: Frame) -> Table:
    """Return how waits that were gathered fall into bands."""
    return _table(groups, frame, _bands)


def survival_of(groups: Groups, frame: Frame) -> Table:
    """Return the survival curve of waits that were gathered: a line for each group and moment of AFTER."""
    every = whole(groups)
    keys = ordered({key: {"": key} for key in groups}, frame.by)
    rows = [
        {**{name: line[name] for name in frame.by}, **point} for line in keys for point in survivors(groups[line[""]])
    ]
    return Table(rows, {"leads": len(every), "open": len(every.waiting)}, tuple(_notes(every)))


def survivors(waits: Waits) -> list[Line]:
    """Return what share was not yet answered after each of AFTER, and how many leads that is known of.

    `unanswered` is None where nobody was watched for so long; `watched` counts the leads that waited that long.
    """
    found, answered, waiting = waits.curve(), sorted(waits.answered), sorted(waits.waiting)
    points: list[Line] = [{"after": "0", "seconds": 0.0, "unanswered": 1.0 if len(waits) else None}]
    points[0]["watched"] = len(waits)
    for name, seconds in AFTER.items():
        done = found.after(seconds) if len(waits) else None
        left = len(answered) - bisect_right(answered, seconds) + len(waiting) - bisect_left(waiting, seconds)
        points.append({
            "after": name, "seconds": seconds, "unanswered": None if done is None else round(1 - done, 4),
            "watched": left + waits.never,
        })  # fmt: skip
    return points


def _table(groups: Groups, frame: Frame, line: Callable[[Waits], Line]) -> Table:
    every = whole(groups)
    lines = ordered({key: line(group) for key, group in groups.items()}, frame.by)
    return Table(lines, line(every), tuple(_notes(every)))


def _bands(waits: Waits) -> Line:
    answered, last = sorted(waits.answered), 0
    said: Line = {"leads": len(waits)}
    for name, seconds in BANDS.items():
        place = bisect_left(answered, seconds)
        said[name], last = place - last, place
    return said | {"later": len(answered) - last, "never": waits.never, "open": len(waits.waiting)}


def _line(waits: Waits) -> Line:
    wall, working = sorted(waits.answered), sorted(waits.working)
    both, held = waits.curve(), sorted(waits.held)
    said: Line = {
        "leads": len(waits), "answered": len(wall), "open": len(waits.waiting), "never": waits.never,
        "p50": rounded(percentile(wall, 0.5)), "p90": rounded(percentile(wall, 0.9)),
        "p50_with_open": rounded(both.when(0.5)), "p90_with_open": rounded(both.when(0.9)),
        "p50_working": rounded(percentile(working, 0.5)), "p90_working": rounded(percentile(working, 0.9)),
    }  # fmt: skip
    for name, seconds in MARKS.items():
        after = both.after(seconds)
        said[f"answered_after_{name}"] = None if after is None else round(after, 4)
    said |= {"held_p50": rounded(percentile(held, 0.5)), "held_p90": rounded(percentile(held, 0.9))}
    said["held_over_1m"] = share(sum(value > 60 for value in held), len(held))
    for name in LEGS:
        leg = sorted(waits.legs[name])
        said |= {f"{name}_p50": rounded(percentile(leg, 0.5)), f"{name}_p90": rounded(percentile(leg, 0.9))}
    return said


def _notes(every: Waits) -> Iterator[str]:
    if every.waiting:
        yield (
            f"{len(every.waiting)} leads still wait: p50 and p90 are those of answered leads; "
            "with_open and answered_after count the open ones for as long as they have waited."
        )
    if every.never:
        yield f"{every.never} leads were closed, or their person came again, before anybody answered: never."
