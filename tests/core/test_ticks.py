"""Schedules of several nodes: each tick is done once, by whoever takes it; that of a taker who died is taken again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import SharedClock
from hub.lead import Page
from hub.store import ticks as store
from hub.testing.fakes import START, HandClock, MemoryPoll
from hub.ticks import LEASE, Ticks, bell, tick_of
from tests.conftest import MakeHub, until
from tests.core.inputs import one_sink
from tests.core.looking import all_rows
from tests.core.together import OnPostgres

POLLED = one_sink().replace("sources: {website:", "sources: {pages: {connector: counted_poll, every: 60s}, website:")


class Work:
    """Work that counts how often it is done, and waits when it is told to."""

    def __init__(self) -> None:
        self.done = 0
        self.begun = 0
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self) -> None:
        self.begun += 1
        await self.go.wait()
        self.done += 1


def next_tick(clock: HandClock, schedule: str, every: float) -> None:
    """Turn the clock to a second after the schedule's next tick."""
    clock.turn((tick_of(schedule, every, clock.now()) - clock.now()).total_seconds() + every + 1)


@given(st.text(max_size=20), st.floats(1, 1e5), st.floats(0, 4e9))
def test_a_tick_is_at_most_an_interval_old(schedule, every, seconds):
    now = datetime.fromtimestamp(seconds, UTC)
    assert -1e-3 <= (now - tick_of(schedule, every, now)).total_seconds() <= every + 1e-3


def test_schedules_of_one_interval_do_not_all_come_at_once():
    assert len({tick_of(f"source:count:{n}", 86400, START) for n in range(50)}) == 50


@pytest.mark.parametrize(("every", "rung"), [(0.5, 0.5), (2, 1), (20, 5), (86400, 60)])
def test_a_bell_rings_several_times_an_interval_but_not_all_the_time(every, rung):
    assert bell(every) == rung


async def test_a_tick_is_done_once_and_the_next_one_comes(make_hub: MakeHub, clock):
    hub, work = await make_hub(), Work()
    assert [await hub.ticks.once("s", 60, work) for _ in range(3)] == [True, False, False]
    next_tick(clock, "s", 60)
    assert await hub.ticks.once("s", 60, work)
    assert work.done == 2
    assert len([row for row in await all_rows(hub, "tick") if row["schedule"] == "s"]) == 1


async def test_a_schedule_that_is_not_due_soon_waits_for_its_next_tick(make_hub: MakeHub, clock):
    hub, work = await make_hub(), Work()
    assert not await hub.ticks.once("nightly", 86400, work, soon=False)
    next_tick(clock, "nightly", 86400)
    assert await hub.ticks.once("nightly", 86400, work, soon=False)


async def test_work_that_fails_is_done_with_and_says_so(make_hub: MakeHub, clock):
    hub = await make_hub()

    async def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await hub.ticks.once("s", 60, fail)
    assert not await hub.ticks.once("s", 60, fail)
    next_tick(clock, "s", 60)
    assert await hub.ticks.once("s", 60, Work())


async def test_work_that_is_broken_off_is_left_to_others_at_once(make_hub: MakeHub):
    hub, work = await make_hub(), Work()
    work.go.clear()
    task = asyncio.create_task(hub.ticks.once("s", 60, work))
    await until(lambda: work.begun)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    work.go.set()
    assert await Ticks(hub.db, "another", hub.clock).once("s", 60, work)


async def test_a_process_alone_begins_at_once_what_a_former_one_was_at(make_hub: MakeHub, clock):
    first, work = await make_hub(), Work()
    work.go.clear()
    task = asyncio.create_task(first.ticks.once("s", 3600, work))
    await until(lambda: work.begun)
    await make_hub.crash(first)
    task.cancel()
    hub = await make_hub()
    work.go.set()
    clock.turn(0 if hub.db.sqlite else LEASE.total_seconds() + 1)
    assert await hub.ticks.once("s", 3600, work)


