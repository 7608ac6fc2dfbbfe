"""The kinds of things that wait for a person, in the order of how much they stop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from hub.mapping.files import Mapping as FieldMapping
from hub.store.alike import Alike, Group, digest

ACTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "config": (),
        "plugins": (),
        "paused": (),
        "dead": ("retry",),
        "unclear": ("settle",),
        "rejected": ("retry",),
        "quarantined": ("replay", "correct", "reject"),
        "unassigned": ("assign",),
        "letters": ("read",),
        "alarms": ("note",),
        "drift": ("note",),
        "suggestions": ("decide",),
    }
)
"""Every kind, with what may be decided for a whole group of it."""


def drift(rows: Iterable[Mapping[str, Any]], mappings: Mapping[str, FieldMapping]) -> list[Group]:
    """Return by source the new fields that no mapping takes or ignores, and that nobody noted; rows oldest first."""
    groups: dict[str, Group] = {}
    for row in rows:
        source, fields = row["source"], [str(name) for name in (row["data"] or {}).get("fields", ())]
        if source not in mappings:
            continue
        group = groups.setdefault(source, Group("drift", source, digest("drift", Alike(source, ())), {"fields": []}))
        known = group.about["fields"]
        if row["kind"] == "schema.noted":
            group.about["fields"] = [name for name in known if name not in fields]
            continue
        group.about["fields"] = [*known, *(name for name in fields if name not in known)]
        group.oldest, group.newest = group.oldest or row["at"], row["at"]
    return [one for one in (_left(group, mappings[group.name]) for group in groups.values()) if one.number]


def _left(group: Group, mapping: FieldMapping) -> Group:
    left = [name for name in group.about["fields"] if name in mapping.apply({name: "x"}).extra]
    group.about["fields"], group.number = left, len(left)
    return group


def single(kind: str, name: str, about: dict[str, Any]) -> Group:
    """Return the group of one thing that no table holds: a plugin, a configuration."""
    return Group(kind, name, digest(kind, Alike(name, ())), about, number=1)
