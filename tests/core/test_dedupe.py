"""Known people: merged, refused or routed anew; a shared switchboard and a near match are suggestions, never merges."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hub.lead import Lead
from hub.matching import DEFAULT, Weights, likeness
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows, lead_of, rows

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources:
  website: {connector: open_source}
  partner: {connector: open_source, DEDUPE}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: memory_sink}
teams:
  north: {members: [{name: li}, {name: wang}]}
flows:
  - name: inbound
    from: [website, partner]
    routes: [{name: all, assign: {team: north}, to: [crm, chat]}]
"""

ANN = {
    "id": "1",
    "full_name": "Ann Ng",
    "email": "ann@acme.example.com",
    "phone": "138 0013 8000",
    "company": "Acme Ltd",
}
SWITCHBOARD = "021 6888 8888"


def config(dedupe: str = "trust: 50") -> str:
    return CONFIG.replace("DEDUPE", dedupe)


async def send(hub, data: dict[str, Any], source: str = "partner") -> dict[str, Any]:
    """Hand a form over, a minute after the one before."""
    hub.clock.turn(60)
    said: dict[str, Any] = (await post(hub, json.dumps(data), source)).json()
    await settled(hub)
    return said


def sent(hub, sink: str) -> int:
    return len(hub.plan.sinks[sink].sent)


@pytest.mark.parametrize(
    "again",
    [
        {"email": "ANN@acme.example.com"},
        {"email": "ann+news@acme.example.com"},
        {"phone": "+86 138-0013-8000"},
        {"email": "other@acme.example.com", "phone": "13800138000", "full_name": "Ann Ng"},
    ],
)
async def test_any_spelling_of_a_key_finds_the_person(make_hub: MakeHub, again):
    hub = await make_hub(config())
    first = await send(hub, ANN)
    assert (await send(hub, {"id": "2", **again}))["lead"] == first["lead"]
    assert len(await all_rows(hub, "lead")) == 1


async def test_a_merge_keeps_what_was_known_and_adds_what_is_new(make_hub: MakeHub):
    hub = await make_hub(config())
    first = await send(hub, ANN)
    await send(hub, {"id": "2", "email": ANN["email"], "title": "CEO", "company": "Acme Holding"})
    lead = await lead_of(hub, first["lead"])
    assert (lead.full_name, lead.phone, lead.title, lead.company) == ("Ann Ng", "+8613800138000", "CEO", "Acme Holding")
    assert lead.version == 2


async def test_a_more_trusted_sources_value_is_not_overwritten(make_hub: MakeHub):
    hub = await make_hub(config("trust: 10"))
    first = await send(hub, ANN, "website")
    await send(hub, {"id": "2", "email": ANN["email"], "company": "Akme", "title": "CEO"}, "partner")
    lead = await lead_of(hub, first["lead"])
    assert (lead.company, lead.title) == ("Acme Ltd", "CEO")


async def test_merge_tells_again_only_sinks_that_take_updates_and_keeps_the_owner(make_hub: MakeHub):
    hub = await make_hub(config())
    first = await send(hub, ANN)
    owner = (await lead_of(hub, first["lead"])).owner
    await send(hub, {**ANN, "id": "2"})
    assert (sent(hub, "crm"), sent(hub, "chat")) == (2, 1)
    assert (await lead_of(hub, first["lead"])).owner == owner
    assert sum(row["received"] for row in await rows(hub, "share")) == 1


async def test_reject_refuses_a_known_person_and_changes_nothing(make_hub: MakeHub):
    hub = await make_hub(config("dedupe: {policy: reject}"))
    first = await send(hub, ANN)
    before = await lead_of(hub, first["lead"])
    said = await send(hub, {**ANN, "id": "2", "title": "CEO"})
    assert (said["status"], said["lead"]) == ("rejected", first["lead"])
    assert [problem["code"] for problem in said["problems"]] == ["duplicate"]
    assert await lead_of(hub, first["lead"]) == before
    assert (sent(hub, "crm"), sent(hub, "chat"), len(await all_rows(hub, "touch"))) == (1, 1, 1)
    assert [event["submission"] for event in await rows(hub, "event", kind="submission.rejected")] == [
        said["submission"]
    ]


