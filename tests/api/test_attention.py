"""One inbox for what waits for a person: things that are alike are one group, and are decided together."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from hub.app import Hub
from hub.errors import Retry, Unclear
from hub.events import Event
from hub.inbound import Inbound
from hub.lead import Rejected, Sent
from hub.store import alarms, letters
from hub.store.columns import SUBMISSION
from tests.api.calling import calling, keys_of_all_roles
from tests.conftest import BASIC, MakeHub, post, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows
from tests.core.test_pairs import ANN, TWIN

HOLDING = BASIC.replace(
    "    routes:", "    steps: [map, normalize, validate, dedupe, enrich, score, route, assign, deliver]\n    routes:"
)


async def nobody(hub: Hub, *names: str, **more: Any) -> None:
    """Send people whom nobody can reach: they are held back."""
    for name in names:
        await post(hub, json.dumps({"id": name, "full_name": name, **more}))
    await settled(hub)


async def groups(http: httpx.AsyncClient, kind: str = "") -> list[dict[str, Any]]:
    answer = await http.get("/api/attention", params={"kind": kind} if kind else {})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def act(http: httpx.AsyncClient, group: str, what: str, **body: Any) -> dict[str, Any]:
    answer = await http.post(f"/api/attention/{group}/{what}", json=body)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def failing(make_hub: MakeHub, reason: str, *, sink: str = "memory_sink", number: int = 3) -> Hub:
    """Return a hub whose sink refuses everybody with a reason that names each lead."""
    hub = await make_hub(one_sink(sink))
    hub.plan.sinks["crm"].answer = lambda lead: Rejected(f"{reason} {lead.id}.")
    for one in range(number):
        await post(hub, person(one))
    await settled(hub)
    return hub


async def test_submissions_with_the_same_problem_are_one_group(hub: Hub):
    await nobody(hub, "a", "b", "c")
    async with calling(hub) as http:
        (group,) = await groups(http)
        shown = (await http.get(f"/api/attention/{group['id']}", params={"limit": 2})).json()
        rest = (await http.get(f"/api/attention/{group['id']}", params={"after": shown["next"]})).json()
    assert (group["kind"], group["name"], group["number"]) == ("quarantined", "website", 3)
    assert [one["code"] for one in group["about"]["problems"]] == ["unreachable"]
    assert "no usable e-mail" in group["says"]
    assert "隔离" in group["says_zh"]
    assert [row["id"] for row in shown["items"]] == ["sub_000003", "sub_000002"]
    assert ([row["id"] for row in rest["items"]], rest["next"]) == (["sub_000001"], None)


async def test_a_preview_says_who_would_be_told_and_does_nothing(hub: Hub):
    await nobody(hub, "a", "b")
    before = [await all_rows(hub, table) for table in ("submission", "lead", "decision", "delivery", "ownership")]
    async with calling(hub) as http:
        (group,) = await groups(http)
        held = await act(http, group["id"], "preview", accept=False)
        said = await act(http, group["id"], "preview", accept=True)
    assert held["outcomes"] == {"quarantined": 2}
    assert held["sinks"] == []
    assert (said["number"], said["looked_at"], said["outcomes"], said["known"]) == (2, 2, {"accepted": 2}, 0)
    assert said["sinks"] == [
        {"sink": "chat", "first": 2, "again": 0, "kept": 0, "why": ""},
        {"sink": "crm", "first": 2, "again": 0, "kept": 0, "why": ""},
    ]
    after = [await all_rows(hub, table) for table in ("submission", "lead", "decision", "delivery", "ownership")]
    assert after == before
    assert hub.plan.sinks["crm"].sent == []


async def test_a_preview_is_what_the_run_does_for_people_who_are_known(make_hub: MakeHub):
    """A known person's further submission goes to the sink that takes updates, and not to the one that has them."""
    hub = await make_hub(HOLDING)
    await post(hub, json.dumps({"id": "1", "full_name": "Ann Ng", "email": "ann@example.com"}))
    await settled(hub)
    required = HOLDING.replace("validate,", "{validate: {required: [company]}},")
    (hub.office.config).write_text(required, "utf-8")
    assert await hub.reload() or await hub.reload()
    await post(hub, json.dumps({"id": "2", "full_name": "Ann Ng", "email": "ann@example.com"}))
    await settled(hub)
    async with calling(hub) as http:
        (group,) = await groups(http)
        said = await act(http, group["id"], "preview", accept=True)
        await act(http, group["id"], "replay", accept=True)
    await settled(hub)
    assert (said["outcomes"], said["known"]) == ({"accepted": 1}, 1)
    lines = {line["sink"]: (line["first"], line["again"], line["kept"]) for line in said["sinks"]}
    assert lines == {"crm": (0, 1, 0), "chat": (0, 0, 1)}
    assert "takes no updates" in next(line["why"] for line in said["sinks"] if line["sink"] == "chat")
    assert sorted(row["sink"] for row in await all_rows(hub, "delivery")) == ["chat", "crm", "crm"]


