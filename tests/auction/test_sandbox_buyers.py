"""A hub that sells to the buyers of the sandbox, over real connections."""

from __future__ import annotations

import json
from typing import Any

import httpx

from hub.testing.sandbox.server import Sandbox
from tests.auction.market import CONFIG, person
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows


def config(url: str) -> str:
    """Return a hub whose buyers stand in the sandbox."""
    text = CONFIG.replace("AUCTION", "order: price").replace(", MORE", ", bid_path: bid, lead_path: lead_id")
    for name in ("solar", "roofs", "heat"):
        text = text.replace(f"https://{name}.example", f"{url}/ping_post/{name}")
    return text


async def sold(make_hub: MakeHub, sandbox: Sandbox) -> list[tuple[str, str, str | None]]:
    hub = await make_hub(config(sandbox.url), transport=httpx.AsyncHTTPTransport())
    await post(hub, person())
    await settled(hub)
    return sorted((row["sink"], row["state"], row["ref"]) for row in await all_rows(hub, "delivery"))


async def test_the_best_buyer_takes_it_under_the_token_of_its_ping(make_hub: MakeHub):
    async with Sandbox(settings={"ping_post": {"prices": {"solar": 8, "roofs": 12.5, "heat": 0}}}) as sandbox:
        assert await sold(make_hub, sandbox) == [("roofs", "sent", "lead_1")]
        (kept,) = sandbox.records("ping_post")
        assert (kept["buyer"], kept["ping_id"], kept["email"]) == ("roofs", "ping_2", "ann1@example.com")
        vendor: Any = sandbox.vendors["ping_post"]
        asked = json.dumps(vendor.pings())
        assert len(vendor.pings()) == 3
        assert [word for word in ("Ann", "Ng1", "ann1@", "555", "evening") if word in asked] == []


async def test_who_refuses_is_followed_by_the_next_and_then_by_the_sinks_of_the_route(make_hub: MakeHub):
    settings = {"prices": {"solar": 8, "roofs": 12.5, "heat": 0}, "refuses": ["roofs", "solar"]}
    async with Sandbox(settings={"ping_post": settings}) as sandbox:
        found = await sold(make_hub, sandbox)
        assert [one[:2] for one in found] == [("crm", "sent"), ("roofs", "rejected"), ("solar", "rejected")]
        assert sandbox.records("ping_post") == []


async def test_a_post_under_another_token_is_refused(make_hub: MakeHub):
    async with Sandbox() as sandbox, httpx.AsyncClient(base_url=f"{sandbox.url}/ping_post/solar") as http:
        bid = (await http.post("/ping", json={"ping_token": "t1"})).json()
        wrong = {"ping_id": bid["ping_id"], "ping_token": "t2"}
        assert (await http.post("/post", json=wrong)).json()["accepted"] is False
        assert (await http.post("/post", json={**wrong, "ping_token": "t1"})).json()["accepted"] is True
        assert (await http.post("/post", json={**wrong, "ping_token": "t1"})).json()["message"] == "sold already"


async def test_a_buyer_that_breaks_off_its_answer_keeps_the_lead_until_a_person_looks(make_hub: MakeHub):
    async with Sandbox(settings={"ping_post": {"prices": {"solar": 8, "roofs": 12.5, "heat": 1}}}) as sandbox:
        sandbox.script("/ping_post/roofs/post", [{"reset": "after", "times": "always"}])
        assert [one[:2] for one in await sold(make_hub, sandbox)] == [("roofs", "unclear")]
        assert [kept["buyer"] for kept in sandbox.records("ping_post")] == ["roofs"]
