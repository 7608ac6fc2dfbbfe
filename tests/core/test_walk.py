"""One lead, end to end: the first test to read."""

from __future__ import annotations

import asyncio
import json

from hub.lead import Sent
from hub.store import deliveries as delivery_store
from hub.store import submissions as submission_store
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows, lead_of, rows

ANN = {
    "id": "1",
    "full_name": "Ann Ng",
    "email": "Ann.Ng@Acme.example.com",
    "phone": "138 0013 8000",
    "company": "Acme Ltd",
}


async def test_a_lead_walks_from_the_door_to_its_sinks(hub):
    answer = await post(hub, json.dumps(ANN))
    await settled(hub)

    assert answer.status_code == 202
    said = answer.json()
    assert said["status"] == "accepted"
    lead = await lead_of(hub, said["lead"])
    assert (lead.email, lead.phone, lead.first_name, lead.last_name) == (
        "Ann.Ng@acme.example.com",
        "+8613800138000",
        "Ann",
        "Ng",
    )
    crm, chat = hub.plan.sinks["crm"], hub.plan.sinks["chat"]
    assert [sent.id for sent in crm.sent] == [sent.id for sent in chat.sent] == [lead.id]
    found = await all_rows(hub, "delivery")
    assert {(row["sink"], row["state"], row["ref"]) for row in found} == {
        ("crm", "sent", f"ref-{lead.id}"),
        ("chat", "sent", f"ref-{lead.id}"),
    }
    attempts = await all_rows(hub, "attempt")
    assert [row["outcome"] for row in attempts] == ["sent", "sent"]
    assert (await all_rows(hub, "submission"))[0]["body"] == json.dumps(ANN).encode()


async def test_the_decision_record_holds_every_step(hub):
    await post(hub, json.dumps(ANN))
    decision = json.loads((await all_rows(hub, "decision"))[0]["body"])
    assert [step["step"] for step in decision["steps"]] == [
        "map",
        "normalize",
        "validate",
        "dedupe",
        "enrich",
        "score",
        "route",
        "assign",
        "deliver",
    ]
    assert {step["outcome"] for step in decision["steps"]} == {"passed"}
    assert decision["routes"] == ["all"]


async def test_a_hundred_identical_posts_at_once_give_one_lead(hub):
    answers = await asyncio.gather(*(post(hub, json.dumps(ANN)) for _ in range(100)))
    await settled(hub)
    said = [answer.json() for answer in answers]
    assert {answer.status_code for answer in answers} == {202}
    assert len({one["lead"] for one in said}) == 1
    assert len({one["submission"] for one in said}) == 1
    assert sorted({one["status"] for one in said}) == ["accepted", "duplicate"]
    assert len(await all_rows(hub, "lead")) == 1
    assert len(hub.plan.sinks["chat"].sent) == 1


async def test_a_hundred_people_with_one_address_at_once_give_one_lead(hub):
    bodies = [json.dumps({**ANN, "id": str(number)}) for number in range(100)]
    answers = await asyncio.gather(*(post(hub, body) for body in bodies))
    await settled(hub)
    assert len({answer.json()["lead"] for answer in answers}) == 1
    assert len(await all_rows(hub, "submission")) == 100
    assert [row["version"] for row in await all_rows(hub, "lead")] == [100]
    assert len(hub.plan.sinks["chat"].sent) == 1


async def test_an_idempotency_key_replays_the_same_answer(hub):
    first = await post(hub, json.dumps(ANN), idempotency_key="k-1")
    again = await post(hub, json.dumps(ANN), idempotency_key="k-1")
    other = await post(hub, json.dumps({**ANN, "email": "b@example.com"}), idempotency_key="k-1")
    assert first.json() == again.json()
    assert other.status_code == 422
    assert len(await all_rows(hub, "submission")) == 1


