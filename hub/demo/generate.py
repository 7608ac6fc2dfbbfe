"""Writes the data of the demo workspace: inbox/, mails/, pushes.jsonl and the truth to score by."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from hub.demo import badges, lists, mails, pushes, shapes
from hub.demo.entry import SOURCES, Entry, Truth
from hub.demo.people import make_people
from hub.demo.plan import plan
from hub.demo.score import COLUMNS

PEOPLE = 320
TRUTH = "truth.csv"


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written; the counts are of records, a record being what a source has one id or one line for."""

    files: tuple[str, ...]  # relative to the folder, sorted
    people: int
    records: int
    per_source: Mapping[str, int]
    per_damage: Mapping[str, int]
    per_kind: Mapping[str, int]
    in_sources: Mapping[int, int]  # number of sources -> people known to that many


def generate(folder: Path, seed: int, now: datetime) -> Summary:
    """Write the demo's data into a folder and say what is in it; the same seed and time give the same bytes.

    Raises ValueError for a time without zone. Files that are there already are overwritten.
    """
    if now.tzinfo is None:
        raise ValueError("The time `now` has no zone. Give it one, such as UTC.")
    files, truths = _content(seed, now.astimezone(UTC))
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return _summary(files, truths)


def _content(seed: int, now: datetime) -> tuple[dict[str, bytes], list[Truth]]:
    random = Random(seed)
    entries = plan(make_people(random, PEOPLE), random, now)
    pushed = [e for e in (*entries, *pushes.console_tests(now)) if SOURCES[e.source] in shapes.SHAPES]
    lines, truths = pushes.write(pushed, random, now)
    files = {pushes.FILE: lines}
    for more, known in (
        lists.write(_of(entries, "lists"), random, now),
        badges.write(_of(entries, "expo"), random),
        mails.write(_of(entries, "mailbox"), random),
    ):
        files |= more
        truths += known
    return files | {TRUTH: _truth_csv(truths)}, truths


def _of(entries: Sequence[Entry], source: str) -> list[Entry]:
    return [entry for entry in entries if entry.source == source]


def _truth_csv(truths: Sequence[Truth]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in truths:
        line = "" if one.line is None else one.line
        writer.writerow([one.source, one.key, one.file, line, one.person, one.kind, " ".join(one.damage)])
    return text.getvalue().encode()


def _summary(files: Mapping[str, bytes], truths: Sequence[Truth]) -> Summary:
    known = {(one.person, one.source) for one in truths if one.kind in ("lead", "unreachable")}
    sources = Counter(person for person, _ in known)
    return Summary(
        files=tuple(sorted(files)),
        people=len(sources),
        records=len(truths),
        per_source=dict(Counter(one.source for one in truths)),
        per_damage=dict(sorted(Counter(name for one in truths for name in one.damage).items())),
        per_kind=dict(Counter(one.kind for one in truths)),
        in_sources=dict(sorted(Counter(sources.values()).items())),
    )
