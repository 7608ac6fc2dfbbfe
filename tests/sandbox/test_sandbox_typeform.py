"""Typeform's Responses API in the sandbox: order, cursors, windows."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

PATH = "/typeform/forms/f1/responses"


@pytest.fixture
def http(http: httpx.AsyncClient, sandbox: Sandbox) -> httpx.AsyncClient:
    http.headers["authorization"] = "Bearer tfp"
    sandbox.configure("typeform", limits=False)
    sandbox.seed("typeform", *(response(number) for number in range(1, 6)))
    return http


def response(number: int) -> dict[str, Any]:
    answer = {"type": "email", "email": f"{number}@b.de", "field": {"id": "x", "ref": "email", "type": "email"}}
    return {"form_id": "f1", "token": f"t{number}", "submitted_at": f"2026-05-04T07:00:0{number}Z", "answers": [answer]}


def tokens(answer: httpx.Response) -> list[str]:
    return [item["token"] for item in answer.json()["items"]]


async def test_responses_come_newest_first(http: httpx.AsyncClient) -> None:
    answer = await http.get(PATH, params={"page_size": 2})
    assert tokens(answer) == ["t5", "t4"]
    assert (answer.json()["total_items"], answer.json()["page_count"]) == (5, 3)
    assert answer.json()["items"][0]["response_id"] == "t5"


async def test_before_goes_on_to_older_ones(http: httpx.AsyncClient) -> None:
    seen, page = [], await http.get(PATH, params={"page_size": 2})
    while tokens(page):
        seen.append(tokens(page))
        page = await http.get(PATH, params={"page_size": 2, "before": tokens(page)[-1]})
    assert seen == [["t5", "t4"], ["t3", "t2"], ["t1"]]


async def test_after_goes_on_to_newer_ones(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    assert tokens(await http.get(PATH, params={"after": "t2", "page_size": 2})) == ["t3", "t4"]
    sandbox.configure("typeform", after_descending=True)
    assert tokens(await http.get(PATH, params={"after": "t2", "page_size": 2})) == ["t5", "t4"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"since": "2026-05-04T07:00:04"}, ["t5", "t4"]),
        ({"since": "1777878004"}, ["t5", "t4"]),
        ({"since": "2026-05-04T07:00:02Z", "until": "2026-05-04T07:00:03Z"}, ["t3", "t2"]),
        ({"sort": "submitted_at,asc", "page_size": "2"}, ["t1", "t2"]),
        ({"included_response_ids": "t1,t4"}, ["t4", "t1"]),
    ],
)
async def test_a_window_is_inclusive(query: dict[str, str], found: list[str], http: httpx.AsyncClient) -> None:
    assert tokens(await http.get(PATH, params=query)) == found


@pytest.mark.parametrize(
    "query", [{"page_size": "1001"}, {"page_size": "x"}, {"after": "t1", "sort": "submitted_at,asc"}, {"since": "soon"}]
)
async def test_a_query_that_is_wrong_is_a_validation_error(query: dict[str, str], http: httpx.AsyncClient) -> None:
    answer = await http.get(PATH, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


async def test_a_new_response_is_listed_late(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    sandbox.configure("typeform", lag=3_600)
    assert tokens(await http.get(PATH)) == []
    clock.turn(2)
    assert tokens(await http.get(PATH)) == ["t2", "t1"]


async def test_strangers_and_unknown_forms_are_told_apart(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    answer = await http.get("/typeform/forms/nope/responses")
    assert (answer.status_code, answer.json()["code"]) == (404, "FORM_NOT_FOUND")
    sandbox.configure("typeform", token="other")
    answer = await http.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTHENTICATION_FAILED")


async def test_two_requests_a_second_are_the_limit(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    sandbox.configure("typeform", limits=None)
    assert [(await http.get(PATH)).status_code for _ in range(3)] == [200, 200, 429]
    clock.turn(1)
    assert (await http.get(PATH)).status_code == 200


async def test_a_form_is_described_and_a_webhook_set_up(http: httpx.AsyncClient) -> None:
    fields = (await http.get("/typeform/forms/f1")).json()["fields"]
    assert [field["ref"] for field in fields] == ["email"]
    assert [form["id"] for form in (await http.get("/typeform/forms")).json()["items"]] == ["f1"]
    path = "/typeform/forms/f1/webhooks/hub"
    told = (await http.put(path, json={"url": "https://hub.example/in/x", "enabled": True, "secret": "s"})).json()
    assert (told["tag"], "secret" in told) == ("hub", False)
    assert (await http.put(path, json={"url": "http://hub.example"})).status_code == 400
