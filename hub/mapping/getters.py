"""Turns a path such as `contact.email` into a function that finds the value and says which data it used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import jmespath
import jmespath.functions
from jmespath.exceptions import JMESPathError

Keys = tuple[str, ...]
"""Where a value stood, from the top of the data down."""


Found = tuple[Any, Keys | None]
"""A value and where it stood; the place is None when the value was computed, so that its data counts as unused."""

Getter = Callable[[Mapping[str, Any]], Found]

NOTHING: Final[Found] = (None, None)
_EXPRESSION = re.compile(r"""[][*|&@(){}?`'"<>=!:,\\]""")
_MEANT = re.compile(r"\[[?*\d]|`|\s\|\s|\]\.")
_FUNCTIONS = frozenset(jmespath.functions.Functions.FUNCTION_TABLE)


def is_empty(value: Any) -> bool:
    """Return whether a value says nothing: none, blank text, an empty list or object."""
    if value is None:
        return True
    if value.__class__ is str:
        return not value or value.isspace()
    return isinstance(value, (list, tuple, dict)) and not value


def getter(path: str) -> Getter:
    """Return the getter of a path; raises ValueError for what is meant as JMESPath and is none.

    A key of exactly that name comes first. A plain dotted path walks objects and lists (`a.0.b`); anything else is
    JMESPath, and what is no JMESPath either (`What is your budget?`) is only ever a key.
    """
    if not path.strip():
        raise ValueError("the path is empty")
    if _EXPRESSION.search(path) is None:
        return _walker(path) if "." in path else _literal(path)
    try:
        compiled = jmespath.compile(path)
    except JMESPathError as error:
        if _MEANT.search(path):
            why = " ".join(str(error).split())[:160].rstrip(".")
            raise ValueError(f"the path {path[:200]!r} is no JMESPath ({why})") from error
        return _literal(path)
    if not _calls(compiled.parsed) <= _FUNCTIONS:
        return _literal(path)
    return _searcher(path, compiled)


def _literal(path: str) -> Getter:
    keys = (path,)

    def get(data: Mapping[str, Any]) -> Found:
        return (data[path], keys) if path in data else NOTHING

    return get


def _walker(path: str) -> Getter:
    whole = (path,)
    keys = tuple(path.split("."))

    def get(data: Mapping[str, Any]) -> Found:
        if path in data:
            return (data[path], whole)
        value: Any = data
        for key in keys:
            if isinstance(value, Mapping):
                value = value.get(key)
            elif isinstance(value, (list, tuple)) and key.isdecimal() and int(key) < len(value):
                value = value[int(key)]
            else:
                return NOTHING
        return (value, keys)

    return get


def _searcher(path: str, compiled: Any) -> Getter:
    whole = (path,)

    def get(data: Mapping[str, Any]) -> Found:
        if path in data:
            return (data[path], whole)
        try:
            return (compiled.search(data), None)
        except (JMESPathError, TypeError, ValueError):  # the data has another shape than the path expects
            return NOTHING

    return get


def _calls(node: Any) -> set[str]:
    """Return the functions that a parsed JMESPath calls."""
    own = {str(node["value"])} if node["type"] == "function_expression" else set()
    return own.union(*(_calls(child) for child in node.get("children", ()) if isinstance(child, dict)))


Tree = dict[str, "Tree"]
"""Keys that were used, nested; an empty tree stands for everything below."""


def plant(tree: Tree, keys: Keys) -> None:
    """Note that the value at these keys was used."""
    for key in keys[:-1]:
        if key in tree and not tree[key]:
            return
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = {}


def without(value: Any, used: Tree) -> Any:
    """Return what is left of a value when the used parts are gone; None when nothing is."""
    if not used:
        return None
    if isinstance(value, Mapping):
        left = {k: without(v, used[k]) if k in used else v for k, v in value.items()}
        return {k: v for k, v in left.items() if k not in used or not is_empty(v)}
    if isinstance(value, (list, tuple)):
        kept = [without(v, used[str(i)]) if str(i) in used else v for i, v in enumerate(value)]
        return [v for i, v in enumerate(kept) if str(i) not in used or not is_empty(v)]
    return value
