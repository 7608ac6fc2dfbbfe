"""Looks at a file before it is read in: how it is read, its columns, how full each is, and what stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from hub.errors import BadInput
from hub.source import FileSource

ROWS = 500  # that are looked at
EXAMPLES = 3
MOST_COLUMNS = 300
LONGEST = 80  # characters of an example
DEEPEST = 3


def look_at(source: FileSource, path: Path) -> dict[str, Any]:
    """Return how a file is read and what its columns hold, by its first rows; raises BadInput for what cannot be read.

    `whole` says whether these rows were all; `rows` how many they are. Blocks while it reads.
    """
    table = _table(source, path)
    leads = source.read(path)
    rows = [raw.data for raw in islice(leads, ROWS)]
    whole = len(rows) < ROWS or next(leads, None) is None
    filled: Counter[str] = Counter()
    examples: dict[str, list[str]] = {str(name): [] for name in table.get("columns", ())}
    for data in rows:
        for column, value in _flat(data):
            known = examples.setdefault(column, [])
            said = _said(value)
            if said:
                filled[column] += 1
                if len(known) < EXAMPLES and said not in known:
                    known.append(said)
    columns = [
        {"name": name, "filled": filled[name] / len(rows) if rows else 0.0, "examples": found}
        for name, found in list(examples.items())[:MOST_COLUMNS]
    ]
    more = max(0, len(examples) - MOST_COLUMNS)
    return {**table, "rows": len(rows), "whole": whole, "columns": columns, "more_columns": more}


def count(source: FileSource, path: Path) -> int:
    """Return how many rows a file has, as far as it can be read; blocks while it reads."""
    number = 0
    try:
        for _ in source.read(path):
            number += 1
    except BadInput:
        pass
    return number


def _table(source: FileSource, path: Path) -> dict[str, Any]:
    with source.table(path) as table:
        facts = dict(table.facts)
        return {"kind": table.kind, "facts": facts, "above": list(table.preamble[:5]), "columns": table.columns}


def _flat(data: Mapping[str, Any], deep: int = DEEPEST) -> Iterator[tuple[str, Any]]:
    """Yield each value with its path; objects are walked into, lists are one value."""
    for key, value in data.items():
        if isinstance(value, Mapping) and deep > 1:
            yield from ((f"{key}.{inner}", below) for inner, below in _flat(value, deep - 1))
        else:
            yield str(key), value


def _said(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return ""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
