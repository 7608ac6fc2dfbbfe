"""A sink whose settings are wrong pauses: its leads wait, one alert goes out, and nothing expires."""

from __future__ import annotations

from hub.errors import Misconfigured
from hub.lead import Sent
from hub.store import deliveries as store
from hub.testing.fakes import WaitingSink
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows


def refuse_key(lead):
    return Misconfigured("answered 401: the key is wrong")


async def test_wrong_settings_pause_the_sink_and_its_leads_wait(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(concurrency=1))
    crm = hub.plan.sinks["crm"]
    crm.answer = refuse_key
    for number in range(5):
        await post(hub, person(number))
    await settled(hub)
    assert len(crm.sent) == 1
    found = await all_rows(hub, "delivery")
    assert {(row["state"], row["attempts"]) for row in found} == {("ready", 0)}
    assert hub.dispatcher.lanes["crm"].gate.paused == "answered 401: the key is wrong"
    (state,) = await all_rows(hub, "sink_state")
    assert (state["sink"], state["paused_at"], state["reason"]) == (
        "crm",
        clock.now(),
        "answered 401: the key is wrong",
    )


async def test_one_alert_goes_out_however_many_leads_wait(make_hub: MakeHub):
    hub = await make_hub(one_sink(concurrency=4))
    hub.plan.sinks["crm"].answer = refuse_key
    for number in range(10):
        await post(hub, person(number))
    await settled(hub)
    await hub.flush()
    assert len(await rows(hub, "event", kind="sink.paused")) == 1


async def test_nothing_expires_while_a_sink_is_paused_and_resuming_drains_it(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink())
    crm = hub.plan.sinks["crm"]
    crm.answer = refuse_key
    for number in range(5):
        await post(hub, person(number))
        await settled(hub)
    crm.sent.clear()
    crm.answer = lambda lead: Sent()
    clock.turn(90 * 86400)
    await hub.dispatcher.rescue()
    await settled(hub)
    assert crm.sent == []
    assert {row["state"] for row in await all_rows(hub, "delivery")} == {"ready"}
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert len(crm.sent) == 5
    assert {(row["state"], row["attempts"]) for row in await all_rows(hub, "delivery")} == {("sent", 1)}


async def test_a_pause_survives_a_restart_and_so_do_the_leads(make_hub: MakeHub):
    hub = await make_hub(one_sink())
    hub.plan.sinks["crm"].answer = refuse_key
    await post(hub, person(1))
    await settled(hub)
    await make_hub.stop(hub)
    hub = await make_hub(one_sink())
    await post(hub, person(2))
    await settled(hub)
    assert hub.plan.sinks["crm"].sent == []
    assert hub.dispatcher.lanes["crm"].gate.paused == "answered 401: the key is wrong"
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert sorted(lead.email for lead in hub.plan.sinks["crm"].sent) == ["p1@example.com", "p2@example.com"]


async def test_what_waited_in_the_lane_when_the_sink_paused_is_not_sent(make_hub: MakeHub):
    hub = await make_hub(one_sink("waiting_sink"))
    crm: WaitingSink = hub.plan.sinks["crm"]
    crm.answer = refuse_key
    for number in range(2):
        await post(hub, person(number))
    assert len(hub.dispatcher.lanes["crm"].held) == 2
    crm.go.set()
    await settled(hub)
    assert len(crm.sent) == 1
    assert {(row["state"], row["attempts"]) for row in await all_rows(hub, "delivery")} == {("ready", 0)}


async def test_another_sink_goes_on_while_one_is_paused(make_hub: MakeHub):
    hub = await make_hub()
    hub.plan.sinks["crm"].answer = refuse_key
    await post(hub, person(1))
    await settled(hub)
    await post(hub, person(2))
    await settled(hub)
    assert len(hub.plan.sinks["chat"].sent) == 2
    assert hub.dispatcher.lanes["chat"].gate.paused is None


async def test_a_person_pauses_and_resumes_a_sink(make_hub: MakeHub):
    hub = await make_hub(one_sink())
    await hub.dispatcher.pause("crm", "moving to another account")
    await post(hub, person(1))
    await settled(hub)
    assert (await all_rows(hub, "delivery"))[0]["state"] == "ready"
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert (await all_rows(hub, "delivery"))[0]["state"] == "sent"
    await hub.flush()
    kinds = [row["kind"] for row in await rows(hub, "event", sink="crm") if row["kind"].startswith("sink.")]
    assert kinds == ["sink.paused", "sink.resumed"]


async def test_a_sink_that_is_switched_off_keeps_its_leads(make_hub: MakeHub):
    hub = await make_hub(one_sink(enabled="false"))
    await post(hub, person(1))
    await settled(hub)
    assert (await all_rows(hub, "delivery"))[0]["state"] == "ready"
    await make_hub.stop(hub)
    hub = await make_hub(one_sink())
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 1


async def test_what_another_process_paused_and_resumed_holds_here_too(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink())
    await hub.db.write(store.pause, "crm", "the other node was told 401", clock.now())
    await hub.dispatcher.agree()
    await post(hub, person(1))
    await settled(hub)
    assert hub.plan.sinks["crm"].sent == []
    await hub.db.write(store.pause, "crm", None, None)
    await hub.dispatcher.agree()
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 1
