"""The hub takes no more than it can keep: a full disk closes the intake, a long queue holds polls and imports first."""

from __future__ import annotations

import asyncio

import pytest

from hub.testing.fakes import HandClock
from tests.conftest import MakeHub, post, settled, until
from tests.core.inputs import one_sink, person

GB = 10**9


@pytest.fixture
def database(tmp_path) -> str:
    """Return the address of a SQLite database: the disk of a PostgreSQL server is not ours to watch."""
    return f"sqlite:///{tmp_path}/hub.db"


@pytest.mark.parametrize(
    ("size", "free", "status"),
    [
        (100 * GB, 50 * GB, 202),
        (100 * GB, 5 * GB, 202),
        (100 * GB, 5 * GB - 1, 503),
        (1 * GB, 200_000_000, 202),
        (1 * GB, 199_999_999, 503),
        (1 * GB, 0, 503),
    ],
)
async def test_the_intake_closes_below_a_twentieth_or_200_mb_of_free_disk(make_hub: MakeHub, size, free, status):
    hub = await make_hub(disk=lambda _: (size, free))
    await hub.guard.look()
    answer = await post(hub, person(1))
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) is (status == 503)
    assert "disk" not in answer.text


async def test_deliveries_go_on_while_the_disk_is_full_and_the_intake_opens_again(make_hub: MakeHub, clock: HandClock):
    free = [50 * GB]
    hub = await make_hub(one_sink(), disk=lambda _: (100 * GB, free[0]))
    await hub.dispatcher.pause("crm", "for this test")
    assert (await post(hub, person(1))).status_code == 202
    free[0] = GB
    await hub.guard.look()
    assert (await post(hub, person(2))).status_code == 503
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 1
    assert hub.watching.reasons() == ["The intake is closed: only 1000 MB of the disk are free."]
    free[0] = 50 * GB
    await hub.guard.look()
    assert (await post(hub, person(2))).status_code == 202


async def test_the_limits_are_settings(make_hub: MakeHub):
    lenient = one_sink().replace("hub: {", "hub: {min_free: 10, min_free_share: 0, ")
    hub = await make_hub(lenient, disk=lambda _: (GB, 10))
    await hub.guard.look()
    assert hub.guard.refusing is None


BUSY = one_sink().replace("hub: {", "hub: {high_water: 3, queue_age: 15m, ")


async def owing(make_hub: MakeHub, clock: HandClock, leads: int, age: float):
    """Return a hub that owes so many deliveries for so long to a sink that nobody paused."""
    hub = await make_hub(BUSY)
    for lane in hub.dispatcher.lanes.values():
        lane.gate.rest(10**9, clock.monotonic())
    for number in range(leads):
        await post(hub, person(number))
    await settled(hub)
    clock.turn(age)
    await hub.guard.look()
    return hub


@pytest.mark.parametrize(
    ("leads", "age", "held", "refused"),
    [(2, 60, False, False), (2, 901, True, False), (3, 60, True, False), (3, 901, True, True)],
)
async def test_polls_and_imports_wait_first_and_pushes_last(make_hub: MakeHub, clock, leads, age, held, refused):
    hub = await owing(make_hub, clock, leads, age)
    assert (hub.guard.holding is not None, hub.guard.refusing is not None) == (held, refused)
    assert (await post(hub, person(9))).status_code == (503 if refused else 202)


async def test_what_a_paused_sink_owes_is_nobodys_backlog(make_hub: MakeHub, clock: HandClock):
    hub = await owing(make_hub, clock, 5, 100_000)
    await hub.dispatcher.pause("crm", "for this test")
    await hub.guard.look()
    assert hub.guard.seen.holding is None


async def test_a_held_import_goes_on_when_the_queue_is_short_again(make_hub: MakeHub, clock: HandClock):
    hub = await owing(make_hub, clock, 2, 901)
    assert hub.guard.holding
    going_on = asyncio.create_task(hub.guard.turn())
    await asyncio.sleep(0)
    assert not going_on.done()
    await hub.dispatcher.pause("crm", "for this test")
    await hub.guard.look()
    await until(going_on.done)


async def test_a_poll_waits_while_the_disk_is_full(make_hub: MakeHub):
    free = [0]
    config = """
hub: {answer_within: 30s}
sources: {platform: {connector: memory_poll}}
sinks: {crm: {connector: memory_sink}}
flows: [{name: inbound, from: [platform], routes: [{name: all, to: [crm]}]}]
"""
    hub = await make_hub(config, disk=lambda _: (100 * GB, free[0]))
    await hub.guard.look()
    assert await hub.polls.poll("platform") is None
    free[0] = 50 * GB
    await hub.guard.look()
    assert await hub.polls.poll("platform") is not None


async def test_a_watched_folder_waits_while_the_disk_is_full(make_hub: MakeHub, tmp_path):
    free = [0]
    config = """
sources: {list: {connector: list_file, path: inbox/*.csv}}
sinks: {crm: {connector: memory_sink}}
flows: [{name: inbound, from: [list], routes: [{name: all, to: [crm]}]}]
"""
    hub = await make_hub(config, disk=lambda _: (100 * GB, free[0]))
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.csv").write_text("email\nann@example.com\n")
    await hub.guard.look()
    assert [await hub.imports.watch("list", tmp_path) for _ in range(3)] == [[], [], []]
    free[0] = 50 * GB
    await hub.guard.look()
    looks = [await hub.imports.watch("list", tmp_path) for _ in range(3)]
    assert [done.counts["accepted"] for look in looks for done in look] == [1]