async def test_reject_is_the_sources_own_policy(make_hub: MakeHub):
    hub = await make_hub(config("dedupe: {policy: reject}"))
    await send(hub, ANN, "partner")
    assert (await send(hub, {**ANN, "id": "2"}, "website"))["status"] == "accepted"
    assert (await send(hub, {**ANN, "id": "3"}, "partner"))["status"] == "rejected"


async def test_reroute_routes_a_known_person_as_if_new_but_keeps_the_owner(make_hub: MakeHub):
    hub = await make_hub(config("dedupe: {policy: reroute}"))
    first = await send(hub, ANN)
    owner = (await lead_of(hub, first["lead"])).owner
    said = await send(hub, {**ANN, "id": "2"})
    assert said["lead"] == first["lead"]
    assert (sent(hub, "crm"), sent(hub, "chat")) == (2, 2)
    assert (await lead_of(hub, first["lead"])).owner == owner


@pytest.mark.parametrize(("days", "status"), [(29, "rejected"), (31, "accepted")])
async def test_within_a_window_only_people_seen_lately_are_known(make_hub: MakeHub, clock, days, status):
    hub = await make_hub(config("dedupe: {policy: reject, within: 30d}"))
    first = await send(hub, ANN)
    clock.turn(days * 86400)
    said = await send(hub, {**ANN, "id": "2"})
    assert (said["status"], said["lead"]) == (status, first["lead"])


async def test_after_the_window_it_is_new_interest_of_the_same_person(make_hub: MakeHub, clock):
    hub = await make_hub(config("dedupe: {policy: merge, within: 30d}"))
    first = await send(hub, ANN)
    clock.turn(31 * 86400)
    assert (await send(hub, {**ANN, "id": "2"}))["lead"] == first["lead"]
    assert sent(hub, "chat") == 2


async def test_a_person_may_wave_a_refused_duplicate_through(make_hub: MakeHub):
    hub = await make_hub(config("dedupe: {policy: reject}"))
    first = await send(hub, ANN)
    said = await send(hub, {**ANN, "id": "2", "title": "CEO"})
    answer = await hub.replays.replay(said["submission"], frozenset({"duplicate"}))
    assert (answer.status, answer.lead) == ("accepted", first["lead"])
    assert (await lead_of(hub, first["lead"])).title == "CEO"


async def test_colleagues_behind_one_switchboard_stay_two_leads(make_hub: MakeHub):
    hub = await make_hub(config())
    ann = await send(hub, {**ANN, "phone": SWITCHBOARD})
    bo = await send(hub, {"id": "2", "full_name": "Bo Li", "email": "bo@acme.example.com", "phone": SWITCHBOARD})
    assert ann["lead"] != bo["lead"]
    assert (await lead_of(hub, bo["lead"])).phone == (await lead_of(hub, ann["lead"])).phone


async def test_two_people_who_share_a_mobile_stay_two_leads_and_are_suggested(make_hub: MakeHub):
    hub = await make_hub(config())
    ann = await send(hub, ANN)
    bo = await send(hub, {"id": "2", "full_name": "Bo Li", "email": "bo@umbrella.example.com", "phone": ANN["phone"]})
    assert ann["lead"] != bo["lead"]
    (pair,) = await all_rows(hub, "suggestion")
    assert {pair["lead"], pair["other"]} == {ann["lead"], bo["lead"]}
    assert ("same key" in pair["reasons"], pair["state"]) == (True, "open")
    holders = await rows(hub, "identity", key="phone:+8613800138000")
    assert [row["lead"] for row in holders] == [ann["lead"]]


