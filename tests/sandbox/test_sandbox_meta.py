"""Meta's Graph API in the sandbox: leads, paging, filters, proofs, events."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

DAY = 86_400


@pytest.fixture
def http(http: httpx.AsyncClient, sandbox: Sandbox) -> httpx.AsyncClient:
    http.headers["authorization"] = "Bearer EAAB"
    for number in range(1, 6):
        sandbox.seed("meta", lead(number))
    return http


def lead(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "created_time": f"2026-05-04T07:00:0{number}+0000",
        "form_id": "555",
        "page_id": "77",
        "ad_id": "120",
        "field_data": [{"name": "email", "values": [f"{number}@b.de"]}],
        **more,
    }


def ids(page: Any) -> list[str]:
    return [row["id"] for row in page["data"]]


async def test_a_lead_is_read_with_the_fields_asked_for(http: httpx.AsyncClient) -> None:
    bare = (await http.get("/meta/v23.0/3")).json()
    assert sorted(bare) == ["created_time", "field_data", "id"]
    asked = (await http.get("/meta/v23.0/3", params={"fields": "ad_id,form_id,campaign_name"})).json()
    assert asked == {"id": "3", "ad_id": "120", "form_id": "555"}


async def test_an_unknown_lead_is_a_400_with_code_100(http: httpx.AsyncClient) -> None:
    answer = await http.get("/meta/v23.0/444444444444")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["error_subcode"]) == (400, 100, 33)


async def test_a_lead_is_readable_for_90_days(http: httpx.AsyncClient, clock: HandClock) -> None:
    clock.turn(89 * DAY)
    assert (await http.get("/meta/v23.0/1")).status_code == 200
    clock.turn(DAY)
    assert (await http.get("/meta/v23.0/1")).status_code == 400
    assert (await http.get("/meta/v23.0/555/leads")).json() == {"data": []}


async def test_leads_are_paged_newest_first(http: httpx.AsyncClient) -> None:
    page = (await http.get("/meta/v23.0/555/leads", params={"limit": 2})).json()
    seen = [ids(page)]
    while "next" in page["paging"]:
        page = (await http.get(page["paging"]["next"])).json()
        seen.append(ids(page))
    assert seen == [["5", "4"], ["3", "2"], ["1"]]
    assert page["paging"]["cursors"]["after"]


async def test_a_lead_that_comes_between_two_pages_moves_nothing(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    page = (await http.get("/meta/v23.0/555/leads", params={"limit": 2})).json()
    sandbox.seed("meta", lead(6))
    after = page["paging"]["cursors"]["after"]
    assert ids((await http.get("/meta/v23.0/555/leads", params={"limit": 2, "after": after})).json()) == ["3", "2"]
    assert (await http.get("/meta/v23.0/555/leads", params={"after": "bm9wZQ=="})).json()["error"]["code"] == 100


@pytest.mark.parametrize(
    ("operator", "found"),
    [("GREATER_THAN", ["5", "4"]), ("GREATER_THAN_OR_EQUAL", ["5", "4", "3"]), ("LESS_THAN", ["2", "1"])],
)
async def test_leads_are_filtered_by_time(operator: str, found: list[str], http: httpx.AsyncClient) -> None:
    test = [{"field": "time_created", "operator": operator, "value": 1777878003}]
    page = (await http.get("/meta/v23.0/120/leads", params={"filtering": json.dumps(test)})).json()
    assert ids(page) == found


async def test_a_filter_that_cannot_be_read_is_refused(http: httpx.AsyncClient) -> None:
    for text in ("[", '[{"field":"email","operator":"LESS_THAN","value":1}]', '[{"field":"time_created"}]'):
        answer = await http.get("/meta/v23.0/555/leads", params={"filtering": text})
        assert answer.json()["error"]["code"] == 100


async def test_the_forms_of_a_page_count_their_leads(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.seed("meta", lead(7, form_id="556"))
    query = {"fields": "id,name,leads_count,questions"}
    forms = (await http.get("/meta/v23.0/77/leadgen_forms", params=query)).json()["data"]
    assert [(form["id"], form["leads_count"]) for form in forms] == [("555", 5), ("556", 1)]
    assert forms[0]["questions"] == [{"key": "email", "type": "CUSTOM"}]


@pytest.mark.parametrize(
    ("proof", "status"),
    [
        ("e64df38a6d32771377cd96e709efa796268583b5e5f3d9eb15608937bf898bc2", 200),
        ("e64df38a6d32771377cd96e709efa796268583b5e5f3d9eb15608937bf898bc3", 400),
        (None, 400),
    ],
)
async def test_a_proof_is_wanted_once_the_app_has_a_secret(
    proof: str | None, status: int, http: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.configure("meta", app_secret="s3cret")
    query = {"appsecret_proof": proof} if proof else {}
    assert (await http.get("/meta/v23.0/3", params=query)).status_code == status


async def test_a_request_without_a_token_has_a_code_of_its_own(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url) as stranger:
        assert (await stranger.get("/meta/v23.0/3")).json()["error"]["code"] == 104
        answer = await stranger.get("/meta/v23.0/3", headers={"authorization": "Bearer EAAB"})
        assert answer.json()["error"]["code"] == 100


async def test_the_leadgen_limit_tells_the_minutes_to_wait(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("meta", limits={"leadgen": [1, 600]}, page_id="77")
    await http.get("/meta/v23.0/3")
    answer = await http.get("/meta/v23.0/3")
    assert answer.json()["error"]["code"] == 80005
    assert "retry-after" not in answer.headers
    usage = json.loads(answer.headers["x-business-use-case-usage"])
    assert usage["77"][0]["estimated_time_to_regain_access"] == 10


async def test_one_bad_event_refuses_all(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    now = int(clock.now().timestamp())
    good = {"event_name": "Qualified", "event_time": now, "user_data": {"lead_id": 1}}
    old = {**good, "event_time": now - 8 * DAY}
    answer = await http.post("/meta/v23.0/9/events", json={"data": [good, old]})
    assert answer.json()["error"]["error_subcode"] == 2804003
    assert [row["type"] for row in sandbox.records("meta")] == ["lead"] * 5
    assert (await http.post("/meta/v23.0/9/events", json={"data": [good]})).json()["events_received"] == 1
