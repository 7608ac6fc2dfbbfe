"""Who got leads and who lost them: fairness of turns, leads without an owner, pools, leads that changed hands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hub.grouped import group_of
from hub.insight.frame import Frame, Key, Line, Row, Table, columns, keyed, ordered, share

LOSING = ("recycled", "reassigned", "returned", "inherited", "transferred")
"""Acts by which a lead leaves a rep."""


def fairness(
    dealt: Sequence[Row], shares: Mapping[str, Mapping[str, float]], ledger: Iterable[Row], frame: Frame
) -> Table:
    """Return by team and rep how many leads were dealt by turns and how many were due; both ledger and span."""
    received: Counter[Key] = Counter()
    entitled: dict[Key, float] = {}
    for row in dealt:
        received[row.team, row.member] += row.number
        for member, part in shares.get(row.roster, {}).items():
            entitled[row.team, member] = entitled.get((row.team, member), 0.0) + part * row.number
    whole = {(row.team, row.member): row for row in ledger}
    lines = {}
    for key in {*received, *entitled, *whole}:
        known = whole.get(key)
        balance = known.received - known.entitled if known else 0.0
        lines[key] = {
            "received": received[key], "entitled": round(entitled.get(key, 0.0), 3),
            "balance": round(received[key] - entitled.get(key, 0.0), 3),
            "ledger_received": known.received if known else 0,
            "ledger_entitled": round(known.entitled, 3) if known else 0.0, "ledger_balance": round(balance, 3),
        }  # fmt: skip
    if frame.by == ("team",):
        lines = {
            (team,): _summed([lines[key] for key in lines if key[0] == team]) for team in {key[0] for key in lines}
        }
        return Table(ordered(lines, frame.by), _summed(list(lines.values())), _CREDITS)
    return Table(ordered(lines, ("team", "rep")), _summed(list(lines.values())), _CREDITS)


_CREDITS = (
    "balance is of the leads of the span; ledger_balance is of all leads since the team began, with credits given by "
    "hand: that is what turns are dealt by.",
)


def _summed(lines: Sequence[Line]) -> Line:
    def worst(name: str) -> float:
        return max((line.get(f"max_{name}", abs(line.get(name, 0.0))) for line in lines), default=0.0)

    return {
        "received": sum(line["received"] for line in lines),
        "entitled": round(sum(line["entitled"] for line in lines), 3),
        "max_balance": worst("balance"), "max_ledger_balance": worst("ledger_balance"),
    }  # fmt: skip


def unassigned_needs(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns the report on unassigned leads reads."""
    return columns(by, "rep", "pool", "current", "closed", "turns")


def unassigned(rows: Iterable[Row], frame: Frame) -> Table:
    """Return how many leads have no owner now, and how many never had one, by group."""
    key, groups, whole = keyed(frame.by, frame.zone), dict[Key, Counter[str]](), Counter[str]()
    for row in rows:
        free = row.rep is None and bool(row.current) and row.closed is None
        for counts in (group_of(groups, key(row), Counter[str]), whole):
            counts["leads"] += 1
            counts["unassigned"] += free
            counts["in_pool"] += free and row.pool is not None
            counts["never_assigned"] += row.turns == 0
    return Table(ordered({name: _free(counts) for name, counts in groups.items()}, frame.by), _free(whole))


def _free(counts: Counter[str]) -> Line:
    return {
        **{name: counts[name] for name in ("leads", "unassigned", "in_pool", "never_assigned")},
        "share_unassigned": share(counts["unassigned"], counts["leads"]),
        "share_never_assigned": share(counts["never_assigned"], counts["leads"]),
    }


def pools(moves: Iterable[Row], waiting: Mapping[str, int]) -> Table:
    """Return how many leads went into each pool and out of it, by what was done, and how many wait there now."""
    came: dict[str, Counter[str]] = {}
    went: dict[str, Counter[str]] = {}
    for row in moves:
        if row.pool is not None:
            came.setdefault(row.pool, Counter())[row.act] += row.number
        if row.former_pool is not None and row.former_pool != row.pool:
            went.setdefault(row.former_pool, Counter())[row.act] += row.number
    lines: dict[Key, dict[str, Any]] = {}
    for pool in {*came, *went, *waiting}:
        into, out = came.get(pool, Counter()), went.get(pool, Counter())
        lines[(pool,)] = {
            "came": into.total(), "went": out.total(), "waiting": waiting.get(pool, 0),
            "came_by": dict(into.most_common()), "went_by": dict(out.most_common()),
        }  # fmt: skip
    total = {name: sum(line[name] for line in lines.values()) for name in ("came", "went", "waiting")}
    return Table(ordered(lines, ("pool",)), total)


def recycle(log: Iterable[Row]) -> Table:
    """Return who lost leads, by what was done, and who got them next; the log comes lead by lead, oldest first."""
    flows: Counter[tuple[str | None, str, str | None, str | None]] = Counter()
    lead: str | None = None
    lost: list[Row] = []
    for row in log:
        if row.lead != lead:
            flows.update(_unclaimed(lost))
            lead, lost = row.lead, []
        if row.owner is not None and row.act != "credited":
            flows.update((one.former, one.act, one.pool, row.owner) for one in lost)
            lost = []
        if row.act in LOSING and row.former is not None:
            if row.owner is None:
                lost.append(row)
            elif row.owner != row.former:
                flows[row.former, row.act, row.pool, row.owner] += 1
    flows.update(_unclaimed(lost))
    names = ("lost_by", "act", "through_pool", "got_by")
    lines = {key: {"leads": number} for key, number in flows.items()}
    return Table(ordered(lines, names), {"leads": flows.total()})


def _unclaimed(lost: Iterable[Row]) -> Iterator[tuple[str | None, str, str | None, str | None]]:
    return ((one.former, one.act, one.pool, None) for one in lost)