async def test_what_cannot_be_read_stays_unreadable_whoever_accepts_it(hub: Hub):
    await post(hub, "[not json")
    await settled(hub)
    async with calling(hub) as http:
        (group,) = await groups(http)
        said = await act(http, group["id"], "preview", accept=True)
    assert (said["outcomes"], said["sinks"]) == ({"quarantined": 1}, [])


async def test_a_whole_group_is_accepted_in_batches_that_go_on_where_they_stopped(hub: Hub):
    await nobody(hub, *"abcde")
    async with calling(hub) as http:
        (group,) = await groups(http)
        first = await act(http, group["id"], "replay", accept=True, limit=2)
        second = await act(http, group["id"], "replay", accept=True, limit=2, after=first["next"])
        third = await act(http, group["id"], "replay", accept=True, limit=2, after=second["next"])
        left = await groups(http)
    await settled(hub)
    assert [part["outcomes"] for part in (first, second, third)] == [{"accepted": 2}, {"accepted": 2}, {"accepted": 1}]
    assert third["next"] is None
    assert left == []
    assert len(hub.plan.sinks["crm"].sent) == 5
    audit = [row["target"] for row in await all_rows(hub, "audit") if row["what"] == "submission.replayed"]
    assert sorted(audit) == [f"sub_00000{number}" for number in range(1, 6)]


async def test_what_is_still_wrong_is_run_once_and_stays(hub: Hub):
    await nobody(hub, "a", "b", "c")
    async with calling(hub) as http:
        (group,) = await groups(http)
        said = await act(http, group["id"], "replay", limit=2)
        rest = await act(http, group["id"], "replay", limit=2, after=said["next"])
    assert (said["outcomes"], rest["outcomes"], rest["next"]) == ({"quarantined": 2}, {"quarantined": 1}, None)


async def test_a_whole_group_is_refused_with_a_reason(hub: Hub):
    await nobody(hub, "a", "b")
    async with calling(hub) as http:
        (group,) = await groups(http)
        said = await act(http, group["id"], "reject", reason="spam of a fair")
        assert await groups(http) == []
    assert said["outcomes"] == {"rejected": 2}
    assert [row["reason"] for row in await all_rows(hub, "submission")] == ["spam of a fair"] * 2


async def test_refused_deliveries_with_the_same_reason_go_again_under_their_keys(make_hub: MakeHub):
    hub = await failing(make_hub, "No such owner for")
    async with calling(hub) as http:
        (group,) = await groups(http)
        said = await act(http, group["id"], "preview", act="retry")
        hub.plan.sinks["crm"].answer = lambda lead: Sent(lead.id)
        before = {row["key"] for row in await all_rows(hub, "delivery")}
        done = await act(http, group["id"], "retry")
    await settled(hub)
    assert (group["kind"], group["number"], group["about"]["reason"]) == ("rejected", 3, "No such owner for ….")
    assert (said["again"], said["superseded"], said["tests"], said["repeatable"]) == (3, 0, 0, False)
    assert done["outcomes"] == {"due": 3, "superseded": 0}
    assert {row["key"] for row in await rows(hub, "delivery", state="sent")} == before
    told = [row["data"] for row in await all_rows(hub, "audit") if row["what"] == "delivery.retried"]
    assert told == [{"deliveries": 3}]


