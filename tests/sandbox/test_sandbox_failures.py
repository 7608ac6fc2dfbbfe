"""Failures by script, each as a real client sees it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from hub.clock import SystemClock
from hub.testing.fakes import HandClock
from hub.testing.sandbox.script import Scripts
from hub.testing.sandbox.server import Sandbox

SLACK = "/slack/services/T/B/X"
CUT = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


async def post(http: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await http.request(**{"method": "POST", "url": SLACK, "json": {"text": "New lead #L-7F3K"}, **changes})


async def test_a_list_of_statuses_is_answered_in_turn(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"status": [503, 429, 200, 500], "headers": {"Retry-After": "3"}}])
    answers = [await post(http) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [503, 429, 200, 500, 200]
    assert [answer.headers.get("retry-after") for answer in answers] == ["3", "3", None, "3", None]
    assert [entry.seen for entry in sandbox.entries()] == [None, None, "new", None, "twin"]


async def test_a_step_lasts_as_often_as_it_says(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"times": 1}, {"status": 503, "times": 2}, {"status": 502, "body": "bad gateway"}])
    answers = [await post(http) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 502, 200]
    assert answers[3].text == "bad gateway"


async def test_a_step_can_last_for_ever(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"status": 503, "times": "always", "body": {"error": "down"}}])
    assert {(await post(http)).status_code for _ in range(4)} == {503}
    assert (await post(http)).json() == {"error": "down"}
    sandbox.script("/slack/*", [])
    assert (await post(http)).status_code == 200


async def test_only_the_named_path_and_method_are_hit(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"status": 503, "times": "always"}], method="GET")
    sandbox.script("/hubspot/*", [{"status": 503, "times": "always"}])
    assert (await post(http)).status_code == 200
    assert (await http.get(SLACK)).status_code == 503


async def test_a_request_that_a_script_answered_was_not_processed_unless_it_says_so(
    sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    sandbox.script("/slack/*", [{"status": 500}, {"status": 500, "processed": True}])
    assert [(await post(http)).status_code for _ in range(2)] == [500, 500]
    assert [entry.seen for entry in sandbox.entries()] == [None, "new"]
    assert len(sandbox.records("slack")) == 1


async def test_a_delay_outlasts_the_client_and_the_request_still_arrived() -> None:
    async with Sandbox(clock=SystemClock()) as sandbox, httpx.AsyncClient(base_url=sandbox.url, timeout=0.2) as http:
        sandbox.script("/slack/*", [{"delay": 30}])
        with pytest.raises(httpx.ReadTimeout):
            await post(http)
        assert [(entry.status, entry.seen) for entry in sandbox.entries()] == [(200, "new")]
        assert (await post(http)).status_code == 200


async def test_a_delay_takes_its_time(sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock) -> None:
    sandbox.script("/slack/*", [{"delay": 2, "status": 503}])
    before = clock.monotonic()
    assert (await post(http)).status_code == 503
    assert clock.monotonic() - before == 2


async def test_a_drip_comes_byte_by_byte_and_whole(sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock) -> None:
    sandbox.script("/hubspot/*", [{"drip": 10, "unauthorized": True}])
    before = clock.monotonic()
    answer = await http.get("/hubspot/crm/v3/objects/contacts/1")
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"
    assert clock.monotonic() - before == pytest.approx((len(answer.content) - 1) / 10)


async def test_a_drip_starves_an_impatient_client() -> None:
    async with Sandbox(clock=SystemClock()) as sandbox, httpx.AsyncClient(base_url=sandbox.url, timeout=0.2) as http:
        sandbox.script("/slack/*", [{"drip": 0.5}])
        async with http.stream("POST", SLACK, json={"text": "x"}) as answer:
            body = answer.aiter_raw()
            assert await anext(body) == b"o"
            with pytest.raises(httpx.ReadTimeout):
                await anext(body)


@pytest.mark.parametrize(("stage", "seen"), [("before", []), ("during", ["new"]), ("after", ["new"])])
async def test_a_reset_leaves_the_client_without_an_answer(
    stage: str, seen: list[str], sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    sandbox.script("/slack/*", [{"reset": stage}])
    with pytest.raises(CUT):
        await post(http)
    (entry,) = sandbox.entries()
    assert (entry.status, [record.seen for record in entry.records]) == (None, seen)
    assert len(sandbox.records("slack")) == len(seen)
    assert (await post(http)).status_code == 200


@pytest.mark.parametrize("stage", ["before", "during", "after"])
async def test_a_reset_is_seen_as_one_on_the_socket(stage: str, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"reset": stage}])
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    writer.write(b'POST /slack/services/T/B/X HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"text":"x"}')
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_reset_before_the_body_does_not_wait_for_it(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"reset": "before"}])

    async def endless() -> Any:
        while True:
            yield b"x" * 65_536

    with pytest.raises(CUT):
        await http.post(SLACK, content=endless())
    assert [entry.body for entry in sandbox.entries()] == [b""]


VENDOR_ERRORS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "slack": ("/slack/api/chat.postMessage", "is_archived", {"ok": False, "error": "is_archived"}),
    "dingtalk": ("/dingtalk/robot/send", 310000, {"errcode": 310000, "errmsg": "sign not match"}),
    "feishu": ("/feishu/open-apis/bot/v2/hook/h", True, {"code": 11232}),
    "webhook": ("/webhook/x", True, {"status": "error", "error": "not stored"}),
}


@pytest.mark.parametrize("vendor", VENDOR_ERRORS)
async def test_an_error_comes_as_the_vendors_200(vendor: str, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    path, code, wanted = VENDOR_ERRORS[vendor]
    sandbox.script(f"/{vendor}/*", [{"body_error": code}])
    answer = await http.post(path, json={})
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in wanted} == wanted
    assert [entry.records for entry in sandbox.entries()] == [()]


async def test_a_batch_fails_row_by_row(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/*", [{"body_error": True, "times": 2}])
    rows = {"inputs": [{"id": "1", "objectWriteTraceId": "t1"}, {"id": "2"}]}
    hubspot = await http.post("/hubspot/crm/v3/objects/contacts/batch/upsert", json=rows)
    assert (hubspot.status_code, hubspot.json()["numErrors"]) == (207, 2)
    path = "/salesforce/services/data/v62.0/composite/sobjects/Lead/K__c"
    salesforce = await http.patch(path, json={"records": [{}, {}]})
    assert [row["success"] for row in salesforce.json()] == [False, False]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/hubspot/x", 429),
        ("/slack/api/x", 429),
        ("/webhook/x", 429),
        ("/sheets/v4/x", 429),
        ("/typeform/x", 429),
        ("/salesforce/x", 403),
        ("/jiandaoyun/x", 400),
        ("/meta/x", 400),
        ("/wecom/x", 200),
    ],
)
async def test_a_throttle_comes_as_the_vendors_own(
    path: str, status: int, sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    sandbox.script("/*", [{"throttle": 30}])
    assert (await http.post(path, json={})).status_code == status


async def test_a_body_can_be_too_big(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"huge": 3_000_000}])
    answer = await post(http)
    assert len(answer.content) == 3_000_002
    assert answer.text.strip() == "ok"


async def test_a_body_can_be_cut_or_be_a_login_page(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"malformed": True, "times": 1}, {"malformed": "<html>Please log in</html>"}])
    message = {"url": "/slack/api/chat.postMessage", "headers": {"authorization": "Bearer t"}}
    cut = await post(http, **message, json={"channel": "C1", "text": "x"})
    assert cut.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    page = await post(http, **message, json={"channel": "C1", "text": "x"})
    assert (page.headers["content-type"], page.text) == ("text/html", "<html>Please log in</html>")
    assert len(sandbox.records("slack")) == 2


async def test_a_rate_hits_the_same_requests_for_the_same_seed(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure("slack", limits=False)
    runs = []
    for seed in (7, 7, 8):
        sandbox.script("/slack/*", [{"rate": 0.3, "status": 500}], seed=seed)
        runs.append([(await post(http)).status_code for _ in range(40)])
    assert runs[0] == runs[1] != runs[2]
    assert 0 < runs[0].count(500) < 25


def test_a_rate_is_met_over_many_requests() -> None:
    scripts = Scripts()
    scripts.set("/x", [{"rate": 0.1, "status": 500}], seed=1)
    hits = sum(scripts.take("/x", "POST") is not None for _ in range(10_000))
    assert 900 < hits < 1_100


def test_a_rate_for_some_requests_ends_after_them() -> None:
    scripts = Scripts()
    scripts.set("/x", [{"rate": 1, "status": 500, "times": 3}])
    assert [scripts.take("/x", "POST") is not None for _ in range(5)] == [True, True, True, False, False]
    assert not scripts


@pytest.mark.parametrize("step", [{"statuss": 500}, {"status": 99}, {"rate": 2}, {"reset": "later"}, {"drip": 0}])
def test_a_step_that_is_misspelt_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Scripts().set("/x", [step])


async def test_the_ledger_says_which_step_it_was(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/slack/*", [{"status": 503, "delay": 1}])
    await post(http)
    await post(http)
    assert [entry.step for entry in sandbox.entries()] == [{"status": 503, "delay": 1.0}, None]


async def test_the_short_path_of_webhooks_obeys_scripts_too(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.script("/webhook/crm", [{"status": 503}])
    answers = [await http.post("/webhook/crm", headers={"webhook-id": "1"}, json={}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 200]
    assert [entry.seen for entry in sandbox.entries("webhook")] == [None, "new"]
