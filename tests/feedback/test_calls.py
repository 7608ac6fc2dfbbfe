"""Answered calls are answers to the prospect, whoever began them; heard by webhook, once, under the right lead."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

from connectors.calls.callrail_calls import CallrailCalls
from hub.app import Hub
from hub.testing.fakes import START
from tests.api.calling import calling, problem
from tests.conftest import MakeHub, post
from tests.core.looking import all_rows, rows

CONFIG = """
hub: {region: US, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: memory_sink}
  calls: {connector: callrail_calls, secret: s3cret, reps: {li@acme.com: li.wei}}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm], respond_within: 10m}]}
"""


async def started(make_hub: MakeHub) -> tuple[Hub, str]:
    hub = await make_hub(CONFIG, things=[CallrailCalls])
    lead = json.dumps({"id": "1", "full_name": "P 1", "phone": "(202) 555-0143"})
    return hub, (await post(hub, lead)).json()["lead"]


async def call(hub: Hub, minutes: float, key: str, *, secret: str = "s3cret", **more: Any) -> Any:
    at = START + timedelta(minutes=minutes)
    said = {"resource_id": key, "customer_phone_number": "+12025550143", "duration": 60, "start_time": at.isoformat()}
    body = json.dumps({**said, "answered": True, "agent_email": "Li@acme.com", **more}).encode()
    signature = base64.b64encode(hmac.digest(secret.encode(), body, "sha1")).decode()
    async with calling(hub, None) as http:
        return await http.post("/feedback/calls", content=body, headers={"signature": signature})


async def test_the_first_answered_call_stops_the_clock(make_hub: MakeHub, clock):
    hub, lead = await started(make_hub)
    clock.turn(3600)
    assert (await call(hub, 2, "CAL1", answered=False, direction="outbound")).status_code == 202
    assert (await call(hub, 4, "CAL2", voicemail=True)).status_code == 202
    assert (await call(hub, 7, "CAL3", direction="outbound")).status_code == 202
    assert (await call(hub, 7, "CAL3", direction="outbound", tags=["demo"])).status_code == 202
    kept = [(row["lead"], row["key"], row["human"]) for row in await all_rows(hub, "activity")]
    assert kept == [(lead, "CAL1", False), (lead, "CAL2", False), (lead, "CAL3", True)]
    (care,) = await rows(hub, "care", lead=lead)
    assert (care["responded_by"], care["waited"]) == ("li.wei", 420.0)


async def test_a_call_with_somebody_we_do_not_know_is_skipped(make_hub: MakeHub):
    hub, _ = await started(make_hub)
    await call(hub, 1, "CAL1", customer_phone_number="+12025550199")
    (news,) = await rows(hub, "news")
    assert (news["heard"], news["reasons"]) == (0, {"not_ours": 1})


async def test_nobody_else_can_say_that_a_call_was_answered(make_hub: MakeHub):
    hub, _ = await started(make_hub)
    assert problem(await call(hub, 1, "CAL1", secret="guess"))["status"] == 401
    assert await all_rows(hub, "activity") == []
