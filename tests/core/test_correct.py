"""Correcting by hand: once for all runs to come, checked as what was received, and never over what came in."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hub.app import Hub
from hub.attention.foresight import Foresight
from hub.errors import BadInput
from hub.store.audit import Actor
from tests.conftest import MakeHub, post, reloaded, settled
from tests.core.looking import all_rows, lead_of, rows

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources:
  website: {connector: open_source}
  list: {connector: open_source, trust: 80}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: memory_sink}
flows:
  - name: inbound
    from: [website, list]
    routes: [{name: all, to: [crm, chat]}]
"""
REQUIRED = CONFIG.replace(
    "    routes:", "    steps: [map, normalize, {validate: {required: [country]}}, dedupe, route, deliver]\n    routes:"
)
TYPO = {"id": "1", "full_name": "Ann Ng", "phone": "138 0013 80000", "email": "ann(at)example.com"}
ANN = {"id": "1", "full_name": "Ann Ng", "phone": "13800138000", "email": "ann@example.com"}
BEA = Actor("user:bea")


async def send(hub: Hub, data: dict[str, Any], source: str = "website") -> dict[str, Any]:
    hub.clock.turn(60)
    said: dict[str, Any] = (await post(hub, json.dumps(data), source)).json()
    await settled(hub)
    return said


async def correct(hub: Hub, submission: str, accept: frozenset[str] = frozenset(), **fields: str | None) -> Any:
    hub.clock.turn(60)
    answer = await hub.replays.correct(submission, fields, accept, by=BEA)
    await settled(hub)
    return answer


async def test_a_typo_is_corrected_and_the_lead_goes_on_once(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, TYPO)
    assert said["status"] == "quarantined"
    before = (await all_rows(hub, "submission"))[0]
    answer = await correct(hub, said["submission"], phone="138 0013 8000")
    assert answer.status == "accepted"
    lead = await lead_of(hub, answer.lead)
    assert (lead.phone, lead.email) == ("+8613800138000", None)
    kept = lead.values["phone"]
    assert (kept.raw, kept.valid, kept.corrected, kept.at) == ("138 0013 80000", True, "user:bea", hub.clock.now())
    assert [one.phone for one in hub.plan.sinks["crm"].sent] == ["+8613800138000"]
    assert len(hub.plan.sinks["chat"].sent) == 1
    (row,) = await all_rows(hub, "submission")
    assert (row["body"], row["headers"], row["state"]) == (before["body"], before["headers"], "done")
    assert {name: one["value"] for name, one in row["corrections"].items()} == {"phone": "138 0013 8000"}


async def test_what_is_corrected_is_checked_as_what_is_received(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, TYPO)
    answer = await correct(hub, said["submission"], phone="12")
    assert answer.status == "quarantined"
    assert ("phone", "phone_invalid") in {(one.field, one.code) for one in answer.problems}


async def test_a_correction_outlives_every_later_replay_and_a_new_one_takes_its_place(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, TYPO)
    lead = (await correct(hub, said["submission"], phone="13800138000", company="Acme")).lead
    await hub.replays.replay(said["submission"])
    assert (await lead_of(hub, lead)).phone == "+8613800138000"
    await correct(hub, said["submission"], phone="13900139000")
    found = await lead_of(hub, lead)
    assert (found.phone, found.company) == ("+8613900139000", "Acme")


@pytest.mark.parametrize("blank", ["", "   ", None])
async def test_a_blank_takes_a_correction_back(make_hub: MakeHub, blank: str | None):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "company": "Acme Ltd"})
    lead = (await correct(hub, said["submission"], company="Acme Group")).lead
    assert (await lead_of(hub, lead)).company == "Acme Group"
    await correct(hub, said["submission"], company=blank)
    assert (await lead_of(hub, lead)).company == "Acme Ltd"
    assert (await all_rows(hub, "submission"))[0]["corrections"] is None


