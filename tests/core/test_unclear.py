"""A send that may have arrived: held, repeated, searched or repeated once, by what the sink can do; then a person."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from hub.errors import Unclear
from hub.lead import Sent
from hub.store import deliveries as store
from hub.testing.fakes import SearchableSink
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows


async def doubtful(make_hub: MakeHub, sink: str, **settings: object):
    """Return a hub whose sink left doubt about its first lead."""
    hub = await make_hub(one_sink(sink, **settings))
    hub.plan.sinks["crm"].answer = lambda lead: Unclear("no answer after sending")
    await post(hub, person(1))
    await settled(hub)
    return hub


async def the_delivery(hub):
    (row,) = await all_rows(hub, "delivery")
    return row


async def test_where_nothing_is_safe_it_is_held_for_a_person(make_hub: MakeHub, clock):
    hub = await doubtful(make_hub, "memory_sink")
    clock.turn(7 * 86400)
    await settled(hub)
    row = await the_delivery(hub)
    assert (row["state"], row["unclear"], row["attempts"]) == ("unclear", True, 1)
    assert len(hub.plan.sinks["crm"].sent) == 1
    assert [event["data"]["reason"] for event in await rows(hub, "event", kind="delivery.held")] == [
        "no answer after sending"
    ]


async def test_where_the_sink_forgives_repeats_it_is_repeated_with_the_same_key(make_hub: MakeHub, clock):
    hub = await doubtful(make_hub, "updating_sink")
    crm = hub.plan.sinks["crm"]
    clock.turn(59)
    await settled(hub)
    assert len(crm.sent) == 1
    crm.answer = lambda lead: Sent("9")
    clock.turn(1)
    await settled(hub)
    row = await the_delivery(hub)
    assert (row["state"], row["ref"], row["unclear"]) == ("sent", "9", False)
    assert [lead.delivery.repeat for lead in crm.sent] == [False, True]
    assert len({lead.delivery.key for lead in crm.sent}) == 1


async def test_where_the_sink_can_be_searched_what_arrived_is_not_sent_again(make_hub: MakeHub, clock):
    hub = await doubtful(make_hub, "searchable_sink")
    crm = hub.plan.sinks["crm"]
    clock.turn(60)
    await settled(hub)
    row = await the_delivery(hub)
    assert (row["state"], row["ref"], len(crm.sent)) == ("sent", "found", 1)


async def test_where_the_search_finds_nothing_it_is_sent(make_hub: MakeHub, clock):
    hub = await doubtful(make_hub, "searchable_sink")
    crm = hub.plan.sinks["crm"]
    crm.sent.clear()
    crm.answer = lambda lead: Sent("9")
    clock.turn(60)
    await settled(hub)
    assert ((await the_delivery(hub))["ref"], len(crm.sent)) == ("9", 1)


class BrokenSearch(SearchableSink):
    """A searchable sink whose search breaks as a connector's bug would."""

    name = "broken_search"

    async def lookup(self, lead, http: httpx.AsyncClient):
        raise KeyError("results")


async def test_a_search_that_breaks_sends_nothing_and_is_made_again_later(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("broken_search"), things=[BrokenSearch])
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Unclear("no answer after sending")
    await post(hub, person(1))
    await settled(hub)
    clock.turn(60)
    await settled(hub)
    row = await the_delivery(hub)
    assert (row["state"], row["attempts"], row["unclear"], len(crm.sent)) == ("ready", 2, True, 1)


async def test_where_a_repeat_would_be_recognised_it_is_repeated_once_and_then_held(make_hub: MakeHub, clock):
    hub = await doubtful(make_hub, "recognisable_sink")
    clock.turn(60)
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 2
    clock.turn(7 * 86400)
    await settled(hub)
    assert ((await the_delivery(hub))["state"], len(hub.plan.sinks["crm"].sent)) == ("unclear", 2)


@pytest.mark.parametrize(
    ("sink", "on_unclear", "state"), [("memory_sink", "repeat", "ready"), ("updating_sink", "hold", "unclear")]
)
async def test_the_operators_word_on_doubt_wins_over_what_the_sink_can_do(make_hub: MakeHub, sink, on_unclear, state):
    hub = await doubtful(make_hub, sink, on_unclear=on_unclear)
    assert (await the_delivery(hub))["state"] == state


async def test_a_person_says_that_it_arrived(make_hub: MakeHub):
    hub = await doubtful(make_hub, "memory_sink")
    row = await the_delivery(hub)
    event = await hub.db.write(store.decide, row["id"], True, hub.clock.now())
    assert event.kind == "delivery.sent"
    row = await the_delivery(hub)
    assert (row["state"], row["done_at"], row["reason"]) == (
        "sent",
        hub.clock.now(),
        "a person saw it on the other side",
    )
    assert len(await rows(hub, "event", kind="delivery.sent")) == 1
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 1


async def test_a_person_says_that_it_did_not_arrive(make_hub: MakeHub, clock):
    hub = await doubtful(make_hub, "memory_sink")
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Sent("9")
    row = await the_delivery(hub)
    assert await hub.db.write(store.decide, row["id"], False, clock.now())
    await settled(hub)
    row = await the_delivery(hub)
    assert (row["state"], row["ref"], row["attempts"], len(crm.sent)) == ("sent", "9", 1, 2)
    assert len({lead.delivery.key for lead in crm.sent}) == 1


async def test_only_a_held_delivery_can_be_decided(make_hub: MakeHub):
    hub = await make_hub(one_sink())
    await post(hub, person(1))
    await settled(hub)
    row = await the_delivery(hub)
    assert await hub.db.write(store.decide, row["id"], False, hub.clock.now()) is None
    assert (await the_delivery(hub))["state"] == "sent"


async def test_two_people_who_decide_at_once_decide_once(make_hub: MakeHub):
    hub = await doubtful(make_hub, "memory_sink")
    row = await the_delivery(hub)
    now = hub.clock.now()
    said = await asyncio.gather(
        hub.db.write(store.decide, row["id"], True, now), hub.db.write(store.decide, row["id"], False, now)
    )
    assert [event is not None for event in said].count(True) == 1
