"""What was promised and what came of it: answers within their target, what lateness costs, each rep's board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hub.grouped import group_of
from hub.insight.figures import percentile
from hub.insight.frame import Frame, Key, Line, Row, Table, columns, keyed, ordered, rounded, share

QUALIFIED = ("qualified", "opportunity", "won")
"""Dispositions of leads that were worth the work."""

BUCKETS = (("<=5m", 300.0), ("<=1h", 3_600.0), ("<=1d", 86_400.0), ("later", float("inf")))
NEVER = "never"
SMALL = 30  # leads in a bucket below which its shares say little
EDGE = 0.0005  # seconds: times are kept to the millisecond


def target_needs(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns the report on targets reads."""
    return columns(by, "target", "responded", "due", "breached", "closed", "current")


def state_of(row: Row, now: float) -> str:
    """Return whether the target of a round was met, breached, or neither yet; `none` where there was none."""
    if row.target is None or row.due is None:
        return "none"
    if row.responded is not None:
        return "met" if row.responded <= row.due + EDGE else "breached"
    ends = row.closed if row.closed is not None else now
    if row.breached is not None or row.due < ends:
        return "breached"
    return "waiting" if row.closed is None and row.current else "none"


def _tallied(rows: Iterable[Row], frame: Frame, word: Callable[[Row], str | None]) -> dict[Key, Counter[str]]:
    key, groups = keyed(frame.by, frame.zone), dict[Key, Counter[str]]()
    for row in rows:
        said = word(row)
        if said is not None:
            group_of(groups, key(row), Counter[str])[said] += 1
    return groups


def _table(groups: Mapping[Key, Counter[str]], by: tuple[str, ...], line: Callable[[Counter[str]], Line]) -> Table:
    whole: Counter[str] = Counter()
    for counts in groups.values():
        whole.update(counts)
    return Table(ordered({key: line(counts) for key, counts in groups.items()}, by), line(whole))


def target(rows: Iterable[Row], frame: Frame) -> Table:
    """Return how many leads with a target were answered within it, by group."""
    now = frame.now.timestamp()
    return _table(_tallied(rows, frame, lambda row: state_of(row, now)), frame.by, _target_line)


def _target_line(counts: Counter[str]) -> Line:
    judged = counts["met"] + counts["breached"]
    return {
        "leads": counts.total(), "with_target": judged + counts["waiting"], "met": counts["met"],
        "breached": counts["breached"], "waiting": counts["waiting"], "share_met": share(counts["met"], judged),
    }  # fmt: skip


