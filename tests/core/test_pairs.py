"""Two leads that may be one person: a person joins them, or says that they are two."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.app import Hub
from hub.errors import BadInput
from hub.store.columns import LEAD
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink
from tests.core.looking import all_rows, lead_of, rows, same

ANN = {"id": "1", "full_name": "Ann Ng", "email": "ann@acme.example.com", "company": "Acme", "utm_campaign": "spring"}
TWIN = {"id": "2", "full_name": "Ann Ng", "email": "a.ng@acme.example.com", "company": "Acme Ltd", "title": "CEO"}
TRIPLET = {"id": "3", "full_name": "Ann Ng", "email": "ang@acme.example.com", "company": "ACME", "message": "hello"}


async def send(hub: Hub, data: dict[str, Any]) -> str:
    """Hand a form over a minute after the one before; return its lead."""
    hub.clock.turn(60)
    return str((await post(hub, json.dumps(data))).json()["lead"])


async def pair_of(hub: Hub, *leads: str) -> int:
    (row,) = [row for row in await all_rows(hub, "suggestion") if {row["lead"], row["other"]} == set(leads)]
    return int(row["id"])


async def twins(make_hub: MakeHub, config: str | None = None) -> tuple[Hub, str, str, int]:
    """Return a hub with two leads that look alike, and the number of their suggestion."""
    hub = await make_hub(config or one_sink("updating_sink"))
    one, two = await send(hub, ANN), await send(hub, TWIN)
    await settled(hub)
    return hub, one, two, await pair_of(hub, one, two)


async def test_a_pair_that_is_one_person_becomes_the_elder_lead(make_hub: MakeHub):
    hub, one, two, pair = await twins(make_hub)
    assert await hub.lineage.accept(pair) == (one, two)
    lead = await lead_of(hub, one)
    assert (lead.id, lead.email, lead.title, lead.company) == (one, "a.ng@acme.example.com", "CEO", "Acme Ltd")
    assert await lead_of(hub, two) == lead
    assert {row["lead"] for row in await all_rows(hub, "identity")} == {one}
    assert {row["lead"] for row in await all_rows(hub, "touch")} == {one}
    assert [row["state"] for row in await all_rows(hub, "suggestion")] == ["joined"]
    assert await send(hub, {**ANN, "id": "8"}) == await send(hub, {**TWIN, "id": "9"}) == one


async def test_a_joined_pair_is_worth_what_both_say(make_hub: MakeHub):
    hub, one, two, pair = await twins(make_hub)
    before = [(await lead_of(hub, id_)).score for id_ in (one, two)]
    await hub.lineage.accept(pair)
    lead = await lead_of(hub, one)
    assert before == [40, 60]
    assert (lead.score, lead.grade, lead.version) == (60, "B", 3)
    (row,) = await rows(hub, "lead", id=one)
    assert (row["score"], row["version"]) == (60, 3)


async def test_a_joined_pair_that_is_taken_apart_is_as_it_was_and_is_not_suggested_again(make_hub: MakeHub):
    hub, one, two, pair = await twins(make_hub)
    before = [await lead_of(hub, id_) for id_ in (one, two)]
    keys = await all_rows(hub, "identity")
    await hub.lineage.accept(pair)
    assert await hub.lineage.unmerge(two, other=two) == two
    after = [await lead_of(hub, id_) for id_ in (one, two)]
    assert all(same(*both) for both in zip(before, after, strict=True))
    assert [lead.score for lead in after] == [lead.score for lead in before]
    assert await all_rows(hub, "identity") == keys
    assert [row["state"] for row in await all_rows(hub, "suggestion")] == ["separate"]
    assert await hub.lineage.accept(pair) == (one, two)


async def test_joining_is_told_once(make_hub: MakeHub):
    hub, one, two, pair = await twins(make_hub)
    await hub.lineage.accept(pair)
    await hub.flush()
    (event,) = await rows(hub, "event", kind="lead.joined")
    assert (event["lead"], event["data"]) == (one, {"other": two, "suggestion": pair})


async def test_joining_sends_nothing_and_what_is_owed_goes_out_once(make_hub: MakeHub):
    hub = await make_hub(one_sink("updating_sink"))
    await hub.dispatcher.pause("crm", "for this test")
    one, two = await send(hub, ANN), await send(hub, TWIN)
    await hub.lineage.accept(await pair_of(hub, one, two))
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert [(lead.id, lead.title) for lead in hub.plan.sinks["crm"].sent] == [(one, "CEO")]


OWNED = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks: {crm: {connector: memory_sink}}
teams: {north: {members: [{name: li}, {name: wang}]}}
flows:
  - name: inbound
    from: [website]
    routes:
      - {name: nobodys, when: 'RULE', to: [crm]}
      - {name: all, to: [crm], assign: {team: north}}
"""


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("false", ["li", "wang"], "li"),
        ("!has(lead.title)", [None, "li"], "li"),
        ("has(lead.title)", ["li", None], "li"),
    ],
)
async def test_the_owner_stays_and_a_lead_without_one_takes_the_others(make_hub: MakeHub, rule, before, after):
    hub, one, two, pair = await twins(make_hub, OWNED.replace("RULE", rule))
    assert [(await lead_of(hub, id_)).owner for id_ in (one, two)] == before
    given = await all_rows(hub, "share")
    await hub.lineage.accept(pair)
    lead = await lead_of(hub, one)
    assert (lead.team, lead.owner) == ("north", after)
    assert await all_rows(hub, "share") == given


