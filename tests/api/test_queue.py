"""Who waits now, a rep's own leads, and what a rep may take: what is due first is first, and nobody sees another's."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.app import Hub
from hub.store import queue as store
from hub.store.queue import Wanted
from tests.api.calling import calling, keys_of_all_roles, problem
from tests.api.test_people import rep
from tests.conftest import MakeHub, post

CONFIG = """
hub: {region: CN, time_zone: Asia/Shanghai, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks: {crm: {connector: memory_sink}}
calendars: {office: {time_zone: Asia/Shanghai, hours: "Mon-Fri 09:00-18:00"}}
pools: {sea: {claims_a_day: 2, hold: 3}, deep: {claim: false}}
teams:
  north: {members: [{name: ann, user: ann@example.com}]}
  south: {calendar: office, members: [{name: dan}]}
flows:
  - name: inbound
    from: [website]
    routes:
      - {name: quick, when: 'lead.interest == "quick"', to: [crm], assign: {team: north}, respond_within: 5m}
      - {name: office, when: 'lead.interest == "office"', to: [crm], assign: {team: south}, respond_within: 4h}
      - {name: slow, when: 'lead.interest == "slow"', to: [crm], assign: {team: north}, respond_within: 2d}
      - {name: free, when: 'lead.interest == "free"', to: [crm], assign: {team: north}}
      - {name: rest, to: [crm], assign: {pool: sea}}
"""


async def lead(hub: Hub, interest: str, number: int) -> str:
    body = {"id": str(number), "email": f"p{number}@example.com", "full_name": f"Li {number}", "interest": interest}
    return str((await post(hub, json.dumps(body))).json()["lead"])


async def filled(make_hub: MakeHub, clock: Any) -> tuple[Hub, dict[str, str]]:
    """Return a hub with a lead of each kind, two minutes apart, and their ids."""
    hub, found = await make_hub(CONFIG), dict[str, str]()
    for number, interest in enumerate(("free", "slow", "office", "quick", "pool")):
        found[interest] = await lead(hub, interest, number)
        clock.turn(120)
    return hub, found


async def test_what_is_due_first_is_first_and_what_has_no_target_is_last(make_hub: MakeHub, clock):
    hub, ids = await filled(make_hub, clock)
    clock.turn(300)
    async with calling(hub) as http:
        rows = (await http.get("/api/queue")).json()["items"]
        counted = (await http.get("/api/queue/count")).json()
    assert [row["lead"] for row in rows] == [ids[name] for name in ("quick", "office", "slow", "free", "pool")]
    assert [row["urgency"] for row in rows] == ["overdue", "waiting", "waiting", "no target", "no target"]
    assert (rows[0]["left"], rows[0]["full_name"], rows[0]["owner"]) == (-240.0, "Li 3", "ann")
    assert (rows[4]["owner"], rows[4]["pool"]) == (None, "sea")
    assert counted == {"overdue": 1, "soon": 0, "later": 2, "free": 2, "most": store.MOST_COUNTED}


async def test_time_left_is_told_in_working_time_too_where_a_target_counts_so(make_hub: MakeHub, clock):
    hub, ids = await filled(make_hub, clock)  # four working hours after 16:04 are over at 11:04 of the next day
    async with calling(hub) as http:
        rows = {row["lead"]: row for row in (await http.get("/api/queue")).json()["items"]}
    office, quick = rows[ids["office"]], rows[ids["quick"]]
    assert office["left"] - office["left_working"] == timedelta(hours=15).total_seconds()
    assert quick["left_working"] is None


async def test_the_queue_pages_by_key_without_a_gap_or_a_repeat(make_hub: MakeHub, clock):
    hub, ids = await filled(make_hub, clock)
    async with calling(hub) as http:
        seen, after = [], None
        for _ in range(5):
            asked = {"limit": 1} | ({"after": after} if after else {})
            page = (await http.get("/api/queue", params=asked)).json()
            seen += [row["lead"] for row in page["items"]]
            after = page["next"]
    assert after is None
    assert seen == [ids[name] for name in ("quick", "office", "slow", "free", "pool")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"team": "south"}, ["office"]),
        ({"rep": "ann"}, ["quick", "slow", "free"]),
        ({"team": "north", "rep": "dan"}, []),
        ({"team": "nobody"}, []),
    ],
)
async def test_the_queue_of_a_team_or_a_rep(make_hub: MakeHub, clock, asked: dict[str, str], expected: list[str]):
    hub, ids = await filled(make_hub, clock)
    async with calling(hub) as http:
        rows = (await http.get("/api/queue", params=asked)).json()["items"]
    assert [row["lead"] for row in rows] == [ids[name] for name in expected]


@pytest.mark.parametrize("place", ["x", "2026-05-04T08:00:00_1", "_-1", "2026-05-04T08:00:00+00:00_x"])
async def test_what_is_no_place_in_the_queue_is_said(make_hub: MakeHub, place: str):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        answer = await http.get("/api/queue", params={"after": place})
    assert (answer.status_code, "is no place in this list" in problem(answer)["detail"]) == (422, True)


async def test_an_answer_takes_a_lead_out_of_the_queue_and_into_what_its_rep_works_on(make_hub: MakeHub, clock):
    hub, ids = await filled(make_hub, clock)
    async with calling(hub) as http:
        await http.post(f"/api/leads/{ids['quick']}/activities", json={"kind": "call", "disposition": "contacted"})
        due = (clock.now() + timedelta(days=1)).isoformat()
        await http.post("/api/tasks", json={"lead": ids["quick"], "text": "Send the offer", "due_at": due})
        waiting = (await http.get("/api/reps/ann/leads")).json()["items"]
        answered = (await http.get("/api/reps/ann/leads", params={"state": "answered"})).json()["items"]
    assert [row["lead"] for row in waiting] == [ids["slow"], ids["free"]]
    assert [(row["lead"], row["urgency"]) for row in answered] == [(ids["quick"], "answered")]
    assert answered[0]["next_step"]["text"] == "Send the offer"


async def test_a_rep_sees_their_own_leads_and_no_others(make_hub: MakeHub, clock):
    hub, ids = await filled(make_hub, clock)
    async with rep(hub) as http:
        assert {row["owner"] for row in (await http.get("/api/queue")).json()["items"]} == {"ann"}
        assert (await http.get("/api/queue/count")).json()["free"] == 1
        assert (await http.get("/api/queue", params={"rep": "dan"})).status_code == 403
        assert (await http.get("/api/reps/dan/leads")).status_code == 403
        assert (await http.get("/api/reps/ann/leads")).json()["items"][0]["lead"] == ids["quick"]
        assert (await http.get("/api/pools/sea/allowance", params={"rep": "dan"})).status_code == 403


async def test_a_viewer_sees_the_queue_but_not_who_waits(make_hub: MakeHub, clock):
    hub, _ = await filled(make_hub, clock)
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        rows = (await http.get("/api/queue")).json()["items"]
    assert {row["full_name"] for row in rows} == {"L*** 0***", "L*** 1***", "L*** 2***", "L*** 3***", "L*** 4***"}


async def test_what_a_rep_may_still_take_is_told_before_they_try(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG)
    leads = [await lead(hub, "pool", number) for number in range(3)]
    async with rep(hub) as http:
        first = (await http.get("/api/pools/sea/allowance")).json()
        for one in leads[:2]:
            assert (await http.post(f"/api/leads/{one}/claim")).status_code == 200
        last = (await http.get("/api/pools/sea/allowance")).json()
        refused = await http.post(f"/api/leads/{leads[2]}/claim")
    assert (first["may"], first["left"], first["taken"], first["open"]) == (True, 2, 0, 0)
    assert (last["may"], last["left"], last["why"], last["open"]) == (False, 0, "claims_a_day", 2)
    assert last["says"] == problem(refused)["detail"] == "ann took 2 leads of pool sea today, the most for a day."


async def test_there_is_no_allowance_of_a_pool_that_is_not_open_to_a_rep(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        assert (await http.get("/api/pools/nowhere/allowance", params={"rep": "ann"})).status_code == 404
        assert (await http.get("/api/pools/deep/allowance", params={"rep": "ann"})).json()["why"] == "handed_out"
        assert (await http.get("/api/pools/sea/allowance", params={"rep": "nobody"})).status_code == 404
    async with rep(hub) as http:
        assert (await http.get("/api/pools/deep/allowance")).status_code == 404


EXPLAIN = {
    "sqlite": ("SELECT 1", "EXPLAIN QUERY PLAN "),
    "postgresql": ("SELECT set_config('enable_seqscan', 'off', true)", "EXPLAIN "),
}


async def test_the_queue_is_read_out_of_its_index(make_hub: MakeHub):
    hub = await make_hub(CONFIG)

    def plan(*, session: Any) -> str:
        bind = session.get_bind()
        query = sa.select(store.CARE.c.id).where(*store.WAITS, store.CARE.c.due_at.is_not(None))
        text = query.order_by(store.CARE.c.due_at, store.CARE.c.id).limit(5)
        before, how = EXPLAIN[bind.dialect.name]
        session.execute(sa.text(before))
        return str(
            session.execute(sa.text(how + str(text.compile(bind, compile_kwargs={"literal_binds": True})))).all()
        )

    assert "care_due" in await hub.db.read(plan)
    assert await hub.db.read(store.waiting, Wanted(), 5, None) == ([], None)
