"""Reports of a hub that are narrowed to some leads, made of one look, or told by what a ladder did; on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from hub.app import Hub
from hub.errors import BadInput
from hub.insight.reports import Reports
from tests.api.calling import calling, problem
from tests.conftest import MakeHub
from tests.insight.rounds import keep, row
from tests.response.test_ladder import answer, lead, with_ladder


async def made(hub: Hub, name: str, by: str = "", **only: str) -> dict[str, Any]:
    maker = Reports(hub.db, hub.plan, hub.clock)
    return await maker.make(name, maker.frame(name, by=by, only=only))


async def kept(make_hub: MakeHub, clock: Any) -> Hub:
    hub = await make_hub(with_ladder(""))
    clock.turn(3600)
    await keep(
        hub, row(1, owner="ann", source="ads"), row(2, owner="bob", grade="A"), row(3, owner="bob", team="south"),
        row(owner="ann"),
    )  # fmt: skip
    return hub


@pytest.mark.parametrize(
    ("only", "leads"),
    [
        ({"rep": "bob"}, 2), ({"team": "north"}, 3), ({"rep": "bob", "team": "south"}, 1), ({"grade": "A"}, 1),
        ({"source": "ads"}, 1), ({"hour": "8"}, 4), ({"hour": "9"}, 0), ({"rep": "nobody"}, 0),
    ],
)  # fmt: skip
async def test_a_report_is_narrowed_to_some_leads(make_hub: MakeHub, clock, only: dict[str, str], leads: int):
    hub = await kept(make_hub, clock)
    assert (await made(hub, "speed", **only))["total"]["leads"] == leads


async def test_one_look_makes_the_same_three_reports_as_three(make_hub: MakeHub, clock):
    hub = await kept(make_hub, clock)
    maker = Reports(hub.db, hub.plan, hub.clock)
    frame = maker.frame("speed", by="rep")
    found = await maker.waits(frame)
    assert found == {name: await maker.make(name, frame) for name in ("speed", "distribution", "survival")}
    assert [line["rep"] for line in found["distribution"]["rows"]] == ["ann", "bob"]


async def test_what_cannot_be_narrowed_says_so(make_hub: MakeHub):
    hub = await make_hub(with_ladder(""))
    with pytest.raises(BadInput, match="fairness cannot be narrowed to a 'rep'"):
        await made(hub, "fairness", rep="ann")


async def test_a_ladder_is_told_by_what_it_did(make_hub: MakeHub, clock):
    hub = await make_hub(with_ladder("ladder: [{at: 50%, do: warn}, {at: 80%, do: escalate}]"))
    one, two = await lead(hub, 1), await lead(hub, 2)
    for _ in range(2):
        clock.turn(300)
        await hub.responding.timers.sweep()
    await hub.responding.desk.reassign(one, "by hand")
    await answer(hub, two)
    said = await made(hub, "ladder", "team")
    total = said["total"]
    assert [line["team"] for line in said["rows"]] == ["north"]
    assert (total["leads"], total["with_target"], total["warned"], total["escalated"]) == (2, 2, 2, 2)
    assert (total["reassigned"], total["recycled"]) == (1, 0)
    assert (total["open"], sum(total[f"open_after_{step}"] for step in range(6))) == (1, 1)


async def test_the_api_narrows_and_tells_what_can_be(make_hub: MakeHub, clock):
    hub = await kept(make_hub, clock)
    async with calling(hub) as http:
        said = (await http.get("/api/reports/survival", params={"rep": "bob", "since": "30d"})).json()
        listed = {one["report"]: one["only"] for one in (await http.get("/api/reports")).json()["items"]}
        odd = await http.get("/api/reports/pools", params={"team": "north"})
        text = (await http.get("/api/reports/survival", params={"format": "csv"})).text
    assert (said["only"], said["total"]["leads"]) == ({"rep": "bob"}, 2)
    assert {row["after"]: row["unanswered"] for row in said["rows"]}["5m"] == 0.0
    assert (listed["speed"], listed["pools"]) == (["source", "grade", "rep", "team", "route", "flow", "hour"], [])
    assert "cannot be narrowed" in problem(odd)["detail"]
    assert text.startswith(",after,seconds,unanswered,watched,leads,open,since,until,time_zone")
