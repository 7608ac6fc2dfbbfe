"""The receiver of Standard Webhooks in the sandbox: what it verifies, and that it takes each id once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from hub.testing.fakes import HandClock
from hub.testing.sandbox.senders import payload
from hub.testing.sandbox.server import Sandbox

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
OTHER = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0"


def signed(clock: HandClock, secret: str = SECRET, key: str = "msg_1", late: float = 0) -> dict[str, Any]:
    at = clock.now() - timedelta(seconds=late)
    body = '{"name":"Mei Lin"}'
    headers = {
        "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(key, at, body),
    }
    return {"headers": headers, "content": body}


async def test_the_published_library_signs_and_each_id_is_taken_once(
    sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock
) -> None:
    sandbox.configure("webhook", secret=SECRET)
    answers = [await http.post("/webhook/crm", **signed(clock, key=key)) for key in ("msg_1", "msg_1", "msg_2")]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate", "accepted"]
    assert [entry.seen for entry in sandbox.entries()] == ["new", "repeat", "new"]
    assert [(kept["key"], kept["times"]) for kept in sandbox.records("webhook")] == [("msg_1", 2), ("msg_2", 1)]
    assert (await http.post("/webhook/other", **signed(clock))).json()["status"] == "accepted"


@pytest.mark.parametrize("secret", [SECRET, OTHER])
async def test_both_secrets_hold_while_one_is_rotated(
    secret: str, sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock
) -> None:
    sandbox.configure("webhook", secret=[SECRET, OTHER])
    assert (await http.post("/webhook/crm", **signed(clock, secret))).status_code == 200


async def test_one_of_several_signatures_is_enough(sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock) -> None:
    sandbox.configure("webhook", secrets={"crm": SECRET})
    request = signed(clock)
    request["headers"]["webhook-signature"] = f"v2,zzz v1,AAAA {request['headers']['webhook-signature']}"
    assert (await http.post("/webhook/crm", **request)).status_code == 200


async def refuse(http: httpx.AsyncClient, request: dict[str, Any]) -> str:
    answer = await http.post("/webhook/crm", **request)
    assert answer.status_code == 401
    return str(answer.json()["message"])


@pytest.mark.parametrize("late", [301, -301])
async def test_a_timestamp_far_from_now_is_refused(
    late: float, sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock
) -> None:
    sandbox.configure("webhook", secret=SECRET)
    assert "timestamp" in await refuse(http, signed(clock, late=late))


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_a_missing_header_is_refused(
    header: str, sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock
) -> None:
    sandbox.configure("webhook", secret=SECRET)
    request = signed(clock)
    del request["headers"][header]
    assert "missing" in await refuse(http, request)


async def test_what_was_altered_or_signed_by_another_is_refused(
    sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock
) -> None:
    sandbox.configure("webhook", secret=SECRET)
    request = signed(clock)
    assert "signature" in await refuse(http, {**request, "content": request["content"] + " "})
    assert "signature" in await refuse(http, signed(clock, OTHER))
    assert [entry.records for entry in sandbox.entries()] == [(), ()]
    assert sandbox.records("webhook") == []


async def test_the_short_path_and_the_long_one_agree(
    sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock
) -> None:
    """A script in force, even one that never hits, sends every request the long way."""
    sandbox.configure("webhook", secret=SECRET)
    good, bad = signed(clock), signed(clock, OTHER)
    short = [await http.post("/webhook/crm", **request) for request in (good, good, bad)]
    sandbox.vendors["webhook"].forget()
    sandbox.script("/nowhere", [{"status": 500}])
    long = [await http.post("/webhook/crm", **request) for request in (good, good, bad)]
    assert [(a.status_code, a.content) for a in short] == [(a.status_code, a.content) for a in long]
    entries = list(sandbox.entries())
    assert [entry.records for entry in entries[:3]] == [entry.records for entry in entries[3:]]


async def test_without_a_webhook_id_the_idempotency_key_is_the_key(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    answers = [await http.post("/webhook/crm", headers={"idempotency-key": "k"}) for _ in range(2)]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate"]


async def test_only_a_post_is_a_webhook(http: httpx.AsyncClient) -> None:
    assert (await http.get("/webhook/crm")).status_code == 404


async def test_a_hundred_equal_posts_at_once_are_taken_once(http: httpx.AsyncClient, clock: HandClock) -> None:
    headers, body, _ = payload("standard_webhooks", {"email": "a@b.de"}, key="m", at=clock.now(), secret=SECRET)
    answers = await asyncio.gather(*(http.post("/webhook/crm", headers=headers, content=body) for _ in range(100)))
    assert [answer.json()["status"] for answer in answers].count("accepted") == 1
