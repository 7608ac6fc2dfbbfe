"""A YAML text with the places its nodes stand at: what is cut, replaced or added to by position."""

from __future__ import annotations

from typing import Any

import yaml

from hub import yamlfile
from hub.yamlfile import Where


class Awkward(Exception):
    """A place is written in a way that cannot be changed by position."""


class Tree:
    """The nodes of a text. Positions are characters from 0; lines are counted from 0, too."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.data: Any = yamlfile.loads(text, "hub.yaml").data
        self.root = yamlfile.composed(text)
        self.lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))

    def node(self, where: Where) -> Any:
        """Return the node at a path; raises Awkward when there is none."""
        found = self.root
        for part in where:
            found = self.child(found, part)
        if found is None:
            raise Awkward
        return found

    def child(self, node: yaml.Node | None, part: str | int) -> Any:
        """Return the value under a key or number."""
        if isinstance(node, yaml.MappingNode) and isinstance(part, str):
            return self.pair(node, part)[1]
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            return node.value[part]
        raise Awkward

    def pair(self, node: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node]:
        """Return the nodes of a key and its value."""
        for known, value in node.value:
            if known.value == key:
                return known, value
        raise Awkward

    def end(self, node: Any) -> int:
        """Return the character after a node; a block ends where the last thing in it does."""
        if isinstance(node, yaml.ScalarNode):
            if node.style not in ("|", ">"):
                return int(node.end_mark.index)
            start, end = int(node.start_mark.index), int(node.end_mark.index)
            return start + len(self.text[start:end].rstrip())
        if node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return max(self.end(one) for one in (last if isinstance(last, tuple) else (last,)))

    def line_of(self, position: int) -> int:
        """Return the line a character stands on."""
        return self.text.count("\n", 0, position)

    def start_of(self, line: int) -> int:
        """Return the first character of a line; of one past the last, the end of the text."""
        return self._starts[min(line, len(self.lines))]

    def end_of_line(self, position: int) -> int:
        """Return the end of the line a character stands on, before its line break."""
        found = self.text.find("\n", position)
        return len(self.text) if found < 0 else found

    def item_lines(self, sequence: yaml.SequenceNode, number: int) -> tuple[int, int]:
        """Return the first line of an item of a block list, with the comments right above it, and the line after it."""
        column = int(sequence.start_mark.column)
        item = sequence.value[number]
        first = int(item.start_mark.line)
        while first >= 0 and self.lines[first][column : column + 1] != "-":
            first -= 1
        if first < 0 or self.lines[first][:column].strip():
            raise Awkward
        return self._with_comments(first, column), self.line_of(max(self.end(item) - 1, 0)) + 1

    def key_lines(self, key: yaml.Node, value: yaml.Node) -> tuple[int, int]:
        """Return the first line of a key of a block mapping, with the comments right above it, and the line after."""
        first, column = int(key.start_mark.line), int(key.start_mark.column)
        if self.lines[first][:column].strip():
            raise Awkward
        end = max(self.end(key), self.end(value))
        return self._with_comments(first, column), self.line_of(end - 1) + 1

    def _with_comments(self, first: int, column: int) -> int:
        """Return the first of the comment lines right above a line that stand as far right as it does."""
        while first > 0:
            above = self.lines[first - 1]
            if above[column : column + 1] != "#" or above[:column].strip():
                break
            first -= 1
        return first


def found_at(data: Any, where: Where) -> Any:
    """Return what stands at a place of data that was read; None for nothing."""
    for part in where:
        try:
            data = data[part]
        except (LookupError, TypeError):
            return None
    return data
