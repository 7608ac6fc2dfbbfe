"""What is streamed out of a database is what brute force finds, on both databases, also after joins."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from hub.attribution.reports import Attribution
from tests.attribution.world import START, Sums, brute, random_world

SPANS = {"all": (0, 3000, 3000), "some": (500, 1200, 3000), "early": (0, 2000, 900)}
GROUPS = {
    "campaign": lambda row: (row["campaign"],), "source": lambda row: (row["source"],),
    "tag:party": lambda row: (row["tags"]["party"],), "ad_group": lambda row: (row["fields"]["ad_group"],),
    "source,medium": lambda row: (row["source"], row["medium"]),
}  # fmt: skip
WEIGHS = {
    "first": lambda number: [Fraction(int(not place)) for place in range(number)],
    "last": lambda number: [Fraction(int(place == number - 1)) for place in range(number)],
    "linear": lambda number: [Fraction(1, number)] * number,
}


def sums_of(found, model: str) -> dict:
    """Return what the report's books hold, as brute force tells it."""
    tallies, costs = found.books.credits[model], found.books.costs
    return {
        key: Sums(*(
            (Fraction(one.leads), Fraction(one.qualified), Fraction(one.won), Fraction(one.netted), dict(one.value))
            if (one := tallies.get(key)) else (Fraction(0),) * 4 + ({},)
        ), dict(costs.get(key, {})))
        for key in {*tallies, *costs}
    }  # fmt: skip


def worth(value: dict) -> dict:
    return {currency: amount for currency, amount in value.items() if amount}


def plain(sums: dict) -> dict:
    return {
        key: (one.leads, one.qualified, one.won, one.netted, worth(one.value), dict(one.cost))
        for key, one in sums.items()
        if one.cost or any((one.leads, one.qualified, one.won, one.netted))
    }


@pytest.mark.parametrize("seed", range(6))
async def test_streamed_credits_and_costs_are_those_of_brute_force(hub, seed):
    world = random_world(seed)
    await hub.db.write(world.keep)
    hub.clock.turn((START + timedelta(days=200) - hub.clock.now()).total_seconds())
    maker = Attribution(hub.db, hub.plan, hub.clock)
    for span in SPANS.values():
        since, until, upto = (START + timedelta(hours=hours) for hours in span)
        for by, key in GROUPS.items():
            frame = maker.frame(since.isoformat(), until.isoformat(), upto.isoformat(), by, tuple(WEIGHS))
            found = await maker.found(frame)
            for model, weigh in WEIGHS.items():
                expected = brute(world, since, until, upto, key, weigh)
                assert plain(sums_of(found, model)) == plain(expected), (span, by, model)


@pytest.mark.parametrize("seed", range(3))
async def test_credits_of_all_groups_sum_to_the_total_under_every_model(hub, seed):
    await hub.db.write(random_world(seed, 60).keep)
    hub.clock.turn((START + timedelta(days=200) - hub.clock.now()).total_seconds())
    maker = Attribution(hub.db, hub.plan, hub.clock)
    found = await maker.found(maker.frame(START.isoformat(), models=tuple(maker.models())))
    total = found.books.total
    assert total.leads > 0
    assert total.won > 0
    for tallies in found.books.credits.values():
        for name in ("leads", "qualified", "won", "returned", "invalid", "duplicate"):
            assert sum(getattr(tally, name) for tally in tallies.values()) == getattr(total, name)
        for currency, worth in total.value.items():
            assert sum(tally.value.get(currency, 0) for tally in tallies.values()) == worth
