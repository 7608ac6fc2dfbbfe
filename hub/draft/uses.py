"""Who names a team, a pool or a calendar in a hub.yaml, and another name for one everywhere at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from hub import yamlfile
from hub.draft.edit import put, rename
from hub.draft.tree import found_at
from hub.yamlfile import Where

_ANY = "*"
PLACES: Mapping[str, Sequence[tuple[str, ...]]] = MappingProxyType(
    {
        "teams": (
            ("flows", _ANY, "routes", _ANY, "assign", "team"), ("teams", _ANY, "fallback", "team"),
            ("pools", _ANY, "teams", _ANY),
        ),
        "pools": (
            ("flows", _ANY, "routes", _ANY, "assign", "pool"), ("teams", _ANY, "fallback", "pool"),
            ("teams", _ANY, "ladder", _ANY, "pool"), ("teams", _ANY, "recycle", _ANY, "pool"),
        ),
        "calendars": (
            ("flows", _ANY, "routes", _ANY, "calendar"), ("teams", _ANY, "calendar"),
            ("teams", _ANY, "members", _ANY, "calendar"),
        ),
    }
)  # fmt: skip
"""Where the names of a section's entries may stand; `*` is any key, or any item."""


def uses(data: Any, section: str, name: str) -> list[Where]:
    """Return every place at which an entry of a section is named."""
    return [where for place in PLACES[section] for where in _fit(data, place, ()) if found_at(data, where) == name]


def _fit(data: Any, place: tuple[str, ...], where: Where) -> Iterator[Where]:
    if not place:
        yield where
        return
    first, rest = place[0], place[1:]
    if isinstance(data, Mapping):
        for key in data if first == _ANY else [first] if first in data else []:
            yield from _fit(data[key], rest, (*where, str(key)))
    elif isinstance(data, list) and first == _ANY:
        for number, item in enumerate(data):
            yield from _fit(item, rest, (*where, number))


def renamed(text: str, section: str, name: str, other: str) -> str:
    """Return the text in which an entry has another name, there and wherever it is named; raises ConfigError."""
    for where in uses(yamlfile.loads(text, "hub.yaml").data, section, name):
        text = put(text, where, other)
    return rename(text, (section, name), other)
