"""Takes in many activities at once, or tries what would become of them; each row has a fate of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.errors import BadInput
from hub.feedback.hearing import Hearing
from hub.feedback.rows import Reader
from hub.store import activities as store
from hub.store.activities import Heard

WRONG = "wrong"
SKIPPED: Mapping[str, str] = {
    "unknown_ref": "No lead of ours has that record.",
    "not_ours": "It is no lead of ours.",
    "erased": "The lead was erased.",
}


@dataclass(slots=True)
class Report:
    """What became of rows: how many were heard, known, skipped and wrong, and which were not taken."""

    counts: Counter[str] = field(default_factory=lambda: Counter(heard=0, known=0, skipped=0, wrong=0))
    problems: list[dict[str, Any]] = field(default_factory=list)


async def take(
    hearing: Hearing, through: str, rows: Sequence[Mapping[str, Any]], *, by: str, first: int = 1, dry_run: bool = False
) -> Report:
    """Keep the activities in these rows, or with `dry_run` say what would be kept; `first` numbers the first row."""
    plan, report = hearing.plan(), Report()
    reader = Reader(plan.settings, through, plan.sinks.get(through), by)
    read: list[tuple[int, Heard]] = []
    for number, row in enumerate(rows, first):
        try:
            read.append((number, hearing.in_time(reader.read(row))))
        except BadInput as error:
            report.counts[WRONG] += 1
            report.problems.append({"row": number, "code": WRONG, "message": error.reason})
    heard = [one for _, one in read]
    if dry_run:
        fates = (await hearing.db.read(store.sift, through, heard)).fates
    else:
        fates = (await hearing.take(through, *heard)).fates
    for (number, _), fate in zip(read, fates, strict=True):
        report.counts["skipped" if fate in SKIPPED else fate] += 1
        if fate in SKIPPED:
            report.problems.append({"row": number, "code": fate, "message": SKIPPED[fate]})
    report.problems.sort(key=lambda problem: problem["row"])
    return report
