"""People over HTTP: a rep sees and moves what is theirs and nothing else, a manager the rest, and all of it is audited."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from fastapi.routing import APIRoute

from hub.api.access import declared, flat
from hub.app import Hub
from hub.web.app import create_app
from tests.api.calling import calling, keys_of_all_roles, problem
from tests.api.test_login import OWN, make_user, signed_in
from tests.conftest import MakeHub, post
from tests.core.looking import all_rows

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources:
  website: {connector: open_source}
  fair: {connector: open_source}
sinks:
  crm: {connector: memory_sink}
pools: {sea: {RULES}, deep: {claim: false}, south: {teams: [south]}}
teams:
  north: {members: [{name: ann, user: ann@example.com}, {name: bob}, {name: cho}]}
  south: {members: [{name: dan}]}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm], assign: {team: north}}]}
  - {name: fairs, from: [fair], routes: [{name: all, to: [crm], assign: {pool: sea}}]}
"""


async def started(make_hub: MakeHub, rules: str = "") -> Hub:
    return await make_hub(CONFIG.replace("RULES", rules))


async def lead(hub: Hub, number: int = 1, source: str = "fair") -> str:
    body = {
        "id": str(number), "email": f"p{number}@example.com", "phone": f"+861380013800{number}", "full_name": "Li Wei",
        "company": "Acme", "message": f"Call me: 138 0013 800{number}",
    }  # fmt: skip
    return str((await post(hub, json.dumps(body), source)).json()["lead"])


@contextlib.asynccontextmanager
async def rep(hub: Hub, name: str = "ann@example.com") -> AsyncIterator[httpx.AsyncClient]:
    """Yield a browser in which a rep has signed in."""
    await make_user(hub, name, "rep")
    async with signed_in(hub, name) as http:
        http.headers.update(OWN)
        yield http


async def test_a_rep_sees_a_lead_of_a_pool_in_part_and_whole_once_it_is_theirs(make_hub: MakeHub):
    hub = await started(make_hub)
    one = await lead(hub)
    async with rep(hub) as http:
        for said in (
            (await http.get("/api/pools/sea/leads")).json()["items"][0],
            (await http.get(f"/api/leads/{one}")).json(),
        ):
            assert (said["pool"], said["lead"]["company"]) == ("sea", "Acme")
            text = json.dumps(said)
            assert not any(secret in text for secret in ("13800138001", "0013 8001", "p1@example.com", "Li Wei"))
        taken = (await http.post(f"/api/leads/{one}/claim")).json()
        assert (taken["owner"], taken["former_pool"], taken["person"]["phone"]) == ("ann", "sea", "+8613800138001")
        whole = (await http.get(f"/api/leads/{one}")).json()
        assert (whole["lead"]["email"], len(whole["submissions"])) == ("p1@example.com", 1)
        assert [row["id"] for row in (await http.get("/api/leads")).json()["items"]] == [one]
        acts = (await http.get(f"/api/leads/{one}/ownership")).json()
    assert [(row["act"], row["says"]) for row in acts["items"]] == [
        ("pooled", "it went to pool sea"),
        ("viewed", "ann looked at it in pool sea"),
        ("claimed", "ann took it from pool sea"),
    ]
    assert acts["now"]["owner"] == "ann"


async def test_a_pool_that_masks_nothing_shows_who_it_is_unless_looks_are_counted(make_hub: MakeHub):
    hub = await started(make_hub, "mask: false")
    await lead(hub)
    async with rep(hub) as http:
        (row,) = (await http.get("/api/pools/sea/leads")).json()["items"]
    assert row["lead"]["phone"] == "+8613800138001"
    await make_hub.stop(hub)
    hub = await started(make_hub, "mask: false, views_a_day: 5")
    async with signed_in(hub) as http:
        (row,) = (await http.get("/api/pools/sea/leads")).json()["items"]
    assert row["lead"]["phone"] != "+8613800138001"