async def test_a_known_person_goes_again_only_to_sinks_that_take_updates(hub):
    await post(hub, json.dumps(ANN))
    await settled(hub)
    await post(hub, json.dumps({**ANN, "id": "2", "title": "CEO"}))
    await settled(hub)
    crm, chat = hub.plan.sinks["crm"], hub.plan.sinks["chat"]
    assert [(lead.version, lead.title) for lead in crm.sent] == [(1, None), (2, "CEO")]
    assert [lead.version for lead in chat.sent] == [1]


async def test_a_submission_without_contact_waits_for_a_person(hub):
    answer = await post(hub, json.dumps({"id": "9", "full_name": "Nobody"}))
    said = answer.json()
    assert (answer.status_code, said["status"], said["lead"]) == (202, "quarantined", None)
    assert [problem["code"] for problem in said["problems"]] == ["unreachable"]
    assert (await all_rows(hub, "submission"))[0]["state"] == "quarantined"


async def test_a_body_that_is_no_json_is_kept_and_waits_for_a_person(hub):
    answer = await post(hub, b'{"broken')
    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    kept = (await all_rows(hub, "submission"))[0]
    assert (kept["body"], kept["problems"][0]["code"]) == (b'{"broken', "unreadable")


async def test_a_list_of_leads_becomes_a_submission_each(hub):
    people = [{**ANN, "id": str(n), "email": f"p{n}@example.com", "phone": None} for n in range(5)]
    await post(hub, json.dumps(people))
    await settled(hub)
    assert len(await all_rows(hub, "lead")) == 5
    assert len(await all_rows(hub, "submission")) == 5


async def test_a_test_lead_flows_to_the_end_and_reaches_no_sink(hub):
    answer = await post(hub, json.dumps({**ANN, "test": True}))
    await settled(hub)
    assert answer.json()["status"] == "accepted"
    assert hub.plan.sinks["crm"].sent == []
    assert {row["state"] for row in await all_rows(hub, "delivery")} == {"sent"}
    real = await post(hub, json.dumps({**ANN, "id": "2"}))
    assert real.json()["lead"] != answer.json()["lead"]


async def test_a_crash_after_the_answer_loses_nothing(make_hub: MakeHub):
    hub = await make_hub()
    row = submission_store.row(
        id="sub_crashed",
        source="website",
        received_at=hub.clock.now(),
        body=json.dumps(ANN).encode(),
        headers={},
        url="/in/website",
    )
    await hub.db.write(submission_store.add, [row])
    assert await hub.pipeline.sweep() == 1
    await settled(hub)
    await _until_settled(hub)
    assert [lead.email for lead in hub.plan.sinks["crm"].sent] == ["Ann.Ng@acme.example.com"]


async def _until_settled(hub):
    for _ in range(200):
        if hub.plan.sinks["crm"].sent:
            return
        await asyncio.sleep(0.01)


async def test_a_new_field_in_a_source_is_noticed(hub):
    await post(hub, json.dumps(ANN))
    await post(hub, json.dumps({**ANN, "id": "2", "favourite_colour": "red"}))
    await hub.flush()
    events = await rows(hub, "event", kind="schema.drifted")
    assert [event["data"]["fields"] for event in events] == [["favourite_colour"]]


async def test_what_a_dead_process_was_sending_is_sent_again_where_that_is_safe(hub):
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Sent("1")
    await post(hub, json.dumps(ANN))
    await settled(hub)
    await hub.db.write(_as_if_dead)
    assert await hub.dispatcher.rescue(everything=True) == 2
    await settled(hub)
    found = await all_rows(hub, "delivery")
    assert sorted((row["sink"], row["state"], row["rescues"]) for row in found) == [
        ("chat", "unclear", 1),
        ("crm", "sent", 1),
    ]
    assert (len(crm.sent), len(hub.plan.sinks["chat"].sent)) == (2, 1)


def _as_if_dead(*, session):
    import sqlalchemy as sa

    session.execute(sa.update(delivery_store.TABLE).values(state="sending", lease_by="node_gone"))
