"""Takes the answers of a form out of the one field in which ad platforms hand them over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub import strictjson
from hub.errors import BadInput
from hub.strictjson import objects


def with_answers(item: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the item with the answers that stand in the named fields, each under its question's name.

    They come as an object, as a list of `key` and `value`, or as either written in JSON; what cannot be read stays.
    """
    data = {name: value for name, value in item.items() if name not in names}
    for name in names:
        value = item.get(name)
        pairs = list(_pairs(value))
        if not pairs and value not in (None, "", {}, []):
            data[name] = value
        for question, answer in pairs:
            while question in data:
                question += " (answer)"
            data[question] = answer
    return data


def _pairs(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, str):
        try:
            value = strictjson.loads(value)
        except BadInput:
            return
    if isinstance(value, Mapping):
        yield from ((str(name), answer) for name, answer in value.items())
        return
    for one in objects(value):
        question = one.get("key") or one.get("name") or one.get("question")
        if isinstance(question, str):
            yield question, one.get("value", one.get("answer"))
