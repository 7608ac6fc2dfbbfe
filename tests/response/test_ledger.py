"""The ledger: every credit and debit adds up to what each member is owed, and a credit by hand changes no sum."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from hub.app import Hub
from hub.errors import BadInput
from hub.explain import counted
from hub.news import Activity
from hub.outcome import Disposition
from hub.store.activities import Heard
from hub.store.audit import Actor
from tests.conftest import MakeHub, post
from tests.core.looking import all_rows

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: memory_sink}
teams:
  north: {members: [{name: ann}, {name: bob, weight: 2}, {name: cho}]}
  alone: {members: [{name: eve}]}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm], assign: {team: north}}]}
"""

BOSS = Actor("user:usr_boss")


async def leads(hub: Hub, number: int, first: int = 0) -> list[str]:
    found = []
    for one in range(first, first + number):
        body = json.dumps({"id": str(one), "email": f"p{one}@example.com"})
        found.append(str((await post(hub, body)).json()["lead"]))
    return found


async def whole(hub: Hub, member: str, limit: int = 3) -> list[dict[str, Any]]:
    """Return every entry of a member, page by page, newest first."""
    found, after = await hub.responding.ledger.page("north", member, limit)
    while after is not None:
        more, after = await hub.responding.ledger.page("north", member, limit, after)
        found += more
    return found


async def stands(hub: Hub) -> dict[str, dict[str, Any]]:
    return {row["member"]: row for row in await hub.responding.ledger.stands("north")}


async def test_each_entry_says_what_it_changed_and_the_balance_after_it(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    await leads(hub, 4)
    entries = await whole(hub, "bob")
    assert [(row["share"], row["received"]) for row in reversed(entries)].count((0.5, 1)) == 2
    assert [row["change"] for row in entries].count(-0.5) == 2
    assert [row["change"] for row in entries].count(0.5) == 2
    assert entries[0]["balance"] == 0.0
    assert (await stands(hub))["bob"] == {
        "member": "bob", "weight": 2.0, "received": 2, "entitled": 2.0, "balance": 0.0, "error": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("limit", [1, 7, 200])
async def test_all_pages_together_add_up_from_nothing_to_what_is_owed(make_hub: MakeHub, limit: int):
    hub = await make_hub(CONFIG)
    every = await leads(hub, 11)
    said = Activity("1", hub.clock.now(), "call", lead=every[3], by="ann", human=True)
    await hub.hearing.note("api", Heard(said, Disposition.DUPLICATE, True))
    await hub.responding.ledger.credit("north", "ann", 2, "covered the fair", by=BOSS)
    await leads(hub, 6, first=100)
    for name, stand in (await stands(hub)).items():
        entries = await whole(hub, name, limit)
        assert [row["id"] for row in entries] == sorted({row["id"] for row in entries}, reverse=True)
        assert entries[0]["balance"] == pytest.approx(stand["balance"], abs=1e-5)
        assert sum(row["change"] for row in entries) == pytest.approx(stand["balance"], abs=1e-4)
        balances = [row["balance"] for row in entries] + [0.0]
        changes = [newer - older for newer, older in itertools.pairwise(balances)]
        assert changes == pytest.approx([row["change"] for row in entries], abs=1e-5)
        assert stand["error"] == abs(stand["balance"]) < 1 + 1e-6


async def test_a_credit_by_hand_is_borne_by_the_others_by_weight(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    changed = await hub.responding.ledger.credit("north", "ann", 3, "covered the fair", by=BOSS)
    assert changed == {"ann": 3, "bob": -2.0, "cho": -1.0}
    rows = [row for row in await all_rows(hub, "ownership") if row["act"] == "credited"]
    assert {(row["owner"], row["credit"], row["by"]) for row in rows} == {
        ("ann", 3.0, BOSS.who), ("bob", -2.0, BOSS.who), ("cho", -1.0, BOSS.who),
    }  # fmt: skip
    assert sum(row["balance"] for row in (await stands(hub)).values()) == pytest.approx(0)
    await leads(hub, 3)
    assert {row["owner"] for row in await all_rows(hub, "care")} == {"ann"}
    (entry,) = [row for row in await all_rows(hub, "audit") if row["what"] == "member.credited"]
    assert (entry["who"], entry["target"], entry["data"]) == (BOSS.who, "ann", {"team": "north", "credit": 3})


async def test_after_many_deals_credits_are_used_up_and_all_are_within_a_lead(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    await leads(hub, 5)
    await hub.responding.ledger.credit("north", "cho", -2, "took two on the phone", by=BOSS)
    await leads(hub, 40, first=5)
    assert all(row["error"] < 1 + 1e-6 for row in (await stands(hub)).values())


@pytest.mark.parametrize(
    ("team", "member", "number", "said"),
    [
        ("west", "ann", 1, "There is no team"), ("north", "eve", 1, "There is no member"),
        ("north", "ann", 0, "not 0"), ("alone", "eve", 1, "nobody can bear it"),
        ("north", "ann", float("nan"), "not 0"),
    ],
)  # fmt: skip
async def test_a_credit_that_cannot_be_is_refused(make_hub: MakeHub, team: str, member: str, number: float, said: str):
    hub = await make_hub(CONFIG)
    with pytest.raises(BadInput, match=said):
        await hub.responding.ledger.credit(team, member, number, "why not", by=BOSS)
    assert await all_rows(hub, "ownership") == []


@pytest.mark.parametrize(
    ("entry", "english", "chinese"),
    [
        ({"act": "assigned", "turn_of": "ann", "share": 0.25, "received": 1},
         "the lead was dealt to ann, who was entitled to 0.25 of it", "轮到 ann，应得 0.25"),
        ({"act": "assigned", "turn_of": "bob", "share": 0.25, "received": 0},
         "the lead was dealt to bob; ann was entitled to 0.25 of it", "轮到 bob，ann 应得 0.25"),
        ({"act": "assigned", "turn_of": "ann", "undone": True},
         "the lead was dealt to ann, and taken off the count again", "曾轮到 ann，已不计数"),
        ({"act": "credited", "by": "user:usr_1", "credit": 2.0, "reason": "fair"},
         "user:usr_1 credited 2: fair", "user:usr_1 调整 2：fair"),
        ({"act": "credited", "lead": "lead_1", "reason": "duplicate"},
         "a lead of ann does not count: it was duplicate", "ann 的一条线索不计数：duplicate"),
        ({"act": "credited", "credit": -0.5, "reason": "left"},
         "somebody left the team; what they had too much or too little is shared out",
         "有成员离队，差额由其余成员分摊"),
    ],
)  # fmt: skip
def test_an_entry_is_told_in_both_languages(entry: dict[str, Any], english: str, chinese: str):
    assert (counted(entry, "ann", "en"), counted(entry, "ann", "zh")) == (english, chinese)
