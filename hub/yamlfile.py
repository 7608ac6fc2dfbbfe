"""Reads YAML files of ours: safe, without surprises, and every message can name the line."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from hub.errors import ConfigError

MAX_BYTES = 4 << 20
MAX_NODES = 200_000

Where = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 booleans (`no` is a word, as in Norway) and without merge keys or dates."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave nodes as they are: there are no merge keys, and a text that was composed is read again."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag.rpartition(":")[2] not in ("bool", "timestamp", "merge", "value", "int", "float")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolve("int", r"^[-+]?(?:0|[1-9][0-9]{0,17})$", "-+0123456789")
_resolve("float", r"^[-+]?(?:[0-9]+\.[0-9]+|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?$", "-+0123456789.")


class YamlFile:
    """The data of a YAML file and the line each key stands on."""

    def __init__(self, data: Any, lines: dict[Where, int], name: str) -> None:
        self.data, self.lines, self.name = data, lines, name

    def line(self, where: Where) -> int | None:
        """Return the line of a key path, or of the nearest parent that is known."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where)

    def at(self, where: Where) -> Any:
        """Return what stands at a key path, None when nothing does."""
        found = self.data
        for part in where:
            try:
                found = found[part]
            except (LookupError, TypeError):
                return None
        return found


def load(path: Path) -> YamlFile:
    """Return the file's data; raises ConfigError naming file and line."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The file cannot be read: {error.strerror}.", file=str(path)) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"The file is not UTF-8 (byte {error.start}). Save it as UTF-8.", file=str(path)) from error
    return loads(text, str(path))


def loads(text: str, name: str = "<text>") -> YamlFile:
    """Return the data of a YAML text; raises ConfigError for what is unsafe, doubled or not YAML."""
    if len(text) > MAX_BYTES:
        raise ConfigError(f"The file is larger than {MAX_BYTES >> 20} MiB.", file=name)
    try:
        node = composed(text)
        lines: dict[Where, int] = {}
        if node is not None:
            _walk(node, (), lines, name, [0])
        data = _Loader("").construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigError(f"This is not YAML: {error.problem or error.context}.", file=name, line=line) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"This is not YAML: {str(error)[:200]}.", file=name) from error
    return YamlFile(data, lines, name)


@lru_cache(
    maxsize=4
)  # an edit reads a text for its data and for its places, and proves what it made; nobody changes nodes
def composed(text: str) -> yaml.Node | None:
    """Return the nodes of a text that `loads` can read, with the places they stand at; None where there are none."""
    found: yaml.Node | None = _Loader(text).get_single_node()
    return found


def _walk(node: yaml.Node, where: Where, lines: dict[Where, int], name: str, seen: list[int]) -> None:
    """Note lines; refuse doubled keys and anchors that multiply (every visit counts, also through an alias)."""
    seen[0] += 1
    if seen[0] > MAX_NODES:
        raise ConfigError(f"The file expands to more than {MAX_NODES} nodes.", file=name)
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        keys: set[Hashable] = set()
        for key, value in node.value:
            word = key.value
            line = key.start_mark.line + 1
            if not isinstance(word, str):
                raise ConfigError("A key must be a word.", file=name, line=line)
            if word in keys:
                raise ConfigError(f"The key {word!r} stands here twice. Remove one.", file=name, line=line, key=word)
            keys.add(word)
            lines[(*where, word)] = line
            _walk(value, (*where, word), lines, name, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*where, index), lines, name, seen)
