"""Adds up credits: one pass over the ways of leads, for any number of models, in exact fractions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hub.attribution.frame import Frame, Key, keyed, steps
from hub.attribution.models import Milestones, Model, Weight, Weights
from hub.attribution.money import Purse
from hub.attribution.outcomes import Outcome, outcome
from hub.grouped import group_of
from hub.settings.campaigns import CostSettings

PATHS = 20_000  # different paths that are told apart
LONGEST = 5  # touches of a path that are shown: the first two, a gap, the last two

Part = tuple[Weight, Weight, Weight]
"""The shares of one touch: in the lead, in its being qualified, in its being won."""

_WHOLE: Part = (1, 1, 1)
_LEADS, _QUALIFIED, _WON = 0, 1, 2
_FIELDS = ("leads", "qualified", "won", "returned", "invalid", "duplicate")
_PLACES = {name: place for place, name in enumerate(_FIELDS)}


@dataclass(slots=True)
class Tally:
    """The credit of one group: parts of leads, and of what they were worth."""

    leads: Fraction | int = 0
    qualified: Fraction | int = 0
    won: Fraction | int = 0
    returned: Fraction | int = 0
    invalid: Fraction | int = 0
    duplicate: Fraction | int = 0
    value: Purse = field(default_factory=dict)

    @property
    def netted(self) -> Fraction | int:
        """Return the leads that do not count."""
        return self.returned + self.invalid + self.duplicate


class _Sum:
    """A tally while it is added up: numerators by denominator, as adding fractions takes ten times as long."""

    __slots__ = ("parts", "value")

    def __init__(self) -> None:
        self.parts: tuple[dict[int, int], ...] = tuple({} for _ in _FIELDS)
        self.value: Purse = {}

    def add(self, place: int, part: Weight) -> None:
        sums, below = self.parts[place], part.denominator
        sums[below] = sums.get(below, 0) + part.numerator

    def tally(self) -> Tally:
        found = [sum((Fraction(above, below) for below, above in sums.items()), Fraction(0)) for sums in self.parts]
        leads, qualified, won, returned, invalid, duplicate = found
        return Tally(leads, qualified, won, returned, invalid, duplicate, self.value)


_Sums = dict[Key, _Sum]
Tallies = dict[Key, Tally]


@dataclass(slots=True)
class Books:
    """What one pass found: the credits by model and group, what touches cost, the course over time, and paths."""

    credits: dict[str, Tallies] = field(default_factory=dict)
    total: Tally = field(default_factory=Tally)
    costs: dict[Key, Purse] = field(default_factory=dict)
    spent: dict[str, Purse] = field(default_factory=dict)  # by step of time
    touches: dict[Key, int] = field(default_factory=dict)  # of the leads that count
    course: dict[str, Tally] = field(default_factory=dict)
    paths: dict[Key, list[int]] = field(default_factory=dict)  # by what stood on the way: leads, won
    several: int = 0  # leads with more than one touch


class Fold:
    """Adds ways up; one of it serves one pass."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self._key = frame, keyed(frame.by)
        self._step = steps(frame.each, frame.zone)
        self._since, self._until = frame.since.timestamp(), frame.until.timestamp()
        self._paid: dict[tuple[Key, str, str], Decimal] = {}
        self._total, self._course = _Sum(), dict[str, _Sum]()
        self._sums: dict[str, _Sums] = {name: {} for name in frame.models}
        self._books = Books()

    def __call__(self, ways: Iterable[Any]) -> Books:
        """Return what the ways add up to."""
        for way in ways:
            became = outcome(way.acts, way.created)
            keys = [self._key(touch) for touch in way.touches]
            if self._since <= way.touches[0].at < self._until:
                self._count(way.touches, keys, became)
            self._pay(way.touches, keys, became)
        self._settle()
        return self._books

    def _count(self, touches: Sequence[Any], keys: list[Key], became: Outcome) -> None:
        books, frame, only = self._books, self._frame, self._frame.only
        self._add(self._total, became, _WHOLE)
        for key in keys:
            books.touches[key] = books.touches.get(key, 0) + 1
        books.several += len(touches) > 1
        if only is None:
            self._add(self._at(touches), became, _WHOLE)
        elif only in keys:
            self._walk(keys, became)
        for place, (name, model) in enumerate(frame.models.items()):
            sums = self._sums[name]
            for key, part in shared(touches, keys, became, model):
                self._add(group_of(sums, key, _Sum), became, part)
                if not place and only == key:
                    self._add(self._at(touches), became, part)

    def _at(self, touches: Sequence[Any]) -> _Sum:
        step = self._step(touches[0].at)
        found = self._course.get(step)
        if found is None:
            found = self._course[step] = _Sum()
        return found

    def _add(self, total: _Sum, became: Outcome, part: Part) -> None:
        marks = became.milestones
        if became.netted is not None:
            total.add(_PLACES[became.netted], part[0])
            return
        total.add(_LEADS, part[0])
        if marks.qualified is not None:
            total.add(_QUALIFIED, part[1])
        if marks.won is not None and part[2]:
            total.add(_WON, part[2])
            if became.value is not None:
                self._frame.money.put(total.value, Fraction(str(became.value)) * part[2], became.currency)

    def _walk(self, keys: list[Key], became: Outcome) -> None:
        path, paths = path_of(keys), self._books.paths
        if path not in paths and len(paths) >= PATHS:
            return
        counted = paths.setdefault(path, [0, 0])
        counted[0] += became.netted is None
        counted[1] += became.milestones.won is not None

    def _pay(self, touches: Sequence[Any], keys: list[Key], became: Outcome) -> None:
        prices = self._frame.prices
        for place, touch in enumerate(touches):
            if touch.cost is None and touch.source not in prices:
                continue
            if not self._since <= touch.at < self._until:
                continue
            price = price_of(touch, prices, became.netted, known=place > 0)
            if price is None:
                continue
            for step in ("", self._step(touch.at)):
                found = (keys[place], step, price[1])
                self._paid[found] = self._paid.get(found, Decimal(0)) + price[0]

    def _settle(self) -> None:
        """Make tallies of sums, and bring what touches cost to the money of the hub."""
        books, only = self._books, self._frame.only
        books.total = self._total.tally()
        books.course = {step: found.tally() for step, found in self._course.items()}
        books.credits = {name: {key: found.tally() for key, found in sums.items()} for name, sums in self._sums.items()}
        for (key, step, currency), amount in self._paid.items():
            if not step:
                self._frame.money.put(books.costs.setdefault(key, {}), amount, currency)
            elif only is None or only == key:
                self._frame.money.put(books.spent.setdefault(step, {}), amount, currency)