async def test_a_done_lead_takes_the_corrected_value_and_tells_sinks_that_take_updates(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "phone": "13800138001"})
    answer = await correct(hub, said["submission"], phone="13800138000")
    assert (answer.status, answer.lead) == ("accepted", said["lead"])
    lead = await lead_of(hub, said["lead"])
    assert (lead.phone, lead.version) == ("+8613800138000", 2)
    assert [one.phone for one in hub.plan.sinks["crm"].sent] == ["+8613800138001", "+8613800138000"]
    assert len(hub.plan.sinks["chat"].sent) == 1


async def test_a_refused_submission_can_be_corrected_after_all(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, TYPO)
    await hub.replays.refuse(said["submission"], "no number", by=BEA)
    assert (await correct(hub, said["submission"], phone="13800138000")).status == "accepted"


async def test_a_row_of_a_list_is_corrected_by_itself(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    people = [{"full_name": f"P {n}", "email": f"p{n}@example.com", "company": "Akme"} for n in range(3)]
    said = (await post(hub, json.dumps(people))).json()
    await settled(hub)
    await correct(hub, f"{said['submission']}.2", company="Acme")
    await correct(hub, said["submission"], company="Acme Group")
    assert [row["company"] for row in await all_rows(hub, "lead")] == ["Acme Group", "Acme", "Akme"]


async def test_the_number_in_a_typo_is_somebody_elses_once_it_is_corrected(make_hub: MakeHub):
    """Whoever has the wrong number in truth is no part of this lead, and gets one of their own."""
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "phone": "13800138001"})
    await correct(hub, said["submission"], phone="13800138000")
    other = await send(hub, {"id": "2", "full_name": "Chen Wei", "phone": "13800138001"})
    again = await send(hub, {"id": "3", "full_name": "Ann Ng", "phone": "13800138000"})
    assert other["lead"] != said["lead"]
    assert again["lead"] == said["lead"]
    keys = {row["key"]: row["lead"] for row in await rows(hub, "identity", exact=True)}
    assert keys["phone:+8613800138001"] == other["lead"]
    assert keys["email:ann@example.com"] == said["lead"]


async def test_a_key_that_another_submission_gives_too_stays_with_the_lead(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "phone": "13800138001"})
    await send(hub, {**ANN, "id": "2", "phone": "13800138001"})
    await correct(hub, said["submission"], phone="13800138000")
    keys = {row["key"] for row in await rows(hub, "identity", exact=True, lead=said["lead"])}
    assert {"phone:+8613800138000", "phone:+8613800138001"} <= keys


async def test_a_corrected_value_is_the_newest_and_a_later_one_is_newer(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "company": "Akme"})
    await send(hub, {**ANN, "id": "2", "company": "Acme GmbH"})
    await correct(hub, said["submission"], company="Acme AG")
    assert (await lead_of(hub, said["lead"])).company == "Acme AG"
    await send(hub, {**ANN, "id": "3", "company": "Acme SE"})
    assert (await lead_of(hub, said["lead"])).company == "Acme SE"


@pytest.mark.parametrize("source", ["website", "list"])
async def test_the_wrong_words_do_not_undo_a_correction_when_they_come_again(make_hub: MakeHub, source: str):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "company": "Akme"})
    await correct(hub, said["submission"], company="Acme")
    again = await send(hub, {**ANN, "id": "2", "company": "Akme"}, source)
    assert again["lead"] == said["lead"]
    assert (await lead_of(hub, said["lead"])).company == "Acme"
    (*_, decision) = await all_rows(hub, "decision")
    contests = {one["step"]: one for one in json.loads(decision["body"])["steps"]}["dedupe"]["contests"]
    assert {one["field"]: (one["won"], one["by"]) for one in contests}["company"] == (False, "corrected")


async def test_a_source_that_is_trusted_more_is_still_trusted_more(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "company": "Akme"})
    await send(hub, {**ANN, "id": "2", "company": "Acme of the list"}, "list")
    await correct(hub, said["submission"], company="Acme")
    assert (await lead_of(hub, said["lead"])).company == "Acme of the list"


