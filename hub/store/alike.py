"""Tells which things that wait for a person are alike, so that one decision is enough for all of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

Row = Mapping[str, Any]

MOST_PROBLEMS = 20  # of one submission that are told apart
LONGEST = 200  # characters of a reason that are told apart

_VARYING = re.compile(
    r"""
    https?://\S+                                         # addresses
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                       # e-mail addresses
    | \b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b
    | \b(?=[\w-]*\d)[A-Za-z]{1,8}_[\w-]{4,}              # ids such as lead_0199c2
    | \b(?=\w*\d)(?=\w*[A-Za-z])\w{6,}\b                 # other ids
    | (?<!\d)(?<!answered\ )(?<!status\ )(?<!HTTP\ )\d+(?:[.,:/]\d+)*
    """,
    re.VERBOSE,
)
_BITS = re.compile(r"\s*\([+-]?\d+(?:\.\d+)?\)$")


class Alike(NamedTuple):
    """What things have in common: whose they are (a source, a sink; empty for none), and the rest of it."""

    name: str
    parts: tuple[str, ...]


@dataclass(slots=True)
class Group:
    """Things that are alike: how many, since when, the newest one, and what is to be said of all of them."""

    kind: str
    name: str
    digest: str
    about: dict[str, Any]
    number: int = 0
    tests: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    example: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return what the group is called in addresses; it holds nothing that a stranger wrote."""
        return f"{self.kind}:{self.name}:{self.digest}"


def blanked(reason: str | None) -> str:
    """Return a reason without what differs from one thing to the next: ids, addresses, numbers; statuses stay."""
    return " ".join(_VARYING.sub("…", reason or "").split())[:LONGEST]


def told_apart(problems: Iterable[Row] | None) -> list[dict[str, str]]:
    """Return the problems of a submission in one order, each field and code once, with the words of the first."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for one in problems or ():
        place = str(one.get("field") or ""), str(one.get("code") or "")
        found.setdefault(place, {"field": place[0], "code": place[1], "message": str(one.get("message") or "")})
    return [found[place] for place in sorted(found)][:MOST_PROBLEMS]


def levels(reasons: Iterable[str] | None) -> list[str]:
    """Return what speaks for two leads being one person, without its weight."""
    return sorted({_BITS.sub("", reason) for reason in reasons or ()})


def _submission(row: Row) -> Alike:
    problems = told_apart(row["problems"])
    return Alike(row["source"], tuple(f"{one['code']}@{one['field']}" for one in problems) or (blanked(row["reason"]),))


def _by_reason(row: Row) -> Alike:
    return Alike(row["sink"], (blanked(row["reason"]),))


def _reason(row: Row) -> dict[str, Any]:
    return {"reason": blanked(row["reason"])}


_ALIKE: Mapping[str, Callable[[Row], Alike]] = MappingProxyType(
    {
        "quarantined": _submission,
        "dead": _by_reason,
        "unclear": _by_reason,
        "rejected": _by_reason,
        "letters": _by_reason,
        "unassigned": lambda row: Alike(row["source"], (row["route"] or "", row["team"] or "")),
        "paused": lambda row: Alike(row["sink"], ()),
        "alarms": lambda row: Alike(row["kind"], ()),
        "suggestions": lambda row: Alike("", tuple(levels(row["reasons"]))),
    }
)

_ABOUT: Mapping[str, Callable[[Row], dict[str, Any]]] = MappingProxyType(
    {
        "quarantined": lambda row: {"problems": told_apart(row["problems"]), "reason": blanked(row["reason"])},
        "unassigned": lambda row: {"route": row["route"], "team": row["team"]},
        "paused": lambda row: {"reason": row["reason"]},
        "alarms": lambda _: {},
        "suggestions": lambda row: {"alike": levels(row["reasons"])},
    }
)


def digest_of(kind: str, row: Row) -> str:
    """Return what the things of a group share, as twelve hex digits."""
    return digest(kind, _ALIKE[kind](row))


def digest(kind: str, alike: Alike) -> str:
    """Return twelve hex digits for what things have in common."""
    text = json.dumps([kind, *alike], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def fold(kind: str, rows: Iterable[Row]) -> list[Group]:
    """Return the groups of rows, newest row first in each and the largest group first."""
    groups: dict[Alike, Group] = {}
    for row in rows:
        alike = _ALIKE[kind](row)
        group = groups.get(alike)
        if group is None:
            about = _ABOUT.get(kind, _reason)(row)
            group = groups[alike] = Group(kind, alike.name, digest(kind, alike), about, example=dict(row))
        _count(group, row)
    return sorted(groups.values(), key=lambda group: (-group.number, group.name, group.digest))


def _count(group: Group, row: Row) -> None:
    at = row["at"]
    group.number += 1
    group.tests += bool(row.get("test"))
    group.oldest = at if group.oldest is None else min(group.oldest, at)
    group.newest = at if group.newest is None else max(group.newest, at)
