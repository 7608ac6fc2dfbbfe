"""Bells: rung at intervals, one call at a time, whatever a machine's clock is set to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from apscheduler.triggers.interval import IntervalTrigger

from hub.schedule import Schedule, Steady
from tests.conftest import until

OFTEN = 0.01


@pytest.fixture
async def schedule() -> AsyncIterator[Schedule]:
    made = Schedule()
    made.start()
    yield made
    made.stop()


class Bell:
    """Counts its calls; each waits until it may end."""

    def __init__(self, *, ends: bool = True) -> None:
        self.calls, self.cancelled = 0, 0
        self.may_end = asyncio.Event()
        if ends:
            self.may_end.set()

    async def __call__(self) -> None:
        self.calls += 1
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def test_a_bell_rings_again_and_again(schedule: Schedule):
    bell = Bell()
    schedule.every(OFTEN, "one", bell)
    await until(lambda: bell.calls >= 3)


async def test_a_bell_that_is_hung_before_the_start_rings_from_then_on():
    schedule, bell = Schedule(), Bell()
    schedule.every(3600, "one", bell, soon=True)
    await asyncio.sleep(OFTEN)
    assert bell.calls == 0
    schedule.start()
    await until(lambda: bell.calls == 1)
    schedule.stop()


async def test_a_call_that_still_runs_is_not_started_again_even_when_the_bell_is_hung_anew(schedule: Schedule):
    slow = Bell(ends=False)
    schedule.every(OFTEN, "one", slow)
    await until(lambda: slow.calls == 1)
    schedule.every(OFTEN, "one", slow, soon=True)
    beside = Bell()
    schedule.every(OFTEN, "beside", beside)
    await until(lambda: beside.calls >= 5)
    assert (slow.calls, slow.cancelled) == (1, 0)
    slow.may_end.set()
    await until(lambda: slow.calls >= 3)


async def test_a_bell_that_failed_rings_again_and_is_named_until_it_is_well(schedule: Schedule, caplog):
    outcomes = iter([RuntimeError("away"), RuntimeError("away")])

    async def bell() -> None:
        for error in outcomes:
            raise error

    schedule.every(OFTEN, "one", bell)
    await until(lambda: schedule.broken == {"one"})
    await until(lambda: schedule.broken == set())
    assert caplog.text.count("bell=one") == 1


async def test_a_bell_that_is_taken_down_rings_no_more(schedule: Schedule):
    gone, stays = Bell(), Bell()
    schedule.every(OFTEN, "source:gone", gone)
    schedule.every(OFTEN, "stays", stays)
    await until(lambda: gone.calls and stays.calls)
    schedule.forget("source:")
    before = gone.calls
    assert schedule.bells == {"stays"}
    await until(lambda: stays.calls >= 5)
    assert gone.calls <= before + 1  # one may have begun


@pytest.mark.parametrize("hours", [-1, 1, 24 * 3650])
async def test_what_is_due_moves_along_with_a_clock_that_is_set(hours: int):
    day, passed = [1_780_000_000.0], [50.0]
    steady = Steady(lambda: day[0], lambda: passed[0])
    steady.start(paused=True)
    job = steady.add_job(asyncio.sleep, IntervalTrigger(seconds=60), args=(0,))
    due = job.next_run_time
    day[0], passed[0] = day[0] + 30, passed[0] + 30
    steady.follow()
    assert job.next_run_time == due
    day[0] += hours * 3600
    steady.follow()
    assert job.next_run_time == due + timedelta(hours=hours)
    steady.shutdown(wait=False)