async def test_a_rep_opens_so_many_leads_a_day(make_hub: MakeHub):
    hub = await started(make_hub, "views_a_day: 2")
    leads = [await lead(hub, number) for number in range(3)]
    async with rep(hub) as http:
        codes = [(await http.get(f"/api/leads/{one}")).status_code for one in (*leads, leads[0])]
        assert codes == [200, 200, 409, 200]
        assert "the most for a day" in problem(await http.get(f"/api/leads/{leads[2]}"))["detail"]


async def test_a_rep_sees_and_moves_nothing_that_is_not_theirs(make_hub: MakeHub):
    hub = await started(make_hub)
    one, pooled = await lead(hub, 1, "website"), await lead(hub, 2)
    async with calling(hub) as boss:
        await boss.post(f"/api/leads/{one}/transfer", json={"to": "bob"})
    async with rep(hub) as http:
        for method, path, body in (
            ("GET", f"/api/leads/{one}", None), ("GET", f"/api/leads/{one}/explain", None),
            ("GET", f"/api/leads/{one}/ownership", None), ("GET", f"/api/leads/{one}/activities", None),
            ("POST", f"/api/leads/{one}/activities", {"kind": "call"}),
            ("POST", f"/api/leads/{one}/transfer", {"to": "ann"}), ("POST", f"/api/leads/{one}/return", {"reason": "x"}),
            ("POST", f"/api/leads/{pooled}/transfer", {"to": "ann"}), ("GET", "/api/leads/p2@example.com", None),
            ("GET", "/api/pools/deep/leads", None), ("GET", "/api/pools/south/leads", None),
            ("GET", "/api/leads/lead_none", None), ("GET", f"/api/leads/{pooled}/ownership", None),
        ):  # fmt: skip
            answer = await http.request(method, path, json=body)
            assert problem(answer)["status"] == 404, (method, path)
        for method, path, body in (
            ("POST", f"/api/leads/{pooled}/claim", {"rep": "bob"}), ("GET", "/api/leads?owner=bob", None),
            ("POST", "/api/reps/bob/away", {}), ("POST", f"/api/leads/{one}/reassign", {}),
            ("POST", f"/api/leads/{one}/recycle", {}), ("POST", "/api/leads/transfer", {"owner": "bob", "to": "ann"}),
            ("POST", "/api/reps/ann/leave", {}), ("GET", "/api/teams/north/ledger", None),
            ("GET", "/api/submissions", None), ("GET", "/api/summary", None), ("GET", "/api/audit", None),
        ):  # fmt: skip
            assert problem(await http.request(method, path, json=body))["status"] == 403, (method, path)
        assert (await http.get("/api/leads")).json()["items"] == []
        assert [row["pool"] for row in (await http.get("/api/pools")).json()["items"]] == ["unassigned", "sea"]


async def test_a_route_that_says_nothing_of_reps_is_closed_to_them(make_hub: MakeHub):
    hub = await started(make_hub)
    routes = [route for route in flat(create_app(cast(Hub, None)).routes) if isinstance(route, APIRoute)]
    closed = [
        (m, r.path)
        for r in routes
        for m in r.methods
        if not getattr(declared(r)[0], "rep", False) and r.path.startswith("/api/")
    ]
    assert len(closed) > 50
    async with rep(hub) as http:
        for method, path in closed:
            answer = await http.request(method, re.sub(r"{\w+}", "1", path))
            assert answer.status_code == (200 if path == "/api/openapi.json" else 403), (method, path)


async def test_a_user_with_the_role_who_is_no_rep_gets_nothing(make_hub: MakeHub):
    hub = await started(make_hub)
    one = await lead(hub)
    async with rep(hub, "stranger@example.com") as http:
        assert (await http.get("/api/pools")).json()["items"] == []
        assert (await http.get(f"/api/leads/{one}")).status_code == 404
        assert "You are in no team" in problem(await http.post(f"/api/leads/{one}/claim"))["detail"]
        assert (await http.get("/api/leads")).status_code == 403


