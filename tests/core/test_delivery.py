"""From a delivery that is owed to its end: claimed, sent, retried, dead, taken up again by a person."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from hub.errors import Retry
from hub.lead import Rejected, Sent
from hub.step import Context, Options, Work, step
from hub.store import deliveries as store
from hub.testing.fakes import WaitingSink
from tests.conftest import MakeHub, post, settled, until
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows

WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 72000, 86400)


async def test_a_lead_that_a_sink_cannot_take_is_tried_thirteen_times_over_three_days(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink())
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503")
    await post(hub, person(1))
    await settled(hub)
    for wait in WAITS:
        clock.turn(wait * 0.79)
        await settled(hub)
        before = len(crm.sent)
        clock.turn(wait * 0.42)
        await settled(hub)
        assert len(crm.sent) == before + 1
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], row["attempts"]) == ("dead", 13)
    assert row["reason"] == "given up after 13 attempts: answered 503"
    attempts = await all_rows(hub, "attempt")
    assert [one["number"] for one in attempts] == list(range(1, 14))
    assert {one["outcome"] for one in attempts} == {"retry"}


async def test_the_key_of_a_delivery_is_the_same_on_every_attempt(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink())
    crm = hub.plan.sinks["crm"]
    answers = iter([Retry("a"), Retry("b"), Sent("9")])
    crm.answer = lambda lead: next(answers)
    await post(hub, person(1))
    for _ in range(3):
        await settled(hub)
        clock.turn(40)
    assert [lead.delivery.attempt for lead in crm.sent] == [1, 2, 3]
    assert len({lead.delivery.key for lead in crm.sent}) == 1


async def test_when_a_delivery_is_due_survives_a_restart(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink())
    hub.plan.sinks["crm"].answer = lambda lead: Retry("answered 503")
    await post(hub, person(1))
    await settled(hub)
    (before,) = await all_rows(hub, "delivery")
    await make_hub.stop(hub)
    hub = await make_hub(one_sink())
    await settled(hub)
    (row,) = await all_rows(hub, "delivery")
    assert (row["due_at"], row["attempts"], hub.plan.sinks["crm"].sent) == (before["due_at"], 1, [])
    clock.turn(6)
    await settled(hub)
    assert (await all_rows(hub, "delivery"))[0]["state"] == "sent"


async def test_the_attempt_is_written_before_the_first_byte_goes_out(make_hub: MakeHub):
    hub = await make_hub(one_sink("waiting_sink"))
    crm: WaitingSink = hub.plan.sinks["crm"]
    await post(hub, person(1))
    await until(lambda: crm.started)
    (attempt,) = await all_rows(hub, "attempt")
    assert (attempt["number"], attempt["ended_at"]) == (1, None)
    assert (await all_rows(hub, "delivery"))[0]["state"] == "sending"
    crm.go.set()
    await settled(hub)
    assert (await all_rows(hub, "attempt"))[0]["outcome"] == "sent"


async def test_one_refused_lead_of_a_batch_does_not_hold_up_the_others(make_hub: MakeHub):
    hub = await make_hub(one_sink("updating_sink", concurrency=1))
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Rejected("no") if lead.email == "p3@example.com" else Sent()
    await asyncio.gather(*(post(hub, person(number)) for number in range(8)))
    await settled(hub)
    states = {row["lead"]: row["state"] for row in await all_rows(hub, "delivery")}
    assert sorted(states.values()) == ["rejected"] + ["sent"] * 7


async def test_a_sink_that_answers_for_too_few_leads_leaves_doubt_about_all_of_them(make_hub: MakeHub):
    class Forgetful(WaitingSink):
        name = "forgetful"

        async def send(self, leads, http):
            return []

    hub = await make_hub(one_sink("forgetful"), things=[Forgetful])
    await post(hub, person(1))
    await settled(hub)
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], row["reason"]) == ("unclear", "the connector broke: ValueError: wrong number of outcomes")


async def test_a_sink_that_raises_what_nobody_foresaw_leaves_doubt_and_the_lane_works_on(make_hub: MakeHub):
    hub = await make_hub(one_sink(concurrency=1))
    crm = hub.plan.sinks["crm"]

    def answer(lead):
        if lead.email == "p1@example.com":
            raise KeyError("id")
        return Sent()

    crm.answer = answer
    for number in range(1, 4):
        await post(hub, person(number))
    await settled(hub)
    assert sorted(row["state"] for row in await all_rows(hub, "delivery")) == ["sent", "sent", "unclear"]


async def test_a_slow_sink_does_not_hold_up_another(make_hub: MakeHub):
    config = one_sink("waiting_sink").replace("flows:", "  chat: {connector: memory_sink}\nflows:")
    hub = await make_hub(config.replace("to: [crm]", "to: [crm, chat]"))
    for number in range(20):
        await post(hub, person(number))
    await until(lambda: len(hub.plan.sinks["chat"].sent) == 20)
    assert hub.plan.sinks["crm"].sent == []
    hub.plan.sinks["crm"].go.set()
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 20


async def test_stopping_finishes_what_is_being_sent_and_gives_back_what_waits(make_hub: MakeHub):
    hub = await make_hub(one_sink("waiting_sink"))
    crm: WaitingSink = hub.plan.sinks["crm"]
    for number in range(2):
        await post(hub, person(number))
    await until(lambda: crm.started)
    crm.go.set()
    await make_hub.stop(hub)
    assert len(crm.sent) == 1
    hub = await make_hub(one_sink("waiting_sink"))
    found = await all_rows(hub, "delivery")
    assert [(row["state"], row["attempts"], row["rescues"]) for row in found] == [("sent", 1, 0), ("ready", 0, 0)]
    assert [(row["delivery"], row["outcome"]) for row in await all_rows(hub, "attempt")] == [(found[0]["id"], "sent")]


async def test_giving_back_a_delivery_keeps_the_record_of_an_attempt_that_never_ended(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("waiting_sink", on_unclear="repeat"))
    crm: WaitingSink = hub.plan.sinks["crm"]
    await post(hub, person(1))
    await until(lambda: crm.started)
    clock.turn(91)
    assert await hub.dispatcher.rescue() == 1
    (row,) = await hub.db.write(store.claim, "crm", clock.now(), clock.now(), "node_b", 5, sqlite=hub.db.sqlite)
    await hub.db.write(store.release, [row.id], "node_b")
    attempts = await all_rows(hub, "attempt")
    crm.go.set()
    assert [(one["number"], one["ended_at"]) for one in attempts] == [(1, None)]


async def test_a_delivery_of_an_erased_lead_is_not_sent(make_hub: MakeHub):
    hub = await make_hub(one_sink())
    await hub.dispatcher.pause("crm", "for this test")
    await post(hub, person(1))
    await hub.privacy.erase(email="p1@example.com")
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert hub.plan.sinks["crm"].sent == []
    assert (await all_rows(hub, "delivery"))[0]["state"] == "superseded"


@pytest.mark.parametrize("outcome", [Rejected("bad mapping"), RuntimeError("x")])
async def test_a_person_makes_a_refused_or_held_delivery_due_again_with_the_same_key(make_hub: MakeHub, outcome):
    hub = await make_hub(one_sink())
    crm = hub.plan.sinks["crm"]

    def fail(lead):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    crm.answer = fail
    await post(hub, person(1))
    await settled(hub)
    (row,) = await all_rows(hub, "delivery")
    assert row["state"] in ("rejected", "unclear")
    crm.answer = lambda lead: Sent("9")
    assert await hub.db.write(store.retry, [row["id"]], hub.clock.now()) == 1
    await settled(hub)
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], row["ref"], row["attempts"]) == ("sent", "9", 1)
    assert len({lead.delivery.key for lead in crm.sent}) == 1


async def test_what_arrived_is_not_sent_again_by_a_retry(make_hub: MakeHub):
    hub = await make_hub(one_sink())
    await post(hub, person(1))
    await settled(hub)
    (row,) = await all_rows(hub, "delivery")
    assert await hub.db.write(store.retry, [row["id"]], hub.clock.now()) == 0
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 1


async def test_first_attempts_go_before_retries_and_retries_before_replays(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(concurrency=1))
    crm = hub.plan.sinks["crm"]
    answers = {"p1@example.com": Rejected("x"), "p2@example.com": Retry("x")}
    crm.answer = lambda lead: answers.get(lead.email, Sent())
    for number in (1, 2):
        await post(hub, person(number))
    await settled(hub)
    answers.clear()
    await hub.dispatcher.pause("crm", "for this test")
    (refused,) = await rows(hub, "delivery", state="rejected")
    await hub.db.write(store.retry, [refused["id"]], clock.now())
    clock.turn(7)
    await post(hub, person(3))
    crm.sent.clear()
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert [lead.email for lead in crm.sent] == ["p3@example.com", "p2@example.com", "p1@example.com"]


async def test_a_database_that_fails_while_a_lead_is_stored_costs_neither_the_lead_nor_a_place(
    make_hub: MakeHub, clock, caplog
):
    hub = await make_hub(one_sink())
    await hub.db.write(_rename, "decision", "decision_gone")
    for number in range(30):
        answer = await post(hub, person(number))
        assert (answer.status_code, answer.json()["lead"]) == (202, None)
    await hub.db.write(_rename, "decision_gone", "decision")
    assert hub.dispatcher.lanes["crm"].free == hub.dispatcher.lanes["crm"].room
    clock.turn(91)
    assert await hub.pipeline.sweep() == 30
    await settled(hub)
    assert [row["state"] for row in await all_rows(hub, "delivery")] == ["sent"] * 30
    assert len(hub.plan.sinks["crm"].sent) == 30
    assert "example.com" not in caplog.text  # logs name no person


async def test_a_database_that_fails_while_an_outcome_is_stored_leaves_the_lane_at_work(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("waiting_sink", on_unclear="repeat"))
    crm: WaitingSink = hub.plan.sinks["crm"]
    await post(hub, person(1))
    await until(lambda: crm.started)
    await hub.db.write(_rename, "attempt", "attempt_gone")
    crm.go.set()
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    await hub.db.write(_rename, "attempt_gone", "attempt")
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], len(crm.sent)) == ("sending", 1)
    clock.turn(91)
    assert await hub.dispatcher.rescue() == 1
    await settled(hub)
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], row["rescues"], len(crm.sent)) == ("sent", 1, 2)


def _rename(old: str, new: str, *, session) -> None:
    session.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))


async def test_a_step_that_cannot_reach_the_database_does_not_send_the_lead_to_quarantine(make_hub: MakeHub, clock):
    outages = iter([True, False])

    @step("ask")
    async def ask(work: Work, ctx: Context, options: Options) -> Work:
        """Ask the database, which is away the first time."""
        if next(outages):
            raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
        return work

    config = one_sink().replace("routes:", "steps: [map, normalize, dedupe, ask, route, deliver], routes:")
    hub = await make_hub(config, things=[ask])
    answer = await post(hub, person(1))
    assert (answer.json()["status"], answer.json()["lead"]) == ("accepted", None)
    assert [row["state"] for row in await all_rows(hub, "submission")] == ["received"]
    clock.turn(91)
    await hub.pipeline.sweep()
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 1
