"""Spreads costs of files over their days, and ties them to what a report is divided by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hub.attribution.frame import Frame, Key, step_of
from hub.attribution.money import Money, Purse
from hub.store.costs import NAMES


@dataclass(slots=True)
class Spread:
    """Costs of a span: by group, by step of time, and what names no group."""

    costs: dict[Key, Purse] = field(default_factory=dict)
    spent: dict[str, Purse] = field(default_factory=dict)
    loose: Purse = field(default_factory=dict)


def spread(rows: Iterable[Any], frame: Frame) -> Spread:
    """Return the parts of costs that lie in the span, each day of a row having the same part of it."""
    found, (first, last) = Spread(), frame.days
    able = all(name in NAMES for name in frame.by)
    for row in rows:
        start, end = max(row.day, first), min(row.last, last)
        if start > end:
            continue
        a_day = Fraction(Decimal(row.amount)) / ((row.last - row.day).days + 1)
        part = a_day * ((end - start).days + 1)
        key = tuple(getattr(row, name) for name in frame.by) if able else (None,)
        purse = found.costs.setdefault(key, {}) if able and all(key) else found.loose
        frame.money.put(purse, part, row.currency)
        if frame.only is None or frame.only == key:
            _course(found.spent, a_day, row.currency, start, end, frame.each, frame.money)
    return found


def _course(
    spent: dict[str, Purse], a_day: Fraction, currency: str, start: date, end: date, each: str, money: Money
) -> None:
    steps: dict[str, int] = {}
    for day in range((end - start).days + 1):
        step = step_of(start + timedelta(days=day), each)
        steps[step] = steps.get(step, 0) + 1
    for step, days in steps.items():
        money.put(spent.setdefault(step, {}), a_day * days, currency)
