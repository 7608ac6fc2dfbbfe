"""fewest_today: gives a lead to whoever got the fewest today, whatever they got before."""

from collections.abc import Iterable, Sequence
from typing import Any

from hub import Candidate, Choice, Work, hookimpl, strategy


@strategy("fewest_today")
def fewest_today(_work: Work, free: Sequence[Candidate], _settings: Any) -> Choice:
    """Whoever got the fewest leads today for their weight; of equals, the first in the list."""
    chosen = min(free, key=lambda one: one.figures.today / one.weight)
    return Choice(chosen.name, "fewest_today", note={"today": chosen.figures.today})


@hookimpl
def hub_register() -> Iterable[Any]:
    yield fewest_today
