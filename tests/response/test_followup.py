"""Follow-up: tasks and reminders, leads nobody looks after, what a new owner inherits, and marketing and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hub.app import Hub
from hub.outcome import Disposition
from hub.testing.fakes import START
from tests.api.calling import calling, keys_of_all_roles, problem
from tests.api.test_login import OWN
from tests.api.test_people import rep
from tests.conftest import MakeHub, settled
from tests.core.looking import all_rows, rows
from tests.core.test_feedback import TellingCrm
from tests.response.test_ladder import answer, care, kinds, lead, turn

CONFIG = """
hub: {region: CN, answer_within: 30s, alarms: {to: [ops], every: 1s}}
sources: {website: {connector: open_source, dedupe: {policy: reroute}}}
sinks:
  crm: {connector: telling_crm}
  ops: {connector: telling_sink}
  marketing: {connector: memory_sink}
lost_reasons: [Price, Timing]
teams:
  north:
    members: [{name: ann}, {name: bob}]
    reminders: [{stage: contacted, after: 2d, task: Call again}, {stage: lost, after: 90d, task: Ask once more}]
    silent_after: 30d
    nurture: {on: [lost], reasons: [Timing], to: [marketing]}
    fallback: {pool: unassigned}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm, ops], assign: {team: north}, respond_within: 10m}]}
