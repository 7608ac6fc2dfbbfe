"""What pages show of attribution: the course over time, paths of touches, two models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hub.attribution.frame import Key, step_of
from hub.attribution.ledger import Tally
from hub.attribution.money import CENTS, summed
from hub.attribution.reports import Found, Line

GROUPS = 2_000  # lines that are reckoned for a page
SIDE = ("leads", "qualified", "won", "value", "return_on_spend")


def few(found: Found) -> tuple[Found, int]:
    """Return what was found with the groups that have most touches, and how many were left out."""
    keys = {*found.books.touches, *found.costs, *(key for one in found.books.credits.values() for key in one)}
    if len(keys) <= GROUPS:
        return found, 0
    kept = set(sorted(keys, key=lambda key: (-found.books.touches.get(key, 0), str(key)))[:GROUPS])
    books = replace(
        found.books,
        touches={key: number for key, number in found.books.touches.items() if key in kept},
        credits={
            name: {key: tally for key, tally in tallies.items() if key in kept}
            for name, tallies in found.books.credits.items()
        },
    )
    costs = {key: purse for key, purse in found.costs.items() if key in kept}
    return replace(found, books=books, costs=costs), len(keys) - GROUPS


def course(found: Found) -> dict[str, Any]:
    """Return outcomes and costs in the steps of the span, also those in which nothing was: rows of plain numbers.

    Costs are those of the currency most of them are in.
    """
    spent = {step: summed([found.books.spent.get(step, {}), found.spread.spent.get(step, {})])
             for step in {*found.books.spent, *found.spread.spent}}  # fmt: skip
    counts: dict[str, int] = {}
    for purse in spent.values():
        for currency in purse:
            counts[currency] = counts.get(currency, 0) + 1
    money = max(counts, key=lambda currency: (counts[currency], currency)) if counts else None
    outcomes, costs = [], []
    for step in _steps(found):
        tally = found.books.course.get(step, Tally())
        outcomes.append([step, *(_number(value) for value in (tally.leads, tally.qualified, tally.won))])
        costs.append([step, _number(spent.get(step, {}).get(money, 0)) if money is not None else None])
    return {"outcomes": outcomes, "costs": costs if money is not None else [], "money": money}


def _steps(found: Found) -> list[str]:
    """Return the steps from the first in which anything was."""
    known = (*found.books.course, *found.spread.spent, *found.books.spent)
    if not known:
        return []
    (first, last), each = found.frame.days, found.frame.each
    days = (first + timedelta(days=day) for day in range((last - first).days + 1))
    return [step for step in dict.fromkeys(step_of(day, each) for day in days) if step >= min(known)]


def _number(value: Fraction | int) -> float | int:
    return round(float(value), CENTS) if Fraction(value).denominator != 1 else int(value)


def paths(found: Found, most: int) -> list[dict[str, Any]]:
    """Return the commonest ways of leads, first touch to last: what stood on each, how many leads, how many won."""
    rows = sorted(found.books.paths.items(), key=lambda item: (-item[1][0], -item[1][1], str(item[0])))
    return [{"steps": list(path), "leads": leads, "won": won} for path, (leads, won) in rows[:most] if leads]


def compared(rows: list[Line], others: list[Line], by: Sequence[str]) -> list[Line]:
    """Return lines with the place and the figures that another model gives each."""
    places = {_key(line, by): (place, line) for place, line in enumerate(others, 1)}
    found = []
    for place, row in enumerate(rows, 1):
        there, other = places.get(_key(row, by), (None, {}))
        found.append({**row, "place": place, "other_place": there, "other": {name: other.get(name) for name in SIDE}})
    return found


def _key(line: Line, by: Sequence[str]) -> Key:
    return tuple(line[name] for name in by)
