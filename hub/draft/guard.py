"""What nobody may change from a browser, and what only an owner may: the ground under the hub is the operator's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hub.draft import places
from hub.draft.edit import identical
from hub.draft.tree import found_at
from hub.errors import ConfigError
from hub.yamlfile import Where

GROUND = frozenset({
    "database", "allow_networks", "trusted_proxies", "trust", "token_key", "audit_anchor", "traces", "runner",
    "listen_without_user", "unsafe_storage",
})  # fmt: skip
"""Settings of `hub` that only somebody with the file at hand may change."""

RULES = frozenset({"calendars", "teams", "pools", "lost_reasons", "review", "flows", "campaigns"})
"""The sections an admin may change; all others need an owner."""

_REFERENCE = re.compile(r"\$\{([a-z_]+:[^}]+)\}")
_SECRET = re.compile(r"file:secrets/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_FILE = re.compile(r"(?!secrets/)[A-Za-z0-9_][\w-]*(?:[./][\w-]+)*\.(?:csv|ics)", re.IGNORECASE)


def changed(old: Any, new: Any, where: Where = ()) -> Iterator[Where]:
    """Yield the paths at which two configurations differ; a list that differs counts item by item."""
    if identical(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from changed(old.get(key), new.get(key), (*where, str(key)))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from changed(before, after, (*where, number))
    else:
        yield where


def references(value: Any) -> frozenset[str]:
    """Return every reference to a secret in a configuration, such as `env:NAME`."""
    if isinstance(value, str):
        return frozenset(_REFERENCE.findall(value))
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return frozenset().union(*(references(part) for part in parts))


def check(old: Any, new: Any, *, owner: bool, known: frozenset[str] = frozenset()) -> None:
    """Refuse what may not be changed from a browser; raises ConfigError. `known`: references that were used before."""
    for where in changed(old if isinstance(old, Mapping) else {}, new if isinstance(new, Mapping) else {}):
        _place(where, owner)
        _path(where, found_at(new, where))
    fresh = sorted(references(new) - references(old) - known)
    for reference in fresh:
        if not _SECRET.fullmatch(reference):
            raise ConfigError(
                f"The reference ${{{reference[:100]}}} is new, and may only be written into hub.yaml on the machine. "
                "From here, refer to ${file:secrets/NAME}."
            )


def _place(where: Where, owner: bool) -> None:
    section = str(where[0]) if where else ""
    if section == "plugins" or (section == "hub" and (len(where) < 2 or where[1] in GROUND)):
        place = ".".join(map(str, where[:2]))
        raise ConfigError(f"{place} may only be changed in hub.yaml on the machine, not from a browser.")
    if section not in RULES and not owner:
        raise ConfigError(f"Changing {section or 'the whole file'} needs the role owner.")


def _path(where: Where, value: Any) -> None:
    """Refuse files outside the workspace, and such as hold secrets."""
    for place, text in _texts(where, value):
        named = place[-1] if isinstance(place[-1], str) else ""
        wrong = named in ("territories", "ical") and not _FILE.fullmatch(text)
        if wrong or (named == "path" and (text.startswith(("/", "\\", "~")) or ".." in text)):
            said = ".".join(map(str, place))
            raise ConfigError(f"{said} must name a file in the workspace, such as files/list.csv or files/days.ics.")
        if where[0] in ("sources", "sinks") and named:  # what a connector reads or writes
            places.named(named, text)


def _texts(where: Where, value: Any) -> Iterator[tuple[Where, str]]:
    if isinstance(value, str):
        yield where, value
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _texts((*where, key), part)
