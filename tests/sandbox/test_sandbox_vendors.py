"""What every vendor of the sandbox does: take, refuse a stranger, refuse nonsense, throttle, and tell a repeat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import jmespath
import pytest

from hub.testing.sandbox.server import Sandbox

WHSEC = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
BEARER = {"authorization": "Bearer right"}
WRONG = {"authorization": "Bearer wrong"}
KEYED = {"idempotency-key": "delivery-1"}
LEAD = "/salesforce/services/data/v62.0/sobjects/Lead"
JDY = "/jiandaoyun/api/v5/app/entry/data"
FORM = {"app_id": "a", "entry_id": "e"}
UPSERT = "/hubspot/crm/v3/objects/contacts/batch/upsert"


def hubspot_row(email: str) -> dict[str, Any]:
    return {"inputs": [{"idProperty": "hub_id", "id": "h1", "properties": {"hub_id": "h1", "email": email}}]}


@dataclass(frozen=True)
class Case:
    """One vendor: a request it takes, and the answers to what is wrong with it."""

    vendor: str
    good: dict[str, Any]
    answer: tuple[int, dict[str, Any]]  # status, and values by JMESPath
    stranger: dict[str, Any]
    stranger_answer: tuple[int, dict[str, Any]]
    invalid: dict[str, Any]
    invalid_answer: tuple[int, dict[str, Any]]
    limit: str
    throttled: tuple[int, dict[str, Any]]
    settings: dict[str, Any] = field(default_factory=dict)
    repeat: str = "repeat"
    kept: int = 1


CASES = [
    Case(
        "hubspot",
        {"url": UPSERT, "headers": BEARER, "json": hubspot_row("a@b.de")},
        (200, {"status": "COMPLETE"}),
        {"headers": WRONG},
        (401, {"category": "INVALID_AUTHENTICATION"}),
        {"json": {"inputs": []}},
        (400, {"category": "VALIDATION_ERROR"}),
        "burst",
        (429, {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}),
        {"token": "right"},
    ),
    Case(
        "salesforce",
        {
            "method": "PATCH",
            "url": f"{LEAD}/Hub_Id__c/h1",
            "headers": BEARER,
            "json": {"LastName": "Ng", "Company": "Acme"},
        },
        (201, {"success": True, "created": True}),
        {"headers": WRONG},
        (401, {"[0].errorCode": "INVALID_SESSION_ID", "[0].message": "Session expired or invalid"}),
        {"json": {"LastName": "Ng"}},
        (400, {"[0].errorCode": "REQUIRED_FIELD_MISSING", "[0].fields": ["Company"]}),
        "daily",
        (403, {"[0].errorCode": "REQUEST_LIMIT_EXCEEDED"}),
        {"token": "right"},
    ),
    Case(
        "jiandaoyun",
        {
            "url": f"{JDY}/batch_create",
            "headers": BEARER,
            "json": {**FORM, "transaction_id": "t1", "data_list": [{"name": {"value": "张三"}}]},
        },
        (200, {"status": "success", "success_count": 1}),
        {"headers": WRONG},
        (400, {"code": 8301}),
        {"json": {**FORM, "data_list": [{"name": "not wrapped"}]}},
        (400, {"code": 17017}),
        "batch",
        (400, {"code": 8303}),
        {"token": "right"},
    ),
    Case(
        "slack",
        {
            "url": "/slack/api/chat.postMessage",
            "headers": {**BEARER, **KEYED},
            "json": {"channel": "C1", "text": "New lead"},
        },
        (200, {"ok": True, "channel": "C1"}),
        {"headers": WRONG},
        (200, {"ok": False, "error": "invalid_auth"}),
        {"json": {"channel": "C1"}},
        (200, {"ok": False, "error": "no_text"}),
        "channel",
        (429, {"ok": False, "error": "ratelimited"}),
        {"token": "right"},
        "twin",
        2,
    ),
    Case(
        "dingtalk",
        {
            "url": "/dingtalk/robot/send?access_token=right",
            "headers": KEYED,
            "json": {"msgtype": "text", "text": {"content": "新线索"}},
        },
        (200, {"errcode": 0, "errmsg": "ok"}),
        {"url": "/dingtalk/robot/send?access_token=wrong"},
        (200, {"errcode": 300001}),
        {"json": {"msgtype": "hologram"}},
        (200, {"errcode": 400105}),
        "robot",
        (200, {"errcode": 130101}),
        {"token": "right"},
        "twin",
        2,
    ),
    Case(
        "wecom",
        {
            "url": "/wecom/cgi-bin/webhook/send?key=right",
            "headers": KEYED,
            "json": {"msgtype": "text", "text": {"content": "新线索"}},
        },
        (200, {"errcode": 0, "errmsg": "ok"}),
        {"url": "/wecom/cgi-bin/webhook/send?key=wrong"},
        (200, {"errcode": 93000}),
        {"json": {"msgtype": "text", "text": {"content": "线" * 700}}},
        (200, {"errcode": 40058}),
        "bot",
        (200, {"errcode": 45009}),
        {"token": "right"},
        "twin",
        2,
    ),
    Case(
        "feishu",
        {
            "url": "/feishu/open-apis/bot/v2/hook/right",
            "headers": KEYED,
            "json": {"msg_type": "text", "content": {"text": "新线索"}},
        },
        (200, {"code": 0, "StatusCode": 0}),
        {"url": "/feishu/open-apis/bot/v2/hook/wrong"},
        (200, {"code": 19001}),
        {"json": {"msg_type": "text", "content": "not an object"}},
        (400, {"code": 9499}),
        "second",
        (200, {"code": 11232}),
        {"token": "right"},
        "twin",
        2,
    ),
    Case(
        "meta",
        {
            "url": "/meta/v23.0/77/events",
            "headers": BEARER,
            "json": {
                "data": [
                    {
                        "event_name": "Qualified",
                        "event_id": "e1",
                        "event_time": 1777881600,
                        "user_data": {"lead_id": 4},
                    }
                ]
            },
        },
        (200, {"events_received": 1}),
        {"headers": WRONG},
        (400, {"error.code": 190, "error.type": "OAuthException"}),
        {"json": {"data": []}},
        (400, {"error.code": 100, "error.type": "OAuthException"}),
        "leadgen",
        (400, {"error.code": 80005, "error.type": "OAuthException"}),
        {"token": "right"},
        kept=2,
    ),
]
ALL = pytest.mark.parametrize("case", CASES, ids=lambda case: case.vendor)


async def ask(http: httpx.AsyncClient, case: Case, **changes: Any) -> httpx.Response:
    return await http.request(**{"method": "POST", **case.good, **changes})


def assert_answer(response: httpx.Response, wanted: tuple[int, dict[str, Any]]) -> None:
    status, values = wanted
    told = response.json()
    assert (response.status_code, {path: jmespath.search(path, told) for path in values}) == (status, values)


@ALL
async def test_a_vendor_takes_a_good_request(case: Case, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure(case.vendor, **case.settings)
    assert_answer(await ask(http, case), case.answer)
    assert [entry.seen for entry in sandbox.entries(case.vendor)] == ["new"]
    assert len(sandbox.records(case.vendor)) == 1


@ALL
async def test_a_vendor_refuses_a_stranger(case: Case, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure(case.vendor, **case.settings)
    assert_answer(await ask(http, case, **case.stranger), case.stranger_answer)
    assert sandbox.records(case.vendor) == []
    assert [entry.records for entry in sandbox.entries()] == [()]


@ALL
async def test_a_vendor_words_what_is_wrong(case: Case, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure(case.vendor, **case.settings)
    assert_answer(await ask(http, case, **case.invalid), case.invalid_answer)
    assert sandbox.records(case.vendor) == []


@ALL
async def test_a_vendor_answers_a_body_that_is_no_json(case: Case, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure(case.vendor, **case.settings)
    headers = {**case.good.get("headers", {}), "content-type": "application/json"}
    response = await ask(http, case, json=None, content=b'{"a":', headers=headers)
    assert response.status_code < 500
    assert sandbox.records(case.vendor) == []


@ALL
async def test_a_vendor_throttles_in_its_own_way(case: Case, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure(case.vendor, **case.settings, limits={case.limit: [1, 60]})
    assert_answer(await ask(http, case), case.answer)
    assert_answer(await ask(http, case), case.throttled)
    assert len(sandbox.records(case.vendor)) == 1


@ALL
async def test_limits_can_be_switched_off(case: Case, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure(case.vendor, **case.settings, limits=False)
    answers = [await ask(http, case) for _ in range(25)]
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len(list(sandbox.entries(case.vendor))) == 25


@ALL
async def test_a_repeat_is_told_from_a_twin(case: Case, sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure(case.vendor, **case.settings)
    await ask(http, case)
    await ask(http, case)
    assert [entry.seen for entry in sandbox.entries(case.vendor)] == ["new", case.repeat]
    assert len(sandbox.records(case.vendor)) == case.kept


@ALL
async def test_a_vendor_says_so_for_a_path_it_does_not_have(
    case: Case, sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    sandbox.configure(case.vendor, **case.settings)
    answer = await ask(http, case, url=f"/{case.vendor}/no/such/path?access_token=right")
    assert answer.status_code < 500
    assert sandbox.records(case.vendor) == []


async def test_an_unset_credential_is_met_by_any(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    assert (await http.post(UPSERT, headers=WRONG, json=hubspot_row("a@b.de"))).status_code == 200
    assert (await http.post(UPSERT, json=hubspot_row("a@b.de"))).status_code == 401


async def test_secrets_in_the_query_stay_out_of_the_ledger(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    await http.post("/dingtalk/robot/send?access_token=canary&timestamp=1", json={})
    (entry,) = sandbox.entries()
    assert entry.query == {"access_token": "***", "timestamp": "1"}
    assert "canary" not in str(entry)