async def test_a_corrected_name_makes_its_parts_anew(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    whole = await send(hub, {**ANN, "full_name": "Jhon Smith"})
    await correct(hub, whole["submission"], first_name="John")
    lead = await lead_of(hub, whole["lead"])
    assert (lead.full_name, lead.first_name, lead.last_name) == ("John Smith", "John", "Smith")
    parts = await send(hub, {"id": "2", "first_name": "Jhon", "last_name": "Doo", "email": "j@example.com"})
    await correct(hub, parts["submission"], full_name="John Doe")
    lead = await lead_of(hub, parts["lead"])
    assert (lead.full_name, lead.first_name, lead.last_name) == ("John Doe", "John", "Doe")


async def test_a_name_that_cannot_be_told_apart_keeps_what_was_read_of_it(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "full_name": "Mrs"})
    await correct(hub, said["submission"], first_name="Ann")
    lead = await lead_of(hub, said["lead"])
    assert (lead.full_name, lead.first_name) == ("Mrs", "Ann")


async def test_a_corrected_country_is_that_of_the_phone_number(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, {"id": "1", "full_name": "Max", "phone": "030 901820", "country": "Atlantis"})
    assert said["status"] == "quarantined"
    answer = await correct(hub, said["submission"], country="Germany")
    lead = await lead_of(hub, answer.lead)
    assert (lead.country, lead.phone) == ("DE", "+4930901820")


async def test_a_touch_is_corrected_too(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "campaign": "sprnig"})
    await correct(hub, said["submission"], campaign="spring")
    assert [row["campaign"] for row in await all_rows(hub, "touch")] == ["spring"]
    assert (await lead_of(hub, said["lead"])).touch.campaign == "spring"


async def test_a_flow_that_lists_its_steps_takes_corrections_behind_its_mapping(make_hub: MakeHub):
    hub = await make_hub(REQUIRED)
    said = await send(hub, ANN)
    assert said["status"] == "quarantined"
    answer = await correct(hub, said["submission"], country="DE")
    assert answer.status == "accepted"
    (*_, decision) = await all_rows(hub, "decision")
    steps = json.loads(decision["body"])["steps"]
    assert [one["step"] for one in steps] == ["map", "correct", "normalize", "validate", "dedupe", "route", "deliver"]
    assert steps[1]["fields"] == [{"field": "country", "by": "user:bea"}]


async def test_a_run_without_corrections_has_no_record_of_them(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    await send(hub, ANN)
    (decision,) = await all_rows(hub, "decision")
    assert [one["step"] for one in json.loads(decision["body"])["steps"]][:2] == ["map", "normalize"]


async def test_the_logs_say_which_fields_and_who_and_never_the_values(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, TYPO)
    await correct(hub, said["submission"], phone="13800138000", company="Acme")
    await correct(hub, said["submission"], company=None)
    await correct(hub, said["submission"], phone="13800138000")
    logged = [row for row in await all_rows(hub, "audit") if row["what"] == "submission.corrected"]
    assert [(row["who"], row["target"], row["data"]) for row in logged] == [
        ("user:bea", said["submission"], {"fields": ["company", "phone"], "taken_back": []}),
        ("user:bea", said["submission"], {"fields": [], "taken_back": ["company"]}),
    ]
    told = [row for row in await all_rows(hub, "event") if row["kind"] == "submission.corrected"]
    assert [row["data"] for row in told] == [{**row["data"], "by": "user:bea"} for row in logged]
    records = json.dumps([row["body"] for row in await all_rows(hub, "decision")] + [row["data"] for row in told])
    assert "13800138000" not in records
    assert "Acme" not in records


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "at least one field"),
        ({"phoen": "1"}, 'Did you mean "phone"?'),
        ({"consent": "yes"}, "evidence"),
        ({"user_agent": "x"}, "evidence"),
        ({"company": "x" * 20_001}, "at most 20000"),
        (dict.fromkeys([f"f{n}" for n in range(41)], "x"), "too many"),
    ],
)
async def test_what_cannot_be_corrected_is_refused_and_nothing_is_kept(make_hub: MakeHub, fields, said: str):
    hub = await make_hub(CONFIG)
    sent = await send(hub, TYPO)
    with pytest.raises(BadInput) as refused:
        await hub.replays.correct(sent["submission"], fields, by=BEA)
    assert (refused.value.status, said in str(refused.value)) == (422, True)
    assert (await all_rows(hub, "submission"))[0]["corrections"] is None


