"""Deciding again: what waited goes on, what was sent is not told twice, a corrected mapping corrects the lead."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.errors import BadInput
from tests.conftest import MakeHub, post, reloaded, settled
from tests.core.looking import all_rows, lead_of, rows

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources:
  website: {connector: open_source, MORE}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: memory_sink}
teams:
  north: {members: [{name: li}, {name: wang}]}
flows:
  - name: inbound
    from: [website]
    routes: [{name: all, assign: {team: north}, to: [crm, chat]}]
"""

ANN = {"id": "1", "full_name": "Ann Ng", "email": "ann@example.com", "firma": "Acme Ltd", "campaign": "spring"}


def config(more: str = "trust: 50") -> str:
    return CONFIG.replace("MORE", more)


async def send(hub, data: dict[str, Any]) -> dict[str, Any]:
    hub.clock.turn(60)
    said: dict[str, Any] = (await post(hub, json.dumps(data))).json()
    await settled(hub)
    return said


async def test_a_quarantined_lead_goes_on_once_a_person_accepts_it(make_hub: MakeHub):
    hub = await make_hub(config())
    said = await send(hub, {"id": "9", "full_name": "Nobody"})
    assert said["status"] == "quarantined"
    again = await hub.replays.replay(said["submission"])
    assert (again.status, again.lead) == ("quarantined", None)
    accepted = await hub.replays.replay(said["submission"], frozenset({"unreachable"}))
    await settled(hub)
    assert accepted.status == "accepted"
    assert (await lead_of(hub, accepted.lead)).full_name == "Nobody"
    assert len(hub.plan.sinks["crm"].sent) == 1
    (row,) = await all_rows(hub, "submission")
    assert (row["state"], row["lead"]) == ("done", accepted.lead)
    assert [row["kind"] for row in await all_rows(hub, "decision")] == ["run", "replay", "replay"]


async def test_what_a_person_accepted_stays_accepted(make_hub: MakeHub):
    hub = await make_hub(config())
    said = await send(hub, {"id": "9", "full_name": "Nobody"})
    accepted = await hub.replays.replay(said["submission"], frozenset({"unreachable"}))
    again = await hub.replays.replay(said["submission"])
    assert (again.status, again.lead) == ("accepted", accepted.lead)


async def test_accepting_one_problem_does_not_accept_another(make_hub: MakeHub):
    hub = await make_hub(config())
    said = await send(hub, {"id": "9", "full_name": "Nobody"})
    again = await hub.replays.replay(said["submission"], frozenset({"spam"}))
    assert again.status == "quarantined"


async def test_an_unreadable_submission_is_read_again(make_hub: MakeHub):
    hub = await make_hub(config())
    answer = await post(hub, '{"email": "broken')
    again = await hub.replays.replay(answer.json()["submission"], frozenset({"unreadable"}))
    assert (again.status, again.problems[0].code) == ("quarantined", "unreadable")


async def test_a_replay_tells_no_sink_twice_that_cannot_take_it(make_hub: MakeHub):
    hub = await make_hub(config())
    said = await send(hub, ANN)
    again = await hub.replays.replay(said["submission"])
    await settled(hub)
    assert (again.status, again.lead) == ("accepted", said["lead"])
    assert len(hub.plan.sinks["chat"].sent) == 1
    assert [lead.version for lead in hub.plan.sinks["crm"].sent] == [1, 2]


@pytest.mark.parametrize("policy", ["reroute", "reject", "merge"])
async def test_a_replay_is_no_duplicate_and_no_new_interest_whatever_the_policy(make_hub: MakeHub, policy):
    hub = await make_hub(config(f"dedupe: {{policy: {policy}, within: 1h}}"))
    said = await send(hub, ANN)
    hub.clock.turn(90 * 86400)
    again = await hub.replays.replay(said["submission"])
    await settled(hub)
    assert (again.status, again.lead) == ("accepted", said["lead"])
    assert len(hub.plan.sinks["chat"].sent) == 1
    assert [row["state"] for row in await all_rows(hub, "submission")] == ["done"]


async def test_a_replay_gives_nobody_a_second_lead_and_makes_no_second_touch(make_hub: MakeHub):
    hub = await make_hub(config())
    said = await send(hub, ANN)
    before = await lead_of(hub, said["lead"])
    await hub.replays.replay(said["submission"])
    after = await lead_of(hub, said["lead"])
    assert (after.owner, after.team, after.created_at) == (before.owner, before.team, before.created_at)
    assert sum(row["received"] for row in await rows(hub, "share")) == 1
    assert len(await all_rows(hub, "touch")) == 1
    assert len(await all_rows(hub, "lead")) == 1


async def test_a_replay_is_told_as_one(make_hub: MakeHub):
    hub = await make_hub(config())
    said = await send(hub, ANN)
    await hub.replays.replay(said["submission"])
    kinds = [row["kind"] for row in await all_rows(hub, "event") if row["kind"].startswith(("lead.", "submission."))]
    assert kinds == ["lead.created", "lead.assigned", "submission.replayed"]


