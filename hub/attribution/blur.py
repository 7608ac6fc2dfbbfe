"""Takes out of a scorecard what could be of few persons: numbers below five, and what they could be reckoned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.attribution.vendors import PARTS

FEW = 5
LESS = f"<{FEW}"

_COUNTS = (*PARTS, "volume", "returned", "invalid", "duplicate", "good", "answered", "qualified", "won")
_SUMS = ("volume", "new", "good")
_SHARES: Mapping[str, tuple[str, ...]] = {
    "new_share": ("new", "volume"), "returned_share": ("returned", "invalid", "duplicate", "new"),
    "contact_rate": ("answered", "good"), "qualified_share": ("qualified", "good"), "median_speed": ("answered",),
    "cost_per_good": ("good",), "cost_per_qualified": ("qualified",),
}  # fmt: skip
"""What each share says something of: it is left out where one of them is small."""


def blurred(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scorecard that says nothing of fewer than five persons."""
    months = [_line(month) for month in card["months"]]
    total = _line(card["total"])
    for name in _COUNTS:
        if any(month[name] == LESS for month in months) and isinstance(total[name], int):
            total[name] = _near(total[name])
    return {
        **card, "months": months, "total": total, "because": _few(card["because"]), "problems": _few(card["problems"]),
    }  # fmt: skip


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(line)
    small = {name for name in _COUNTS if 0 < line[name] < FEW}
    found.update(dict.fromkeys(small, LESS))
    for name in _SUMS:
        if small and isinstance(found[name], int):
            found[name] = _near(found[name])
    for name, parts in _SHARES.items():
        if small & set(parts):
            found[name] = None
    return found


def _near(number: int) -> int:
    return FEW * round(number / FEW)


def _few(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "number": LESS if row["number"] < FEW else row["number"]} for row in rows]
