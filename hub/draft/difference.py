"""How two texts differ, line by line."""

from __future__ import annotations

import difflib
from typing import Any

AROUND = 3


def unified(before: str, after: str) -> str:
    """Return the difference of two texts as tools write it; empty when there is none."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=AROUND)
    return "\n".join(lines)


def rows(before: str, after: str) -> list[dict[str, Any]]:
    """Return the difference as rows for a page: `kind` (same, gone, new, far), line numbers and the text.

    The first row of each change has its number as `change`.
    """
    old, new = before.splitlines(), after.splitlines()
    found: list[dict[str, Any]] = []
    number = -1
    for group in _matched(old, new).get_grouped_opcodes(AROUND):
        if found:
            found.append({"kind": "far", "old": None, "new": None, "line": "…"})
        for kind, i1, i2, j1, j2 in group:
            if kind == "equal":
                both = zip(range(i1, i2), range(j1, j2), strict=True)
                found += [{"kind": "same", "old": i + 1, "new": j + 1, "line": old[i]} for i, j in both]
                continue
            first, number = len(found), number + 1
            found += [{"kind": "gone", "old": i + 1, "new": None, "line": old[i]} for i in range(i1, i2)]
            found += [{"kind": "new", "old": None, "new": j + 1, "line": new[j]} for j in range(j1, j2)]
            found[first]["change"] = number
    return found


def _matched(old: list[str], new: list[str]) -> difflib.SequenceMatcher[str]:
    return difflib.SequenceMatcher(None, old, new, autojunk=False)


def without(before: str, after: str, number: int) -> str:
    """Return the text after all changes but the one of that number, as `rows` counts them."""
    old, new = before.splitlines(), after.splitlines()
    changes = [one for one in _matched(old, new).get_opcodes() if one[0] != "equal"]
    if number >= len(changes):
        return after
    _, i1, i2, j1, j2 = changes[number]
    lines = [*new[:j1], *old[i1:i2], *new[j2:]]
    return "".join(f"{line}\n" for line in lines)