class TestOnPostgres(OnPostgres):
    """What takes several processes on one database."""

    async def test_of_many_that_ask_at_once_one_gets_each_tick(self, make_hub: MakeHub, clock):
        hubs, work = [await make_hub() for _ in range(3)], Work()
        for _ in range(5):
            done = await asyncio.gather(*(hub.ticks.once("s", 60, work) for hub in hubs for _ in range(4)))
            assert done.count(True) == 1
            next_tick(clock, "s", 60)
        assert work.done == 5

    async def test_a_tick_of_a_taker_who_died_is_taken_again_after_the_lease_and_not_before(self, make_hub, clock):
        one, other = await make_hub(), await make_hub()
        work, dead = Work(), Work()
        dead.go.clear()
        task = asyncio.create_task(one.ticks.once("s", 3600, dead))
        await until(lambda: dead.begun)
        assert not await other.ticks.once("s", 3600, work)
        clock.turn(LEASE.total_seconds() - 1)
        assert not await other.ticks.once("s", 3600, work)
        clock.turn(2)
        assert await other.ticks.once("s", 3600, work)
        task.cancel()

    async def test_a_taker_who_comes_back_late_ends_nothing_of_the_next_one(self, make_hub: MakeHub, clock):
        one, other = await make_hub(), await make_hub()
        late, work = Work(), Work()
        late.go.clear()
        work.go.clear()
        first = asyncio.create_task(one.ticks.once("s", 3600, late))
        await until(lambda: late.begun)
        clock.turn(LEASE.total_seconds() + 1)
        second = asyncio.create_task(other.ticks.once("s", 3600, work))
        await until(lambda: work.begun)
        late.go.set()
        await first
        (row,) = [row for row in await all_rows(one, "tick") if row["schedule"] == "s"]
        assert (row["done_at"], row["fence"]) == (None, 2)
        work.go.set()
        assert await second

    async def test_work_that_takes_longer_than_its_interval_is_not_begun_by_another(self, make_hub: MakeHub, clock):
        one, other = await make_hub(), await make_hub()
        slow, work = Work(), Work()
        slow.go.clear()
        task = asyncio.create_task(one.ticks.once("s", 10, slow))
        await until(lambda: slow.begun)
        next_tick(clock, "s", 10)
        assert not await other.ticks.once("s", 10, work)
        slow.go.set()
        await task
        next_tick(clock, "s", 10)
        assert await other.ticks.once("s", 10, work)

    async def test_an_older_tick_is_never_taken_after_a_newer_one(self, make_hub: MakeHub, clock):
        hub = await make_hub()
        now, late = clock.now(), clock.now() - timedelta(seconds=60)
        lease = now + LEASE
        took = await hub.db.beside(store.take, "s", now, now, lease, "a", soon=True)
        await hub.db.beside(store.finish, "s", now, took.fence, now)
        assert await hub.db.beside(store.take, "s", late, now, lease, "b", soon=True) == store.Held()

    async def test_nodes_whose_clocks_are_an_hour_apart_do_each_tick_once(self, make_hub: MakeHub):
        hub, work = await make_hub(), Work()
        clocks = [SharedClock(Skewed(hours)) for hours in (-1, 0, 1)]
        nodes = [Ticks(hub.db, f"node_{n}", clock) for n, clock in enumerate(clocks)]
        assert [await node.once("apart", 3600, work) for node in nodes] == [True, True, True]
        for clock in clocks:
            asked = clock.monotonic()
            clock.agree(hub.db.time(), asked, clock.monotonic())
        done = [await node.once("s", 3600, work) for node in nodes]
        assert done == [True, False, False]

    async def test_a_source_is_polled_by_one_of_the_nodes(self, make_hub: MakeHub):
        polls: list[str] = []

        class CountedPoll(MemoryPoll):
            name = "counted_poll"

            async def fetch(self, cursor, http) -> AsyncIterator[Page]:
                polls.append(self.instance)
                yield Page((), "1")

        hubs = [await make_hub(POLLED, bells=True, things=[CountedPoll]) for _ in range(3)]
        await until(lambda: all("source:poll:pages" in hub.ticks.known for hub in hubs))
        await until(lambda: polls)
        assert polls == ["pages"]
        (tick,) = [row for row in await all_rows(hubs[0], "tick") if row["schedule"] == "source:poll:pages"]
        assert tick["node"] in {hub.holder for hub in hubs}


class Skewed:
    """A machine's clock that goes wrong by hours."""

    def __init__(self, hours: float) -> None:
        self._off = timedelta(hours=hours)
        self._inner = SharedClock()

    def now(self) -> datetime:
        return self._inner.now() + self._off

    def monotonic(self) -> float:
        return self._inner.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
