"""The strategies that come with leadhub: in turn, least loaded, by performance, by territory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.people.territory import fits
from hub.roster import Candidate, Choice, in_turn
from hub.step import Work, strategy

_PRIOR = 10.0  # closed leads that count as won at the team's own rate before anything else is known
_LEAST, _MOST = 0.5, 2.0  # how far outcomes move a share


@strategy("round_robin")
def round_robin(work: Work, free: Sequence[Candidate], settings: Any) -> Choice:
    """In turn, by weight: nobody is ever a whole lead ahead of or behind their share; caps count by the hub's day."""
    return in_turn(free)


@strategy("least_loaded", needs=["open"])
def least_loaded(work: Work, free: Sequence[Candidate], settings: Any) -> Choice:
    """Whoever has the fewest open leads for their weight; of equals, the one who got the fewest today."""
    load = {one.name: ((one.figures.open + 1) / one.weight, one.figures.today) for one in free}
    chosen = min(free, key=lambda one: load[one.name])
    return Choice(chosen.name, "least_loaded", note={"open": chosen.figures.open})


@strategy("performance", needs=["outcomes"])
def performance(work: Work, free: Sequence[Candidate], settings: Any) -> Choice:
    """In turn, by weight and by the share of closed leads that were won; from half to twice the weight."""
    won, closed = sum(one.figures.won for one in free), sum(one.figures.closed for one in free)
    usual = won / closed if closed else 0.0
    weights = {one.name: one.weight * _factor(one, usual) for one in free}
    return in_turn(free, weights)


def _factor(one: Candidate, usual: float) -> float:
    """Return by how much a rep's outcomes move their share; a few closed leads move it little."""
    if usual == 0.0:
        return 1.0
    rate = (one.figures.won + _PRIOR * usual) / (one.figures.closed + _PRIOR)
    return min(max(rate / usual, _LEAST), _MOST)


@strategy("territory")
def territory(work: Work, free: Sequence[Candidate], settings: Any) -> Choice:
    """In turn among those whose `takes` or territory fits the lead, then those who take anything, then everybody."""
    fit = [one for one in free if any(fits(work.lead, takes) for takes in one.takes)]
    anything = [one for one in free if not one.takes]
    group = fit or anything or list(free)
    among = {one.name for one in group}
    chosen = in_turn(group)
    passed = {one.name: "other_territory" for one in free if one.name not in among}
    how = "territory" if fit else "any_territory" if anything else "no_territory"
    return Choice(chosen.name, chosen.why, chosen.shares, passed, {"territory": how})
