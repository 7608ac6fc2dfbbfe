"""Brings changes to a text onto another change of it, line by line, as version control does."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher


def merged(base: str, mine: str, theirs: str) -> str | None:
    """Return the text with both changes, None where they touch the same lines and differ."""
    lines = base.splitlines(keepends=True)
    spans = sorted({*_spans(lines, mine), *_spans(lines, theirs)})
    made: list[str] = []
    place = 0
    before: tuple[int, int] | None = None
    for start, end, instead in spans:
        if before is not None and (start < before[1] or start == before[0]):
            return None
        made += [*lines[place:start], *instead]
        place, before = end, (start, end)
    return "".join([*made, *lines[place:]])


def _spans(lines: Sequence[str], text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    changed = text.splitlines(keepends=True)
    steps = SequenceMatcher(None, lines, changed, autojunk=False).get_opcodes()
    return [(i1, i2, tuple(changed[j1:j2])) for kind, i1, i2, j1, j2 in steps if kind != "equal"]
