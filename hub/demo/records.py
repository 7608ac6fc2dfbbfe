"""Joins the truth with a hub's database: which submission key stands for which record, and so which lead got it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from hub.pipeline.reading import content_key
from hub.source import FileSource


def clusters(folder: Path, files: Mapping[str, FileSource], leads: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Return record -> lead id for `score`, out of (source, key the source gave) -> lead id.

    Where a key came more than once, as in a second sync of the same scans, the last submission that has a lead counts.
    Rows of lists without ids are known to the hub by a hash of their content, which only the source that reads the
    file can tell; `files` are the configured file sources by name, `folder` is the demo's.
    """
    found = {f"{source}/{key}": lead for (source, key), lead in leads.items()}
    for record, key in _hashed(folder, files).items():
        if key in found:
            found[record] = found[key]
    return found


def _hashed(folder: Path, files: Mapping[str, FileSource]) -> dict[str, str]:
    """Return record -> record by content, for every row of truth.csv whose key is its place in the file."""
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["key"] == f"{Path(row['file']).name}#{row['line']}":
                named[row["source"], row["file"]].append(f"{row['source']}/{row['key']}")
    hashed: dict[str, str] = {}
    for (source, path), records in named.items():
        raws = files[source].read(folder / path)
        hashed.update((record, f"{source}/{content_key(raw)}") for record, raw in zip(records, raws, strict=True))
    return hashed