async def test_the_same_name_and_company_with_another_address_is_suggested_with_a_score(make_hub: MakeHub):
    hub = await make_hub(config())
    ann = await send(hub, ANN)
    other = await send(
        hub, {"id": "2", "full_name": "Ann Ng", "email": "ann.ng@acme.example.com", "company": "ACME Ltd."}
    )
    assert ann["lead"] != other["lead"]
    (pair,) = await all_rows(hub, "suggestion")
    assert 0.8 <= pair["score"] < 1
    assert any("name" in reason for reason in pair["reasons"])


async def test_a_near_match_is_suggested_once_however_often_they_come(make_hub: MakeHub):
    hub = await make_hub(config())
    await send(hub, ANN)
    near = {"full_name": "Ann Ng", "email": "ann.ng@acme.example.com", "company": "Acme Ltd"}
    for number in range(2, 5):
        await send(hub, {**near, "id": str(number)})
    assert len(await all_rows(hub, "suggestion")) == 1
    assert len(await all_rows(hub, "lead")) == 2


async def test_strangers_are_not_suggested(make_hub: MakeHub):
    hub = await make_hub(config())
    await send(hub, ANN)
    await send(hub, {"id": "2", "full_name": "Bo Li", "email": "bo@umbrella.example.com", "company": "Umbrella"})
    assert await all_rows(hub, "suggestion") == []


async def test_a_test_lead_never_meets_a_real_one(make_hub: MakeHub):
    hub = await make_hub(config())
    real = await send(hub, ANN)
    test = await send(hub, {**ANN, "id": "2", "test": True})
    assert real["lead"] != test["lead"]
    assert await all_rows(hub, "suggestion") == []
    assert sum(row["received"] for row in await rows(hub, "share")) == 1


async def test_three_forms_at_once_that_belong_together_end_as_one_lead(make_hub: MakeHub):
    hub = await make_hub(config())
    bodies = [
        {"id": "1", "full_name": "Ann Ng", "email": "ann@acme.example.com"},
        {"id": "2", "full_name": "Ann Ng", "phone": "138 0013 8000"},
        {"id": "3", "full_name": "Ann Ng", "email": "ann@acme.example.com", "phone": "138 0013 8000"},
    ]
    await asyncio.gather(*(post(hub, json.dumps(body), "partner") for body in bodies))
    await settled(hub)
    (lead,) = await rows(hub, "lead", state="open")
    assert (lead["email"], lead["phone"]) == ("ann@acme.example.com", "+8613800138000")
    assert {row["lead"] for row in await all_rows(hub, "identity") if row["exact"]} == {lead["id"]}


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        (
            {"full_name": "张伟", "company": "上海宏图科技有限公司"},
            {"full_name": "Zhang Wei", "company": "上海宏图科技"},
            0.9,
            1,
        ),
        ({"full_name": "Ann Ng", "company": "Acme"}, {"full_name": "Ng Ann", "company": "Acme GmbH"}, 0.9, 1),
        ({"full_name": "Ann Ng", "company": "Acme"}, {"full_name": "Bo Li", "company": "Acme"}, 0, 0.1),
        ({"full_name": "Ann Ng"}, {"full_name": "Ann Ng"}, 0.3, 0.7),
        ({"phone": "+8613800138000", "full_name": "Ann"}, {"phone": "+8613800138001", "full_name": "Ann"}, 0.9, 1),
        ({}, {}, 0, 0.05),
    ],
)
def test_likeness_grows_with_what_agrees_and_says_why(one, other, low, high):
    found = likeness(Lead(id="a", **one), Lead(id="b", **other))
    assert low <= found.score <= high
    assert found == likeness(Lead(id="b", **other), Lead(id="a", **one))
    assert len(found.reasons) <= len(one)


def test_evidence_is_a_matter_of_settings():
    one, other = Lead(full_name="Ann Ng", company="Acme"), Lead(full_name="Ann Ng", company="Acme")
    sure = Weights(prior=0.0, name=(20.0, 1.0, -1.0))  # type: ignore[call-arg]
    assert likeness(one, other, sure).score > likeness(one, other, DEFAULT).score
