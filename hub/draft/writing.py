"""Writes values as YAML, as people write it: on one line where they fit, else one under the other."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import yaml

WIDTH = 118
"""Columns a line of ours may have."""


class Quoted(str):
    """A text that is written in the quotes of the one it takes the place of."""

    __slots__ = ("style",)
    style: str | None


class _Dumper(yaml.SafeDumper):
    """SafeDumper that repeats what is there twice, and quotes no day."""

    def ignore_aliases(self, data: Any) -> bool:
        """Repeat everything."""
        return True


_Dumper.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = value.style if isinstance(value, Quoted) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"' if "\n" in value else style)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Quoted, _text)


def plain(value: Any) -> Any:
    """Return a value as YAML holds it: no tuples, no mappings of other kinds."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def inline(value: Any, style: str | None = None) -> str:
    """Return a value on one line, such as `{team: north}`; a text in the quotes of `style`."""
    if isinstance(value, str) and style in ("'", '"'):
        value = Quoted(value)
        value.style = style
    written: str = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, width=sys.maxsize, allow_unicode=True, sort_keys=False
    )
    return written.strip()[1:-1]


def entry(prefix: str, value: Any, indent: int) -> list[str]:
    """Return the lines of `key: value` or `- value`; `prefix` is `key:` or `-`."""
    there = " " * indent
    on_one = f"{there}{prefix} {inline(value)}"
    if not isinstance(value, dict | list) or not value or (len(on_one) <= WIDTH and not _many(value)):
        return [on_one]
    below = [line for one in _entries(value) for line in entry(*one, indent + 2)]
    if prefix == "-" and isinstance(value, dict):  # its first key stands behind the dash
        return [f"{there}- {below[0].lstrip()}", *below[1:]]
    return [f"{there}{prefix}", *below]


def _entries(value: dict[str, Any] | list[Any]) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"{inline(key)}:", item) for key, item in value.items()]
    return [("-", item) for item in value]


def _many(value: Any) -> bool:
    """Return whether a value is easier to read line by line though it would fit on one."""
    if isinstance(value, dict):
        return any(_many(item) for item in value.values())
    return isinstance(value, list) and sum(isinstance(item, dict) for item in value) > 1