def lateness_needs(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns the report on lateness reads."""
    return columns(by, "lead", "responded", "disposition", "current", "closed")


def bucket_of(row: Row) -> str | None:
    """Return how late the first answer to a lead came; None while it is open and may still be answered."""
    if row.responded is None:
        return None if row.closed is None and row.current else NEVER
    waited = row.responded - row.started
    return next(name for name, most in BUCKETS if waited <= most + EDGE)


def was_qualified(row: Row, reached: Mapping[str, float]) -> bool:
    """Return whether a round came to something: now, or at some time since it began."""
    return row.disposition in QUALIFIED or (bool(row.current) and reached.get(row.lead, 0.0) >= row.started)


def lateness(rows: Iterable[Row], frame: Frame, reached: Mapping[str, float]) -> Table:
    """Return what became of leads by how late they were answered; `reached` says when a lead was qualified last.

    Leads that are open and unanswered count as never answered: so they stand at this moment.
    """
    key, groups = keyed(frame.by, frame.zone), dict[Key, Counter[str]]()
    for row in rows:
        counts = group_of(groups, (*key(row), bucket_of(row) or NEVER), Counter[str])
        counts["leads"] += 1
        counts["open"] += row.responded is None and row.closed is None and bool(row.current)
        counts["qualified"] += was_qualified(row, reached)
        counts["won"] += row.disposition == "won"
    names = [name for name, _ in BUCKETS] + [NEVER]
    table = _table(groups, (*frame.by, "answered"), _lateness_line)
    lines = sorted(table.rows, key=lambda line: [*(str(line[one]) for one in frame.by), names.index(line["answered"])])
    return Table(lines, table.total, tuple(_small(lines, frame.by)))


def _lateness_line(counts: Counter[str]) -> Line:
    number = counts["leads"]
    return {
        "leads": number, "open": counts["open"], "qualified": counts["qualified"], "won": counts["won"],
        "share_qualified": share(counts["qualified"], number), "share_won": share(counts["won"], number),
        "small": number < SMALL,
    }  # fmt: skip


def _small(lines: Iterable[Line], by: tuple[str, ...]) -> Iterator[str]:
    for line in lines:
        if line["small"]:
            where = ", ".join(f"{name} {line[name]}" for name in (*by, "answered"))
            yield f"{where}: {line['leads']} leads are too few (less than {SMALL}) for its shares to say much."


def board_needs(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns the board reads."""
    return columns(
        by, "lead", "target", "responded", "due", "breached", "closed", "current", "disposition", "reason", "rep"
    )


class _Rep:
    __slots__ = ("counts", "reasons", "waits")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.waits: list[float] = []

    def add(self, row: Row, now: float, reached: Mapping[str, float]) -> None:
        counts, state = self.counts, state_of(row, now)
        counts[state] += 1
        counts["assigned"] += 1
        if row.closed is None and row.current:
            counts["open"] += 1
        if row.responded is not None:
            self.waits.append(row.responded - row.started)
        elif state == "breached" and row.closed is None:
            counts["overdue"] += 1
        if was_qualified(row, reached):
            counts["qualified"] += 1
        if row.disposition == "won":
            counts["won"] += 1
        elif row.disposition == "lost":
            self.reasons[row.reason or "-"] += 1

    def merge(self, other: _Rep) -> None:
        self.counts.update(other.counts)
        self.reasons.update(other.reasons)
        self.waits += other.waits

    def line(self) -> Line:
        counts, waits = self.counts, sorted(self.waits)
        said: dict[str, Any] = {
            "assigned": counts["assigned"], "answered": len(waits), "with_target": counts["met"] + counts["breached"],
            "met": counts["met"], "share_met": share(counts["met"], counts["met"] + counts["breached"]),
            "median": rounded(percentile(waits, 0.5)), "open": counts["open"], "overdue": counts["overdue"],
            "qualified": counts["qualified"], "won": counts["won"], "lost": self.reasons.total(),
        }  # fmt: skip
        return {**said, "lost_reasons": dict(self.reasons.most_common())}


def board(rows: Iterable[Row], frame: Frame, reached: Mapping[str, float]) -> Table:
    """Return what each rep has: leads that are theirs now, answers in time, median wait, and what came of them."""
    key, groups, whole, now = keyed(frame.by, frame.zone), dict[Key, _Rep](), _Rep(), frame.now.timestamp()
    for row in rows:
        if row.rep is not None:
            group_of(groups, key(row), _Rep).add(row, now, reached)
    for group in groups.values():
        whole.merge(group)
    return Table(ordered({name: group.line() for name, group in groups.items()}, frame.by), whole.line())


def lost_needs(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns the report on lost leads reads."""
    return columns(by, "reason")


def lost(rows: Iterable[Row], frame: Frame) -> Table:
    """Return why leads were lost, by group, the commonest reason first; `-` where nobody said why."""
    groups = _tallied(rows, frame, lambda row: row.reason or "-")
    number = sum(counts.total() for counts in groups.values())
    lines = [
        {**dict(zip(frame.by, key, strict=True)), "reason": reason, "leads": count, "share": share(count, total)}
        for key, counts in sorted(groups.items(), key=lambda item: [str(part) for part in item[0]])
        for total in [counts.total()]
        for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Table(lines, {"leads": number})
