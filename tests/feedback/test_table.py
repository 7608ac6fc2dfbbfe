"""Activities that come as rows: by the API and the command line, each with its own fate."""

from __future__ import annotations

from typing import Any

import pytest

from hub.app import Hub
from tests.api.calling import calling, keys_of_all_roles
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows, rows
from tests.core.test_feedback import MemoryAds, TellingCrm

CONFIG = """
hub: {region: CN, answer_within: 30s, time_zone: Asia/Shanghai}
sources:
  website: {connector: open_source}
sinks:
  crm: {connector: telling_crm, dispositions: {报价: opportunity}, robots: [sync]}
  ads: {connector: memory_ads, events: {won: Purchase}, everybody: true}
lost_reasons: [Price, Timing]
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm]}]}
"""
NONE = {"heard": 0, "known": 0, "skipped": 0, "wrong": 0}


async def started(make_hub: MakeHub) -> tuple[Hub, str]:
    hub = await make_hub(CONFIG, things=[TellingCrm, MemoryAds])
    body = '{"id": "1", "full_name": "P 1", "email": "p1@example.com", "phone": "138 0013 8000"}'
    lead = (await post(hub, body)).json()["lead"]
    await settled(hub)
    return hub, lead


def call(**more: Any) -> dict[str, Any]:
    return {"at": "2026-05-04T09:00:00+00:00", "kind": "call", "by": "li", **more}


async def sent(hub: Hub, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    async with calling(hub) as http:
        answer = await http.post("/api/activities", json={"through": "phones", "items": items, **more})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@pytest.mark.parametrize(
    "whose", [{"mail": "P1@Example.com"}, {"phone": "13800138000"}, {"phone": "+86 138-0013-8000"}, {"lead": "LEAD"},
              {"ref": "crm-LEAD", "sink": "crm"}],
)  # fmt: skip
async def test_a_row_names_its_lead_in_many_ways(make_hub: MakeHub, whose: dict[str, str]):
    hub, lead = await started(make_hub)
    named = {name: value.replace("LEAD", lead) for name, value in whose.items()}
    assert (await sent(hub, call(**named)))["counts"] == {**NONE, "heard": 1}
    (row,) = await all_rows(hub, "activity")
    assert (row["lead"], row["sink"], row["by"], row["human"]) == (lead, "phones", "li", True)


async def test_a_dry_run_counts_as_the_run_does_and_keeps_nothing(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    items = [
        call(lead=lead), call(lead=lead), call(lead=lead, at="2026-05-04 18:00"), call(mail="nobody@example.com"),
        call(ref="9", sink="crm"), {"kind": "call"}, call(lead=lead, kind="nap"), call(lead=lead, at="soon"),
        call(lead=lead, disposition="sold"), call(lead=lead, value="-1"), call(lead=lead, colour="red"),
    ]  # fmt: skip
    tried = await sent(hub, *items, dry_run=True)
    assert await all_rows(hub, "activity") == []
    done = await sent(hub, *items)
    assert done["counts"] == tried["counts"] == {"heard": 2, "known": 1, "skipped": 2, "wrong": 6}
    assert done["problems"] == tried["problems"]
    assert [(one["row"], one["code"]) for one in done["problems"]] == [
        (4, "not_ours"), (5, "unknown_ref"), *((number, "wrong") for number in range(6, 12)),
    ]  # fmt: skip
    assert all(one["message"].endswith(".") for one in done["problems"])
    again = await sent(hub, *items)
    assert again["counts"] == {"heard": 0, "known": 3, "skipped": 2, "wrong": 6}


async def test_a_time_without_a_zone_is_the_hubs(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    await sent(hub, call(lead=lead, at="2026-05-04 18:00"))
    (row,) = await all_rows(hub, "activity")
    assert row["at"].isoformat() == "2026-05-04T10:00:00+00:00"


async def test_words_mean_what_they_mean_in_the_system_they_come_from(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    items = [
        call(lead=lead, word="报价", key="1"),
        call(lead=lead, word="?", key="2"),
        call(lead=lead, by="sync", key="3"),
    ]
    await sent(hub, *items, through="crm")
    said = {row["key"]: row for row in await all_rows(hub, "activity")}
    assert [said[key]["disposition"] for key in "12"] == ["opportunity", "unknown"]
    assert [said[key]["human"] for key in "123"] == [True, True, False]


async def test_outcomes_in_a_table_are_told_on(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    await sent(hub, call(lead=lead, disposition="won", value="1250.50", currency="eur"))
    (owed,) = await rows(hub, "delivery", sink="ads")
    assert (owed["occasion"]["value"], owed["occasion"]["currency"]) == (1250.5, "EUR")


async def test_why_a_lead_was_lost_comes_from_the_list_and_own_words_stay(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    lost = {"lead": lead, "disposition": "lost"}
    said = await sent(
        hub, call(**lost, reason="price", words="Ten percent too much"), call(**lost, reason="Too dear"),
        call(**lost, words="They moved away", key="w"),
    )  # fmt: skip
    assert said["counts"] == {**NONE, "heard": 2, "wrong": 1}
    assert "Price, Timing, other" in said["problems"][0]["message"]
    kept = [(row["reason"], row["data"]) for row in await all_rows(hub, "activity")]
    assert kept == [("Price", {"words": "Ten percent too much"}), ("other", {"words": "They moved away"})]


async def test_what_is_noted_by_hand_keeps_to_the_list_too(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    async with calling(hub) as http:
        path = f"/api/leads/{lead}/activities"
        lost = {"kind": "status", "disposition": "lost"}
        refused = await http.post(path, json={**lost, "reason": "Too dear"})
        assert (refused.status_code, "Price, Timing, other" in refused.json()["detail"]) == (422, True)
        assert (await http.post(path, json={**lost, "reason": "TIMING", "words": "In spring"})).status_code == 201
        (row,) = (await http.get(path)).json()["items"]
    assert (row["reason"], row["data"]) == ("Timing", {"words": "In spring"})
    (care,) = await rows(hub, "care", lead=lead)
    assert (care["disposition"], care["reason"]) == ("lost", "Timing")


async def test_who_may_only_look_may_not_write_tables(make_hub: MakeHub):
    hub, _ = await started(make_hub)
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        assert (await http.post("/api/activities", json={"items": []})).status_code == 403
    async with calling(hub) as http:
        assert (await http.post("/api/activities", json={"through": "a b", "items": []})).status_code == 422


async def test_an_erased_lead_hears_nothing_more(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    async with calling(hub) as http:
        erased = await http.post("/api/erase", json={"email": "p1@example.com"})
        assert erased.status_code == 200, erased.text
    said = await sent(hub, call(lead=lead))
    assert [one["code"] for one in said["problems"]] == ["erased"]


async def test_how_each_job_goes_is_shown(make_hub: MakeHub, clock):
    hub, _ = await started(make_hub)
    await hub.hearing.ask("crm")
    await sent(hub, call(lead="lead_none"))
    async with calling(hub) as http:
        crm, phones = (await http.get("/api/feedback")).json()["items"]
    assert (crm["sink"], crm["every"], crm["last"], crm["failing_since"]) == ("crm", 60.0, {}, None)
    assert clock.now().isoformat() < crm["next_due"].replace("Z", "+00:00")
    assert (phones["sink"], phones["asked"], phones["reasons"]) == ("phones", False, {"not_ours": 1})