async def test_a_rep_hands_on_gives_back_and_notes_what_is_theirs(make_hub: MakeHub):
    hub = await started(make_hub)
    one, two = await lead(hub, 1), await lead(hub, 2)
    async with rep(hub) as http:
        for each in (one, two):
            assert (await http.post(f"/api/leads/{each}/claim", json={})).status_code == 200
        noted = await http.post(f"/api/leads/{one}/activities", json={"kind": "call", "by": "bob"})
        assert noted.status_code == 201
        given = (await http.post(f"/api/leads/{one}/transfer", json={"to": "bob", "reason": "speaks German"})).json()
        assert (given["owner"], given["former"]) == ("bob", "ann")
        back = (await http.post(f"/api/leads/{two}/return", json={"reason": "wrong number", "pool": "sea"})).json()
        assert (back["owner"], back["pool"]) == (None, "sea")
        assert (await http.post(f"/api/leads/{two}/return", json={"reason": "again"})).status_code == 404
    assert [row["by"] for row in await all_rows(hub, "activity")] == ["ann"]
    user = (await all_rows(hub, "hub_user"))[0]["id"]
    done = [row["what"] for row in await all_rows(hub, "audit") if row["who"] == f"user:{user}"]
    assert done == ["login.ok", "lead.claimed", "lead.claimed", "lead.transferred", "lead.returned"]


async def test_a_rep_says_when_they_are_away(make_hub: MakeHub):
    hub = await started(make_hub)
    async with rep(hub) as http:
        assert (await http.get("/api/reps/ann/away")).json()["away"] is False
        made = await http.post("/api/reps/ann/away", json={"cover": "bob", "reason": "holiday"})
        assert (made.status_code, made.json()["cover"]) == (201, "bob")
        assert problem(await http.post("/api/reps/ann/away", json={}))["status"] == 409
        assert (await http.get("/api/reps/ann/away")).json()["away"] is True
        assert (await http.post("/api/reps/ann/back")).json() == {"rep": "ann", "ended": 1}
        assert (await http.get("/api/me")).json()["role"] == "rep"


async def test_five_hundred_clicks_over_http_have_one_winner(make_hub: MakeHub):
    hub = await started(make_hub)
    one = await lead(hub)
    async with calling(hub) as http:
        reps = [("ann", "bob", "cho", "dan")[number % 4] for number in range(500)]
        answers = await asyncio.gather(*(http.post(f"/api/leads/{one}/claim", json={"rep": name}) for name in reps))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 499}
    winner = next(answer.json()["owner"] for answer in answers if answer.status_code == 200)
    said = {problem(answer)["detail"] for answer in answers if answer.status_code == 409}
    assert said == {f"{winner} took the lead {one} first."}


async def test_a_manager_moves_leads_one_by_one_and_in_numbers(make_hub: MakeHub):
    hub = await started(make_hub)
    leads = [await lead(hub, number, "website") for number in range(6)]
    async with calling(hub) as http:
        tried = (await http.post("/api/leads/transfer", json={"owner": "bob", "to": "dan", "dry_run": True})).json()
        assert tried == {"dry_run": True, "to": "dan", "from": {"bob": 2}, "leads": 2, "moved": 2, "failed": {}}
        done = (await http.post("/api/leads/transfer", json={"leads": [*leads, "lead_none"], "to": "dan"})).json()
        assert (done["leads"], done["moved"], list(done["failed"])) == (7, 6, ["lead_none"])
        again = (await http.post(f"/api/leads/{leads[1]}/recycle", json={"pool": "deep"})).json()
        assert (again["owner"], again["pool"]) == (None, "deep")
        said = (await http.get(f"/api/leads/{leads[1]}/ownership?language=zh")).json()["items"]
        assert said[-1]["says"].startswith("从 dan 收回，转入")
    assert Counter(row["owner"] for row in await all_rows(hub, "care")) == {"dan": 5, None: 1}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/leads/transfer", {"to": "dan"}, 422),
        ("/api/leads/transfer", {"to": "dan", "owner": "bob", "leads": ["lead_1"]}, 422),
        ("/api/leads/transfer", {"to": "zoe", "owner": "bob"}, 422),
        ("/api/leads/LEAD/transfer", {"to": "zoe"}, 422),
        ("/api/leads/LEAD/transfer", {"to": "bob", "team": "west"}, 422),
        ("/api/leads/LEAD/return", {}, 422),
        ("/api/leads/LEAD/return", {"reason": "x", "pool": "west"}, 422),
        ("/api/leads/LEAD/recycle", {"pool": "west"}, 422),
        ("/api/leads/LEAD/claim", {}, 422),
        ("/api/leads/LEAD/claim", {"rep": "ann"}, 409),
        ("/api/leads/lead_none/claim", {"rep": "ann"}, 404),
        ("/api/leads/lead_none/reassign", {}, 404),
        ("/api/reps/zoe/away", {}, 404),
        ("/api/reps/zoe/leave", {}, 404),
        ("/api/reps/ann/away", {"until": "2026-06-01T00:00:00"}, 422),
        ("/api/teams/north/credit", {"member": "ann", "leads": 0, "reason": "x"}, 422),
        ("/api/teams/north/credit", {"member": "ann", "leads": 1}, 422),
        ("/api/teams/west/credit", {"member": "ann", "leads": 1, "reason": "x"}, 404),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(make_hub: MakeHub, path: str, body: Any, status: int):
    hub = await started(make_hub)
    one = await lead(hub, 1, "website")
    async with calling(hub) as http:
        assert problem(await http.post(path.replace("LEAD", one), json=body))["status"] == status