async def test_a_corrected_mapping_corrects_the_lead(make_hub: MakeHub, tmp_path):
    hub = await make_hub(config())
    (tmp_path / "mappings").mkdir()
    mapping = tmp_path / "mappings" / "website.yaml"
    mapping.write_text("fields: {full_name: full_name, email: email, title: firma}\n")
    await reloaded(hub)
    crm = hub.dispatcher.lanes["crm"].sink
    said = await send(hub, ANN)
    assert (await lead_of(hub, said["lead"])).title == "Acme Ltd"
    mapping.write_text("fields: {full_name: full_name, email: email, company: firma}\n")
    await reloaded(hub)
    await hub.replays.replay(said["submission"])
    await settled(hub)
    lead = await lead_of(hub, said["lead"])
    assert (lead.company, lead.title, lead.version) == ("Acme Ltd", None, 2)
    assert [(lead.title, lead.company) for lead in crm.sent] == [("Acme Ltd", "Example"), (None, "Acme Ltd")]


async def test_a_corrected_mapping_keeps_what_other_submissions_said(make_hub: MakeHub, tmp_path):
    hub = await make_hub(config())
    (tmp_path / "mappings").mkdir()
    mapping = tmp_path / "mappings" / "website.yaml"
    mapping.write_text("fields: {full_name: full_name, email: email, title: firma, city: city}\n")
    await reloaded(hub)
    said = await send(hub, ANN)
    await send(hub, {"id": "2", "email": "ann@example.com", "city": "Shanghai", "firma": "Acme Group"})
    mapping.write_text("fields: {full_name: full_name, email: email, company: firma, city: city}\n")
    await reloaded(hub)
    await hub.replays.replay(said["submission"])
    lead = await lead_of(hub, said["lead"])
    assert (lead.full_name, lead.company, lead.title, lead.city) == ("Ann Ng", "Acme Ltd", "Acme Group", "Shanghai")


async def test_a_replay_does_not_put_together_what_a_person_took_apart(make_hub: MakeHub):
    hub = await make_hub(config())
    first = await send(hub, ANN)
    second = await send(hub, {**ANN, "id": "2", "full_name": "Bea Ng"})
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    again = await hub.replays.replay(second["submission"])
    assert again.lead == taken
    assert (await lead_of(hub, first["lead"])).full_name == "Ann Ng"
    assert (await lead_of(hub, taken)).full_name == "Bea Ng"
    await settled(hub)
    assert {lead.id for lead in hub.plan.sinks["chat"].sent} == {first["lead"], taken}


async def test_a_lead_whose_replay_ends_in_quarantine_keeps_its_submission(make_hub: MakeHub, tmp_path):
    hub = await make_hub(config())
    said = await send(hub, ANN)
    (tmp_path / "hub.yaml").write_text(
        config().replace("from: [website]", "from: [website]\n    steps: [map, normalize, {validate: {required: [title]}}, "
                         "dedupe, route, deliver]")
    )  # fmt: skip
    assert await reloaded(hub)
    again = await hub.replays.replay(said["submission"])
    assert (again.status, again.lead) == ("quarantined", said["lead"])
    (row,) = await all_rows(hub, "submission")
    assert (row["state"], row["lead"]) == ("quarantined", said["lead"])
    assert (await lead_of(hub, said["lead"])).email == "ann@example.com"
    accepted = await hub.replays.replay(said["submission"], frozenset({"required_missing"}))
    assert (accepted.status, accepted.lead) == ("accepted", said["lead"])
    assert len(await all_rows(hub, "lead")) == 1


async def test_a_replayed_list_makes_no_new_leads(make_hub: MakeHub):
    hub = await make_hub(config())
    people = [{"full_name": f"P {n}", "email": f"p{n}@example.com"} for n in range(3)]  # without ids of their own
    said = (await post(hub, json.dumps(people))).json()
    await settled(hub)
    assert len(await all_rows(hub, "submission")) == 3
    await hub.replays.replay(said["submission"])
    await settled(hub)
    assert len(await all_rows(hub, "submission")) == 3
    assert sorted(row["version"] for row in await all_rows(hub, "lead")) == [1, 1, 2]
    assert {row["parent"] for row in await all_rows(hub, "submission")} == {None, said["submission"]}


@pytest.mark.parametrize(("state", "status"), [("nonsense", 404), ("duplicate", 409)])
async def test_there_is_nothing_to_replay_of_what_is_not_there_or_a_duplicate(make_hub: MakeHub, state, status):
    hub = await make_hub(config())
    await send(hub, ANN)
    await send(hub, ANN)
    found = await rows(hub, "submission", state=state)
    with pytest.raises(BadInput) as refused:
        await hub.replays.replay(found[0]["id"] if found else state)
    assert refused.value.status == status


async def test_a_submission_of_a_source_that_is_gone_waits_and_goes_on_when_it_is_back(make_hub: MakeHub):
    hub = await make_hub(config())
    said = await send(hub, {"id": "9", "full_name": "Nobody"})
    await make_hub.stop(hub)
    hub = await make_hub(config().replace("website", "other"))
    again = await hub.replays.replay(said["submission"], frozenset({"unreachable"}))
    assert (again.status, [problem.code for problem in again.problems]) == ("quarantined", ["no_source"])
    await make_hub.stop(hub)
    hub = await make_hub(config())
    again = await hub.replays.replay(said["submission"], frozenset({"unreachable"}))
    assert again.status == "accepted"
