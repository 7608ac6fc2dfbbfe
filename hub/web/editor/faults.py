"""Finds the input of a form that an error is about, so that it is said beside it and in the words of the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.web.editor.forms import Fields, Input, Inset, Piece, Rows, items_of

Place = Sequence[str | int]


def placed(pieces: Sequence[Piece], values: Mapping[str, Any], where: Place) -> dict[str, str]:
    """Return the `field` and its `words` that a setting at a path has in a form; nothing where it has none."""
    for one in pieces:
        found = _rows(one, values, where) if isinstance(one, Rows) else _inputs(one, where)
        if found:
            return found
    return {}


def _inputs(one: Fields | Inset, where: Place) -> dict[str, str]:
    if isinstance(one, Fields):
        return _input(one.inputs, "", where)
    rest = _under(one.path, where)
    if rest is None:
        return {}
    return _input(one.inputs, f"{one.path}.", rest) or {"field": f"{one.path}.{one.inputs[0].path}", "words": one.words}


def _rows(one: Rows, values: Mapping[str, Any], where: Place) -> dict[str, str]:
    rest = _under(one.path, where)
    if not rest:
        return {}
    keys = [item.get(one.key) for item in items_of(one, values)] if one.keyed else []
    number = keys.index(rest[0]) if rest[0] in keys else rest[0]
    prefix = f"{one.path}.{number}."
    first = next((put.words for put in one.inputs if put.path == one.key), one.words)
    return _input(one.inputs, prefix, rest[1:]) or {"field": f"{prefix}{one.key}", "words": first}


def _input(inputs: Sequence[Input], prefix: str, where: Place) -> dict[str, str]:
    """Return the input with the longest path that a setting stands at, or below."""
    fit = [one for one in inputs if _under(one.path, where) is not None]
    best = max(fit, key=lambda one: len(one.path), default=None)
    return {"field": f"{prefix}{best.path}", "words": best.words} if best is not None else {}


def _under(path: str, where: Place) -> Place | None:
    """Return the rest of a path behind another one, None where it does not begin with it."""
    parts = path.split(".")
    return where[len(parts) :] if [str(one) for one in where[: len(parts)]] == parts else None
