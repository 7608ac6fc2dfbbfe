"""The overview: what came in by day, what became of it, how quickly, and how sources and sinks fare."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.app import Hub
from hub.insight.daily import MOST, by_day
from hub.lead import Rejected
from tests.api.calling import calling
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person

CHINA = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)

CONFIG = """
hub: {region: CN, answer_within: 30s, time_zone: Asia/Shanghai}
sources: {website: {connector: open_source}, ads: {connector: open_source}}
sinks: {crm: {connector: memory_sink}}
teams: {north: {members: [{name: li}]}}
flows:
  - name: inbound
    from: [website, ads]
    routes: [{name: all, assign: {team: north}, respond_within: 10m, to: [crm]}]
"""


async def part(hub: Hub, name: str) -> dict[str, Any]:
    async with calling(hub) as http:
        answer = await http.get(f"/api/overview/{name}")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def some_leads(make_hub: MakeHub, number: int = 3) -> Hub:
    hub = await make_hub(CONFIG)
    for one in range(number):
        await post(hub, person(one), source=("website", "ads")[one % 2])
    await settled(hub)
    await hub.volumes.flush()
    return hub


def test_an_hour_belongs_to_the_day_of_the_hubs_zone():
    found = by_day([("web", datetime(2026, 5, 3, 15, tzinfo=UTC), 2), ("web", datetime(2026, 5, 3, 16, tzinfo=UTC), 3)],
                   NOW, 2, CHINA)  # fmt: skip
    assert found.rows == (("2026-05-03", (2,)), ("2026-05-04", (3,)))
    assert found.total == 5


def test_days_on_which_nothing_came_are_there_too():
    found = by_day([], NOW, 3, CHINA)
    assert found.rows == (("2026-05-02", ()), ("2026-05-03", ()), ("2026-05-04", ()))


def test_sources_without_a_colour_are_counted_together():
    found = by_day([(f"s{number}", NOW, 100 - number) for number in range(10)], NOW, 1, CHINA)
    assert found.sources == tuple(f"s{number}" for number in range(MOST))
    assert (found.others, found.rows[0][1][-1], len(found.rows[0][1])) == (3, 93 + 92 + 91, MOST + 1)


def test_what_lies_before_the_first_day_is_left_out():
    assert by_day([("web", NOW - timedelta(days=2), 5)], NOW, 2, CHINA).total == 0


async def test_submissions_are_counted_by_source_and_day(make_hub: MakeHub):
    said = await part(await some_leads(make_hub), "days")
    assert said["sources"] == ["website", "ads"]
    assert (said["rows"][-1], len(said["rows"])) == (["2026-05-04", 2, 1], 30)
    assert said["time_zone"] == "Asia/Shanghai"


async def test_the_funnel_follows_the_leads_that_came_in(make_hub: MakeHub):
    hub = await some_leads(make_hub, 4)
    await post(hub, json.dumps({"id": "t", "full_name": "T", "email": "t@example.com", "test": True}))
    await post(hub, json.dumps({"id": "q", "full_name": "Nobody"}))
    await settled(hub)
    await hub.volumes.flush()
    async with calling(hub) as http:
        for lead, disposition in (("lead_000001", "contacted"), ("lead_000002", "qualified"), ("lead_000003", "won")):
            body = {"kind": "call", "disposition": disposition}
            assert (await http.post(f"/api/leads/{lead}/activities", json=body)).status_code == 201
        body = {"kind": "status", "disposition": "lost"}
        assert (await http.post("/api/leads/lead_000002/activities", json=body)).status_code == 201
    said = await part(hub, "funnel")
    assert [said[step] for step in ("received", "leads", "answered", "qualified", "won")] == [6, 4, 3, 2, 1]


async def test_the_median_is_told_with_the_targets(make_hub: MakeHub):
    hub = await some_leads(make_hub, 2)
    hub.clock.turn(120)
    async with calling(hub) as http:
        await http.post("/api/leads/lead_000001/activities", json={"kind": "call"})
    said = await part(hub, "speed")
    assert (said["leads"], said["answered"], said["p50"], said["with_target"], said["met"]) == (2, 1, 120.0, 2, 1)
    assert said["targets"] == [{"route": "all", "within": 600.0}]


async def test_leads_beyond_their_target_are_listed_longest_wait_first(make_hub: MakeHub):
    hub = await some_leads(make_hub, 2)
    hub.clock.turn(601)
    said = await part(hub, "late")
    assert ([row["lead"] for row in said["items"]], said["number"]) == (["lead_000001", "lead_000002"], 2)


async def test_a_source_tells_when_it_last_sent_something(make_hub: MakeHub):
    said = {row["name"]: row for row in (await part(await some_leads(make_hub, 1), "sources"))["items"]}
    assert (said["website"]["lately"], said["ads"]["lately"]) == (1, 0)
    assert said["website"]["last_at"].startswith("2026-05-04")
    assert said["ads"]["last_at"] is None


async def test_a_sink_tells_what_waits_and_why(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    await hub.dispatcher.pause("crm", "the key ended", by=None)
    for one in range(3):
        await post(hub, person(one))
    await settled(hub)
    (row,) = (await part(hub, "sinks"))["items"]
    assert (row["waiting"], row["reason"], row["last_at"], row["resting"]) == (3, "the key ended", None, False)


async def test_a_sink_tells_what_it_took_and_refused(make_hub: MakeHub):
    hub = await some_leads(make_hub, 2)
    hub.plan.sinks["crm"].answer = lambda lead: Rejected("no")
    await post(hub, person(9))
    await settled(hub)
    (row,) = (await part(hub, "sinks"))["items"]
    assert (row["waiting"], row["rejected"], row["dead"]) == (0, 1, 0)
    assert row["last_at"] is not None


@pytest.mark.parametrize("name", ["days", "funnel", "speed", "late", "sources", "sinks"])
async def test_every_part_of_an_empty_hub_is_there(make_hub: MakeHub, name):
    await part(await make_hub(CONFIG), name)
