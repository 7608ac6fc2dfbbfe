"""The single cuts in a text: a node replaced, a key added, an item put in, taken out or carried elsewhere."""

from __future__ import annotations

from typing import Any

import yaml

from hub.draft.tree import Awkward, Tree
from hub.draft.writing import WIDTH, entry, inline
from hub.yamlfile import Where

ORDER = (
    "hub", "sources", "sinks", "calendars", "teams", "pools", "campaigns", "lost_reasons", "review", "flows",
    "retention", "plugins", "privacy",
)  # fmt: skip
"""The sections as people order them: a new one comes behind the last of those before it."""


def replace(tree: Tree, where: Where, value: Any) -> str:
    """Return the text with another value in the place of one that is there."""
    above, old = tree.node(where[:-1]), tree.node(where)
    start, end = int(old.start_mark.index), tree.end(old)
    prefix, behind, indent = _before(tree, above, where[-1])
    written = inline(value, old.style if isinstance(old, yaml.ScalarNode) else None)
    lines = entry(prefix, value, indent)
    if above.flow_style or prefix == "-" or len(lines) == 1:
        same = tree.line_of(start) == tree.line_of(behind - 1)
        if same or above.flow_style:
            return tree.text[:start] + _apart(tree.text, start, end, written) + tree.text[end:]
        rest = tree.text[behind : tree.end_of_line(behind)]
        return f"{tree.text[:behind]} {written}{rest}{tree.text[end:]}"
    below = "\n".join(lines[1:])
    if tree.line_of(start) > tree.line_of(behind - 1):
        return f"{tree.text[:behind]}{tree.text[behind : tree.end_of_line(behind)]}\n{below}{tree.text[end:]}"
    stop = tree.end_of_line(end)
    rest = tree.text[end:stop]
    return f"{tree.text[:behind]}{rest if rest.strip() else ''}\n{below}{tree.text[stop:]}"


def _before(tree: Tree, above: Any, part: str | int) -> tuple[str, int, int]:
    """Return what stands before a value, where that ends, and how far right it stands."""
    if isinstance(above, yaml.MappingNode):
        key, value = tree.pair(above, str(part))
        colon = tree.text.find(":", int(key.end_mark.index))
        if colon < 0 or colon > max(int(value.start_mark.index), tree.end_of_line(int(key.end_mark.index))):
            colon = int(key.end_mark.index) - 1
        return f"{inline(str(part))}:", colon + 1, int(key.start_mark.column)
    item = above.value[int(part)]
    return "-", int(item.start_mark.index), int(above.start_mark.column)


def _apart(text: str, start: int, end: int, written: str) -> str:
    """Return what is written in the place of an empty value with the blank that sets it apart."""
    if start == end and text[start - 1 : start] not in (" ", "[", ","):
        return f" {written}" if text[start - 1 : start] in (":", "-") else f": {written}"
    return written


def add(tree: Tree, where: Where, value: Any) -> str:
    """Return the text with a new key in the mapping above it."""
    key = str(where[-1])
    above = tree.node(where[:-1]) if tree.root is not None else None
    if above is None:
        text = tree.text if not tree.text or tree.text.endswith("\n") else f"{tree.text}\n"
        return text + "\n".join(entry(f"{inline(key)}:", value, 0)) + "\n"
    if not isinstance(above, yaml.MappingNode):
        raise Awkward
    if above.flow_style:
        return _into_flow(tree, above, f"{inline(key)}: {inline(value)}")
    if not above.value:
        raise Awkward
    behind = _behind(above, key) if len(where) == 1 else above.value[-1]
    line = tree.line_of(max(tree.end(behind[0]), tree.end(behind[1])) - 1) + 1
    lines = entry(f"{inline(key)}:", value, int(above.value[0][0].start_mark.column))
    return _lines_at(tree, line, lines)


def _behind(root: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node]:
    """Return the section behind which a new one is put."""
    before = ORDER[: ORDER.index(key)] if key in ORDER else ORDER
    found: tuple[yaml.Node, yaml.Node] = root.value[-1]
    for pair in root.value:
        if pair[0].value in before:
            found = pair
    return found


