"""Trying a changed configuration on past leads: who would go elsewhere, and what each rep would get."""

from __future__ import annotations

import json

import pytest

from hub.errors import ConfigError
from hub.news import Activity
from hub.outcome import Disposition
from hub.store.activities import Heard
from tests.conftest import MakeHub, post, reloaded, settled
from tests.core.looking import all_rows

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks: {crm: {connector: updating_sink}, chat: {connector: memory_sink}}
teams:
  north: {members: [{name: li}, {name: wang}]}
  south: {members: [{name: ann}]}
flows:
  - name: inbound
    from: [website]
    routes:
      - {name: china, when: 'lead.country == "CN"', assign: {team: north}, to: [crm, chat]}
      - {name: rest, to: [crm]}
"""


async def with_past(make_hub: MakeHub):
    """Return a hub that decided on four leads of China and two of Germany."""
    hub = await make_hub(CONFIG)
    for number in range(6):
        country = "CN" if number < 4 else "DE"
        body = {"id": str(number), "full_name": f"P {number}", "email": f"p{number}@example.com", "country": country}
        await post(hub, json.dumps(body))
    await settled(hub)
    return hub


async def simulate(hub, text: str, days: float = 30):
    return await hub.trials.simulate(hub.try_plan(text), days)


async def test_the_same_configuration_moves_nobody(make_hub: MakeHub):
    hub = await with_past(make_hub)
    said = await simulate(hub, CONFIG)
    assert (said["leads"], said["moved"], said["examples"], said["not_decided"]) == (6, 0, [], 0)
    assert said["load"] == [
        {"team": "north", "member": "li", "before": 2, "after": 2},
        {"team": "north", "member": "wang", "before": 2, "after": 2},
    ]


async def test_a_changed_rule_shows_who_would_go_elsewhere(make_hub: MakeHub):
    hub = await with_past(make_hub)
    said = await simulate(hub, CONFIG.replace('lead.country == "CN"', 'lead.country == "DE"'))
    assert (said["leads"], said["moved"]) == (6, 6)
    german = next(one for one in said["examples"] if one["routes_before"] == ["rest"])
    assert (german["routes_after"], german["sinks_before"], german["sinks_after"]) == (
        ["china"],
        ["crm"],
        ["chat", "crm"],
    )


async def test_a_changed_team_shows_what_each_rep_would_get(make_hub: MakeHub):
    hub = await with_past(make_hub)
    said = await simulate(hub, CONFIG.replace("assign: {team: north}", "assign: {team: south}"))
    assert (said["moved"], said["moved_by"]) == (4, {"routes": 0, "sinks": 0, "team": 4, "owner": 4, "pool": 0})
    assert {(one["owner_before"], one["owner_after"], one["team_after"]) for one in said["examples"]} == {
        ("li", "ann", "south"), ("wang", "ann", "south"),
    }  # fmt: skip
    assert {(one["member"], one["before"], one["after"]) for one in said["load"]} == {
        ("li", 2, 0),
        ("wang", 2, 0),
        ("ann", 0, 4),
    }


async def test_leads_that_would_be_stopped_are_counted(make_hub: MakeHub):
    hub = await with_past(make_hub)
    steps = "steps: [map, normalize, {validate: {required: [title]}}, dedupe, route, assign, deliver]\n    routes:"
    said = await simulate(hub, CONFIG.replace("routes:", steps))
    assert (said["leads"], said["not_decided"]) == (6, 6)


async def test_only_the_last_days_count(make_hub: MakeHub, clock):
    hub = await with_past(make_hub)
    clock.turn(8 * 86400)
    await post(hub, json.dumps({"id": "new", "full_name": "New", "email": "new@example.com", "country": "CN"}))
    assert (await simulate(hub, CONFIG, days=7))["leads"] == 1
    assert (await simulate(hub, CONFIG, days=9))["leads"] == 7


async def test_test_leads_refusals_and_people_who_came_again_are_left_out(make_hub: MakeHub, clock):
    hub = await with_past(make_hub)
    clock.turn(60)
    for body in (
        {"id": "t", "email": "t@example.com", "country": "CN", "test": True},
        {"id": "q", "full_name": "Nobody"},
        {"id": "again", "email": "p1@example.com", "country": "DE"},
    ):
        await post(hub, json.dumps(body))
    assert (await simulate(hub, CONFIG))["leads"] == 6


async def test_a_simulation_writes_nothing_and_sends_nothing(make_hub: MakeHub):
    hub = await with_past(make_hub)
    tables = ("lead", "submission", "decision", "delivery", "share", "ownership", "event", "config_revision")
    before = {name: await all_rows(hub, name) for name in tables}
    await simulate(hub, CONFIG.replace("assign: {team: north}", "assign: {team: south}"))
    await hub.flush()
    assert {name: await all_rows(hub, name) for name in tables} == before
    assert len(hub.plan.sinks["crm"].sent) == 6
    assert not await reloaded(hub)


async def test_a_wrong_configuration_is_refused_with_its_line(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    with pytest.raises(ConfigError, match=r"the changed configuration:\d+: .*Did you mean \"crm\""):
        await simulate(hub, CONFIG.replace("to: [crm]", "to: [crmm]"))


async def answered(hub, lead: str, disposition: Disposition | None = None) -> None:
    """Let a rep answer a lead now."""
    said = Activity(f"{lead}:{hub.clock.now()}", hub.clock.now(), "call", lead=lead, by="li", human=True)
    await hub.hearing.note("api", Heard(said, disposition, True))


async def test_a_changed_target_shows_what_would_have_been_answered_in_time(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG.replace("assign: {team: north}", "assign: {team: north}, respond_within: 10m"))
    for number, minutes in enumerate((2, 7, 12)):
        body = {"id": str(number), "email": f"p{number}@example.com", "country": "CN"}
        lead = (await post(hub, json.dumps(body))).json()["lead"]
        clock.turn(minutes * 60)
        await answered(hub, lead)
    await post(hub, json.dumps({"id": "3", "email": "p3@example.com", "country": "CN"}))
    clock.turn(360)
    changed = CONFIG.replace("assign: {team: north}", "assign: {team: north}, respond_within: 5m")
    assert (await simulate(hub, changed))["targets"] == [
        {
            "route": "china", "due_before": 4, "due_after": 4, "within_before": 2, "within_after": 1,
            "breached_before": 1, "breached_after": 3,
        }
    ]  # fmt: skip


async def test_leads_that_nobody_could_take_are_counted_by_pool(make_hub: MakeHub):
    hub = await with_past(make_hub)
    changed = CONFIG.replace("{name: li}, {name: wang}", "{name: li, daily_cap: 1}")
    said = await simulate(hub, changed)
    assert said["pools"] == [{"pool": "unassigned", "before": 0, "after": 3}]
    assert said["load"] == [
        {"team": "north", "member": "li", "before": 2, "after": 1},
        {"team": "north", "member": "wang", "before": 2, "after": 0},
    ]


async def test_a_rule_that_asks_for_the_time_is_asked_at_the_leads_own(make_hub: MakeHub, clock):
    config = CONFIG.replace('lead.country == "CN"', 'now < timestamp("2026-05-05T00:00:00Z")')
    hub = await make_hub(config)
    await post(hub, json.dumps({"id": "1", "email": "p1@example.com"}))
    clock.turn(3 * 86_400)
    assert (await simulate(hub, config))["moved"] == 0


async def test_a_sink_that_asks_for_consent_is_judged_as_in_the_run(make_hub: MakeHub):
    config = CONFIG.replace("{connector: memory_sink}", "{connector: memory_sink, requires_consent: true}")
    hub = await make_hub(config)
    await post(hub, json.dumps({"id": "1", "email": "p1@example.com", "country": "CN"}))
    assert (await simulate(hub, config))["moved"] == 0
