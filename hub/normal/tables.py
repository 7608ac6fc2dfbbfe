"""Reads the word lists that the cleaners are written with."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def words(block: str) -> frozenset[str]:
    """Return the words of a block of text, which white space parts."""
    return frozenset(block.split())


def spellings(block: str) -> Mapping[str, str]:
    """Return what each spelling stands for, from lines such as `CN: China, PRC, 中国`."""
    table: dict[str, str] = {}
    for row in filter(None, map(str.strip, block.splitlines())):
        meaning, _, said = row.partition(": ")
        table.update(dict.fromkeys((spelling.strip() for spelling in said.split(",")), meaning))
    return MappingProxyType(table)
