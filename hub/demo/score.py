"""Scores deduplication against the truth: how many pairs of records were found, missed or invented."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

COLUMNS = ("source", "key", "file", "line", "person", "kind", "damage")


@dataclass(frozen=True, slots=True)
class Known:
    """One line of truth.csv: `record` is `source/key`, the name that `clusters` know it by."""

    record: str
    person: str
    kind: str
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Miss:
    """Two records that were judged wrongly: `split` are one person in two leads, `joined` two people in one."""

    what: Literal["split", "joined"]
    first: Known
    second: Known


@dataclass(frozen=True, slots=True)
class Score:
    """How well the leads match the people, over all pairs of records; each share is between 0 and 1."""

    precision: float
    recall: float
    f1: float
    pairs: int  # pairs of records that are the same person
    found: int  # those of them that share a lead
    suggested: int  # those of them that do not, but whose two leads were suggested to a person
    records: int
    without_lead: int  # records that are people but in no cluster
    misses: tuple[Miss, ...]
    recall_by_damage: Mapping[str, tuple[int, int]]  # damage -> (pairs found, pairs) where either record has it

    @property
    def invented(self) -> int:
        """Return how many pairs of different people share a lead."""
        return sum(miss.what == "joined" for miss in self.misses)

    def table(self, limit: int = 40) -> str:
        """Return the result and the first misses as text for people."""
        out = Console(file=StringIO(), width=140, color_system=None)
        out.print(
            f"precision {self.precision:.3f}   recall {self.recall:.3f}   F1 {self.f1:.3f}   "
            f"{self.found} of {self.pairs} pairs found, {self.suggested} more suggested, {self.invented} invented; "
            f"{self.records} records, {self.without_lead} without a lead"
        )
        out.print(_damage_table(self.recall_by_damage))
        out.print(_miss_table(self.misses[:limit], len(self.misses)))
        assert isinstance(out.file, StringIO)
        return "\n".join(line.rstrip() for line in out.file.getvalue().splitlines()) + "\n"


def read_truth(text: str) -> tuple[Known, ...]:
    """Return the lines of a truth.csv; raises ValueError where it is not one."""
    rows = csv.DictReader(StringIO(text))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise ValueError(f"truth.csv must have the columns {', '.join(COLUMNS)}, not {rows.fieldnames!r:.200}.")
    return tuple(
        Known(f"{row['source']}/{row['key']}", row["person"], row["kind"], tuple(row["damage"].split())) for row in rows
    )


def score(
    truth: Path | Iterable[Known], clusters: Mapping[str, str], suggestions: Iterable[tuple[str, str]] = ()
) -> Score:
    """Return precision, recall and F1 of `clusters` (record -> lead id) against the truth.

    `suggestions` are pairs of leads that a person was asked about; they are counted, but find nothing by themselves.
    Only records of kind `lead` and `unreachable` count: bots, tests and auto-replies are nobody. A record that is in
    no cluster counts as a lead of its own. No pair claimed means precision 1, no pair to find means recall 1.
    """
    known = read_truth(truth.read_text("utf-8")) if isinstance(truth, Path) else truth
    people = [record for record in known if record.kind in ("lead", "unreachable")]
    lead = {one.record: clusters.get(one.record, f"none:{one.record}") for one in people}
    same = _pairs(people, lambda one: one.person)
    claimed = _pairs(people, lambda one: lead[one.record])
    hits = [pair for pair in same if lead[pair[0].record] == lead[pair[1].record]]
    asked = {frozenset(pair) for pair in suggestions}
    joined, split = _misses(same, claimed, lead)
    precision, recall = _share(len(hits), len(claimed)), _share(len(hits), len(same))
    return Score(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        pairs=len(same),
        found=len(hits),
        suggested=sum(frozenset((lead[m.first.record], lead[m.second.record])) in asked for m in split),
        records=len(people),
        without_lead=sum(one.record not in clusters for one in people),
        misses=(*joined, *split),
        recall_by_damage=_by_damage(same, hits),
    )


def _misses(same: list[Pair], claimed: list[Pair], lead: Mapping[str, str]) -> tuple[list[Miss], list[Miss]]:
    """Return the pairs that were joined wrongly, and those that were not found."""
    joined = [Miss("joined", a, b) for a, b in claimed if a.person != b.person]
    return joined, [Miss("split", a, b) for a, b in same if lead[a.record] != lead[b.record]]


Pair = tuple[Known, Known]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _pairs(records: Iterable[Known], group: Callable[[Known], str]) -> list[Pair]:
    groups: dict[str, list[Known]] = {}
    for one in records:
        groups.setdefault(group(one), []).append(one)
    return [pair for members in groups.values() for pair in combinations(members, 2)]


def _by_damage(same: Sequence[Pair], hits: Sequence[Pair]) -> dict[str, tuple[int, int]]:
    every, found = (Counter(name for a, b in pairs for name in {*a.damage, *b.damage}) for pairs in (same, hits))
    return {name: (found[name], every[name]) for name in sorted(every)}


def _damage_table(shares: Mapping[str, tuple[int, int]]) -> Table:
    table = Table(title="Pairs found by kind of damage, worst first", title_justify="left", box=None)
    for name in ("damage", "found", "pairs", "recall"):
        table.add_column(name, justify="left" if name == "damage" else "right")
    for name, (found, pairs) in sorted(shares.items(), key=lambda item: (item[1][0] / item[1][1], item[0])):
        table.add_row(name, str(found), str(pairs), f"{found / pairs:.2f}")
    return table


def _miss_table(misses: Sequence[Miss], total: int) -> Table:
    table = Table(title=f"Misses ({len(misses)} of {total} shown)", title_justify="left", box=None)
    for name in ("what", "people", "first record", "its damage", "second record", "its damage"):
        table.add_column(name, overflow="fold")
    for miss in misses:
        people = " ".join(dict.fromkeys((miss.first.person, miss.second.person)))
        damages = [" ".join(one.damage) or "-" for one in (miss.first, miss.second)]
        table.add_row(miss.what, people, miss.first.record, damages[0], miss.second.record, damages[1])
    return table