@pytest.mark.parametrize(("arrived", "state", "word"), [(True, "sent", "arrived"), (False, "ready", "due")])
async def test_deliveries_in_doubt_are_settled_together(make_hub: MakeHub, arrived, state, word):
    hub = await make_hub(one_sink())
    hub.plan.sinks["crm"].answer = lambda lead: Unclear("the line broke")
    for one in range(3):
        await post(hub, person(one))
    await settled(hub)
    async with calling(hub) as http:
        (group,) = await groups(http)
        said = await act(http, group["id"], "settle", arrived=arrived)
    assert (group["kind"], said["outcomes"]) == ("unclear", {word: 3})
    assert {row["state"] for row in await all_rows(hub, "delivery")} == {state}


async def test_one_that_fails_stops_no_other(make_hub: MakeHub):
    hub = await make_hub(one_sink())
    await nobody(hub, "a", "b")
    await hub.db.write(_forget_bytes, "sub_000001")
    async with calling(hub) as http:
        (group,) = await groups(http)
        said = await act(http, group["id"], "replay", accept=True)
    assert said["outcomes"] == {"failed": 1, "accepted": 1}
    assert "bytes of the submission sub_000001 are gone" in said["failed"]["sub_000001"]


def _forget_bytes(id_: str, *, session: Any) -> None:
    session.execute(sa.update(SUBMISSION).where(SUBMISSION.c.id == id_).values(body=b""))


async def test_new_fields_wait_until_somebody_saw_them(hub: Hub):
    await post(hub, person(1))
    await post(hub, person(2, favourite_colour="blue"))
    await settled(hub)
    await hub.flush()
    async with calling(hub) as http:
        (group,) = await groups(http, "drift")
        assert group["about"]["fields"] == ["favourite_colour"]
        await act(http, group["id"], "note")
        assert await groups(http, "drift") == []
        await post(hub, person(3, favourite_colour="red", shoe="9"))
        await settled(hub)
        await hub.flush()
        (group,) = await groups(http, "drift")
    assert group["about"]["fields"] == ["shoe"]
    assert [row["target"] for row in await all_rows(hub, "audit") if row["what"] == "schema.noted"] == ["website"]


async def test_a_field_that_a_mapping_takes_is_no_drift(hub: Hub):
    await post(hub, person(1))
    await post(hub, person(2, company="Acme"))
    await settled(hub)
    await hub.flush()
    async with calling(hub) as http:
        assert await groups(http, "drift") == []


async def test_letters_that_could_not_be_read_are_read_again(hub: Hub):
    await hub.db.write(_letter, hub.clock.now())
    async with calling(hub) as http:
        (group,) = await groups(http)
        said = await act(http, group["id"], "read")
        assert await groups(http) == []
    assert (group["kind"], group["name"], said["outcomes"]) == ("letters", "crm", {"due": 1})


def _letter(now: Any, *, session: Any) -> None:
    letters.put("fbk_1", "crm", Inbound("POST", "http://hub/feedback/crm", {}, {}, b"?", now), session=session)
    letters.failed("fbk_1", "It is no JSON at line 7.", 1, session=session)


async def test_paused_sinks_and_alarms_are_there_once(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub) as http:
        await http.post("/api/sinks/crm/pause", json={"reason": "key expired"})
        await hub.alarms.desk.round()
        found = await groups(http)
    assert [(group["kind"], group["name"]) for group in found] == [("paused", "crm")]
    assert found[0]["about"]["reason"] == "key expired"


async def test_alarms_are_looked_after_together(hub: Hub):
    await hub.db.write(_alarms, hub.clock.now())
    async with calling(hub) as http:
        (group,) = await groups(http)
        shown = (await http.get(f"/api/attention/{group['id']}")).json()
        said = await act(http, group["id"], "note")
        assert await groups(http) == []
    assert (group["kind"], group["name"], group["number"]) == ("alarms", "source.failed", 2)
    assert {row["about_en"] for row in shown["items"]} == {"Source website", "Source ads"}
    assert said["outcomes"] == {"noted": 2}


