"""Versions of one lead at one sink: one after the other, the newest instead of those that wait, never an older last."""

from __future__ import annotations

import asyncio
import json

import pytest

from hub.errors import Retry, Unclear
from hub.lead import Rejected, Sent
from hub.store import deliveries as store
from hub.testing.fakes import UpdatingSink, WaitingSink
from tests.conftest import MakeHub, post, settled, until
from tests.core.inputs import one_sink
from tests.core.looking import all_rows


class SlowUpdates(WaitingSink):
    """A waiting sink that takes later versions."""

    name = "slow_updates"
    updates = True
    repeatable = True
    concurrency = 4


def version(number: int) -> str:
    return json.dumps({"id": f"v{number}", "email": "ann@example.com", "full_name": "Ann Ng", "title": f"T{number}"})


async def states(hub) -> list[tuple[int, str]]:
    return sorted((row["version"], row["state"]) for row in await all_rows(hub, "delivery"))


async def test_a_newer_version_supersedes_the_older_one_that_waits(make_hub: MakeHub):
    hub = await make_hub(one_sink("updating_sink"))
    await hub.dispatcher.pause("crm", "for this test")
    for number in (1, 2, 3):
        await post(hub, version(number))
    assert await states(hub) == [(1, "superseded"), (2, "superseded"), (3, "ready")]
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert [(lead.version, lead.title) for lead in hub.plan.sinks["crm"].sent] == [(3, "T3")]


async def test_a_newer_version_waits_for_the_one_that_is_being_sent(make_hub: MakeHub):
    hub = await make_hub(one_sink("slow_updates"), things=[SlowUpdates])
    crm: SlowUpdates = hub.plan.sinks["crm"]
    await post(hub, version(1))
    await until(lambda: crm.started)
    for number in (2, 3):
        await post(hub, version(number))
    await hub.dispatcher.sweep()
    await asyncio.sleep(0.01)
    assert [lead.version for lead in crm.started] == [1]
    crm.go.set()
    await settled(hub)
    assert [(lead.version, lead.title) for lead in crm.sent] == [(1, "T1"), (3, "T3")]
    assert await states(hub) == [(1, "sent"), (2, "superseded"), (3, "sent")]


async def test_a_version_that_comes_back_for_a_retry_gives_way_to_the_newer_one(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("slow_updates"), things=[SlowUpdates])
    crm: SlowUpdates = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503") if lead.version == 1 else Sent()
    await post(hub, version(1))
    await until(lambda: crm.started)
    await post(hub, version(2))
    crm.go.set()
    await settled(hub)
    assert await states(hub) == [(1, "superseded"), (2, "sent")]
    clock.turn(86400)
    await settled(hub)
    assert [lead.version for lead in crm.sent] == [1, 2]


async def test_a_newer_version_waits_until_the_doubt_about_the_older_one_is_settled(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("slow_updates"), things=[SlowUpdates])
    crm: SlowUpdates = hub.plan.sinks["crm"]
    answers = iter([Unclear("no answer"), Sent("9"), Sent("9")])
    crm.answer = lambda lead: next(answers)
    await post(hub, version(1))
    await until(lambda: crm.started)
    await post(hub, version(2))
    crm.go.set()
    await settled(hub)
    assert await states(hub) == [(1, "ready"), (2, "ready")]
    clock.turn(80)
    await settled(hub)
    assert await states(hub) == [(1, "sent"), (2, "sent")]
    assert [lead.delivery.version for lead in crm.sent] == [1, 1, 2]
    assert [lead.title for lead in crm.sent] == ["T1", "T2", "T2"]  # what goes out is never older than what was sent


async def test_a_dead_older_version_is_not_sent_after_a_newer_one(make_hub: MakeHub):
    hub = await make_hub(one_sink("updating_sink"))
    crm: UpdatingSink = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Rejected("no")
    await post(hub, version(1))
    await settled(hub)
    crm.answer = lambda lead: Sent()
    await post(hub, version(2))
    await settled(hub)
    (old, _) = sorted(await all_rows(hub, "delivery"), key=lambda row: row["version"])
    assert await hub.db.write(store.retry, [old["id"]], hub.clock.now()) == 0
    await settled(hub)
    assert await states(hub) == [(1, "superseded"), (2, "sent")]
    assert [lead.version for lead in crm.sent] == [1, 2]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
async def test_versions_that_come_at_once_end_with_the_newest(make_hub: MakeHub, order):
    hub = await make_hub(one_sink("updating_sink"))
    await asyncio.gather(*(post(hub, version(number)) for number in order))
    await settled(hub)
    sent = hub.plan.sinks["crm"].sent
    assert [lead.version for lead in sent] == sorted(lead.version for lead in sent)
    assert sent[-1].version == 3
    assert {state for _, state in await states(hub)} <= {"sent", "superseded"}


async def test_different_leads_do_not_wait_for_each_other(make_hub: MakeHub):
    hub = await make_hub(one_sink("memory_sink"))
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("x") if lead.email == "p1@example.com" else Sent()
    for number in range(1, 4):
        await post(hub, json.dumps({"id": str(number), "email": f"p{number}@example.com"}))
    await settled(hub)
    assert sorted(state for _, state in await states(hub)) == ["ready", "sent", "sent"]


async def test_a_sink_that_takes_no_updates_gets_the_newest_values_of_what_it_is_owed(make_hub: MakeHub):
    hub = await make_hub(one_sink("memory_sink"))
    await hub.dispatcher.pause("crm", "for this test")
    for number in (1, 2):
        await post(hub, version(number))
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert [(lead.delivery.version, lead.title) for lead in hub.plan.sinks["crm"].sent] == [(1, "T2")]
