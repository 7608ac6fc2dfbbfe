"""What is pgqueuer's own: jobs in our transaction, its limits across processes, and what happens when it is gone."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
import sqlalchemy as sa

from hub.delivery import jobs
from hub.errors import Retry
from hub.lead import Sent
from hub.store.due import Due, owe
from hub.testing.fakes import START, WaitingSink
from tests.conftest import post
from tests.core.inputs import person
from tests.core.looking import all_rows
from tests.core.runners.site import TABLE, Site

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("kind", ["pgqueuer-postgres"], indirect=True),
]


class Slow(WaitingSink):
    """A waiting sink of five sends at a time."""

    name = "slow"
    concurrency = 5


class SlowSingle(WaitingSink):
    """A waiting sink of one send at a time, whose repeats are forgiven."""

    name = "slow_single"
    repeatable = True


THINGS = [Slow, SlowSingle]


async def test_a_delivery_and_its_job_are_stored_together_or_not_at_all(site: Site):
    hub = await site.hub()
    await hub.dispatcher.pause("crm", "for this test")
    await post(hub, person(1))
    (row,) = await all_rows(hub, "delivery")
    assert site.jobs("entrypoint, payload, status, dedupe_key") == [
        ("crm", row["id"].encode(), "queued", f"{row['id']}.0.{int(row['due_at'].timestamp() * 1000)}")
    ]
    with pytest.raises(ZeroDivisionError):
        await hub.db.write(_owe_and_fail)
    assert len(site.jobs()) == 1


def _owe_and_fail(*, session) -> None:
    owe([Due("dlv_9", "crm", 0, 0, START, 0.0)], session=session)
    raise ZeroDivisionError


async def test_a_retry_is_a_job_that_comes_when_the_delivery_is_due(site: Site):
    hub = await site.hub()
    hub.plan.sinks["crm"].answer = lambda lead: Retry("answered 503")
    await post(hub, person(1))
    await site.until(lambda: site.jobs() == [("crm:again",)])
    (row,) = await all_rows(hub, "delivery")
    ((entrypoint, wait),) = site.jobs("entrypoint, execute_after - created")
    assert entrypoint == "crm:again"
    assert wait == row["due_at"] - site.clock.now() + jobs.LATE


async def test_the_same_need_is_written_down_once(site: Site):
    hub = await site.hub()
    await hub.dispatcher.pause("crm", "for this test")
    due = [Due("dlv_9", "crm", 0, 0, START, 0.0)]
    for _ in range(3):
        await hub.db.write(lambda *, session: owe(due, session=session))
    assert len(site.jobs()) == 1
    await hub.db.write(lambda *, session: owe([due[0]._replace(fence=2)], session=session))
    assert len(site.jobs()) == 2


async def test_no_more_are_under_way_than_the_sink_allows_in_all_processes_together(site: Site):
    one, two = await site.hub("slow", things=THINGS), await site.hub("slow", things=THINGS)
    sinks = [hub.plan.sinks["crm"] for hub in (one, two)]
    for number in range(20):
        await post((one, two)[number % 2], person(number))
    await site.until(lambda: sum(len(sink.started) for sink in sinks) >= 4)
    await site.looked(one)
    await site.looked(two)
    assert sum(len(sink.started) for sink in sinks) == 4  # of five, one place is for retries
    for sink in sinks:
        sink.go.set()
    await site.until(lambda: sum(len(sink.sent) for sink in sinks) == 20)


async def test_a_sink_of_one_send_at_a_time_gets_one_from_all_processes_together_retries_or_not(site: Site):
    one = await site.hub("slow_single", things=THINGS, concurrency=1, retry="[60s]")
    two = await site.hub("slow_single", things=THINGS, concurrency=1, retry="[60s]")
    sinks = [hub.plan.sinks["crm"] for hub in (one, two)]
    for sink in sinks:
        sink.go.set()
        sink.answer = lambda lead: Retry("answered 503") if lead.delivery.attempt == 1 else Sent()
    for number in range(4):
        await post(one, person(number))
    await site.until(lambda: sum(len(sink.sent) for sink in sinks) == 4)
    await site.until(lambda: site.jobs("status") == [("queued",)] * 4)
    for sink in sinks:
        sink.go.clear()
        sink.started.clear()
    site.turn(75)
    await post(one, person(9))
    await site.until(lambda: any(sink.started for sink in sinks))
    await site.looked(one)
    await site.looked(two)
    assert sum(len(sink.started) for sink in sinks) == 1
    for sink in sinks:
        sink.go.set()
    await site.until(lambda: sum(len(sink.sent) for sink in sinks) == 9)


async def test_a_slow_sink_takes_no_places_of_another(site: Site):
    config = site.config("slow").replace("to: [crm]", "to: [crm, idle]")
    hub = await site.make(config, things=THINGS)
    for number in range(12):
        await post(hub, person(number))
    await site.until(lambda: len(hub.plan.sinks["idle"].sent) == 12)
    assert hub.plan.sinks["crm"].sent == []
    hub.plan.sinks["crm"].go.set()
    await site.until(lambda: len(hub.plan.sinks["crm"].sent) == 12)


async def test_the_job_of_a_process_that_died_with_it_goes_to_another(site: Site):
    hub = await site.hub()
    await hub.dispatcher.pause("crm", "for this test")
    await post(hub, person(1))
    site.ask(f"UPDATE {TABLE} SET status = 'picked', queue_manager_id = gen_random_uuid(), slot = 0, heartbeat = now()")
    await hub.dispatcher.resume("crm")
    await site.looked(hub)
    assert hub.plan.sinks["crm"].sent == []
    site.turn(31)
    await site.until(lambda: hub.plan.sinks["crm"].sent)


async def test_broken_connections_are_made_anew(site: Site, caplog):
    hub = await site.hub()
    await post(hub, person(1))
    await site.until(lambda: hub.plan.sinks["crm"].sent)
    site.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND (query LIKE 'LISTEN%' OR query LIKE '%next_stale%')"
    )
    await site.until(lambda: "runner=pgqueuer error=" in caplog.text)
    await post(hub, person(2))
    await site.until(lambda: len(hub.plan.sinks["crm"].sent) == 2)


async def test_without_a_notification_the_job_is_found_all_the_same(site: Site):
    hub = await site.hub()
    site.ask(f"DROP TRIGGER {jobs.names().trigger} ON {TABLE}")
    await post(hub, person(1))
    await site.until(lambda: hub.plan.sinks["crm"].sent)


async def test_many_processes_make_the_tables_at_once_and_again(kind, database):
    address = sa.make_url(database)

    async def one() -> None:
        async with await jobs.connect(address) as connection:
            await jobs.install(jobs.queries(connection))

    for _ in range(2):
        await asyncio.gather(*(one() for _ in range(5)))
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT relname, relpersistence FROM pg_class WHERE relkind = 'r' AND relname LIKE '%pgqueuer%'"
        )
        assert {(name, kept) for name, kept in found} == {
            (name, "u") for name in (TABLE, f"{TABLE}_log", f"{TABLE}_statistics", f"{TABLE}_schedules")
        }


def test_our_tables_have_our_names_whatever_the_environment_says_of_others(kind, monkeypatch):
    before = jobs.names()
    for name in ("PGQUEUER_PREFIX", "CHANNEL", "PGQUEUER_QUEUE_TABLE", "PGQUEUER_SCHEMA", "DURABILITY"):
        monkeypatch.setenv(name, "others")
    assert jobs.names() == before
    assert (before.queue_table, before.channel) == (TABLE, "leadhub_ch_pgqueuer")


async def test_the_job_of_a_send_that_takes_long_stays_with_its_process(site: Site):
    one, two = await site.hub("slow_single", things=THINGS), await site.hub("slow_single", things=THINGS)
    sinks = [hub.plan.sinks["crm"] for hub in (one, two)]
    await post(one, person(1))
    await site.until(lambda: any(sink.started for sink in sinks))
    alive = "status, heartbeat > now() - interval '9 seconds'"
    for _ in range(5):
        site.turn(11)
        await site.until(lambda: site.jobs(alive) == [("picked", True)])
    assert sum(len(sink.started) for sink in sinks) == 1
    for sink in sinks:
        sink.go.set()
    await site.until(lambda: site.jobs() == [])


async def test_pgqueuers_own_log_does_not_grow_for_ever(site: Site):
    hub = await site.hub()
    await post(hub, person(1))
    await site.until(lambda: hub.plan.sinks["crm"].sent and site.jobs() == [])
    assert site.ask(f"SELECT DISTINCT status::text FROM {TABLE}_log ORDER BY 1") == [
        ("picked",),
        ("queued",),
        ("successful",),
    ]
    site.turn(601)
    await site.until(lambda: site.ask(f"SELECT count(*) FROM {TABLE}_log") == [(0,)])