async def test_the_ledger_is_read_page_by_page_and_a_credit_is_in_it(make_hub: MakeHub):
    hub = await started(make_hub)
    for number in range(5):
        await lead(hub, number, "website")
    async with calling(hub) as http:
        body = {"member": "ann", "leads": 1.5, "reason": "covered the fair"}
        changed = (await http.post("/api/teams/north/credit", json=body)).json()
        assert changed["changed"] == {"ann": 1.5, "bob": -0.75, "cho": -0.75}
        assert sum(row["balance"] for row in changed["members"]) == pytest.approx(0, abs=1e-5)
        first = (await http.get("/api/teams/north/ledger?member=ann&limit=2")).json()
        assert first["items"][0]["says"] == "local credited 1.5: covered the fair"
        rest = (await http.get("/api/teams/north/ledger", params={"member": "ann", "after": first["next"]})).json()
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 4, None)
        last = rest["items"][-1]
        assert last["balance"] == pytest.approx(last["change"])
        assert (await http.get("/api/teams/north/ledger")).json()["items"] == []
        for wrong in ("/api/teams/north/ledger?member=zoe", "/api/teams/west/ledger"):
            assert problem(await http.get(wrong))["status"] == 404
        assert problem(await http.get("/api/teams/north/ledger?member=ann&after=x"))["status"] == 422


async def test_a_leaver_is_counted_before_and_handed_on_at_once(make_hub: MakeHub):
    hub = await started(make_hub)
    for number in range(6):
        await lead(hub, number, "website")
    async with calling(hub) as http:
        tried = (await http.post("/api/reps/ann/leave", json={"dry_run": True})).json()
        assert tried == {"rep": "ann", "dry_run": True, "leads": 2, "to": None, "teams": {"north": 2}}
        done = (await http.post("/api/reps/ann/leave", json={})).json()
        assert (done["moved"], done["got"], done["failed"]) == (2, {"bob": 1, "cho": 1}, {})
        assert (await http.get("/api/reps/ann/away")).json()["away"] is True


async def test_viewers_read_without_recognising_anybody_and_operators_give_no_credit(make_hub: MakeHub):
    hub = await started(make_hub, "mask: false")
    one = await lead(hub)
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        for path in ("/api/pools/sea/leads", f"/api/leads/{one}"):
            assert "13800138001" not in (await http.get(path)).text
        assert (await http.post(f"/api/leads/{one}/claim", json={"rep": "ann"})).status_code == 403
    async with calling(hub, keys["operator"]) as http:
        assert "13800138001" in (await http.get("/api/pools/sea/leads")).text
        credit = {"member": "ann", "leads": 1, "reason": "x"}
        assert (await http.post("/api/teams/north/credit", json=credit)).status_code == 403
    assert not any(row["act"] == "viewed" for row in await all_rows(hub, "ownership"))
