"""Amounts of money: each currency for itself, or brought to one where the hub has a rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

Purse = dict[str, Fraction]
"""Amounts by currency; what has none is under an empty text."""

CENTS = 4  # digits after the point that are told


@dataclass(frozen=True, slots=True)
class Money:
    """The currency a hub counts in, and what one unit of others is worth in it."""

    currency: str = ""
    rates: Mapping[str, Fraction] = field(default_factory=dict)

    def put(self, purse: Purse, amount: Fraction | Decimal | float, currency: str | None) -> None:
        """Add an amount to a purse, in the hub's currency where there is a rate."""
        named = (currency or self.currency).upper()
        rate = self.rates.get(named)
        if rate is not None:
            named = self.currency
        worth = exact(amount)
        purse[named] = purse.get(named, Fraction(0)) + (worth * rate if rate is not None else worth)


def exact(amount: Fraction | Decimal | float) -> Fraction:
    """Return an amount as people mean it: 0.1 is a tenth."""
    return Fraction(str(amount)) if isinstance(amount, float) else Fraction(amount)


def summed(purses: Iterable[Mapping[str, Fraction]]) -> Purse:
    """Return all that is in purses together, each currency for itself."""
    found: Purse = {}
    for purse in purses:
        for currency, amount in purse.items():
            found[currency] = found.get(currency, Fraction(0)) + amount
    return found


def told(purse: Mapping[str, Fraction] | None) -> dict[str, float] | None:
    """Return what is in a purse as plain numbers; None where nothing is known."""
    if purse is None:
        return None
    return {currency: round(float(amount), CENTS) for currency, amount in sorted(purse.items())}


def each(purse: Mapping[str, Fraction] | None, number: Fraction) -> dict[str, float] | None:
    """Return what one of a number costs; None where no cost is known, or there is none of them."""
    if purse is None or not number:
        return None
    return told({currency: amount / number for currency, amount in purse.items()})


def returned(value: Mapping[str, Fraction], cost: Mapping[str, Fraction] | None) -> float | None:
    """Return how many times its cost something brought; None unless both are known in one and the same currency."""
    if not cost or len(cost) > 1 or not set(value) <= set(cost):
        return None
    (currency, spent), *_ = cost.items()
    return round(float(value.get(currency, Fraction(0)) / spent), CENTS) if spent > 0 else None
