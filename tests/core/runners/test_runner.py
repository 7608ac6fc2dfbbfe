"""What must hold whoever calls for deliveries: one contract for each runner on each database it works on."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter

import pytest

from hub.errors import ConfigError, Misconfigured, Retry, Unclear
from hub.lead import Sent
from hub.store import deliveries as store
from hub.testing.fakes import WaitingSink
from tests.conftest import MakeHub, post
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows
from tests.core.runners.site import Site

SHARED = ("local-postgres", "pgqueuer-postgres")


class SlowUpdates(WaitingSink):
    """A waiting sink that takes later versions, four at a time."""

    name = "slow_updates"
    updates = True
    repeatable = True
    concurrency = 4


class SlowBatches(WaitingSink):
    """A waiting sink that takes ten leads in one send."""

    name = "slow_batches"
    repeatable = True
    batch = 10


THINGS = [SlowUpdates, SlowBatches]


def times_sent(*hubs) -> Counter:
    return Counter(lead.email for hub in hubs for lead in hub.plan.sinks["crm"].sent)


def once_each(numbers) -> Counter:
    return Counter(f"p{number}@example.com" for number in numbers)


async def states(hub) -> Counter:
    return Counter(row["state"] for row in await all_rows(hub, "delivery"))


async def test_every_lead_is_sent_once(site: Site):
    hub = await site.hub()
    await asyncio.gather(*(post(hub, person(number)) for number in range(30)))
    await site.until(lambda: len(hub.plan.sinks["crm"].sent) >= 30, hub)
    await site.looked(hub)
    await site.until(lambda: not hub.dispatcher.lanes["crm"].held, hub)
    assert times_sent(hub) == once_each(range(30))
    assert {(row["state"], row["attempts"]) for row in await all_rows(hub, "delivery")} == {("sent", 1)}


async def test_a_retry_comes_when_the_list_says_and_not_before(site: Site):
    hub = await site.hub(retry="[100s, 1000s]")
    crm = hub.plan.sinks["crm"]
    answers = iter([Retry("a"), Retry("b"), Sent("9")])
    crm.answer = lambda lead: next(answers)
    await post(hub, person(1))
    for tries, wait in ((1, 100), (2, 1000)):
        await site.until(lambda tries=tries: len(crm.sent) == tries and not hub.dispatcher.lanes["crm"].held, hub)
        site.turn(wait * 0.79)
        await site.looked(hub)
        assert len(crm.sent) == tries
        site.turn(wait * 0.42)
    await site.until(lambda: len(crm.sent) == 3, hub)
    assert [lead.delivery.attempt for lead in crm.sent] == [1, 2, 3]
    assert len({lead.delivery.key for lead in crm.sent}) == 1


async def test_a_sink_that_asks_for_a_rest_gets_it(site: Site):
    hub = await site.hub(concurrency=1)
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 429", after=90.0)
    for number in range(5):
        await post(hub, person(number))
    await site.until(lambda: crm.sent and not hub.dispatcher.lanes["crm"].held, hub)
    crm.answer = lambda lead: Sent()
    site.turn(89)
    await site.looked(hub)
    assert len(crm.sent) == 1
    site.turn(2)
    await site.until(lambda: len(crm.sent) == 6, hub, rings=True)
    assert {(row["attempts"]) for row in await all_rows(hub, "delivery")} == {1}


async def test_a_dead_delivery_goes_out_again_on_a_persons_word_with_the_same_key(site: Site):
    hub = await site.hub(retry="[60s]")
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503")
    await post(hub, person(1))
    await site.until(lambda: len(crm.sent) == 1 and not hub.dispatcher.lanes["crm"].held, hub)
    site.turn(75)
    await site.until(lambda: len(crm.sent) == 2 and not hub.dispatcher.lanes["crm"].held, hub)
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], row["reason"]) == ("dead", "given up after 2 attempts: answered 503")
    crm.answer = lambda lead: Sent("9")
    assert await hub.db.write(store.retry, [row["id"]], site.clock.now()) == 1
    await site.until(lambda: len(crm.sent) == 3 and not hub.dispatcher.lanes["crm"].held, hub)
    (row,) = await all_rows(hub, "delivery")
    assert (row["state"], row["ref"]) == ("sent", "9")
    assert len({lead.delivery.key for lead in crm.sent}) == 1


async def test_a_paused_sink_gets_nothing_and_then_everything(site: Site):
    hub = await site.hub()
    await hub.dispatcher.pause("crm", "for this test")
    for number in range(5):
        await post(hub, person(number))
    await site.looked(hub)
    assert hub.plan.sinks["crm"].sent == []
    await hub.dispatcher.resume("crm")
    await site.until(lambda: len(hub.plan.sinks["crm"].sent) == 5, hub)
    assert times_sent(hub) == once_each(range(5))


async def test_wrong_settings_pause_the_sink_and_burn_no_attempt(site: Site):
    hub = await site.hub(concurrency=1)
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Misconfigured("answered 401")
    for number in range(5):
        await post(hub, person(number))
    await site.until(lambda: crm.sent and not hub.dispatcher.lanes["crm"].held, hub)
    assert len(crm.sent) == 1
    crm.answer = lambda lead: Sent()
    await hub.dispatcher.resume("crm")
    site.turn(2)
    await site.until(lambda: len(crm.sent) == 6, hub, rings=True)
    assert {row["attempts"] for row in await all_rows(hub, "delivery")} == {1}


async def test_a_test_lead_is_done_without_reaching_the_sink(site: Site):
    hub = await site.hub()
    await post(hub, person(1, test=True))
    await post(hub, person(2))
    await site.until(lambda: len(hub.plan.sinks["crm"].sent) == 1, hub)
    await site.looked(hub)
    await site.until(lambda: not hub.dispatcher.lanes["crm"].held, hub)
    assert await states(hub) == {"sent": 2}
    assert times_sent(hub) == once_each([2])


async def test_what_may_have_arrived_is_held_where_a_repeat_would_show(site: Site):
    hub = await site.hub()
    hub.plan.sinks["crm"].answer = lambda lead: Unclear("no answer")
    await post(hub, person(1))
    await site.until(lambda: hub.plan.sinks["crm"].sent and not hub.dispatcher.lanes["crm"].held, hub)
    site.turn(86400)
    await site.looked(hub)
    assert (len(hub.plan.sinks["crm"].sent), await states(hub)) == (1, {"unclear": 1})


def version(number: int) -> str:
    return json.dumps({"id": f"v{number}", "email": "ann@example.com", "full_name": "Ann Ng", "title": f"T{number}"})


async def test_versions_of_a_lead_reach_a_sink_one_after_the_other(site: Site):
    hub = await site.hub("slow_updates", things=THINGS)
    crm = hub.plan.sinks["crm"]
    await post(hub, version(1))
    await site.until(lambda: crm.started, hub)
    await post(hub, version(2))
    await site.looked(hub)
    assert [lead.version for lead in crm.started] == [1]
    crm.go.set()
    await site.until(lambda: crm.sent and not hub.dispatcher.lanes["crm"].held, hub)
    site.turn(2)
    await site.until(lambda: len(crm.sent) == 2, hub, rings=True)
    assert [lead.title for lead in crm.sent] == ["T1", "T2"]


async def test_a_newer_version_goes_instead_of_one_that_waits(site: Site):
    hub = await site.hub("updating_sink")
    await hub.dispatcher.pause("crm", "for this test")
    for number in (1, 2, 3):
        await post(hub, version(number))
    await hub.dispatcher.resume("crm")
    await site.until(lambda: hub.plan.sinks["crm"].sent, hub)
    await site.looked(hub)
    assert [lead.title for lead in hub.plan.sinks["crm"].sent] == ["T3"]


async def test_an_engine_that_forgot_everything_finds_what_is_due_in_the_rows(site: Site):
    hub = await site.hub()
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503") if lead.delivery.attempt == 1 else Sent()
    await post(hub, person(0))
    await site.until(lambda: crm.sent and not hub.dispatcher.lanes["crm"].held, hub)
    await hub.dispatcher.pause("crm", "for this test")
    for number in range(1, 8):
        await post(hub, person(number))
    site.forget_jobs()
    crm.answer = lambda lead: Sent()
    crm.sent.clear()
    await hub.dispatcher.resume("crm")
    site.turn(10)
    await site.until(lambda: len(crm.sent) >= 8, hub, rings=True)
    await site.looked(hub)
    assert times_sent(hub) == once_each(range(8))


async def test_what_a_killed_process_was_sending_another_sends_once_more_with_the_same_key(site: Site):
    hub = await site.hub("slow_batches", things=THINGS)
    await post(hub, person(1))
    await site.until(lambda: hub.plan.sinks["crm"].started, hub)
    (first,) = hub.plan.sinks["crm"].started
    await site.make.crash(hub)
    hub = await site.hub("slow_batches", things=THINGS)
    crm = hub.plan.sinks["crm"]
    crm.go.set()
    site.turn(89)
    await hub.dispatcher.rescue()
    await site.looked(hub)
    assert (
        crm.sent == [] or site.runner == "local"
    )  # a hub that is alone on SQLite knows at once that the other is gone
    site.turn(60)
    await hub.dispatcher.rescue()
    site.turn(60)
    await site.until(lambda: crm.sent, hub)
    await site.looked(hub)
    await site.until(lambda: not hub.dispatcher.lanes["crm"].held, hub)
    assert [lead.delivery.key for lead in crm.sent] == [first.delivery.key]
    (row,) = await all_rows(hub, "delivery")
    assert (row["rescues"], row["state"]) == (1, "sent")


async def test_a_process_that_was_killed_before_it_claimed_loses_nothing(site: Site):
    hub = await site.hub()
    await hub.dispatcher.pause("crm", "for this test")
    for number in range(5):
        await post(hub, person(number))
    await site.make.crash(hub)
    hub = await site.hub()
    await hub.dispatcher.resume("crm")
    site.turn(61)
    await site.until(lambda: len(hub.plan.sinks["crm"].sent) == 5, hub, rings=True)
    assert times_sent(hub) == once_each(range(5))


async def test_stopping_gives_back_what_was_not_started(site: Site):
    hub = await site.hub("slow_batches", things=THINGS, concurrency=1)
    first = hub.plan.sinks["crm"]
    await post(hub, person(0))
    await site.until(lambda: first.started, hub)
    for number in (1, 2):
        await post(hub, person(number))
    await site.until(lambda: len(hub.dispatcher.lanes["crm"].held) == 3, hub)
    first.go.set()
    await site.make.stop(hub)
    assert [lead.email for lead in first.sent] == ["p0@example.com"]
    config = site.config("slow_batches", concurrency=1)
    looking = await site.make(config, things=THINGS, roles=frozenset())  # one that sends would begin with them at once
    assert await states(looking) == {"sent": 1, "ready": 2}
    assert len(await all_rows(looking, "attempt")) == 1
    await site.make.stop(looking)
    hub = await site.make(config, things=THINGS)
    hub.plan.sinks["crm"].go.set()
    await site.until(lambda: len(hub.plan.sinks["crm"].sent) == 2, hub)
    assert {(row["attempts"], row["rescues"]) for row in await all_rows(hub, "delivery")} == {(1, 0)}


async def test_retries_keep_to_their_budget_and_new_leads_go_before_them(site: Site):
    hub = await site.hub(concurrency=4, retry="[200s, 1s]")
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503") if int(lead.email[1:-12]) % 2 else Sent()
    await asyncio.gather(*(post(hub, person(number)) for number in range(50)))
    await site.until(lambda: len(crm.sent) == 50 and not hub.dispatcher.lanes["crm"].held, hub)
    crm.sent.clear()
    crm.answer = lambda lead: Sent()
    await hub.dispatcher.pause("crm", "for this test")
    site.turn(250)
    await post(hub, person(100))
    await hub.dispatcher.resume("crm")
    await site.until(lambda: len(crm.sent) == 1 + 20, hub)
    for _ in range(6):
        await site.looked(hub)
    assert crm.sent[0].email == "p100@example.com"
    assert len(crm.sent) == 1 + 20
    for _ in range(5):
        site.turn(0.1)
        await site.until(lambda: hub.dispatcher.lanes["crm"].budget.left(site.clock.monotonic()) == 0, hub)
    await site.until(lambda: len(crm.sent) == 1 + 25, hub)


@pytest.mark.parametrize("kind", SHARED, indirect=True)
async def test_two_hubs_take_each_others_work_and_send_nothing_twice(site: Site):
    one, two = await site.hub(), await site.hub()
    one.dispatcher.lanes["crm"].gate.paused = "only here"
    for number in range(10):
        await post(one, person(number))
    await site.until(lambda: len(two.plan.sinks["crm"].sent) == 10, one, two)
    one.dispatcher.lanes["crm"].gate.paused, two.dispatcher.lanes["crm"].gate.paused = None, "only here"
    for number in range(10, 20):
        await post(two, person(number))
    await site.until(lambda: len(one.plan.sinks["crm"].sent) == 10, one, two)
    two.dispatcher.lanes["crm"].gate.paused = None
    await asyncio.gather(*(post((one, two)[number % 2], person(number)) for number in range(20, 80)))
    await site.until(lambda: sum(times_sent(one, two).values()) >= 80, one, two)
    await site.looked(one)
    await site.looked(two)
    assert times_sent(one, two) == once_each(range(80))
    assert await states(one) == {"sent": 80}


@pytest.mark.parametrize("kind", SHARED, indirect=True)
async def test_a_process_without_a_worker_leaves_its_leads_to_one_that_has(site: Site):
    intake = await site.make(site.config(), roles=frozenset({"intake"}))
    worker = await site.make(site.config(), roles=frozenset({"worker"}))
    for number in range(5):
        await post(intake, person(number))
    await site.until(lambda: len(worker.plan.sinks["crm"].sent) == 5, worker)
    assert times_sent(worker) == once_each(range(5))


@pytest.mark.parametrize("kind", ["pgqueuer-postgres"], indirect=True)
async def test_the_runner_may_change_while_leads_wait(site: Site):
    for runner, numbers in (("local", range(3)), ("pgqueuer", range(3, 6)), ("local", range(6, 9))):
        hub = await site.make(site.config().replace("runner: pgqueuer", f"runner: {runner}"))
        await hub.dispatcher.pause("crm", "for this test")
        for number in numbers:
            await post(hub, person(number))
        await site.make.stop(hub)
    hub = await site.hub()
    await hub.dispatcher.resume("crm")
    site.turn(2)
    await site.until(lambda: len(hub.plan.sinks["crm"].sent) >= 9, hub, rings=True)
    await site.looked(hub)
    assert times_sent(hub) == once_each(range(9))


@pytest.mark.parametrize("kind", ["local-sqlite"], indirect=True)
async def test_pgqueuer_on_sqlite_is_refused_with_what_to_do(make_hub: MakeHub):
    with pytest.raises(ConfigError) as caught:
        await make_hub(one_sink().replace("region: CN,", "region: CN, runner: pgqueuer,"))
    assert "hub.database is SQLite. Set hub.database to postgresql://…, or hub.runner to local." in str(caught.value)


@pytest.mark.parametrize("kind", ["pgqueuer-postgres"], indirect=True)
async def test_only_what_runs_needs_pgqueuer(site: Site, monkeypatch):
    hub = await site.hub()
    await post(hub, person(1))
    await site.until(lambda: hub.plan.sinks["crm"].sent, hub)
    await site.make.stop(hub)
    for name in ("pgqueuer", "hub.delivery.distributed"):
        monkeypatch.setitem(sys.modules, name, None)  # as import finds it where nobody installed it
    looking = await site.make(site.config(), roles=frozenset())
    assert await states(looking) == {"sent": 1}
    with pytest.raises(ConfigError, match="pgqueuer is not installed"):
        await site.make(site.config(), roles=frozenset({"intake"}))


async def test_what_another_process_took_meanwhile_is_not_sent_by_the_one_that_stood_still(site: Site):
    hub = await site.hub("slow_batches", things=THINGS, concurrency=1, on_unclear="hold")
    crm: WaitingSink = hub.plan.sinks["crm"]
    await post(hub, person(0))
    await site.until(lambda: crm.started, hub)
    for number in range(1, 4):
        await post(hub, person(number))
    await site.until(lambda: len(hub.dispatcher.lanes["crm"].held) == 4, hub)
    begun = {lead.delivery.key for lead in crm.started}
    site.turn(91)
    await hub.db.write(store.rescue, site.clock.now(), [], [])
    crm.go.set()
    await site.until(lambda: not hub.dispatcher.lanes["crm"].held, hub)
    held = {row["key"] for row in await all_rows(hub, "delivery") if row["state"] == "unclear"}
    assert (len(begun), len(held)) == (1, 4)
    assert {lead.delivery.key for lead in crm.started} == begun
