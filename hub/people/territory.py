"""Territories: which rep a lead is for, by its fields, and whether a table of them overlaps or leaves gaps."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.lead import Lead

MEMBER = "member"
Takes = Mapping[str, Sequence[str]]
"""What a territory is: by field of the lead, the values of which it has one."""
Territories = Mapping[str, tuple[Takes, ...]]
"""By member: their territories."""
Row = tuple[str, Takes]


def fits(lead: Lead, takes: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a lead has what a rep takes in every field that is named."""
    return all(has(lead, field, wanted) for field, wanted in takes.items())


def has(lead: Lead, field: str, wanted: Sequence[str]) -> bool:
    """Return whether a field, or an extra one, has one of the wanted values.

    `zh` also fits `zh-Hans`; `80*` fits what begins so; `80000-80999` fits what lies between, as text of one length.
    """
    held = _held(lead, field)
    return any(_is(held, one.strip().casefold()) for one in wanted)


def _held(lead: Lead, field: str) -> str:
    value: Any = getattr(lead, field, None) or lead.extra.get(field) or lead.tags.get(field) or ""
    return str(value).strip().casefold()


def _is(held: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return held.startswith(wanted[:-1]) and bool(held)
    low, dash, high = wanted.partition("-")
    if dash and low.isdigit() and high.isdigit() and len(low) == len(high):
        return len(held) >= len(low) and low <= held[: len(low)] <= high
    return held == wanted or held.startswith(f"{wanted}-")


def read_table(path: Path, members: Iterable[str]) -> Territories:
    """Return the territories in a CSV file: a column for each field of a lead, and `member`; raises ConfigError.

    An empty cell stands for any value, `|` or `、` between values for either; `80*` and `80000-80999` are postcodes.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The table of territories {path.name!r} cannot be read: {error}. Save it as CSV in UTF-8."
        ) from error
    lines = text.splitlines()
    reader = csv.DictReader(lines, strict=True)
    try:
        return _territories(path, reader, set(members))
    except csv.Error as error:
        line = min(reader.line_num + 1, len(lines))
        said = f"{path.name}:{line}: this is no CSV: {error}. Close the quotes, and double those inside."
        raise ConfigError(said) from error


def _territories(path: Path, reader: csv.DictReader[str], known: set[str]) -> Territories:
    if MEMBER not in (reader.fieldnames or ()):
        raise ConfigError(
            f'The table of territories {path.name!r} has no column "member". Its first line names columns.'
        )
    found: dict[str, list[Takes]] = {}
    for line, row in enumerate(reader, 2):
        member = (row.pop(MEMBER) or "").strip()
        if member not in known:
            said = f'{path.name}:{line}: "{member}" is no member of the team. Add them, or name one of {sorted(known)}.'
            raise ConfigError(said)
        if None in row:
            raise ConfigError(f'{path.name}:{line}: there are more cells than columns. Put "|" between values of one.')
        takes = {name.strip(): _values(cell) for name, cell in row.items() if name and cell and cell.strip()}
        found.setdefault(member, []).append(takes)
    return {member: tuple(takes) for member, takes in found.items()}


def _values(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.replace("、", "|").split("|") if part.strip())


def overlaps(table: Territories) -> list[tuple[str, str, dict[str, str]]]:
    """Return pairs of members who take the same leads, each with an example; who shares one on purpose goes in turn."""
    rows = [(member, takes) for member, every in table.items() for takes in every]
    found = []
    for (one, first), (other, second) in _near(rows):
        if one != other and (example := _both(first, second)) is not None:
            found.append((one, other, example))
    return found


def _near(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield the pairs of rows that could meet: those that do in one field that all name, where there is one."""
    fields = set.intersection(*(set(takes) for _, takes in rows)) if rows else set()
    if not fields:
        yield from combinations(rows, 2)
        return
    field = max(sorted(fields), key=lambda name: len({value for _, takes in rows for value in takes[name]}))
    ends = sorted((*_ends(value), place) for place, (_, takes) in enumerate(rows) for value in takes[field])
    open_: list[tuple[str, int]] = []
    seen: set[tuple[int, int]] = set()
    for low, high, place in ends:
        open_ = [one for one in open_ if one[0] >= low]
        pairs = {(min(place, other), max(place, other)) for _, other in open_ if other != place}
        yield from ((rows[one], rows[other]) for one, other in sorted(pairs - seen))
        seen |= pairs
        open_.append((high, place))


def _both(first: Takes, second: Takes) -> dict[str, str] | None:
    """Return a lead that both take, None when there is none."""
    example = {}
    for field in sorted({*first, *second}):
        mine, theirs = first.get(field), second.get(field)
        if mine is None or theirs is None:
            example[field] = (mine or theirs or ("",))[0]
            continue
        shared = next((value for value in mine for other in theirs if _meet(value, other)), None)
        if shared is None:
            return None
        example[field] = shared
    return example


def _meet(one: str, other: str) -> bool:
    (low, high), (first, last) = _ends(one), _ends(other)
    return low <= last and first <= high


def _ends(wanted: str) -> tuple[str, str]:
    """Return the least and the greatest text that a value of a table stands for."""
    text = wanted.strip().casefold()
    if text.endswith("*"):
        return text[:-1], text[:-1] + "\U0010ffff"
    low, dash, high = text.partition("-")
    if dash and low.isdigit() and high.isdigit() and len(low) == len(high):
        return low, high + "\U0010ffff"
    return text, f"{text}-\U0010ffff"  # `zh` is also for `zh-hans`


def gaps(table: Territories, leads: Iterable[Lead]) -> list[Lead]:
    """Return the leads that nobody's territory has."""
    every = [takes for territories in table.values() for takes in territories]
    return [lead for lead in leads if not any(fits(lead, takes) for takes in every)]
