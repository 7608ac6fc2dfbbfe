"""Checks of attribution models: a weight for each touch, whatever the way of a lead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from hub.step import Socket
from hub.testing.compare import short
from hub.testing.contract.subject import Failed

_DAY = 86_400.0
_CAMPAIGNS = ("spring", None, "<b>\u202e", "spring")


def weighs_any_way(thing: Socket) -> None:
    """A model gives each touch a number from 0, not all of them 0, and the same for the same way."""
    for number in (1, 2, 3, 7):
        for apart in (0.0, _DAY):
            for reached in (None, 0.0, 2 * _DAY):
                touches = [_touch(place, place * apart) for place in range(number)]
                marks = SimpleNamespace(created=reached, qualified=reached, won=reached)
                what = f"{number} touches, {apart:g} s apart,"
                first, second = (_weights(thing, touches, marks, what) for _ in (1, 2))
                if list(first) != list(second):
                    raise Failed(f"For {what} the model gave {short(first)} and then {short(second)}.")


def _touch(place: int, at: float) -> SimpleNamespace:
    campaign = _CAMPAIGNS[place % len(_CAMPAIGNS)]
    return SimpleNamespace(at=at, source="web", campaign=campaign, medium=None, origin="web", fields={}, tags={})


def _weights(thing: Socket, touches: Sequence[Any], marks: Any, what: str) -> Sequence[float]:
    try:
        got: Sequence[float] = thing.run(touches, marks)
        able = len(got) == len(touches) and all(math.isfinite(one) and one >= 0 for one in got) and any(got)
    except Exception as error:
        raise Failed(f"For {what} the model raised {type(error).__name__}: {short(str(error))}.") from error
    if not able:
        raise Failed(f"For {what} the model gave {short(got)}. Give each touch a number from 0, not 0 to all.")
    return got
