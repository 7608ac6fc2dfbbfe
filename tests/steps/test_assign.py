"""assign: fair by weight, careful with caps and holidays, and silent about test leads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.lead import Lead
from hub.step import Assignment, Context, Work, strategy
from hub.steps.assign import AssignOptions, assign, round_robin
from tests.steps.context import Counters, FakeContext, work_of

TODAY = "2026-05-04"


def context(*members: dict[str, Any], counters: Counters | None = None, **team: Any) -> FakeContext:
    settings = {"hub": {"time_zone": "Asia/Shanghai"}, "teams": {"north": {"members": list(members), **team}}}
    return FakeContext(settings, counters=counters, things=[round_robin])


async def assigned(ctx: FakeContext, lead: Lead | None = None, **changes: Any) -> Work:
    result = await assign.run(work_of(lead=lead, **{"assign": "north", **changes}), ctx, AssignOptions())
    assert isinstance(result, Work)
    return result


async def deal(ctx: FakeContext, times: int, day: str = TODAY) -> list[str]:
    owners = []
    for _ in range(times):
        owner = (await assigned(ctx)).lead.owner or ""
        ctx.rotations.count("north", owner, day)
        owners.append(owner)
    return owners


async def test_members_take_turns_in_the_order_they_are_listed() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"}, {"name": "cho"})
    assert await deal(ctx, 6) == ["ann", "bob", "cho", "ann", "bob", "cho"]


async def test_heavier_members_get_more_but_not_in_bursts() -> None:
    ctx = context({"name": "ann", "weight": 3}, {"name": "bob"}, {"name": "cho", "weight": 2})
    assert await deal(ctx, 6) == ["ann", "cho", "ann", "bob", "ann", "cho"]


async def test_the_assignment_names_everybody_and_the_counters_before() -> None:
    counters = Counters({("north", "ann", ""): 7, ("north", "ann", TODAY): 2, ("north", "bob", ""): 3})
    members = ({"name": "ann", "daily_cap": 2}, {"name": "bob", "weight": 2}, {"name": "cho", "active": False})
    work = await assigned(context(*members, {"name": "dan"}, counters=counters))
    assert (work.lead.team, work.lead.owner) == ("north", "dan")
    assert work.assignment == Assignment(
        "north",
        "dan",
        "round_robin",
        (
            {"name": "ann", "reason": "daily_cap", "weight": 1.0, "given": 7, "today": 2, "daily_cap": 2},
            {"name": "bob", "reason": "later", "weight": 2.0, "given": 3, "today": 0},
            {"name": "cho", "reason": "inactive", "weight": 1.0, "given": 0, "today": 0},
            {"name": "dan", "reason": "next", "weight": 1.0, "given": 0, "today": 0},
        ),
    )
    assert work.notes["assign"] == {"team": "north", "owner": "dan", "strategy": "round_robin", "reason": "chosen"}


async def test_the_day_of_a_cap_is_the_hubs() -> None:
    ctx = context({"name": "ann", "daily_cap": 1}, counters=Counters({("north", "ann", "2026-05-05"): 1}))
    assert (await assigned(ctx)).lead.owner == "ann"
    ctx.clock.turn(8 * 3600)  # 16:09 UTC is 00:09 of the next day in Shanghai
    assert (await assigned(ctx)).lead.owner is None


@pytest.mark.parametrize(
    "members",
    [
        (),
        ({"name": "ann", "active": False},),
        ({"name": "ann", "daily_cap": 1}, {"name": "bob", "active": False}),
    ],
)
async def test_when_nobody_is_free_the_lead_stays_with_the_team(members: tuple[dict[str, Any], ...]) -> None:
    ctx = context(*members, counters=Counters({("north", "ann", TODAY): 1}))
    work = await assigned(ctx)
    assert (work.lead.team, work.lead.owner) == ("north", None)
    assert work.notes["assign"]["reason"] == "nobody"
    assert len(work.assignment.considered) == len(members)


async def test_who_has_the_lead_keeps_it() -> None:
    work = await assigned(context({"name": "ann"}), Lead(owner="zoe", team="south"))
    assert (work.lead.team, work.lead.owner) == ("south", "zoe")
    assert work.assignment == Assignment("south", "zoe", "keep")
    assert work.notes["assign"]["reason"] == "kept"


async def test_an_owner_without_a_team_joins_the_routes_team() -> None:
    assert (await assigned(context({"name": "ann"}), Lead(owner="zoe"))).lead.team == "north"


async def test_a_route_without_a_team_assigns_nobody() -> None:
    work = await assigned(context({"name": "ann"}), assign=None)
    assert (work.lead.team, work.lead.owner) == (None, None)
    assert work.notes["assign"]["reason"] == "no_team"


async def test_a_test_lead_shows_who_it_would_be_and_changes_nothing() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"})
    work = await assigned(ctx, Lead(test=True))
    assert work.lead.owner is None
    assert work.assignment.owner is None
    assert work.notes["assign"]["would_be"] == "ann"
    assert work.notes["assign"]["reason"] == "test"
    assert ctx.rotations.held == {}


async def test_another_strategy_can_be_plugged_in() -> None:
    @strategy("last")
    def last(work: Work, ctx: Context, team: str, settings: Any) -> Assignment:
        """Give it to the last one."""
        return Assignment(team, settings.members[-1].name, "last")

    ctx = FakeContext(
        {"teams": {"north": {"strategy": "last", "members": [{"name": "a"}, {"name": "b"}]}}}, things=[last]
    )
    assert (await assigned(ctx)).lead.owner == "b"


async def test_who_comes_back_catches_up_at_double_pace_and_does_not_get_every_lead() -> None:
    held = {("north", name, ""): 1_000 for name in ("ann", "bob", "cho")}
    ctx = context({"name": "ann"}, {"name": "bob"}, {"name": "cho"}, {"name": "new"}, counters=Counters(held))
    owners = await deal(ctx, 40)
    assert 20 <= owners.count("new") <= 23
    assert max(owners.count(name) for name in ("ann", "bob", "cho")) <= 7


_WEIGHTS = st.lists(st.floats(0.1, 20) | st.integers(1, 20).map(float), min_size=1, max_size=8)


@settings(deadline=None)
@given(_WEIGHTS, st.integers(1, 60))
def test_nobody_is_ever_a_whole_lead_away_from_their_share(weights: list[float], leads: int) -> None:
    ctx = context(*({"name": f"m{i}", "weight": weight} for i, weight in enumerate(weights)))
    team, total = ctx.settings.teams["north"], sum(weights)
    for dealt in range(1, leads + 1):
        owner = round_robin.run(work_of(), ctx, "north", team).owner
        ctx.rotations.count("north", owner, TODAY)
        given_so_far = ctx.rotations.given("north")
        off = [given_so_far.get(m.name, 0) - m.weight / total * dealt for m in team.members]
        assert max(map(abs, off)) <= 1 + 1e-9


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_after_a_full_round_everybody_had_exactly_their_weight(weights: list[int]) -> None:
    ctx = context(*({"name": f"m{i}", "weight": weight} for i, weight in enumerate(weights)))
    team = ctx.settings.teams["north"]
    for _ in range(sum(weights)):
        owner = round_robin.run(work_of(), ctx, "north", team).owner
        ctx.rotations.count("north", owner, TODAY)
    assert ctx.rotations.given("north") == {f"m{i}": weight for i, weight in enumerate(weights)}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 9), st.booleans(), st.none() | st.integers(1, 3)), max_size=6), st.integers(0, 30)
)
def test_caps_and_absence_are_kept_whatever_the_team(team: list[tuple[float, bool, int | None]], leads: int) -> None:
    members = [{"name": f"m{i}", "weight": w, "active": a, "daily_cap": c} for i, (w, a, c) in enumerate(team)]
    ctx = context(*members)
    settings = ctx.settings.teams["north"]
    for _ in range(leads):
        owner = round_robin.run(work_of(), ctx, "north", settings).owner
        ctx.rotations.count("north", owner or "nobody", TODAY)
    today = ctx.rotations.given("north", TODAY)
    assert all(today.get(m.name, 0) <= (m.daily_cap or leads) * m.active for m in settings.members)
    room = sum(min(m.daily_cap or leads, leads) * m.active for m in settings.members)
    assert leads - today.get("nobody", 0) == min(leads, room)
