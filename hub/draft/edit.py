"""Sets, adds, moves and removes what stands at a path of a hub.yaml, and proves that nothing else changed."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from functools import partial
from typing import Any

import yaml

from hub import yamlfile
from hub.draft import cuts
from hub.draft.tree import Awkward, Tree
from hub.draft.writing import inline, plain
from hub.errors import ConfigError
from hub.yamlfile import Where

Text = str
_COMMENT = re.compile(r"(?:^|\s)#", re.MULTILINE)
_ABOVE = re.compile(r"(?:[&!]\S*\s+)*")  # an anchor or a tag before a value
_Change = Callable[[Any], None]


def put(text: Text, where: Where, value: Any) -> Text:
    """Return the text with this value at a path, made where it was not; only what differs is written anew.

    Raises ConfigError where the text is no YAML, or is written in a way that cannot be changed place by place.
    """
    value = plain(value)
    return _proved(text, where, partial(_put, where=where, value=value), partial(_set, where=where, value=value))


def put_all(text: Text, values: Mapping[Where, Any]) -> Text:
    """Return the text with other values in the place of some that are there; raises ConfigError as `put` does.

    What stands on its own is written in one go and proved once, anything else one by one.
    """
    with contextlib.suppress(Awkward, ConfigError):
        return _put_at_once(text, values)
    for where, value in values.items():
        text = put(text, where, value)
    return text


def _put_at_once(text: Text, values: Mapping[Where, Any]) -> Text:
    tree = Tree(text)
    nodes = {where: tree.node(where) for where in values}
    if not all(isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">") for node in nodes.values()):
        raise Awkward
    wanted, made = plain(tree.data), text
    for where, value in values.items():
        _set(wanted, where, value)
    found = {node.start_mark.index: (where, node) for where, node in nodes.items()}  # an anchor's places are one
    for start, (where, node) in sorted(found.items(), reverse=True):
        start += len(_ABOVE.match(made[start : tree.end(node)])[0])  # type: ignore[index]  # it matches nothing, too
        made = made[:start] + inline(values[where], node.style) + made[tree.end(node) :]
    if not identical(yamlfile.loads(made, "hub.yaml").data, wanted):
        raise Awkward
    return made


def remove(text: Text, where: Where) -> Text:
    """Return the text without what stands at a path; a path that is not there is no error."""
    data = yamlfile.loads(text, "hub.yaml").data
    if _at(data, where) is _NONE:
        return text
    return _proved(text, where, partial(_remove, where=where), partial(_unset, where=where))


def rename(text: Text, where: Where, key: str) -> Text:
    """Return the text in which what stands at a path stands under another key; a path that is not there is no error.

    Raises ConfigError for a key that is there already.
    """
    data = yamlfile.loads(text, "hub.yaml").data
    if _at(data, where) is _NONE:
        return text
    if key in _at(data, where[:-1]):
        raise ConfigError(f'There is a "{key}" already. Choose another name.')

    def change(text: Text) -> Text:
        tree = Tree(text)
        node = tree.pair(tree.node(where[:-1]), str(where[-1]))[0]
        return text[: node.start_mark.index] + inline(key) + text[node.end_mark.index :]

    def same(data: Any) -> None:
        above = _at(data, where[:-1])
        above[key] = above.pop(where[-1])

    return _proved(text, where, change, same)


def insert(text: Text, where: Where, number: int, value: Any) -> Text:
    """Return the text with a value put into the list at a path, before the one of that number; the list may be new."""
    value = plain(value)
    data = yamlfile.loads(text, "hub.yaml").data
    if not isinstance(_at(data, where), list) or not _at(data, where):
        return put(text, where, [value])
    number = max(0, min(number, len(_at(data, where))))
    change = partial(_insert, where=where, number=number, value=value)
    return _proved(text, where, change, lambda data: _at(data, where).insert(number, value))


def move(text: Text, where: Where, number: int, to: int) -> Text:
    """Return the text with an item of the list at a path put where another one is, with the comments above it."""
    data = yamlfile.loads(text, "hub.yaml").data
    found = _at(data, where)
    if not isinstance(found, list) or not (0 <= number < len(found) and 0 <= to < len(found)) or number == to:
        return text
    change = partial(_move, where=where, number=number, to=to)
    return _proved(text, where, change, lambda data: _at(data, where).insert(to, _at(data, where).pop(number)))


_NONE = object()


def _at(data: Any, where: Where) -> Any:
    """Return what stands at a path, _NONE where nothing does."""
    for part in where:
        known = isinstance(data, dict) and part in data
        if not known and not (isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data)):
            return _NONE
        data = data[part]
    return data


def _proved(text: Text, where: Where, change: Callable[[Text], Text], same: _Change) -> Text:
    """Return the changed text after reading it again: it says the same as the changed data, and nothing else."""
    wanted = plain(yamlfile.loads(text, "hub.yaml").data)  # plain: what an anchor shares is copied
    if wanted is None:
        wanted = {}
    if not isinstance(wanted, dict):
        raise ConfigError("The file must hold sections such as hub, sources and sinks.", file="hub.yaml", line=1)
    same(wanted)
    attempts = [change]
    attempts += [partial(_replaced, where=place, value=_at(wanted, place)) for place in (where, where[:-1]) if place]
    for attempt in attempts:
        try:
            made = attempt(text)
            same_data = identical(yamlfile.loads(made, "hub.yaml").data or {}, wanted)
            if same_data and (attempt is change or _comments(made) == _comments(text)):
                return made
        except (Awkward, ConfigError):
            continue
    place = ".".join(str(part) for part in where)
    raise ConfigError(f"{place} is written in a way that cannot be changed here. Change it in the text of hub.yaml.")


def _comments(text: Text) -> int:
    """Return how much in a text may be comments; what stands in quotes counts, too."""
    return len(_COMMENT.findall(text))


def identical(one: Any, other: Any) -> bool:
    """Return whether two values are the same, also in kind: 1 is neither true nor 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(identical(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(identical, one, other))
    return type(one) is type(other) and bool(one == other)


def _set(data: Any, where: Where, value: Any) -> None:
    for part in where[:-1]:
        if isinstance(data, dict) and data.get(part) is None:
            data[part] = {}
        data = data[part]
    data[where[-1]] = value


def _unset(data: Any, where: Where) -> None:
    del _at(data, where[:-1])[where[-1]]


def _put(text: Text, where: Where, value: Any) -> Text:
    tree = Tree(text)
    old = _at(tree.data, where)
    if old is _NONE:
        above = _at(tree.data, where[:-1])
        if where[:-1] and (above is _NONE or above is None):
            return _put(text, where[:-1], {str(where[-1]): value})
        return cuts.add(tree, where, value)
    if identical(old, value):
        return text
    if isinstance(old, dict) and isinstance(value, dict) and old and value:
        return _merged(text, where, old, value)
    if isinstance(old, list) and isinstance(value, list) and old and value:
        return _aligned(text, where, old, value)
    return cuts.replace(tree, where, value)


def _merged(text: Text, where: Where, old: dict[str, Any], value: dict[str, Any]) -> Text:
    for key, item in value.items():
        text = _put(text, (*where, key), item)
    for key in old.keys() - value.keys():
        text = _remove(text, (*where, key))
    return text


def _aligned(text: Text, where: Where, old: list[Any], value: list[Any]) -> Text:
    """Change a list item by item; items with a name are found again by it."""
    steps = SequenceMatcher(None, [_name(one) for one in old], [_name(one) for one in value], autojunk=False)
    for _, i1, i2, j1, j2 in reversed(steps.get_opcodes()):
        both = min(i2 - i1, j2 - j1)
        for number in reversed(range(i1 + both, i2)):
            text = _remove(text, (*where, number))
        for item in reversed(value[j1 + both : j2]):
            text = _insert(text, where, i1 + both, item)
        for number in range(both):
            text = _put(text, (*where, i1 + number), value[j1 + number])
    return text


def _name(item: Any) -> str:
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        return f"name {item['name']}"
    return json.dumps(item, sort_keys=True, default=str)


def _replaced(text: Text, where: Where, value: Any) -> Text:
    if value is _NONE:
        raise Awkward
    return cuts.replace(Tree(text), where, value)


def _remove(text: Text, where: Where) -> Text:
    tree = Tree(text)
    above = tree.node(where[:-1])
    if not isinstance(above, yaml.CollectionNode):
        raise Awkward
    if len(above.value) == 1 and where[:-1]:
        return cuts.replace(tree, where[:-1], {} if isinstance(above, yaml.MappingNode) else [])
    return cuts.take_out(tree, above, where[-1])


def _insert(text: Text, where: Where, number: int, value: Any) -> Text:
    tree = Tree(text)
    found = tree.node(where)
    if not isinstance(found, yaml.SequenceNode):
        raise Awkward
    if not found.value:
        return cuts.replace(tree, where, [value])
    return cuts.put_in(tree, found, number, value)


def _move(text: Text, where: Where, number: int, to: int) -> Text:
    tree = Tree(text)
    found = tree.node(where)
    if not isinstance(found, yaml.SequenceNode):
        raise Awkward
    return cuts.carry(tree, found, number, to)