def _lines_at(tree: Tree, line: int, lines: list[str]) -> str:
    place = tree.start_of(line)
    head = tree.text[:place]
    if head and not head.endswith("\n"):
        head += "\n"
    return head + "".join(f"{one}\n" for one in lines) + tree.text[place:]


def _into_flow(tree: Tree, above: yaml.CollectionNode, written: str) -> str:
    """Return the text with something at the end of what stands in brackets."""
    if not above.value:
        inside = int(above.end_mark.index) - 1
        return tree.text[:inside] + written + tree.text[inside:]
    last = above.value[-1]
    end = max(tree.end(one) for one in (last if isinstance(last, tuple) else (last,)))
    return f"{tree.text[:end]}, {written}{tree.text[end:]}"


def put_in(tree: Tree, above: yaml.SequenceNode, number: int, value: Any) -> str:
    """Return the text with an item before the one of that number, or at the end."""
    last = number >= len(above.value)
    if above.flow_style:
        if last:
            return _into_flow(tree, above, inline(value))
        start = int(above.value[number].start_mark.index)
        return f"{tree.text[:start]}{inline(value)}, {tree.text[start:]}"
    line = tree.item_lines(above, number - 1)[1] if last else tree.item_lines(above, number)[0]
    column = int(above.start_mark.column)
    flow = all(isinstance(one, yaml.CollectionNode) and one.flow_style for one in above.value)
    on_one = f"{' ' * column}- {inline(value)}"
    return _lines_at(tree, line, [on_one] if flow and len(on_one) <= 2 * WIDTH else entry("-", value, column))


def take_out(tree: Tree, above: yaml.CollectionNode, part: str | int) -> str:
    """Return the text without one of several keys or items."""
    keys = isinstance(above, yaml.MappingNode)
    parts = [pair[0] for pair in above.value] if keys else above.value
    values = [pair[1] for pair in above.value] if keys else above.value
    number = next(n for n, one in enumerate(parts) if one.value == part) if keys else int(part)
    if above.flow_style:
        return _out_of_flow(tree, parts, values, number)
    try:
        first, after = (
            tree.key_lines(parts[number], values[number]) if keys else tree.item_lines(above, number)  # type: ignore[arg-type]
        )
    except Awkward:
        if not keys or number or len(parts) < 2:  # the first key stands behind a dash: the next takes its place
            raise
        return tree.text[: int(parts[0].start_mark.index)] + tree.text[int(parts[1].start_mark.index) :]
    return tree.text[: tree.start_of(first)] + tree.text[tree.start_of(after) :]


def _out_of_flow(tree: Tree, parts: list[yaml.Node], values: list[yaml.Node], number: int) -> str:
    if number + 1 < len(parts):
        start, end = int(parts[number].start_mark.index), int(parts[number + 1].start_mark.index)
    else:
        start = max(tree.end(parts[number - 1]), tree.end(values[number - 1]))
        end = max(tree.end(parts[number]), tree.end(values[number]))
    return tree.text[:start] + tree.text[end:]


def carry(tree: Tree, above: yaml.SequenceNode, number: int, to: int) -> str:
    """Return the text with an item carried to another place in its list."""
    if above.flow_style:
        return _carried_in_flow(tree, above, number, to)
    first, after = tree.item_lines(above, number)
    there = tree.item_lines(above, to)
    line = there[0] if to < number else there[1]
    lines = tree.lines[:]
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    carried = lines[first:after]
    if line <= first:
        return "".join([*lines[:line], *carried, *lines[line:first], *lines[after:]])
    return "".join([*lines[:first], *lines[after:line], *carried, *lines[line:]])


def _carried_in_flow(tree: Tree, above: yaml.SequenceNode, number: int, to: int) -> str:
    """Put the items into the places of a list in brackets in another order."""
    spans = [(int(one.start_mark.index), tree.end(one)) for one in above.value]
    order = list(range(len(spans)))
    order.insert(to, order.pop(number))
    text = tree.text
    for place, source in reversed(list(zip(spans, order, strict=True))):
        text = text[: place[0]] + tree.text[slice(*spans[source])] + text[place[1] :]
    return text
