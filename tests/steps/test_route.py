"""route: who takes the lead, and why the others did not."""

from __future__ import annotations

from typing import Any

import pytest

from hub.lead import Lead, Problem
from hub.step import Stop, Target, Work
from hub.steps.route import RouteOptions, route
from tests.steps.context import FakeContext, work_of

HOT = {
    "name": "hot",
    "when": 'lead.grade == "A" && lead.country == "CN"',
    "assign": {"team": "north"},
    "respond_within": "5m",
    "to": ["crm", "north"],
}
REST = {"name": "rest", "respond_within": "1h", "to": ["crm", "sheet"]}


def context(*routes: dict[str, Any], match: str = "first") -> FakeContext:
    flow = {"name": "inbound", "from": ["website"], "match": match, "routes": list(routes)}
    return FakeContext({"flows": [flow]})


async def routed(lead: Lead, ctx: FakeContext, **changes: Any) -> Work | Stop:
    return await route.run(work_of(lead=lead, **changes), ctx, RouteOptions())


async def taken(lead: Lead, ctx: FakeContext) -> Work:
    result = await routed(lead, ctx)
    assert isinstance(result, Work)
    return result


A_LEAD = Lead(grade="A", country="CN", email="ann@acme.com")


async def test_the_first_matching_route_takes_the_lead() -> None:
    work = await taken(A_LEAD, context(HOT, REST))
    assert work.routes == ("hot",)
    assert work.targets == (Target("crm", "hot"), Target("north", "hot"))
    assert (work.assign, work.respond_within) == ("north", 300)
    assert work.notes["route"] == {
        "match": "first",
        "routes": [
            {"route": "hot", "verdict": "matched", "when": HOT["when"]},
            {"route": "rest", "verdict": "not_asked", "after": "hot"},
        ],
    }


async def test_all_matching_routes_take_it_where_the_flow_says_so_and_each_sink_gets_it_once() -> None:
    work = await taken(A_LEAD, context(HOT, REST, match="all"))
    assert work.routes == ("hot", "rest")
    assert work.targets == (Target("crm", "hot"), Target("north", "hot"), Target("sheet", "rest"))
    assert (work.assign, work.respond_within) == ("north", 300)


async def test_the_first_team_and_the_first_target_count() -> None:
    bare = {"name": "bare", "to": ["sheet"]}
    work = await taken(A_LEAD, context(bare, REST, HOT, match="all"))
    assert (work.assign, work.respond_within) == ("north", 3600)


async def test_a_route_that_passes_says_what_it_saw() -> None:
    work = await taken(Lead(grade="B", country="CN", email="x@y.z"), context(HOT, REST))
    assert work.routes == ("rest",)
    assert work.notes["route"]["routes"][0] == {
        "route": "hot",
        "verdict": "passed_over",
        "when": HOT["when"],
        "seen": {"lead.grade": "B", "lead.country": "CN"},
    }


async def test_a_route_that_passes_says_what_is_unknown() -> None:
    work = await taken(Lead(grade="A"), context(HOT, REST))
    assert work.notes["route"]["routes"][0]["missing"] == ["lead.country"]


async def test_no_note_repeats_who_the_person_is() -> None:
    nosy = {"name": "nosy", "when": 'lead.email == "x" || lead.phone == "1" || lead.message == "m" || extra.vip == 1'}
    lead = Lead(email="ann@acme.com", phone="+8613800138000", message="call me", extra={"vip": "Ann"})
    work = await taken(lead, context(nosy, REST))
    assert work.notes["route"]["routes"][0] == {"route": "nosy", "verdict": "passed_over", "when": nosy["when"]}


async def test_a_rule_that_cannot_be_judged_is_on_record_and_the_next_route_is_asked() -> None:
    broken = {"name": "big", "when": "number(extra.size) > 50", "to": ["crm"]}
    work = await taken(Lead(extra={"size": "huge"}), context(broken, REST))
    assert work.routes == ("rest",)
    entry = work.notes["route"]["routes"][0]
    assert entry["verdict"] == "error"
    assert entry["error"].startswith("number() cannot take")


async def test_a_lead_no_route_takes_waits_for_a_person() -> None:
    earlier = Problem(field="", code="earlier", message="Something else.")
    result = await routed(Lead(grade="C"), context(HOT), quarantine=(earlier,))
    assert isinstance(result, Stop)
    assert result.status == "quarantined"
    assert "No route takes the lead." in result.reason
    assert [problem.code for problem in result.work.quarantine] == ["earlier", "no_route"]
    assert result.work.notes["route"]["routes"][0]["verdict"] == "passed_over"
    assert result.work.targets == ()


async def test_the_reason_names_rules_that_could_not_be_judged() -> None:
    broken = {"name": "big", "when": "number(extra.size) > 50"}
    result = await routed(Lead(extra={"size": "huge"}), context(broken))
    assert isinstance(result, Stop)
    assert "The rule of route big cannot be judged" in result.reason


async def test_a_flow_without_routes_loses_nothing() -> None:
    result = await routed(A_LEAD, context())
    assert isinstance(result, Stop)
    assert 'Flow "inbound" has no routes.' in result.reason


async def test_a_person_may_let_a_lead_go_on_without_a_route() -> None:
    result = await routed(Lead(), context(HOT), accept=frozenset({"no_route"}))
    assert isinstance(result, Work)
    assert result.targets == ()


@pytest.mark.parametrize(
    ("when", "takes"),
    [
        ('source == "website" && flow == "inbound"', True),
        ('hour(now, "Asia/Shanghai") == 16', True),
        ('hour(now, "Asia/Shanghai") >= 18', False),
        ("lead.owner == null", True),
        ("lead.score >= 50", False),
    ],
)
async def test_rules_know_source_flow_time_and_what_is_unknown(when: str, takes: bool) -> None:
    work = await taken(Lead(), context({"name": "asked", "when": when}, REST))
    assert (work.routes == ("asked",)) is takes


async def test_ten_thousand_routes_are_asked() -> None:
    many = [{"name": f"r{i}", "when": f'lead.region == "r{i}"', "to": ["crm"]} for i in range(10_000)]
    work = await taken(Lead(region="r9999"), context(*many))
    assert work.routes == ("r9999",)
