"""assign: fair by weight, careful with caps and absences, and silent about test leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import ConfigError
from hub.lead import Lead
from hub.roster import Candidate, Choice
from hub.step import Work, strategy
from hub.steps import strategies
from hub.steps.assign import AssignOptions, assign
from tests.steps.context import NOW, FakeContext, work_of

SHIPPED = (strategies.round_robin, strategies.least_loaded, strategies.performance, strategies.territory)


def context(*members: dict[str, Any], teams: dict[str, Any] | None = None, **team: Any) -> FakeContext:
    settings = {
        "hub": {"time_zone": "Asia/Shanghai"},
        "teams": {"north": {"members": list(members), **team}, **(teams or {})},
    }
    return FakeContext(settings, things=SHIPPED)


async def assigned(ctx: FakeContext, lead: Lead | None = None, **changes: Any) -> Work:
    result = await assign.run(work_of(lead=lead, **{"assign": "north", **changes}), ctx, AssignOptions())
    assert isinstance(result, Work)
    return result


async def deal(ctx: FakeContext, times: int, lead: Lead | None = None) -> list[str | None]:
    return [(await assigned(ctx, lead)).lead.owner for _ in range(times)]


def away(ctx: FakeContext, member: str, hours: float | None = None, cover: str | None = None) -> None:
    until = NOW + timedelta(hours=hours) if hours else None
    row = {"member": member, "since": NOW, "until": until, "ended_at": None, "cover": cover, "reason": None}
    ctx.teams._absences.append(row)


async def test_members_take_turns_in_the_order_they_are_listed() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"}, {"name": "cho"})
    assert await deal(ctx, 6) == ["ann", "bob", "cho", "ann", "bob", "cho"]


async def test_heavier_members_get_more_but_not_in_bursts() -> None:
    ctx = context({"name": "ann", "weight": 3}, {"name": "bob"}, {"name": "cho", "weight": 2})
    dealt = await deal(ctx, 12)
    assert Counter(dealt) == {"ann": 6, "bob": 2, "cho": 4}
    assert all(dealt[place : place + 3] != ["ann"] * 3 for place in range(10))


async def test_the_assignment_names_everybody_with_the_counters_before_and_after() -> None:
    ctx = context({"name": "ann", "daily_cap": 2}, {"name": "bob", "weight": 2}, {"name": "cho", "active": False})
    await deal(ctx, 6)
    work = await assigned(ctx)
    assert work.assignment.owner == "bob"
    told = {entry["name"]: entry for entry in work.assignment.considered}
    assert {name: entry["reason"] for name, entry in told.items()} == {
        "ann": "daily_cap", "bob": "next", "cho": "inactive",
    }  # fmt: skip
    assert (told["ann"]["got"], told["ann"]["most"], told["ann"]["each"]) == (2, 2, "day")
    note = work.notes["assign"]
    assert (note["before"]["received"], note["after"]["received"]) == (4, 5)
    assert note["reason"] == "chosen"


async def test_the_day_of_a_cap_is_the_hubs() -> None:
    ctx = context({"name": "ann", "daily_cap": 1})
    assert await deal(ctx, 2) == ["ann", None]
    ctx.teams.now = NOW + timedelta(hours=8)  # 16:09 UTC is 00:09 of the next day in Shanghai
    assert await deal(ctx, 1) == ["ann"]


@pytest.mark.parametrize(
    ("cap", "later", "then"),
    [
        ({"most": 1, "within": "60m"}, timedelta(minutes=59), None),
        ({"most": 1, "within": "60m"}, timedelta(minutes=60, seconds=1), "ann"),
        ({"most": 1, "each": "hour"}, timedelta(minutes=49), None),
        ({"most": 1, "each": "hour"}, timedelta(minutes=51), "ann"),  # it is 16:09 in Shanghai
        ({"most": 1, "each": "week"}, timedelta(days=6, hours=7), None),  # a Monday
        ({"most": 1, "each": "week"}, timedelta(days=6, hours=8), "ann"),
        ({"most": 1, "each": "month"}, timedelta(days=27), None),
        ({"most": 1, "each": "month"}, timedelta(days=28), "ann"),
    ],
)
async def test_caps_roll_or_follow_the_calendar(cap: dict[str, Any], later: timedelta, then: str | None) -> None:
    ctx = context({"name": "ann", "caps": [cap]})
    assert await deal(ctx, 2) == ["ann", None]
    ctx.teams.now = NOW + later
    assert await deal(ctx, 1) == [then]


async def test_a_teams_cap_counts_what_all_its_members_got() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"}, caps=[{"most": 3, "each": "day"}])
    assert await deal(ctx, 4) == ["ann", "bob", "ann", None]


async def test_who_has_enough_open_leads_gets_no_more() -> None:
    ctx = context({"name": "ann", "open_cap": 1}, {"name": "bob"})
    assert await deal(ctx, 4) == ["ann", "bob", "bob", "bob"]


@pytest.mark.parametrize("members", [(), ({"name": "ann", "active": False},)])
async def test_when_nobody_is_free_the_lead_waits_in_the_pool(members: tuple[dict[str, Any], ...]) -> None:
    work = await assigned(context(*members))
    assert (work.lead.team, work.lead.owner, work.assignment.pool) == ("north", None, "unassigned")
    assert work.notes["assign"]["reason"] == "nobody"
    assert len(work.assignment.considered) == len(members)


@pytest.mark.parametrize(
    ("fallback", "owner", "team", "pool"),
    [
        ({"owner": "boss"}, "boss", "north", None),
        ({"pool": "sea"}, None, "north", "sea"),
        ({"team": "south"}, "sue", "south", None),
    ],
)
async def test_a_team_without_anybody_has_its_fallback(
    fallback: dict[str, str], owner: str | None, team: str, pool: str | None
) -> None:
    ctx = context({"name": "ann", "active": False}, fallback=fallback, teams={"south": {"members": [{"name": "sue"}]}})
    work = await assigned(ctx)
    assert (work.lead.owner, work.lead.team, work.assignment.pool) == (owner, team, pool)


async def test_teams_that_fall_back_on_each_other_end_in_the_pool() -> None:
    ctx = context(fallback={"team": "south"}, teams={"south": {"fallback": {"team": "north"}}})
    work = await assigned(ctx)
    assert (work.lead.owner, work.assignment.pool) == (None, "unassigned")
    assert [entry["team"] for entry in work.notes["assign"]["tried"]] == ["south"]


async def test_a_route_may_name_a_pool() -> None:
    work = await assigned(context({"name": "ann"}), assign=None, pool="sea")
    assert (work.lead.owner, work.assignment.pool, work.notes["assign"]["reason"]) == (None, "sea", "pool")


async def test_who_has_the_lead_keeps_it() -> None:
    work = await assigned(context({"name": "ann"}), Lead(owner="zoe", team="south"))
    assert (work.lead.team, work.lead.owner) == ("south", "zoe")
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
    assert (work.notes["assign"]["would_be"], work.notes["assign"]["reason"]) == ("ann", "test")
    assert await deal(ctx, 1) == ["ann"]


async def test_another_strategy_can_be_plugged_in() -> None:
    @strategy("last")
    def last(work: Work, free: Sequence[Candidate], settings: Any) -> Choice:
        """Give it to the last one."""
        return Choice(free[-1].name)

    team = {"strategy": "last", "members": [{"name": "a"}, {"name": "b"}, {"name": "c", "active": False}]}
    assert (await assigned(FakeContext({"teams": {"north": team}}, things=[last]))).lead.owner == "b"


async def test_a_strategy_that_chooses_a_stranger_is_an_error() -> None:
    @strategy("odd")
    def odd(work: Work, free: Sequence[Candidate], settings: Any) -> Choice:
        """Give it to a stranger."""
        return Choice("zoe")

    ctx = FakeContext({"teams": {"north": {"strategy": "odd", "members": [{"name": "a"}]}}}, things=[odd])
    with pytest.raises(ConfigError, match=r"chose 'zoe', who is none of those who are free\. Let it"):
        await assigned(ctx)


async def test_who_was_away_is_neither_flooded_nor_starved_when_they_come_back() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"}, {"name": "cho"})
    await deal(ctx, 9)
    away(ctx, "cho", hours=1)
    assert Counter(await deal(ctx, 100)) == {"ann": 50, "bob": 50}
    ctx.teams.now = NOW + timedelta(hours=2)
    assert Counter(await deal(ctx, 30)) == {"ann": 10, "bob": 10, "cho": 10}


async def test_a_new_member_gets_their_share_from_the_first_day() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"})
    await deal(ctx, 1_000)
    books = ctx.teams._books
    ctx = context({"name": "ann"}, {"name": "bob"}, {"name": "new"})
    ctx.teams._books = books
    dealt = Counter(await deal(ctx, 30))
    assert all(9 <= dealt[name] <= 11 for name in ("ann", "bob", "new"))


async def test_a_cover_gets_the_leads_of_who_is_away_on_their_turn() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"}, {"name": "cho"})
    away(ctx, "cho", hours=1, cover="ann")
    work = [await assigned(ctx) for _ in range(6)]
    assert Counter(one.lead.owner for one in work) == {"ann": 4, "bob": 2}
    covered = next(one for one in work if one.notes["assign"].get("cover_of"))
    assert covered.notes["assign"]["cover_of"] == "cho"
    assert covered.assignment.deal is not None
    assert covered.assignment.deal.member == "cho"
    ctx.teams.now = NOW + timedelta(hours=2)
    assert Counter(await deal(ctx, 3)) == {"ann": 1, "bob": 1, "cho": 1}


async def test_a_cover_who_is_away_too_takes_nothing() -> None:
    ctx = context({"name": "ann"}, {"name": "cho"})
    away(ctx, "cho", cover="ann")
    away(ctx, "ann")
    work = await assigned(ctx)
    assert {entry["reason"] for entry in work.assignment.considered} == {"away", "cover_away"}


async def test_a_company_stays_with_the_rep_who_has_it() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"}, account=True)
    first = await assigned(ctx, Lead(id="lead_a", company="Acme GmbH"))
    await deal(ctx, 1, Lead(id="lead_b", company="Other"))
    again = await assigned(ctx, Lead(id="lead_c", company="ACME"))
    assert again.lead.owner == first.lead.owner == "ann"
    assert again.notes["assign"] | {"before": None, "after": None} == {
        "team": "north", "owner": "ann", "strategy": "account", "reason": "account", "account_of": "lead_a",
        "before": None, "after": None,
    }  # fmt: skip
    away(ctx, "ann")
    assert (await assigned(ctx, Lead(id="lead_d", company="Acme"))).lead.owner == "bob"


async def test_least_loaded_goes_to_whom_has_the_fewest_open_leads_for_their_weight() -> None:
    ctx = context({"name": "ann", "weight": 2}, {"name": "bob"}, strategy="least_loaded")
    assert Counter(await deal(ctx, 9)) == {"ann": 6, "bob": 3}


async def test_performance_moves_shares_by_what_was_won() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"}, strategy="performance")
    ctx.teams._ends = {f"lead_{n}": (NOW, "won" if n % 2 else "lost") for n in range(200)}
    for n in range(200):
        ctx.teams._given.setdefault("north", []).append((NOW - timedelta(1), ("bob", "ann")[n % 2], f"lead_{n}"))
    dealt = Counter(await deal(ctx, 100))
    assert dealt["ann"] > 60
    assert dealt["bob"] >= 20


async def test_who_may_not_get_it_again_is_passed_over_with_the_reason() -> None:
    ctx = context({"name": "ann"}, {"name": "bob"})
    work = await assigned(ctx, excluded={"ann": "had_it"})
    assert work.lead.owner == "bob"
    assert work.assignment.considered[0]["reason"] == "had_it"


_TEAMS = st.lists(st.floats(0.1, 20) | st.integers(1, 20).map(float), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(_TEAMS, st.integers(1, 60))
async def test_nobody_is_ever_a_whole_lead_away_from_their_share(weights: list[float], leads: int) -> None:
    ctx = context(*({"name": f"m{i}", "weight": weight} for i, weight in enumerate(weights)))
    total, got = sum(weights), Counter[str | None]()
    for dealt in range(1, leads + 1):
        got += Counter(await deal(ctx, 1))
        off = [got[f"m{i}"] - weight / total * dealt for i, weight in enumerate(weights)]
        assert max(map(abs, off)) <= 1 + 1e-9


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
async def test_after_a_full_round_everybody_had_exactly_their_weight(weights: list[int]) -> None:
    ctx = context(*({"name": f"m{i}", "weight": weight} for i, weight in enumerate(weights)))
    assert Counter(await deal(ctx, sum(weights))) == {f"m{i}": weight for i, weight in enumerate(weights)}


@settings(deadline=None, max_examples=60)
@given(_TEAMS, st.lists(st.lists(st.integers(0, 7), max_size=7), min_size=1, max_size=12))
async def test_the_ledger_stays_even_however_people_come_and_go(weights: list[float], leaves: list[list[int]]) -> None:
    ctx = context(*({"name": f"m{i}", "weight": weight} for i, weight in enumerate(weights)))
    for out in leaves:
        ctx.teams._absences.clear()
        for place in out:
            away(ctx, f"m{place}")
        await deal(ctx, 7)
        book = await ctx.teams.book("north")
        off = [book.figures(f"m{i}").balance for i in range(len(weights))]
        assert abs(sum(off)) < 1e-6
        assert max(map(abs, off)) < 2


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.1, 9), st.booleans(), st.none() | st.integers(1, 3)), max_size=6), st.integers(0, 30)
)
async def test_caps_and_absence_are_kept_whatever_the_team(
    team: list[tuple[float, bool, int | None]], leads: int
) -> None:
    members = [{"name": f"m{i}", "weight": w, "active": a, "daily_cap": c} for i, (w, a, c) in enumerate(team)]
    ctx = context(*members)
    got = Counter(await deal(ctx, leads))
    caps = ctx.settings.teams["north"].members
    assert all(got[m.name] <= (m.daily_cap or leads) * m.active for m in caps)
    room = sum(min(m.daily_cap or leads, leads) * m.active for m in caps)
    assert leads - got[None] == min(leads, room)
