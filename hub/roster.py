"""Fair turns: what each rep is entitled to and got, whose turn it is, and what a strategy chooses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Given = Literal["dealt", "kept", "fallback"]
"""How a rep got a lead: a book dealt it, its source said whose it is, or nobody in the team could take it."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
FALLBACK = "fallback"
"""The strategy on record when nobody in a team could take a lead; who gets it then gets it beside all caps."""
_DIGITS = 9  # of a share: two rosters that differ less are one
_TINY = 1e-9

UNASSIGNED = "unassigned"
"""The pool of leads that nobody could take; it is always there."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one rep of a team.

    `entitled` is the sum of the shares of all leads that were dealt while they were free, `received` how many of these
    they got; the difference is what the team owes them, in leads.
    """

    received: int = 0
    entitled: float = 0.0
    today: int = 0  # leads of any kind they got today
    open: int = 0  # leads of theirs that are not done
    won: int = 0  # of those that were closed in the time that counts
    closed: int = 0

    @property
    def balance(self) -> float:
        """Return how many leads the team owes them; below zero they are ahead."""
        return self.entitled - self.received


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rep who can take a lead now."""

    name: str
    weight: float = 1.0
    takes: tuple[Mapping[str, Sequence[str]], ...] = ()  # what they are for: any of these
    figures: Figures = Figures()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a strategy chose: a candidate's name, why, and why others were passed over, by name.

    `shares` is what each candidate's part of the lead is where it is dealt by turns: the team's ledger keeps these.
    """

    name: str | None
    why: str = "chosen"
    shares: Mapping[str, float] | None = None
    passed: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    note: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Deal:
    """One lead that was dealt by turns: on whose turn, and the share of everybody who could have had it."""

    team: str
    member: str
    shares: Mapping[str, float]

    @property
    def roster(self) -> str:
        """Return a short name of the shares; equal ones have the same."""
        text = ";".join(f"{name}={share:.{_DIGITS}f}" for name, share in sorted(self.shares.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def in_turn(free: Sequence[Candidate], weights: Mapping[str, float] | None = None) -> Choice:
    """Return whose turn it is, by the candidates' weights or those given; each is within a lead of their share.

    Whoever is owed a part of this lead could have it, and the one who would be owed a whole lead soonest gets it
    (Tijdeman, The chairman assignment problem, 1980). Who was away was entitled to nothing meanwhile: they go on where
    they were, neither flooded nor starved.
    """
    parts = shares({one.name: (weights or NOTHING).get(one.name, one.weight) for one in free})
    balance = {one.name: one.figures.balance for one in free}
    owed = [name for name, share in parts.items() if share > 0 and balance[name] + share > _TINY]
    due = owed or [name for name, share in parts.items() if share > 0]
    if not due:
        return Choice(None, shares=parts)
    first = min(due, key=lambda name: (round((1 - balance[name]) / parts[name], _DIGITS), -parts[name]))
    return Choice(first, shares=parts)


def shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Return what each one's part of a lead is; parts add up to 1."""
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()} if total else dict(weights)


def settled(
    entitled: Mapping[str, float], received: Mapping[str, int], weights: Mapping[str, float]
) -> dict[str, float]:
    """Return what each is entitled to when all that was received is shared out again among those who are there.

    Somebody who left the team with half a lead too much or too little leaves a gap; it is spread by weight.
    """
    gap = sum(received.get(name, 0) - entitled.get(name, 0.0) for name in weights)
    if abs(gap) < _TINY:
        return {name: entitled.get(name, 0.0) for name in weights}
    return {name: entitled.get(name, 0.0) + gap * share for name, share in shares(weights).items()}
