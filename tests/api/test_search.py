"""Lists of leads through the API: searched and filtered, kept as views, written out, and changed in numbers."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest

from hub.app import Hub
from tests.api.calling import calling, keys_of_all_roles, problem
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows

CONFIG = """
hub: {region: CN, time_zone: Asia/Shanghai, database: "sqlite:///data/hub.db", answer_within: 30s}
sources:
  website: {connector: open_source}
  expo: {connector: open_source}
sinks:
  crm: {connector: updating_sink}
teams:
  north: {members: [{name: ann}, {name: bob}]}
pools:
  sea: {}
flows:
  - name: inbound
    from: [website, expo]
    routes:
      - {name: chinese, when: 'lead.country == "CN"', assign: {team: north}, to: [crm]}
      - {name: rest, assign: {pool: sea}, to: [crm]}
"""
PEOPLE = (
    {"full_name": "李伟", "company": "华东机械有限公司", "country": "CN", "phone": "138 1234 5678", "email": "li.wei@example.com"},
    {"full_name": "Max Müller", "company": "Muster GmbH", "country": "DE", "email": "max@muster.example.com"},
    {"full_name": "Eva Lang", "company": "Muster GmbH", "country": "AT", "email": "eva@lang.example.com", "utm_campaign": "spring"},
    {"full_name": "王芳", "company": "北方物流", "country": "CN", "email": "fang@example.com", "utm_campaign": "spring"},
    {"full_name": "=1+1", "company": "+evil", "country": "US", "email": "evil@example.com"},
)  # fmt: skip


@pytest.fixture
async def full(make_hub: MakeHub, clock) -> Hub:
    hub = await make_hub(CONFIG)
    for number, person in enumerate(PEOPLE):
        clock.turn(24 * 3600.0)
        await post(hub, json.dumps({"id": f"form-{number}", **person}), ("website", "expo")[number % 2])
    await settled(hub)
    return hub


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [4, 3, 2, 1, 0]), ("q=李伟", [0]), ("q=mueller", [1]), ("q=muster", [2, 1]), ("q=gmbh eva", [2]),
        ("q=138 1234", [0]), ("q=EVA@LANG.example.com", [2]), ("q=lead_000002", [1]), ("q=sub_000003", [2]),
        ("q=ref-lead_000004", [3]), ("q=...", []), ("q=lead_999999", []), ("q=muster&country=DE", [1]),
        ("source=expo", [3, 1]), ("source=expo&country=CN", [3]), ("pool=sea", [4, 2, 1]), ("owner=-", [4, 2, 1]),
        ("pool=-", [3, 0]), ("campaign=spring", [3, 2]), ("campaign=-", [4, 1, 0]), ("campaign=spring&pool=sea", [2]),
        ("disposition=-&country=CN", [3, 0]), ("disposition=won", []), ("test=yes", []), ("test=no&country=US", [4]),
        ("since=2026-05-08", [4, 3]), ("until=2026-05-06", [1, 0]), ("since=2026-05-06&until=2026-05-07", [2, 1]),
        ("state=merged", []), ("state=any&country=DE", [1]), ("team=north", [3, 0]), ("q=%00", [4, 3, 2, 1, 0]),
        ("owner=", [4, 3, 2, 1, 0]), ("email=max@muster.example.com", [1]), ("phone=%2B8613812345678", [0]),
    ],
)  # fmt: skip
async def test_a_list_has_what_was_asked_for(full: Hub, query, found):
    async with calling(full) as http:
        answer = await http.get(f"/api/leads?{query}")
    assert answer.status_code == 200, answer.text
    assert [int(row["id"][-6:]) - 1 for row in answer.json()["items"]] == found


async def test_a_list_is_paged_by_key(full: Hub):
    async with calling(full) as http:
        first = (await http.get("/api/leads?limit=2")).json()
        second = (await http.get(f"/api/leads?limit=2&after={first['next']}")).json()
        last = (await http.get(f"/api/leads?limit=2&after={second['next']}")).json()
    ids = [row["id"] for page in (first, second, last) for row in page["items"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), last["next"]) == (5, None)


@pytest.mark.parametrize("query", ["since=tomorrow", "until=2026-13-01", "since=99999999999", "test=maybe"])
async def test_what_is_no_filter_is_said(full: Hub, query):
    async with calling(full) as http:
        answer = await http.get(f"/api/leads?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0] in problem(answer)["detail"]


async def test_a_viewer_finds_nobody_by_name_phone_or_address(full: Hub):
    keys = await keys_of_all_roles(full)
    async with calling(full, keys["viewer"]) as http:
        for said in ("李伟", "max", "138 1234", "max@muster.example.com", "li wei"):
            assert (await http.get("/api/leads", params={"q": said})).json()["items"] == [], said
        found = (await http.get("/api/leads", params={"q": "muster gmbh"})).json()["items"]
        asked = [await http.get("/api/leads", params=one) for one in ({"email": "no@where.example"}, {"phone": "+49"})]
        without = await http.get("/api/leads", params={"email": "-", "phone": "-"})
    assert len(found) == 2
    assert ([one.status_code for one in asked], without.status_code) == ([403, 403], 200)
    assert "Müller" not in json.dumps(found, ensure_ascii=False)


async def test_a_view_is_kept_shared_replaced_and_deleted(full: Hub):
    keys = await keys_of_all_roles(full)
    hot = {"name": "Hot", "filters": {"grade": "A", "q": "muster"}, "columns": ["company", "owner"], "shared": True}
    async with calling(full, keys["operator"]) as http:
        made = (await http.post("/api/views", json=hot)).json()
        own = (await http.post("/api/views", json={"name": "Mine", "filters": {}})).json()
        again = (await http.post("/api/views", json={**hot, "filters": {"grade": "B"}})).json()
        assert (made["id"], (await http.get("/api/views")).json()["items"][0]["filters"]) == (
            again["id"],
            {"grade": "B"},
        )
    async with calling(full, keys["viewer"]) as http:
        assert [row["name"] for row in (await http.get("/api/views")).json()["items"]] == ["Hot"]
        assert (await http.delete(f"/api/views/{made['id']}")).status_code == 403
        assert (await http.delete(f"/api/views/{own['id']}")).status_code == 404
        assert (await http.post("/api/views", json={**hot, "name": "No"})).status_code == 403
        assert (await http.post("/api/views", json={"name": "No", "filters": {"colour": "red"}})).status_code == 422
    async with calling(full, keys["admin"]) as http:
        assert (await http.delete(f"/api/views/{made['id']}")).json() == {"id": made["id"], "deleted": True}
    assert [row["name"] for row in await all_rows(full, "saved_view")] == ["Mine"]
    assert [row["what"] for row in await all_rows(full, "audit")][-4:] == ["view.saved"] * 3 + ["view.deleted"]


async def test_a_view_that_names_an_erased_person_forgets_them(full: Hub):
    async with calling(full) as http:
        await http.post(
            "/api/views", json={"name": "max@muster.example.com", "filters": {"q": "max@muster.example.com"}}
        )
        await http.post("/api/erase", json={"email": "max@muster.example.com"})
    (row,) = await all_rows(full, "saved_view")
    assert (row["name"], row["filters"]) == ("***", None)


async def test_an_export_has_what_the_list_has_and_no_formula(full: Hub):
    async with calling(full) as http:
        answer = await http.get("/api/leads/export?country=US&columns=full_name&columns=company&columns=test")
        zh = await http.get("/api/leads/export?q=李伟&columns=full_name&columns=phone&language=zh")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == [
        ["full_name", "company", "test"], ["'=1+1", "'+evil", "no"],
    ]  # fmt: skip
    assert zh.content.decode("utf-8-sig").split() == ["姓名,手机号", "李伟,+8613812345678"]
    assert [row["what"] for row in await all_rows(full, "audit")][-2:] == ["data.exported"] * 2


async def test_an_export_for_a_spreadsheet_holds_texts_only(full: Hub):
    async with calling(full) as http:
        answer = await http.get("/api/leads/export?format=xlsx&columns=full_name&columns=country")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert [[cell.value for cell in row] for row in sheet.rows][:2] == [["full_name", "country"], ["'=1+1", "US"]]
    assert {cell.data_type for row in sheet.rows for cell in row} == {"s"}


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_only_administrators_export(full: Hub, role):
    keys = await keys_of_all_roles(full)
    async with calling(full, keys[role]) as http:
        assert (await http.get("/api/leads/export")).status_code == 403


async def test_many_are_handed_on_and_those_that_cannot_say_why(full: Hub):
    async with calling(full) as http:
        body = {"act": "transfer", "to": "ann", "leads": ["lead_000001", "lead_000002", "lead_000004", "lead_999999"]}
        plan = (await http.post("/api/leads/bulk", json={**body, "dry_run": True})).json()
        before = {row["id"]: row["owner"] for row in await all_rows(full, "lead")}
        said = (await http.post("/api/leads/bulk", json=body)).json()
    has = [lead for lead in body["leads"][:3] if before[lead] == "ann"]
    assert plan["failed"] == said["failed"]
    assert set(plan["failed"]) == {"lead_999999", *has}
    assert (plan["go"], said["go"], said["to"]) == (3 - len(has), 3 - len(has), {"ann": 3 - len(has)})
    assert {row["owner"] for row in await all_rows(full, "lead") if row["id"] in body["leads"]} == {"ann"}


async def test_many_are_given_back_and_dealt_anew_by_a_filter(full: Hub):
    async with calling(full) as http:
        body = {"filters": {"team": "north"}, "pool": "sea", "reason": "nobody is here"}
        back = (await http.post("/api/leads/bulk", json={"act": "return", **body})).json()
        assert (back["go"], back["to"]) == (2, {"pool sea": 2})
        refused = (await http.post("/api/leads/bulk", json={"act": "recycle", **body})).json()
        assert set(refused["failed"].values()) == {"Nobody has it: it waits in a pool."}
        dealt = (await http.post("/api/leads/bulk", json={"act": "reassign", "filters": {"team": "north"}})).json()
        assert dealt["go"] == 2
        anew = (await http.post("/api/leads/bulk", json={"act": "reassign", "filters": {"country": "DE"}})).json()
        assert list(anew["failed"].values()) == ["It belongs to no team that is there. Transfer it to a rep."]


async def test_many_are_decided_again_after_saying_who_would_be_told(full: Hub):
    async with calling(full) as http:
        plan = (await http.post("/api/leads/replay", json={"filters": {"country": "CN"}, "dry_run": True})).json()
        assert (plan["go"], plan["again"], plan["becomes"]) == (2, {"crm": 2}, {"accepted": 2})
        said = (await http.post("/api/leads/replay", json={"leads": plan["ids"]})).json()
    assert (said["go"], said["to"], said["failed"]) == (2, {"accepted": 2}, {})


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"act": "transfer", "leads": ["lead_000001"]}, "to:"), ({"act": "return", "leads": ["lead_000001"]}, "reason:"),
        ({"act": "transfer", "leads": ["lead_000001"], "to": "nobody"}, "nobody"), ({"act": "reassign"}, "Name either"),
        ({"act": "reassign", "filters": {"colour": "red"}}, "colour"),
        ({"act": "reassign", "filters": {}, "leads": ["lead_000001"]}, "Name either"),
    ],
)  # fmt: skip
async def test_what_is_missing_is_said_before_anything_moves(full: Hub, body, says):
    async with calling(full) as http:
        answer = await http.post("/api/leads/bulk", json=body)
    assert answer.status_code == 422
    assert says in problem(answer)["detail"]
