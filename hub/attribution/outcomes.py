"""What became of a lead, out of all that was heard of it: its milestones, its worth, and whether it counts at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hub.attribution.models import Milestones
from hub.outcome import Disposition

QUALIFIED = frozenset((Disposition.QUALIFIED, Disposition.OPPORTUNITY, Disposition.WON))
NETTED = (Disposition.RETURNED, Disposition.INVALID, Disposition.DUPLICATE)
"""What takes a lead out of all counts: the newest word on it is one of these."""

_ENDS = frozenset((Disposition.WON, Disposition.LOST, Disposition.UNQUALIFIED, *NETTED))


class Outcome(NamedTuple):
    """What became of a lead; times are in seconds since 1970."""

    milestones: Milestones
    netted: str | None = None  # returned, invalid or duplicate
    value: float | None = None  # of a won one, where it is known
    currency: str | None = None
    answered: float | None = None  # when a person answered first
    reason: str | None = None  # of what netted it


def outcome(acts: Sequence[Any], created: float | None) -> Outcome:
    """Return what became of a lead, by acts that are oldest first.

    It is won while the newest of its ends (won, lost, unqualified, returned, invalid, duplicate) is a win.
    """
    if not acts:
        return Outcome(Milestones(created))
    answered = next((act.at for act in acts if act.human), None)
    said = [act for act in acts if act.disposition not in (None, Disposition.UNKNOWN)]
    if said and said[-1].disposition in NETTED:
        last = said[-1]
        return Outcome(Milestones(created), last.disposition, answered=answered, reason=last.reason)
    qualified = next((act.at for act in said if act.disposition in QUALIFIED), None)
    won = _won(said)
    worth = next((act for act in reversed(acts) if act.value is not None), None) if won is not None else None
    value, currency = (worth.value, worth.currency) if worth else (None, None)
    return Outcome(Milestones(created, qualified, won), None, value, currency, answered)


def _won(said: Sequence[Any]) -> float | None:
    """Return when a lead was won, if that is how it ended: the first win after which nothing else ended it."""
    won: float | None = None
    for act in said:
        if act.disposition == Disposition.WON:
            won = act.at if won is None else won
        elif act.disposition in _ENDS:
            won = None
    return won
