"""Correcting by hand through the API: one submission, or one value for all alike; who may, and who sees what."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hub.app import Hub
from tests.api.calling import calling, keys_of_all_roles, problem
from tests.conftest import BASIC, MakeHub, post, settled
from tests.core.looking import all_rows, rows

FLOW = "    steps: [map, normalize, {validate: {required: [country]}}, dedupe, route, deliver]\n    routes:"
HOLDING = BASIC.replace("    routes:", FLOW)
TYPO = {"id": "1", "full_name": "Ann Ng", "phone": "138 0013 80000", "message": "call me"}
RIGHT = "13800138000"


async def held(hub: Hub, *people: dict[str, Any]) -> list[str]:
    """Send people who are held back; returns their submissions."""
    said = [(await post(hub, json.dumps(one))).json() for one in people]
    await settled(hub)
    assert {one["status"] for one in said} == {"quarantined"}
    return [one["submission"] for one in said]


async def correct(http: httpx.AsyncClient, submission: str, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = await http.post(f"/api/submissions/{submission}/correct", json=body)
    assert answer.status_code == status, answer.text
    return problem(answer) if status >= 400 else answer.json()


async def one_group(http: httpx.AsyncClient) -> str:
    (group,) = (await http.get("/api/attention", params={"kind": "quarantined"})).json()["items"]
    return str(group["id"])


async def test_what_can_be_corrected_stands_with_what_was_read_and_what_is_wrong(hub: Hub):
    (submission,) = await held(hub, TYPO)
    async with calling(hub) as http:
        await http.post(f"/api/submissions/{submission}/correct", json={"fields": {"company": "Acme"}})
        found = (await http.get(f"/api/submissions/{submission}/correct")).json()
    assert (found["state"], found["readable"]) == ("quarantined", True)
    fields = {one["field"]: one for one in found["fields"]}
    assert [one["field"] for one in found["fields"]][:4] == ["phone", "email", "wechat", "company"]
    assert {one["code"] for one in fields["phone"]["problems"]} == {"phone_invalid", "unreachable"}
    assert (fields["phone"]["read"], fields["phone"]["value"]) == ("138 0013 80000", None)
    assert (fields["company"]["read"], fields["company"]["value"], fields["company"]["by"]) == (None, "Acme", "local")
    assert fields["message"]["read"] == "call me"
    assert not {"consent", "consent_text", "ip", "user_agent"} & set(fields)


async def test_a_dry_run_says_what_it_would_do_and_does_nothing(hub: Hub):
    (submission,) = await held(hub, TYPO)
    tables = ("submission", "lead", "decision", "delivery", "audit", "event")
    before = [await all_rows(hub, table) for table in tables]
    async with calling(hub) as http:
        seen = await correct(http, submission, fields={"phone": RIGHT}, dry_run=True)
        wrong = await correct(http, submission, fields={"phone": "1"}, dry_run=True)
    assert (seen["status"], seen["first"], seen["becomes"]) == (
        "accepted",
        ["crm", "chat"],
        {"phone": "+8613800138000"},
    )
    assert (wrong["status"], wrong["becomes"], wrong["first"]) == ("quarantined", {"phone": None}, [])
    assert [one["code"] for one in wrong["problems"]] == ["unreachable"]
    assert [await all_rows(hub, table) for table in tables] == before


async def test_a_corrected_submission_goes_on_and_shows_what_was_corrected(hub: Hub):
    (submission,) = await held(hub, TYPO)
    async with calling(hub) as http:
        said = await correct(http, submission, fields={"phone": RIGHT}, to=["crm", "chat"])
        row = (await http.get(f"/api/submissions/{submission}")).json()
        told = (await http.get(f"/api/leads/{said['lead']}/fields")).json()["fields"]["phone"]
        whole = (await http.get(f"/api/leads/{said['lead']}")).json()["submissions"]
    await settled(hub)
    assert (said["status"], said["problems"][:0]) == ("accepted", [])
    assert row["corrections"]["phone"] == {"value": RIGHT, "by": "local", "at": row["corrections"]["phone"]["at"]}
    assert whole[0]["corrections"] == row["corrections"]
    assert (told["value"], told["raw"], told["corrected"]) == ("+8613800138000", "138 0013 80000", "local")
    assert [(one["value"], one["code"]) for one in told["rivals"]] == [("138 0013 80000", "corrected")]
    assert len(hub.plan.sinks["crm"].sent) == 1


async def test_the_walk_tells_who_corrected_what_between_reading_and_cleaning(hub: Hub):
    (submission,) = await held(hub, TYPO)
    async with calling(hub) as http:
        await correct(http, submission, fields={"phone": RIGHT})
        newest = (await rows(hub, "decision", submission=submission))[-1]["id"]
        story = (await http.get(f"/api/decisions/{newest}/story")).json()
        chinese = (await http.get(f"/api/decisions/{newest}/story", params={"language": "zh"})).json()
    steps = {one["step"]: one for one in story["steps"]}
    assert steps["map"]["fields"]["phone"]["after"] == "138 0013 80000"
    assert steps["correct"]["fields"] == {
        "phone": {"before": "138 0013 80000", "after": "+8613800138000", "code": "local"}
    }
    assert "phone" not in steps["normalize"]["fields"]
    assert steps["correct"]["says"] == ["By hand: phone corrected by local"]
    assert {one["step"]: one["says"] for one in chinese["steps"]}["correct"] == ["人工更正：local 更正了手机号"]


async def test_nothing_is_corrected_where_other_sinks_would_be_told_than_a_person_saw(hub: Hub):
    (submission,) = await held(hub, TYPO)
    async with calling(hub) as http:
        refused = await correct(http, submission, 409, fields={"phone": RIGHT}, to=["crm"])
    assert "chat" in refused["detail"]
    assert (await all_rows(hub, "submission"))[0]["corrections"] is None
    assert (await all_rows(hub, "submission"))[0]["state"] == "quarantined"


async def test_what_is_still_wrong_can_be_accepted_in_the_same_go(hub: Hub):
    (submission,) = await held(hub, TYPO)
    async with calling(hub) as http:
        said = await correct(http, submission, fields={"company": "Acme"}, accept=["unreachable"])
    assert said["status"] == "accepted"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "at least one field"),
        ({"nonsense": "x"}, "no field that can be corrected"),
        ({"consent": "yes"}, "evidence"),
        ({"company": 7}, "string"),
    ],
)
async def test_what_cannot_be_corrected_is_said(hub: Hub, fields: dict[str, Any], said: str):
    (submission,) = await held(hub, TYPO)
    async with calling(hub) as http:
        refused = await correct(http, submission, 422, fields=fields)
        tried = await correct(http, submission, 422, fields=fields, dry_run=True)
    assert said in refused["detail"]
    assert tried["detail"] == refused["detail"]


async def test_what_cannot_be_read_and_what_is_not_there_has_no_fields(hub: Hub):
    answer = (await post(hub, "{broken")).json()
    await settled(hub)
    async with calling(hub) as http:
        found = (await http.get(f"/api/submissions/{answer['submission']}/correct")).json()
        refused = await correct(http, answer["submission"], 409, fields={"phone": RIGHT})
        for method in ("GET", "POST"):
            gone = await http.request(method, "/api/submissions/sub_0/correct", json={"fields": {"phone": RIGHT}})
            assert problem(gone)["status"] == 404
    assert (found["readable"], found["fields"]) == (False, [])
    assert "No field can be read" in refused["detail"]


async def test_a_row_of_a_file_with_a_mapping_of_its_own_is_read_by_that(make_hub: MakeHub, tmp_path):
    hub = await make_hub(BASIC.replace("website: {connector: open_source}", "website: {connector: list_file}"))
    (tmp_path / "list.csv").write_text("who,firm\nAnn Ng,Akme\n")
    mapping = "fields: {full_name: who, company: firm}\n"
    async for _ in hub.imports.steps(tmp_path / "list.csv", "website", mapping=mapping):
        pass
    await settled(hub)
    (row,) = await all_rows(hub, "submission")
    async with calling(hub) as http:
        found = (await http.get(f"/api/submissions/{row['id']}/correct")).json()
    assert {one["field"]: one["read"] for one in found["fields"]}["company"] == "Akme"


async def test_one_value_is_corrected_for_all_alike_in_batches(make_hub: MakeHub):
    hub = await make_hub(HOLDING)
    await held(hub, *({"id": str(n), "full_name": f"P {n}", "email": f"p{n}@example.com"} for n in range(5)))
    async with calling(hub) as http:
        group = await one_group(http)
        body = {"field": "country", "value": "Germany"}
        seen = (await http.post(f"/api/attention/{group}/preview", json={"act": "correct", **body})).json()
        first = (await http.post(f"/api/attention/{group}/correct", json={**body, "limit": 3})).json()
        again = {**body, "limit": 3, "after": first["next"], "to": ["crm", "chat"]}
        second = (await http.post(f"/api/attention/{group}/correct", json=again)).json()
        left = (await http.get("/api/attention", params={"kind": "quarantined"})).json()["items"]
    await settled(hub)
    assert (seen["number"], seen["outcomes"]) == (5, {"accepted": 5})
    assert {line["sink"]: line["first"] for line in seen["sinks"]} == {"crm": 5, "chat": 5}
    assert (first["outcomes"], second["outcomes"], left) == ({"accepted": 3}, {"accepted": 2}, [])
    assert [row["country"] for row in await all_rows(hub, "lead")] == ["DE"] * 5
    assert len(hub.plan.sinks["crm"].sent) == 5
    logged = [row["data"] for row in await all_rows(hub, "audit") if row["what"] == "submission.corrected"]
    assert logged == [{"fields": ["country"], "taken_back": []}] * 5


async def test_what_would_tell_another_sink_is_left_as_it_is(make_hub: MakeHub):
    hub = await make_hub(HOLDING)
    await held(hub, {"id": "1", "full_name": "Ann", "email": "ann@example.com"})
    async with calling(hub) as http:
        group = await one_group(http)
        body = {"field": "country", "value": "DE", "to": ["crm"]}
        said = (await http.post(f"/api/attention/{group}/correct", json=body)).json()
    assert said["outcomes"] == {"failed": 1}
    assert "chat" in next(iter(said["failed"].values()))
    assert (await all_rows(hub, "submission"))[0]["corrections"] is None


@pytest.mark.parametrize("field", ["phone", "email", "wechat", "external_id", "platform_lead_id"])
async def test_what_tells_people_apart_is_not_corrected_for_all(hub: Hub, field: str):
    await held(hub, TYPO, {**TYPO, "id": "2"})
    async with calling(hub) as http:
        group = await one_group(http)
        body = {"field": field, "value": RIGHT}
        seen = await http.post(f"/api/attention/{group}/preview", json={"act": "correct", **body})
        done = await http.post(f"/api/attention/{group}/correct", json=body)
    assert [problem(answer)["status"] for answer in (seen, done)] == [422, 422]
    assert "one by one" in done.text
    assert {row["state"] for row in await all_rows(hub, "submission")} == {"quarantined"}


async def test_only_who_decides_may_correct_and_who_only_looks_sees_no_values(hub: Hub):
    (submission,) = await held(hub, TYPO)
    keys = await keys_of_all_roles(hub)
    async with calling(hub) as http:
        group = await one_group(http)
        lead = (await correct(http, submission, fields={"phone": RIGHT, "notes": "Ann is at 13800138000"}))["lead"]
    async with calling(hub, keys["operator"]) as http:
        shown = (await http.get(f"/api/submissions/{submission}")).json()["corrections"]
    async with calling(hub, keys["viewer"]) as http:
        tried = [
            await http.post(f"/api/submissions/{submission}/correct", json={"fields": {"phone": RIGHT}}),
            await http.post(f"/api/attention/{group}/correct", json={"field": "country", "value": "DE"}),
            await http.get(f"/api/submissions/{submission}/correct"),
        ]
        part = await http.get(f"/api/leads/{lead}/walk/submissions")
        listed = await http.get("/api/submissions")
        fields = await http.get(f"/api/leads/{lead}/fields")
    assert shown["phone"]["value"] == RIGHT
    assert [answer.status_code for answer in tried] == [403, 403, 403]
    kept = part.json()["items"][0]["corrections"]
    assert (kept["phone"]["by"], kept["phone"]["value"], kept["notes"]["value"]) == ("local", "138***00", "***")
    assert "corrections" not in listed.json()["items"][0]
    assert fields.json()["fields"]["phone"]["corrected"] == "local"
    assert all(text not in answer.text for answer in (part, fields) for text in (RIGHT, "0013 80000"))