@pytest.mark.parametrize(("state", "status"), [("nonsense", 404), ("duplicate", 409)])
async def test_what_is_not_there_or_a_duplicate_has_nothing_to_correct(make_hub: MakeHub, state: str, status: int):
    hub = await make_hub(CONFIG)
    await send(hub, ANN)
    await send(hub, ANN)
    found = await rows(hub, "submission", state=state)
    with pytest.raises(BadInput) as refused:
        await hub.replays.correct(found[0]["id"] if found else state, {"company": "Acme"}, by=BEA)
    assert refused.value.status == status


async def test_two_people_correcting_at_once_lose_nothing(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, ANN)
    await asyncio.gather(
        hub.replays.correct(said["submission"], {"company": "Acme"}, by=BEA),
        hub.replays.correct(said["submission"], {"city": "Shanghai"}, by=Actor("user:al")),
    )
    lead = await lead_of(hub, said["lead"])
    assert (lead.company, lead.city) == ("Acme", "Shanghai")
    kept = (await all_rows(hub, "submission"))[0]["corrections"]
    assert {name: one["by"] for name, one in kept.items()} == {"company": "user:bea", "city": "user:al"}


async def test_submissions_of_one_lead_that_are_corrected_at_once_all_count(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    wrong = {"company": "Akme", "city": "Shanghia", "title": "Buyar", "industry": "Stel"}
    sent = [await send(hub, {**ANN, "id": name, name: value}) for name, value in wrong.items()]
    right = {"company": "Acme", "city": "Shanghai", "title": "Buyer", "industry": "Steel"}
    again = zip(sent, right.items(), strict=True)
    work = (hub.replays.correct(said["submission"], {name: value}, by=BEA) for said, (name, value) in again)
    await asyncio.gather(*work)
    lead = await lead_of(hub, sent[0]["lead"])
    assert {name: getattr(lead, name) for name in right} == right


async def test_what_is_foreseen_is_what_becomes_of_it(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, TYPO)
    foresight = Foresight(hub.db, lambda: hub.plan, clock=hub.clock, http=hub.http, erased=hub.pipeline.erased)
    (plain,) = await foresight.replays([said["submission"]], frozenset())
    (seen,) = await foresight.replays([said["submission"]], frozenset(), {"phone": "13800138000"})
    assert (plain.status, [one.code for one in plain.problems]) == ("quarantined", ["unreachable"])
    assert (seen.status, seen.first, dict(seen.becomes)) == ("accepted", ("crm", "chat"), {"phone": "+8613800138000"})
    assert (await all_rows(hub, "submission"))[0]["corrections"] is None
    await correct(hub, said["submission"], phone="13800138000")
    assert sorted(row["sink"] for row in await all_rows(hub, "delivery")) == sorted(seen.first)


async def test_a_simulation_decides_on_what_was_corrected(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    said = await send(hub, ANN)
    await correct(hub, said["submission"], country="DE")
    changed = CONFIG.replace("{name: all, to", "{name: all, when: 'lead.country == \"DE\"', to")
    found = await hub.trials.simulate(hub.try_plan(changed), 30)
    assert (found["leads"], found["moved"], found["not_decided"]) == (1, 0, 0)


async def test_a_lead_taken_apart_keeps_what_was_corrected(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    first = await send(hub, ANN)
    second = await send(hub, {**ANN, "id": "2", "city": "Shanghia"})
    await correct(hub, second["submission"], city="Shanghai")
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    assert (await lead_of(hub, taken)).city == "Shanghai"
    assert (await lead_of(hub, first["lead"])).city is None


async def test_a_mapping_that_is_changed_afterwards_leaves_a_correction_alone(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    said = await send(hub, {**ANN, "company": "Akme"})
    await correct(hub, said["submission"], company="Acme")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "website.yaml").write_text("fields: {email: email, title: company}\n")
    await reloaded(hub)
    await hub.replays.replay(said["submission"])
    lead = await lead_of(hub, said["lead"])
    assert (lead.company, lead.title) == ("Acme", "Akme")
