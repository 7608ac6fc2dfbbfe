"""What ladders did: leads that were warned of, escalated, handed on or taken, and where open ones stand."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

from hub.grouped import group_of
from hub.insight.frame import Frame, Key, Line, Row, Table, columns, keyed, ordered

ACTS: Mapping[str, str] = {
    "lead.warned": "warned", "lead.escalated": "escalated", "lead.reassigned": "reassigned",
    "lead.recycled": "recycled",
}  # fmt: skip
"""The events that a ladder makes, with the column that counts their leads."""

Acts = Mapping[str, Sequence[tuple[float, str]]]
"""By lead: when something happened to it, in seconds since 1970, and which of ACTS."""

TOP = 5
"""Steps that are counted apart; who stands higher is counted there."""


def needs(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns the report on ladders reads."""
    return columns(by, "lead", "rung", "responded", "closed", "current", "target")


def ladder(rows: Iterable[Row], frame: Frame, acts: Acts) -> Table:
    """Return by group how many leads a ladder did something with, and how many steps open ones have behind them."""
    key, groups = keyed(frame.by, frame.zone), dict[Key, Counter[str]]()
    rounds: dict[str, list[tuple[float, Key]]] = {}
    for row in rows:
        place = key(row)
        counts = group_of(groups, place, Counter[str])
        counts["leads"] += 1
        counts["with_target"] += row.target is not None
        if row.responded is None and row.closed is None and row.current:
            counts["open"] += 1
            counts[f"open_after_{min(row.rung, TOP)}"] += 1
        if row.lead in acts:
            rounds.setdefault(row.lead, []).append((row.started, place))
    for lead, found in rounds.items():
        found.sort(key=itemgetter(0))
        for number, act in _of_rounds([started for started, _ in found], acts[lead]):
            groups[found[number][1]][act] += 1
    every: Counter[str] = Counter()
    for counts in groups.values():
        every.update(counts)
    return Table(ordered({place: _line(counts) for place, counts in groups.items()}, frame.by), _line(every))


def _of_rounds(starts: Sequence[float], acts: Sequence[tuple[float, str]]) -> set[tuple[int, str]]:
    """Return what happened in each round, once; each thing belongs to the last round that had begun."""
    return {(number, act) for at, act in acts if (number := bisect_right(starts, at) - 1) >= 0}


def _line(counts: Counter[str]) -> Line:
    said: Line = {name: counts[name] for name in ("leads", "with_target", *ACTS.values(), "open")}
    return said | {f"open_after_{step}": counts[f"open_after_{step}"] for step in range(TOP + 1)}
