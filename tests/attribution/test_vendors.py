"""Scorecards: what a source sent and what came of it; a link shows it without an account, a person, or a small number."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from hub.attribution.blur import FEW, blurred
from hub.store import bulk
from hub.store.columns import ACTIVITY
from hub.web.app import create_app
from tests.api.calling import KEY, calling, calling_app, keys_of_all_roles
from tests.attribution.world import act
from tests.conftest import post, settled
from tests.core.looking import rows

CONFIG = """
hub: {region: CN, database: "sqlite:///data/hub.db", answer_within: 30s, time_zone: Asia/Shanghai}
sources:
  website: {connector: open_source}
  bought: {connector: open_source, cost: {per_lead: 10, currency: EUR, credits: [returned, duplicate]}}
sinks:
  crm: {connector: updating_sink}
lost_reasons: [wrong number]
flows:
  - name: inbound
    from: [website, bought]
    routes: [{name: all, to: [crm]}]
"""


@pytest.fixture
async def hub(make_hub):
    return await make_hub(CONFIG)


def person(number: int) -> dict:
    return {
        "id": f"p{number}", "full_name": f"Canary Byrd {number}", "email": f"canary{number}@example.com",
        "phone": f"+86138123{number:05}",
    }  # fmt: skip


async def send(hub, number: int, source: str = "bought", **more) -> str | None:
    answer = (await post(hub, json.dumps({**person(number), **more}), source)).json()
    return answer["lead"]


async def furnished(hub, new: int = 12) -> list[str]:
    """Let a vendor send new persons, one that was known, one twice, one that is refused; some are returned."""
    await send(hub, 0, "website", id="own")
    leads = [await send(hub, number) for number in range(new + 1)][1:]
    await send(hub, 5)
    await send(hub, 99, email="nobody@@", phone="", id="bad")
    await settled(hub)
    said = [
        (0, "contacted", {"human": True}), (1, "qualified", {"human": True}), (2, "won", {"human": True}),
        (3, "returned", {"reason": "wrong number"}), (4, "returned", {"reason": "Canary Byrd said no"}),
        (5, "invalid", {}),
    ]  # fmt: skip
    now = hub.clock.now()
    acts = [act(leads[at], now + timedelta(minutes=30), at, word, **more) for at, word, more in said]
    names = sorted({name for one in acts for name in one})

    def write(*, session) -> None:
        bulk.insert(ACTIVITY, [{name: one.get(name) for name in names} for one in acts], session=session)

    await hub.db.write(write)
    hub.clock.turn(7200.0)
    return leads


async def card(hub, **params) -> dict:
    async with calling(hub) as http:
        answer = await http.get("/api/vendors/bought", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_card_says_what_came_what_was_good_and_what_it_cost(hub):
    await furnished(hub)
    found = await card(hub)
    total = found["total"]
    assert {name: total[name] for name in ("volume", "repeated", "refused", "known", "new")} == {
        "volume": 15, "repeated": 1, "refused": 1, "known": 1, "new": 12,
    }  # fmt: skip
    assert (total["returned"], total["invalid"], total["good"], total["returned_share"]) == (2, 1, 9, 0.25)
    assert (total["answered"], total["qualified"], total["won"]) == (3, 2, 1)
    assert total["median_speed"] == 1800.0
    assert total["cost"] == {"EUR": 100.0}  # twelve new ones without two that were returned; known ones are free
    assert total["cost_per_good"] == {"EUR": round(100 / 9, 4)}
    assert [month["month"] for month in found["months"]] == [hub.clock.now().strftime("%Y-%m")]
    assert {(one["what"], one["because"], one["number"]) for one in found["because"]} == {
        ("returned", "wrong number", 1), ("returned", "other", 1), ("invalid", "", 1),
    }  # fmt: skip
    assert {one["number"] for one in found["problems"]} == {1}


async def test_a_card_says_nothing_of_few(hub):
    await furnished(hub)
    found = await card(hub, blur=True)
    total = found["total"]
    assert {total[name] for name in ("repeated", "refused", "known", "returned", "invalid", "won")} == {"<5"}
    assert (total["volume"], total["new"], total["good"]) == (15, 10, 10)
    assert [total[name] for name in ("returned_share", "contact_rate", "median_speed", "cost_per_qualified")] == [
        None
    ] * 4
    assert {one["number"] for one in [*found["because"], *found["problems"]]} == {"<5"}


def test_numbers_of_five_and_more_and_nothing_at_all_are_told():
    counts = dict.fromkeys(("repeated", "refused", "known", "returned", "invalid", "duplicate"), 0)
    line = {**counts, "volume": 20, "new": 20, "good": 20, "answered": FEW, "qualified": FEW, "won": 0,
            "new_share": 1.0, "returned_share": 0.0, "contact_rate": 0.25, "qualified_share": 0.25,
            "median_speed": 9.0, "cost_per_good": None, "cost_per_qualified": None}  # fmt: skip
    whole = {"months": [line], "total": line, "because": [], "problems": []}
    assert blurred(whole) == whole


async def link(hub, days: int = 30, key: str | None = None) -> dict:
    async with calling(hub, key) if key else calling(hub) as http:
        answer = await http.post("/api/vendors/bought/links", json={"days": days})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def looked(hub, token: str, path: str = "/api/scorecard") -> tuple[int, str]:
    async with calling(hub, None) as http:
        answer = await http.get(f"{path}/{token}")
        return answer.status_code, answer.text


async def test_a_link_opens_without_an_account_and_names_nobody(hub):
    await furnished(hub)
    token = (await link(hub))["token"]
    status, text = await looked(hub, token)
    assert status == 200
    assert json.loads(text)["card"]["total"]["new"] == 10
    status, html = await looked(hub, token, "/scorecard")
    assert status == 200
    assert "bought" in html
    for trace in ("canary", "byrd", "lead_", "sub_", "example.com", "13812"):
        assert trace not in (text + html).lower()


async def test_a_link_ends_with_its_time(hub):
    token = (await link(hub, days=2))["token"]
    hub.clock.turn(2 * 86_400.0 - 1)
    assert (await looked(hub, token))[0] == 200
    hub.clock.turn(1.0)
    assert (await looked(hub, token))[0] == 404


async def test_a_link_that_was_altered_opens_nothing(hub):
    token = (await link(hub))["token"]
    for wrong in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), token[1:], "x", "%00", token + "A" * 8):
        assert (await looked(hub, wrong))[0] == 404


async def test_whoever_made_a_link_ends_it_and_an_admin_any_but_nobody_else(hub):
    keys = await keys_of_all_roles(hub)
    made = await link(hub, key=keys["operator"])
    other = await link(hub, key=keys["admin"])
    async with calling(hub, keys["operator"]) as http:
        assert (await http.post(f"/api/vendors/links/{other['id']}/revoke")).status_code == 404
        assert (await http.post(f"/api/vendors/links/{made['id']}/revoke")).json() == {"source": "bought"}
    assert (await looked(hub, made["token"]))[0] == 404
    assert (await looked(hub, other["token"]))[0] == 200
    async with calling(hub, keys["admin"]) as http:
        assert (await http.post(f"/api/vendors/links/{other['id']}/revoke")).status_code == 200
        listed = (await http.get("/api/vendors/bought/links")).json()["items"]
    assert [one["token"] for one in listed] == [None, None]
    assert (await looked(hub, other["token"]))[0] == 404
    noted = [one["what"] for one in await rows(hub, "audit") if one["what"].startswith("scorecard.")]
    assert noted == ["scorecard.shared"] * 2 + ["scorecard.revoked"] * 2


async def test_viewers_see_cards_and_make_no_links(hub):
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        assert (await http.get("/api/vendors/bought")).status_code == 200
        assert (await http.get("/api/vendors/bought/links")).status_code == 403
        assert (await http.post("/api/vendors/bought/links", json={})).status_code == 403
        assert (await http.get("/api/vendors/nobody")).status_code == 404


async def test_looking_at_links_is_limited(hub):
    app = create_app(hub, local_key=KEY)
    used = [app.state.limits.wait("call", "scorecard 127.0.0.1", hub.clock.monotonic()) for _ in range(1100)]
    assert (used[0], used[-1] > 0) == (0, True)
    async with calling_app(app, None) as http:
        assert (await http.get("/api/scorecard/x")).status_code == 429
