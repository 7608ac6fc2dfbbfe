"""Attribution models as pure functions: touches and milestones of a lead in, one weight for each touch out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from hub.errors import ConfigError

Weight = Fraction | int
Weights = tuple[Weight, ...]
"""The share of each touch, oldest touch first; they sum to exactly one, or there are none."""

DAY = 86_400.0
HALF_LIFE = 7 * DAY
_GRAIN = 10**9  # weights that are no simple fractions are rounded to so many parts of the whole
_DIRECT = frozenset(("", "direct", "(direct)", "none", "(none)", "(not set)", "typein"))


class Milestones(NamedTuple):
    """When a lead was made, was first qualified, and was won, in seconds since 1970; None: not, or not yet."""

    created: float | None = None
    qualified: float | None = None
    won: float | None = None


Model = Callable[[Sequence[Any], Milestones], Weights]
"""`(touches, milestones) -> weights`. A touch has at (seconds), source, campaign, medium and origin; oldest first."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What each place on the way gets, in any unit; a place that a lead does not have gives its share to the rest."""

    first: Fraction = Fraction(0)
    created: Fraction = Fraction(0)
    qualified: Fraction = Fraction(0)
    last: Fraction = Fraction(0)
    others: Fraction = Fraction(0)


U_SHAPED = Shares(first=Fraction(40), last=Fraction(40), others=Fraction(20))
W_SHAPED = Shares(first=Fraction(30), created=Fraction(30), qualified=Fraction(30), others=Fraction(10))


def direct(touch: Any) -> bool:
    """Return whether nothing brought a touch: no campaign, no medium, and no origin but our own page."""
    if touch.campaign or (touch.medium or "").strip().lower() not in _DIRECT:
        return False
    return touch.origin in (None, touch.source) or touch.origin.strip().lower() in _DIRECT


def first(touches: Sequence[Any], _: Milestones) -> Weights:
    """Give all to the first touch."""
    return _one(len(touches), 0)


def last(touches: Sequence[Any], _: Milestones) -> Weights:
    """Give all to the last touch."""
    return _one(len(touches), len(touches) - 1)


def last_non_direct(touches: Sequence[Any], _: Milestones) -> Weights:
    """Give all to the last touch that something brought; where nothing brought any, to the last."""
    end = len(touches) - 1
    return _one(len(touches), next((place for place in range(end, -1, -1) if not direct(touches[place])), end))


def linear(touches: Sequence[Any], _: Milestones) -> Weights:
    """Give the same to every touch."""
    return _even(len(touches))


def time_decay(touches: Sequence[Any], _: Milestones, *, half_life: float = HALF_LIFE) -> Weights:
    """Give a touch half of what one gets that came a half-life (seconds) later."""
    if len(touches) < 2:
        return _even(len(touches))
    end = touches[-1].at
    return parted([2.0 ** max(-1000.0, (touch.at - end) / half_life) for touch in touches])


def by_place(touches: Sequence[Any], milestones: Milestones, *, shares: Shares) -> Weights:
    """Give shares to the first and the last touch, those that made and qualified the lead, and all others."""
    number = len(touches)
    if number < 2:
        return _even(number)
    created = _until(touches, milestones.created) if shares.created else None
    qualified = _until(touches, milestones.qualified) if shares.qualified else None
    return _placed(number, created, qualified, shares)


def parted(parts: Sequence[float | int | Fraction]) -> Weights:
    """Return parts of any size as weights; raises ValueError for parts that are below nothing, or all nothing."""
    if not parts:
        return ()
    if any(not part >= 0 or part == float("inf") for part in parts):
        raise ValueError("a part is no number, or below zero")
    exact = [Fraction(part) for part in parts]
    whole = sum(exact)
    if not whole:
        raise ValueError("all parts are zero")
    grains = [int(part * _GRAIN / whole) for part in exact]
    grains[-1] += _GRAIN - sum(grains)
    return tuple(Fraction(grain, _GRAIN) for grain in grains)


def _until(touches: Sequence[Any], moment: float | None) -> int | None:
    """Return the place of the last touch that was not after a moment; the first touch where all were."""
    if moment is None:
        return None
    return max(0, bisect_right(touches, moment, key=_when) - 1)


def _when(touch: Any) -> float:
    return float(touch.at)


@lru_cache(maxsize=4096)
def _one(number: int, place: int) -> Weights:
    return tuple(int(at == place) for at in range(number))


@lru_cache(maxsize=4096)
def _even(number: int) -> Weights:
    return (Fraction(1, number),) * number if number > 1 else (1,) * number


@lru_cache(maxsize=16_384)
def _placed(number: int, created: int | None, qualified: int | None, shares: Shares) -> Weights:
    found = [Fraction(0)] * number
    named = [(0, shares.first), (created, shares.created), (qualified, shares.qualified), (number - 1, shares.last)]
    taken = {place for place, share in named if place is not None and share}
    for place, share in named:
        if place is not None:
            found[place] += share
    rest = [place for place in range(number) if place not in taken]
    for place in rest:
        found[place] += shares.others / len(rest)
    whole = sum(found)
    return tuple(share / whole for share in found) if whole else _even(number)


SHIPPED: Mapping[str, Model] = MappingProxyType(
    {
        "first": first, "last": last, "last_non_direct": last_non_direct, "linear": linear,
        "u_shaped": partial(by_place, shares=U_SHAPED), "w_shaped": partial(by_place, shares=W_SHAPED),
        "time_decay": time_decay,
    }
)  # fmt: skip
"""The models everybody has, in the order they are offered."""

SAYS: Mapping[str, str] = MappingProxyType(
    {
        "first": "All credit goes to the touch that found the lead first.",
        "last": "All credit goes to the last touch before the outcome.",
        "last_non_direct": "All credit goes to the last touch that a campaign or another site brought.",
        "linear": "Every touch gets the same credit.",
        "u_shaped": "40 % to the first touch, 40 % to the last, 20 % to those between.",
        "w_shaped": "30 % each to the first touch, the one that made the lead and the one that qualified it; "
        "10 % to the others.",
        "time_decay": "The closer a touch is to the outcome, the more credit it gets.",
    }
)


def checked(name: str, model: Callable[[Sequence[Any], Milestones], Sequence[float | Fraction]]) -> Model:
    """Return a model of a plugin, whose weights are brought to one; what they are not raises ConfigError."""

    def weigh(touches: Sequence[Any], milestones: Milestones) -> Weights:
        parts = model(touches, milestones)
        if len(parts) != len(touches):
            said = f'The attribution model "{name}" gave {len(parts)} weights for {len(touches)} touches.'
            raise ConfigError(f"{said} Give one for each.")
        try:
            return parted(parts)
        except (ValueError, TypeError) as error:
            raise ConfigError(f'The attribution model "{name}": {error}. Give each touch a number from 0.') from error

    return weigh
