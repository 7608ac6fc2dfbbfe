"""A model of a plugin comes through the one hook, is checked by the kit, and shares credit like any other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.attribution.reports import Attribution
from hub.step import attribution_model
from hub.testing.contract.models import weighs_any_way
from hub.testing.contract.subject import Failed
from tests.attribution.world import START, World, lead, touch


@attribution_model("late_bird")
def late_bird(touches, milestones):
    """Each touch gets twice what the one before it got."""
    return [2.0**place for place in range(len(touches))]


@attribution_model("broken")
def broken(touches, milestones):
    """Nobody gets anything."""
    return [0.0] * len(touches)


async def test_a_model_of_a_plugin_shares_credit(make_hub):
    hub = await make_hub(things=[late_bird])
    touches = [touch("lead_1", START + timedelta(days=n), n, name) for n, name in enumerate(("a", "b"))]
    await hub.db.write(World([lead("lead_1", START)], touches).keep)
    hub.clock.turn((START + timedelta(days=30) - hub.clock.now()).total_seconds())
    maker = Attribution(hub.db, hub.plan, hub.clock)
    said = await maker.make(maker.frame("60d", models=["late_bird"]))
    assert said["model_says"] == "Each touch gets twice what the one before it got."
    assert {row["campaign"]: row["leads"] for row in said["rows"]} == {"a": 0.3333, "b": 0.6667}
    assert said["total"]["leads"] == 1


def test_the_kit_takes_a_model_that_weighs_and_refuses_one_that_does_not():
    weighs_any_way(late_bird)
    with pytest.raises(Failed, match="Give each touch a number from 0"):
        weighs_any_way(broken)