async def test_a_pair_whose_lead_was_joined_meanwhile_leads_to_the_survivor(make_hub: MakeHub):
    hub, one, two, pair = await twins(make_hub)
    three = await send(hub, TRIPLET)
    await hub.lineage.accept(await pair_of(hub, two, three))
    assert await hub.lineage.accept(pair) == (one, two)
    assert (await lead_of(hub, three)).id == one
    assert await hub.lineage.accept(await pair_of(hub, one, three)) == (one, None)
    assert {row["state"] for row in await all_rows(hub, "suggestion")} == {"joined"}
    assert [row["id"] for row in await rows(hub, "lead", state="open")] == [one]


async def test_a_form_that_joins_a_pair_decides_its_suggestion(make_hub: MakeHub):
    hub, one, two, _ = await twins(make_hub, one_sink("updating_sink"))
    await send(hub, {"id": "5", "full_name": "Ann Ng", "email": ANN["email"], "phone": "138 0013 8000"})
    await send(hub, {"id": "6", "full_name": "Ann Ng", "email": TWIN["email"], "phone": "138 0013 8000"})
    assert (await lead_of(hub, two)).id == one
    assert [row["state"] for row in await all_rows(hub, "suggestion")] == ["joined"]


async def test_an_undone_import_leaves_a_pair_to_be_looked_at_again(make_hub: MakeHub, tmp_path):
    config = one_sink("updating_sink").replace("sources: {", "sources: {list: {connector: list_file}, ")
    hub = await make_hub(config.replace("from: [website]", "from: [website, list]"))
    one = await send(hub, ANN)
    two = await send(hub, {**TWIN, "phone": "138 0013 8000"})
    hub.clock.turn(60)
    (tmp_path / "list.csv").write_text("full name,email,phone\nAnn Ng,ann@acme.example.com,138 0013 8000\n")
    done = await hub.imports.import_file(tmp_path / "list.csv", "list")
    assert (await lead_of(hub, two)).id == one
    await hub.lineage.undo_import(done.id)
    assert (await lead_of(hub, two)).id == two
    assert [row["state"] for row in await all_rows(hub, "suggestion")] == ["open"]


async def test_a_dismissed_pair_stays_two_leads_and_is_told(make_hub: MakeHub):
    hub, one, two, pair = await twins(make_hub)
    await hub.lineage.dismiss(pair)
    assert [row["state"] for row in await all_rows(hub, "suggestion")] == ["separate"]
    assert len(await rows(hub, "lead", state="open")) == 2
    await hub.flush()
    (event,) = await rows(hub, "event", kind="suggestion.dismissed")
    assert (event["lead"], event["data"]) == (one, {"other": two, "suggestion": pair})


@pytest.mark.parametrize("how", ["accept", "dismiss"])
async def test_a_decision_on_a_pair_that_is_not_there_is_refused(make_hub: MakeHub, how):
    hub, _, _, pair = await twins(make_hub)
    with pytest.raises(BadInput, match=r"There is no suggestion 77\.") as unknown:
        await getattr(hub.lineage, how)(77)
    await hub.lineage.accept(pair)
    with pytest.raises(BadInput, match=r"is decided already: the leads were joined\.") as decided:
        await getattr(hub.lineage, how)(pair)
    assert (unknown.value.status, decided.value.status) == (404, 409)


async def test_a_pair_one_of_which_is_gone_cannot_be_joined(make_hub: MakeHub):
    hub, one, two, pair = await twins(make_hub)
    await hub.db.write(_close, two)
    with pytest.raises(BadInput, match=f"The lead {two} is gone.") as refused:
        await hub.lineage.accept(pair)
    assert refused.value.status == 409
    assert (await lead_of(hub, one)).version == 1
    await hub.lineage.dismiss(pair)


def _close(lead: str, *, session) -> None:
    session.execute(LEAD.update().where(LEAD.c.id == lead).values(state="undone"))


async def test_what_waits_in_quarantine_is_refused_and_told_without_the_persons_words(make_hub: MakeHub):
    hub = await make_hub()
    submission = (await post(hub, json.dumps({"id": "q", "full_name": "Nobody"}))).json()["submission"]
    await hub.replays.refuse(submission, "Ann Ng wrote it herself")
    (row,) = await all_rows(hub, "submission")
    assert (row["state"], row["reason"], row["due_at"]) == ("rejected", "Ann Ng wrote it herself", None)
    (event,) = await rows(hub, "event", kind="submission.rejected")
    assert (event["submission"], event["data"]) == (submission, {"reason": "a person refused it"})
    assert await hub.pipeline.sweep() == 0
    with pytest.raises(BadInput, match="is rejected; it does not wait in quarantine") as again:
        await hub.replays.refuse(submission, "x")
    assert again.value.status == 409
    assert (await hub.replays.replay(submission, frozenset({"unreachable"}))).status == "accepted"


async def test_a_lead_that_goes_its_way_is_not_refused(make_hub: MakeHub):
    hub = await make_hub()
    said = (await post(hub, json.dumps(ANN))).json()
    with pytest.raises(BadInput, match="is done; it does not wait in quarantine"):
        await hub.replays.refuse(said["submission"], "x")
    with pytest.raises(BadInput, match="There is no submission 'sub_nonsense'"):
        await hub.replays.refuse("sub_nonsense", "x")
    assert (await lead_of(hub, said["lead"])).email == ANN["email"]