"""
DAY = 1440.0


async def started(make_hub: MakeHub, **more: str) -> Hub:
    text = CONFIG
    for old, new in more.items():
        text = text.replace(old, new)
    return await make_hub(text, things=[TellingCrm])


async def get(hub: Hub, path: str, **params: Any) -> Any:
    async with calling(hub) as http:
        said = await http.get(path, params=params)
    assert said.status_code == 200, said.text
    return said.json()


async def sent(hub: Hub, path: str, **body: Any) -> Any:
    async with calling(hub) as http:
        said = await http.post(path, json=body or None)
    assert said.is_success, said.text
    return said.json()


async def open_alarms(hub: Hub) -> dict[str, dict[str, Any]]:
    await hub.alarms.desk.round()
    return {row["name"]: row for row in await all_rows(hub, "alarm") if row["state"] == "open"}


async def task(hub: Hub, lead: str, days: float = 1, **more: Any) -> dict[str, Any]:
    due = START + timedelta(days=days)
    made: dict[str, Any] = await sent(
        hub, "/api/tasks", lead=lead, text="Send the offer", due_at=due.isoformat(), **more
    )
    return made


async def test_a_task_is_whoevers_the_lead_is(make_hub: MakeHub):
    hub = await started(make_hub)
    one = await lead(hub)
    owner = (await care(hub, one))["owner"]
    made = await task(hub, one)
    assert (made["owner"], made["by"], made["overdue"]) == (owner, "local", False)
    other = {"ann": "bob", "bob": "ann"}[owner]
    await hub.responding.desk.transfer(one, other)
    (now,) = (await get(hub, "/api/tasks", owner=other))["items"]
    assert now["id"] == made["id"]
    assert (await get(hub, "/api/tasks", owner=owner))["items"] == []


async def test_tasks_are_found_by_lead_owner_and_what_is_overdue(make_hub: MakeHub):
    hub = await started(make_hub)
    one, two = await lead(hub), await lead(hub, 2)
    late = await task(hub, one, 1, owner="ann")
    await task(hub, one, 3, owner="bob")
    await task(hub, two, 2, owner="ann")
    hub.clock.turn(36 * 3600)
    assert [row["lead"] for row in (await get(hub, "/api/tasks", owner="ann"))["items"]] == [one, two]
    assert [row["owner"] for row in (await get(hub, "/api/tasks", lead=one))["items"]] == ["ann", "bob"]
    (overdue,) = (await get(hub, "/api/tasks", overdue=True))["items"]
    assert (overdue["id"], overdue["overdue"]) == (late["id"], True)


async def test_tasks_are_paged_in_the_order_they_are_due(make_hub: MakeHub):
    hub = await started(make_hub)
    one = await lead(hub)
    made = [(await task(hub, one, days))["id"] for days in (3, 1, 2, 1)]
    first = await get(hub, "/api/tasks", limit=3)
    rest = await get(hub, "/api/tasks", limit=3, after=first["next"])
    assert [row["id"] for row in first["items"] + rest["items"]] == [made[1], made[3], made[2], made[0]]
    assert rest["next"] is None
    async with calling(hub) as http:
        assert problem(await http.get("/api/tasks", params={"after": "here"}))["status"] == 422


async def test_a_task_is_done_once_and_may_be_undone(make_hub: MakeHub):
    hub = await started(make_hub)
    made = await task(hub, await lead(hub))
    done = await sent(hub, f"/api/tasks/{made['id']}/done")
    hub.clock.turn(60)
    assert await sent(hub, f"/api/tasks/{made['id']}/done") == done
    assert (done["done_at"], done["done_by"]) == ("2026-05-04T08:00:00Z", "local")
    assert [row["id"] for row in (await get(hub, "/api/tasks", state="done"))["items"]] == [made["id"]]
    assert (await get(hub, "/api/tasks"))["items"] == []
    undone = await sent(hub, f"/api/tasks/{made['id']}/undone")
    assert (undone["done_at"], undone["done_by"]) == (None, None)


async def test_no_task_without_a_lead_a_rep_and_a_right(make_hub: MakeHub):
    hub = await started(make_hub)
    one = await lead(hub)
    body = {"lead": one, "text": "x", "due_at": "2026-05-05T08:00:00Z"}
    async with calling(hub) as http:
        assert (await http.post("/api/tasks", json={**body, "lead": "lead_none"})).status_code == 404
        assert (await http.post("/api/tasks", json={**body, "owner": "zoe"})).status_code == 422
        assert (await http.post("/api/tasks", json={**body, "due_at": "2026-05-05T08:00:00"})).status_code == 422
        assert (await http.post("/api/tasks/77/done")).status_code == 404
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        assert (await http.get("/api/tasks")).status_code == 200
        assert (await http.post("/api/tasks", json=body)).status_code == 403


async def test_a_stage_brings_its_reminder_and_the_owner_is_told(make_hub: MakeHub):
    hub = await started(make_hub)
    one = await lead(hub)
    await settled(hub)
    await answer(hub, one, Disposition.CONTACTED)
    await turn(hub, 2 * DAY - 1)
    assert await all_rows(hub, "task") == []
    await turn(hub, 1)
    (made,) = (await get(hub, "/api/tasks"))["items"]
    owner = (await care(hub, one))["owner"]
    assert (made["text"], made["owner"], made["by"], made["lead"]) == ("Call again", owner, None, one)
    await turn(hub, 5 * DAY)
    assert len(await all_rows(hub, "task")) == 1
    (notice,) = await rows(hub, "notice", kind="reminder")
    assert (notice["sink"], notice["data"]["owner"], notice["data"]["text"]) == ("ops", owner, "Call again")
    await hub.responding.telling.sweep()
    said = hub.plan.sinks["ops"].told[-1]
    assert owner in repr(said)
    assert "Call again" in repr(said)


async def test_a_stage_that_was_left_reminds_nobody(make_hub: MakeHub, clock):
    hub = await started(make_hub)
    one = await lead(hub)
    await answer(hub, one, Disposition.CONTACTED)
    clock.turn(60)
    await answer(hub, one, Disposition.WON)
    await turn(hub, 3 * DAY)
    assert await all_rows(hub, "task") == []


async def test_leads_nobody_does_anything_with_are_told_of_once_and_end_by_themselves(make_hub: MakeHub):
    hub = await started(make_hub)
    one, two, three = await lead(hub), await lead(hub, 2), await lead(hub, 3)
    await answer(hub, one)
    await answer(hub, three, Disposition.LOST)
    hub.clock.turn(20 * 86_400)
    await answer(hub, two)
    hub.clock.turn(9 * 86_400)
    assert "silent:north" not in await open_alarms(hub)
    hub.clock.turn(2 * 86_400)
    alarm = (await open_alarms(hub))["silent:north"]
    assert alarm["data"] == {"team": "north", "number": 1, "after": 30 * 86_400.0}
    (shown,) = [a for a in (await get(hub, "/api/alarms"))["items"] if a["kind"] == "lead.silent"]
    assert shown["about"] == "Team north"
    assert (shown["says"], shown["says_zh"]) == (
        "Nobody did anything with 1 of its leads for 30 days or longer.", "有 1 条线索已30 天以上无人跟进。",
    )  # fmt: skip
    assert (await kinds(hub)).count("lead.silent") == 1
    await answer(hub, one, at=hub.clock.now())
    assert "silent:north" not in await open_alarms(hub)


async def test_leads_that_wait_for_an_answer_beyond_the_target_are_counted_by_team(make_hub: MakeHub):
    hub = await started(make_hub)
    one, two = await lead(hub), await lead(hub, 2)
    await turn(hub, 9)
    assert "overdue:north" not in await open_alarms(hub)
    await turn(hub, 1)
    assert (await open_alarms(hub))["overdue:north"]["data"] == {"team": "north", "number": 2}
    await answer(hub, one)
    assert "overdue:north" in await open_alarms(hub)
    await answer(hub, two, Disposition.LOST, human=False)
    assert "overdue:north" not in await open_alarms(hub)


async def test_leads_that_nobody_has_are_an_alarm_with_their_number_and_age(make_hub: MakeHub):
    hub = await started(make_hub, **{"members: [{name: ann}, {name: bob}]": "members: [{name: ann, active: false}]"})
    one = await lead(hub)
    hub.clock.turn(3600 * 5)
    two = await lead(hub, 2)
    alarm = (await open_alarms(hub))["unassigned"]
    assert alarm["data"] == {"number": 2, "since": START.isoformat()}
    (shown,) = [a for a in (await get(hub, "/api/alarms"))["items"] if a["kind"] == "lead.unassigned"]
    assert shown["says"] == "2 leads wait and nobody has them, the oldest for 5 h."
    await hub.responding.desk.transfer(one, "ann")
    await hub.responding.desk.transfer(two, "ann")
    assert "unassigned" not in await open_alarms(hub)


async def test_a_sink_that_cannot_be_asked_for_long_is_an_alarm(make_hub: MakeHub):
    hub = await started(make_hub)
    crm: Any = hub.plan.sinks["crm"]
    crm.pages = [RuntimeError("gone")]
    for _ in range(31):
        assert await hub.hearing.ask("crm") is None
        assert "feedback:crm" not in await open_alarms(hub)
        hub.clock.turn(60)
    alarm = (await open_alarms(hub))["feedback:crm"]
    assert (alarm["sink"], alarm["kind"], alarm["data"]["since"]) == ("crm", "feedback.silent", START.isoformat())
    crm.pages = []
    assert await hub.hearing.ask("crm") is not None
    assert "feedback:crm" not in await open_alarms(hub)
    assert (await kinds(hub, "feedback."))[-1] == "feedback.back"


async def test_one_that_is_rarely_asked_gets_five_of_its_turns(make_hub: MakeHub):
    hub = await started(make_hub)
    crm: Any = hub.plan.sinks["crm"]
    crm.listens, crm.pages = timedelta(hours=1), [RuntimeError("gone")]
    await hub.hearing.ask("crm")
    hub.clock.turn(5 * 3600)
    assert "feedback:crm" not in await open_alarms(hub)
    hub.clock.turn(1)
    assert "feedback:crm" in await open_alarms(hub)


async def test_a_new_owner_sees_all_that_was_before(make_hub: MakeHub):
    hub = await started(make_hub)
    one = await lead(hub)
    first = (await care(hub, one))["owner"]
    other = {"ann": "bob", "bob": "ann"}[first]
    hub.clock.turn(60)
    await answer(hub, one, Disposition.LOST, reason="Price", data={"words": "ten percent too much"})
    hub.clock.turn(60)
    await hub.responding.desk.transfer(one, other, reason="holidays")
    hub.clock.turn(86_400)
    assert await lead(hub, id="again") == one
    await task(hub, one, 9)
    said = await get(hub, f"/api/leads/{one}/activities")
    told = [(entry["what"], entry["says"]) for entry in said["history"]]
    assert told == [
        ("round", "round 1 began: submitted through website"),
        ("owner", f"{first} got it"),
        ("activity", 'ann called (lost; Price; "ten percent too much")'),
        ("owner", f"{first} → {other}, handed over by - (holidays)"),
        ("round", "round 2 began: submitted through website"),
        ("task", "to do: Send the offer"),
    ]
    assert [entry["at"] for entry in said["history"]] == sorted(entry["at"] for entry in said["history"])
    assert said["history"][2]["says_zh"] == "ann 电话联系（lost，Price，“ten percent too much”）"


async def test_a_lost_lead_goes_to_marketing_where_its_reason_says_so(make_hub: MakeHub):
    hub = await started(make_hub)
    one, two = await lead(hub), await lead(hub, 2)
    await answer(hub, one, Disposition.LOST, reason="timing")
    await answer(hub, two, Disposition.LOST, reason="price")
    await settled(hub)
    (owed,) = await rows(hub, "delivery", sink="marketing")
    assert (owed["lead"], owed["state"]) == (one, "sent")


async def test_one_who_acts_again_begins_a_new_round_with_who_had_them(make_hub: MakeHub, clock):
    hub = await started(make_hub)
    one = await lead(hub)
    owner = (await care(hub, one))["owner"]
    await answer(hub, one, Disposition.LOST, reason="timing")
    clock.turn(30 * 86_400)
    assert await lead(hub, id="again") == one
    now = await care(hub, one)
    assert (now["round"], now["owner"], now["disposition"], now["closed_at"]) == (2, owner, None, None)
    assert (now["responded_at"], now["due_at"]) == (None, clock.now() + timedelta(minutes=10))
    await turn(hub, 10)
    assert (await care(hub, one))["breached_at"] is not None


async def test_a_rep_sees_and_settles_what_is_theirs_and_nothing_else(make_hub: MakeHub):
    hub = await started(make_hub, **{"{name: ann}": "{name: ann, user: ann@example.com}"})
    one, two = await lead(hub), await lead(hub, 2)
    owners = {(await care(hub, each))["owner"]: each for each in (one, two)}
    mine, other = await task(hub, owners["ann"]), await task(hub, owners["bob"])
    due = (START + timedelta(days=1)).isoformat()
    async with rep(hub) as http:
        assert [row["id"] for row in (await http.get("/api/tasks")).json()["items"]] == [mine["id"]]
        assert (await http.get("/api/tasks", params={"owner": "bob"})).json()["items"] == []
        assert (await http.post(f"/api/tasks/{mine['id']}/done", headers=OWN)).json()["done_by"].startswith("user:")
        assert problem(await http.post(f"/api/tasks/{other['id']}/done", headers=OWN))["status"] == 404
        body = {"lead": owners["bob"], "text": "x", "due_at": due}
        assert problem(await http.post("/api/tasks", json=body, headers=OWN))["status"] == 404
        made = await http.post("/api/tasks", json={**body, "lead": owners["ann"]}, headers=OWN)
        assert (made.status_code, made.json()["owner"]) == (201, "ann")
        assert (await http.post("/api/activities", json={"items": []}, headers=OWN)).status_code == 403
