"""Deliveries whose process ended or lost its lease: taken over once, the late answer changes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub.delivery.dispatcher import LEASE
from hub.lead import Sent
from hub.store import deliveries as store
from hub.store.claims import claiming
from hub.store.columns import DELIVERY
from hub.store.deliveries import RESCUES, Result
from hub.testing.fakes import SearchableSink, WaitingSink
from tests.conftest import MakeHub, post, settled, until
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows


async def caught_sending(make_hub: MakeHub, sink: str = "waiting_sink", things=(), **settings: object):
    """Return a hub that is just sending its one lead."""
    hub = await make_hub(one_sink(sink, **settings), things=things)
    await post(hub, person(1))
    await until(lambda: hub.plan.sinks["crm"].started)
    assert len(hub.plan.sinks["crm"].started) == 1
    return hub


async def the_delivery(hub):
    (row,) = await all_rows(hub, "delivery")
    return row


async def test_a_lease_that_ran_out_is_taken_over(make_hub: MakeHub, clock):
    hub = await caught_sending(make_hub, on_unclear="repeat")
    assert await hub.dispatcher.rescue() == 0
    clock.turn(LEASE.total_seconds() + 1)
    assert await hub.dispatcher.rescue() == 1
    row = await the_delivery(hub)
    assert (row["state"], row["rescues"], row["unclear"], row["lease_by"]) == ("ready", 1, True, None)
    hub.plan.sinks["crm"].go.set()


async def test_a_lease_that_is_renewed_is_not_taken_over(make_hub: MakeHub, clock):
    hub = await caught_sending(make_hub, on_unclear="repeat")
    for _ in range(10):
        clock.turn(30)
        await hub.dispatcher.renew()
        assert await hub.dispatcher.rescue() == 0
    hub.plan.sinks["crm"].go.set()
    await settled(hub)
    row = await the_delivery(hub)
    assert (row["state"], row["rescues"], row["attempts"]) == ("sent", 0, 1)


async def test_the_late_answer_of_a_zombie_changes_nothing_but_its_attempt(make_hub: MakeHub, clock):
    hub = await caught_sending(make_hub, on_unclear="repeat")
    crm: WaitingSink = hub.plan.sinks["crm"]
    clock.turn(91)
    await hub.dispatcher.rescue()
    now = clock.now()
    (taken,) = await hub.db.write(store.claim, "crm", now, now + LEASE, "node_b", 5, sqlite=hub.db.sqlite)
    before = await the_delivery(hub)
    crm.answer = lambda lead: Sent("zombie")
    crm.go.set()
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    assert await the_delivery(hub) == before
    first, second = await all_rows(hub, "attempt")
    assert (first["fence"], first["outcome"]) == (1, "sent")
    assert first["reason"].startswith("fenced: another worker holds it by now")
    assert (second["fence"], second["ended_at"]) == (taken.fence, None)
    assert await rows(hub, "event", kind="delivery.sent") == []

    good = Result(taken.id, taken.attempts, taken.fence, "sent", "sent", now, ref="node_b's")
    assert await hub.db.write(store.settle, [good], "node_b") == []
    row = await the_delivery(hub)
    assert (row["state"], row["ref"]) == ("sent", "node_b's")


async def test_a_zombie_that_shares_a_write_with_its_successor_is_still_fenced(make_hub: MakeHub, clock):
    hub = await caught_sending(make_hub, on_unclear="repeat")
    clock.turn(91)
    await hub.dispatcher.rescue()
    now = clock.now()
    (taken,) = await hub.db.write(store.claim, "crm", now, now + LEASE, "node_b", 5, sqlite=hub.db.sqlite)
    late = Result(taken.id, 1, 1, "dead", "retry", now, reason="late")
    good = Result(taken.id, taken.attempts, taken.fence, "sent", "sent", now, ref="9")
    assert await hub.db.write(store.settle, [good, late], "node_b") == [taken.id]
    row = await the_delivery(hub)
    assert (row["state"], row["ref"]) == ("sent", "9")
    hub.plan.sinks["crm"].go.set()


async def test_a_delivery_has_at_most_one_valid_lease(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink())
    await hub.dispatcher.pause("crm", "for this test")
    for number in range(30):
        await post(hub, person(number))
    now = clock.now()
    claims = [
        hub.db.write(store.claim, "crm", now, now + LEASE, f"node_{name}", 7, sqlite=hub.db.sqlite) for name in "abcdef"
    ]
    taken = [row.id for found in await asyncio.gather(*claims) for row in found]
    assert (len(taken), len(set(taken))) == (30, 30)
    held = await rows(hub, "delivery", state="sending")
    assert len({(row["id"], row["lease_by"]) for row in held}) == 30
    assert len(await all_rows(hub, "attempt")) == 30


def test_on_postgresql_a_claim_cannot_take_more_than_its_limit():
    """A plain subquery claimed 200 rows instead of 1 once the planner joined it row by row."""
    due = sa.select(DELIVERY.c.id).limit(1)
    statement = claiming(DELIVERY, due, {"state": "sending"}, sqlite=False)
    text = " ".join(str(statement.compile(dialect=postgresql.dialect())).split())
    assert "WITH chosen AS MATERIALIZED (SELECT delivery.id" in text
    assert "FOR UPDATE SKIP LOCKED" in text


class SlowSearchable(WaitingSink, SearchableSink):
    """A waiting sink that can be searched."""

    name = "slow_searchable"


class SlowRecognisable(WaitingSink):
    """A waiting sink whose repeats are recognised."""

    name = "slow_recognisable"
    recognisable = True


@pytest.mark.parametrize(
    ("sink", "on_unclear", "state"),
    [
        ("waiting_sink", "auto", "unclear"),
        ("waiting_sink", "repeat", "ready"),
        ("slow_searchable", "auto", "ready"),
        ("slow_searchable", "hold", "unclear"),
        ("slow_recognisable", "auto", "ready"),
    ],
)
async def test_what_a_killed_process_was_sending_goes_the_way_of_any_doubt(
    make_hub: MakeHub, clock, sink, on_unclear, state
):
    things = [SlowSearchable, SlowRecognisable]
    hub = await caught_sending(make_hub, sink, things, on_unclear=on_unclear)
    await make_hub.crash(hub)
    hub = await make_hub(one_sink(sink, on_unclear=on_unclear), things=things)
    clock.turn(91)
    await hub.dispatcher.rescue()
    row = await the_delivery(hub)
    assert (row["state"], row["rescues"], row["unclear"]) == (state, 1, True)
    assert len(await rows(hub, "event", kind="delivery.held")) == (state == "unclear")


async def test_a_repeat_that_is_recognised_is_made_once_even_over_two_crashes(make_hub: MakeHub, clock):
    hub = await caught_sending(make_hub, "slow_recognisable", [SlowRecognisable])
    clock.turn(91)
    await hub.dispatcher.rescue()
    assert (await the_delivery(hub))["state"] == "ready"
    await hub.db.write(_as_if_sending, clock.now() - timedelta(seconds=1))
    await hub.dispatcher.rescue()
    assert (await the_delivery(hub))["state"] == "unclear"
    hub.plan.sinks["crm"].go.set()


async def test_after_five_rescues_a_delivery_is_held(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("updating_sink"))
    await hub.dispatcher.pause("crm", "for this test")
    await post(hub, person(1))
    seen = []
    for _ in range(RESCUES + 1):
        await hub.db.write(_as_if_sending, clock.now() - timedelta(seconds=1))
        await hub.dispatcher.rescue()
        seen.append((await the_delivery(hub))["state"])
    assert seen == ["ready"] * 5 + ["unclear"]
    row = await the_delivery(hub)
    await hub.db.write(store.decide, row["id"], False, clock.now())
    await hub.dispatcher.resume("crm")
    await settled(hub)
    row = await the_delivery(hub)
    assert (row["state"], row["rescues"]) == ("sent", 0)


async def test_a_test_lead_that_was_being_sent_is_no_doubt(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink())
    await hub.dispatcher.pause("crm", "for this test")
    await post(hub, person(1, test=True))
    await hub.db.write(_as_if_sending, clock.now() - timedelta(seconds=1))
    await hub.dispatcher.rescue()
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert ((await the_delivery(hub))["state"], hub.plan.sinks["crm"].sent) == ("sent", [])


async def test_after_a_crash_the_backlog_drains_and_a_sink_that_can_tell_sees_no_twin(make_hub: MakeHub, clock):
    things = [SlowSearchable]
    hub = await make_hub(one_sink("slow_searchable"), things=things)
    for number in range(12):
        await post(hub, person(number))
    await until(lambda: hub.plan.sinks["crm"].started)
    arrived = list(hub.plan.sinks["crm"].started)
    assert len(arrived) == 1
    await make_hub.crash(hub)
    hub = await make_hub(one_sink("slow_searchable"), things=things)
    crm: SlowSearchable = hub.plan.sinks["crm"]
    crm.sent += arrived
    crm.go.set()
    clock.turn(91)
    await hub.dispatcher.rescue()
    clock.turn(60)
    await settled(hub)
    assert {row["state"] for row in await all_rows(hub, "delivery")} == {"sent"}
    assert sorted(lead.email for lead in crm.sent) == sorted(f"p{number}@example.com" for number in range(12))


async def test_a_hub_without_a_role_only_looks_and_leaves_what_was_being_sent_to_others(make_hub: MakeHub):
    hub = await caught_sending(make_hub)
    before = await the_delivery(hub)
    await make_hub.crash(hub)
    hub = await make_hub(one_sink("waiting_sink").replace("name: all", "name: every"), roles=frozenset())
    await hub.dispatcher.sweep()
    assert await the_delivery(hub) == before
    assert hub.plan.sinks["crm"].started == []
    assert [row["text"] for row in await all_rows(hub, "config_revision")] == [one_sink("waiting_sink")]


def _as_if_sending(until, *, session) -> None:
    session.execute(sa.update(DELIVERY).values(state="sending", lease_by="node_gone", lease_until=until))