def price_of(
    touch: Any, prices: Mapping[str, CostSettings], netted: str | None, *, known: bool
) -> tuple[Decimal, str] | None:
    """Return what a touch cost: as it says itself, else its source's price; None where nobody knows.

    What its vendor takes back costs nothing, by what became of the lead; whose person was known is a duplicate.
    """
    priced = prices.get(touch.source)
    price, currency = touch.cost, touch.currency
    if price is None and priced is not None:
        price, currency = priced.per_lead, priced.currency
    if price is None:
        return None
    if priced is not None and (netted in priced.credits or (known and "duplicate" in priced.credits)):
        price = 0.0
    return Decimal(str(price)), currency or ""


def shared(touches: Sequence[Any], keys: Sequence[Key], became: Outcome, model: Model) -> Iterable[tuple[Key, Part]]:
    """Yield the shares of each touch: in the lead of all touches, in a milestone of those up to it."""
    if len(touches) == 1:
        yield keys[0], _WHOLE
        return
    marks = became.milestones
    whole = model(touches, marks)
    qualified = _up_to(touches, marks.qualified, whole, marks, model)
    won = _up_to(touches, marks.won, whole, marks, model)
    for place, key in enumerate(keys):
        part = (whole[place], qualified[place], won[place])
        if any(part):
            yield key, part


def _up_to(touches: Sequence[Any], moment: float | None, whole: Weights, marks: Milestones, model: Model) -> Weights:
    """Return weights that leave out touches after a moment; where all were after it, the first touch has it all."""
    if moment is None or touches[-1].at <= moment:
        return whole
    number = max(1, sum(touch.at <= moment for touch in touches))
    return (*model(touches[:number], marks), *(0,) * (len(touches) - number))


def path_of(keys: Sequence[Key]) -> Key:
    """Return what stood on a way, first to last: repeats are one, a long one has a gap in the middle."""
    names = [" / ".join(part or "" for part in key) or None for key in keys]
    found = [name for place, name in enumerate(names) if not place or names[place - 1] != name]
    if len(found) > LONGEST:
        found = [*found[:2], "…", *found[-2:]]
    return tuple(found)