def _alarms(now: Any, *, session: Any) -> None:
    raised = [
        {"name": f"failed:{source}", "kind": "source.failed", "source": source, "sink": None, "level": 0,
         "data": {"reason": "It answered 500."}, "told": None}
        for source in ("website", "ads")
    ]  # fmt: skip
    alarms.write(raised, {}, [], [Event("source.failed", now)], now, session=session)


async def test_a_refused_configuration_is_told_with_its_reason(hub: Hub):
    hub.office.config.write_text("sinks: {crm: {connector: nothing_known}}", "utf-8")
    await hub.reload()
    await hub.reload()
    async with calling(hub) as http:
        (group,) = await groups(http)
    assert group["kind"] == "config"
    assert "nothing_known" in group["about"]["reason"]


TEAM = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks: {crm: {connector: memory_sink}}
teams: {north: {members: [{name: li, active: false}, {name: wang, active: false}]}}
flows:
  - {name: inbound, from: [website], routes: [{name: all, assign: {team: north}, to: [crm]}]}
"""


async def test_leads_without_an_owner_are_handed_to_a_rep(make_hub: MakeHub):
    hub = await make_hub(TEAM)
    for one in range(2):
        await post(hub, person(one))
    await settled(hub)
    async with calling(hub) as http:
        (group,) = await groups(http, "unassigned")
        said = await act(http, group["id"], "assign", to="li")
        assert await groups(http, "unassigned") == []
    assert (group["number"], group["about"], said["outcomes"]["assigned"]) == (2, {"route": "all", "team": "north"}, 2)


@pytest.mark.parametrize(("same", "state"), [(False, "separate"), (True, "joined")])
async def test_pairs_that_look_alike_are_decided_together(hub: Hub, same, state):
    for said in (ANN, TWIN):
        await post(hub, json.dumps(said))
        await settled(hub)
    async with calling(hub) as http:
        (group,) = await groups(http)
        done = await act(http, group["id"], "decide", same=same)
    assert (group["kind"], group["number"], done["outcomes"]) == ("suggestions", 1, {state: 1})


async def test_what_is_no_group_is_said(hub: Hub):
    async with calling(hub) as http:
        for path in ("nothing", "dead:crm", "dead:crm:0123456789ab"):
            assert (await http.get(f"/api/attention/{path}")).status_code == 404
        wrong = await http.post("/api/attention/dead:crm:0123456789ab/reject", json={})
        assert (wrong.status_code, wrong.json()["detail"]) == (422, "reject is nothing to do with dead.")
        assert (await http.get("/api/attention", params={"kind": "odd"})).status_code == 422
        late = await act(http, "dead:crm:0123456789ab", "retry")
    assert (late["done"], late["next"]) == (0, None)


async def test_a_viewer_sees_groups_and_no_words_of_strangers(make_hub: MakeHub):
    hub = await failing(make_hub, "Ann Ng is no")
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        (group,) = await groups(http)
        assert "Ann Ng" not in json.dumps(group)
        refused = await http.post(f"/api/attention/{group['id']}/retry", json={})
    assert refused.status_code == 403


async def test_dead_deliveries_wait_under_their_reason(make_hub: MakeHub):
    hub = await make_hub(one_sink("memory_sink", retry="[]"))
    hub.plan.sinks["crm"].answer = lambda lead: Retry("It answered 503.")
    await post(hub, person(1))
    await settled(hub)
    async with calling(hub) as http:
        found = await groups(http)
    assert [(group["kind"], group["about"]["reason"]) for group in found][:1] == [
        ("dead", "given up after … attempts: It answered 503.")
    ]


async def test_what_would_tell_a_sink_that_no_preview_named_is_left_as_it_is(hub: Hub):
    await nobody(hub, "a", "b")
    async with calling(hub) as http:
        (group,) = await groups(http)
        kept = await act(http, group["id"], "replay", accept=True, to=["crm"])
        assert [row["state"] for row in await all_rows(hub, "submission")] == ["quarantined"] * 2
        done = await act(http, group["id"], "replay", accept=True, to=["crm", "chat"])
    assert kept["outcomes"] == {"failed": 2}
    assert kept["failed"]["sub_000001"].startswith("It would also tell chat.")
    assert done["outcomes"] == {"accepted": 2}
