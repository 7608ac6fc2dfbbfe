"""Polls: a page's leads and the cursor behind it are committed together, gaps are found and filled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import timedelta

import pytest

from hub.errors import BadInput, LeadhubError, Misconfigured, Retry
from hub.inbound import Inbound
from hub.lead import RawLead
from hub.source import WebhookSource
from hub.testing.fakes import START, MemoryPoll
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows, lead_of, rows

POLLED = """
hub: {region: CN, answer_within: 30s}
sources:
  platform: {connector: CONNECTOR, page: 2}
sinks:
  crm: {connector: updating_sink}
flows:
  - {name: inbound, from: [platform], routes: [{name: all, to: [crm]}]}
"""


def config(connector: str = "memory_poll") -> str:
    return POLLED.replace("CONNECTOR", connector)


def lead(number: int, **more: object) -> RawLead:
    data = {"full_name": f"P {number}", "email": f"p{number}@example.com", **more}
    return RawLead(str(number), data, START - timedelta(hours=1))


async def polled(make_hub: MakeHub, number: int = 5):
    """Return a hub whose platform holds that many leads, and the platform."""
    hub = await make_hub(config())
    platform: MemoryPoll = hub.plan.sources["platform"]
    platform.held = [lead(n) for n in range(number)]
    return hub, platform


async def reconciled(hub, since=None) -> tuple[int, int]:
    """Return how many leads the platform says it holds, and how many we do."""
    found = await hub.polls.reconcile("platform", since)
    return found.platform, found.ours


async def cursor(hub) -> dict:
    (row,) = await all_rows(hub, "cursor")
    return row


async def test_a_poll_takes_every_page_and_remembers_its_place(make_hub: MakeHub, clock):
    hub, _ = await polled(make_hub)
    counts = await hub.polls.poll("platform")
    assert counts == {"read": 5, "known": 0, "accepted": 5}
    assert len(await all_rows(hub, "lead")) == 5
    row = await cursor(hub)
    assert (row["value"], row["seen"], row["new"], row["polled_at"], row["failed_at"]) == ("5", 5, 5, clock.now(), None)


async def test_the_next_poll_goes_on_from_there(make_hub: MakeHub):
    hub, platform = await polled(make_hub)
    await hub.polls.poll("platform")
    asked = []
    platform.check = asked.append
    platform.held.append(lead(5))
    assert await hub.polls.poll("platform") == {"read": 1, "known": 0, "accepted": 1}
    assert asked == [5]


async def test_a_poll_that_finds_nothing_is_noted_and_keeps_its_place(make_hub: MakeHub, clock):
    hub, _ = await polled(make_hub)
    await hub.polls.poll("platform")
    clock.turn(300)
    assert await hub.polls.poll("platform") == {"read": 0, "known": 0}
    assert ((await cursor(hub))["value"], (await cursor(hub))["polled_at"]) == ("5", clock.now())


async def test_a_failure_keeps_the_place_of_the_last_page_and_is_noted(make_hub: MakeHub, clock):
    hub, platform = await polled(make_hub)

    def fail(at: int) -> None:
        if at == 4:
            raise Misconfigured("answered 401: the key is wrong")

    platform.check = fail
    assert await hub.polls.poll("platform") is None
    row = await cursor(hub)
    assert (row["value"], row["failed_at"], row["reason"]) == ("4", clock.now(), "answered 401: the key is wrong")
    await hub.flush()
    assert [e["data"]["reason"] for e in await rows(hub, "event", kind="source.failed")] == [
        "answered 401: the key is wrong"
    ]
    platform.check = lambda at: None
    assert await hub.polls.poll("platform") == {"read": 1, "known": 0, "accepted": 1}
    assert (await cursor(hub))["failed_at"] is None
    assert len(await all_rows(hub, "submission")) == 5


async def test_a_passing_trouble_is_tried_again_where_it_stopped(make_hub: MakeHub):
    hub, platform = await polled(make_hub)
    asked = []

    def fail_once(at: int) -> None:
        asked.append(at)
        if asked.count(2) == 1 and at == 2:
            raise Retry("answered 503")

    platform.check = fail_once
    assert await hub.polls.poll("platform") is not None
    assert asked == [0, 2, 2, 4]
    assert len(await all_rows(hub, "lead")) == 5


@pytest.mark.parametrize("error", [Retry("503"), BadInput("no such list"), LeadhubError("x"), KeyError("data")])
async def test_whatever_a_source_raises_a_poll_does_not(make_hub: MakeHub, error):
    hub, platform = await polled(make_hub)

    def fail(at: int) -> None:
        raise error

    platform.check = fail
    assert await hub.polls.poll("platform") is None
    row = await cursor(hub)
    assert (row["value"], row["failed_at"] is not None) == (None, True)


@pytest.mark.parametrize("at", [0, 2, 4])
async def test_a_crash_between_pages_loses_nothing_and_doubles_nothing(make_hub: MakeHub, at):
    hub, platform = await polled(make_hub)
    reached = asyncio.Event()

    def stop_here(now_at: int) -> None:
        if now_at == at:
            reached.set()
            raise Retry("the process is about to die", after=3600)

    platform.check = stop_here
    await hub.polls.poll("platform")
    assert reached.is_set()
    await make_hub.crash(hub)
    hub, _ = await polled(make_hub)
    await hub.polls.poll("platform")
    hub.clock.turn(91)
    await hub.pipeline.sweep()
    await settled(hub)
    assert sorted(row["key"] for row in await all_rows(hub, "submission")) == ["0", "1", "2", "3", "4"]
    assert len(await all_rows(hub, "lead")) == 5
    assert {row["state"] for row in await all_rows(hub, "submission")} == {"done"}


async def test_a_page_whose_leads_are_kept_but_not_run_is_run_after_the_crash(make_hub: MakeHub, clock):
    hub, _ = await polled(make_hub, 2)
    await hub.pipeline.stop()  # nobody decides any more
    polling = asyncio.create_task(hub.polls.poll("platform"))
    while not await all_rows(hub, "submission"):
        await asyncio.sleep(0.005)
    assert (await cursor(hub))["value"] == "2"
    await make_hub.crash(hub)
    assert polling.cancelled() or polling.exception() is None
    hub, _ = await polled(make_hub, 2)
    clock.turn(91)
    await hub.pipeline.sweep()
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 2
    assert await hub.polls.poll("platform") == {"read": 0, "known": 0}


async def test_the_same_page_again_is_known(make_hub: MakeHub):
    hub, platform = await polled(make_hub, 3)
    await hub.polls.poll("platform")
    platform.held += platform.held
    assert await hub.polls.poll("platform") == {"read": 3, "known": 3}
    assert len(await all_rows(hub, "submission")) == 3


async def test_a_lead_that_changed_on_the_platform_is_an_update(make_hub: MakeHub, clock):
    hub, platform = await polled(make_hub, 1)
    await hub.polls.poll("platform")
    platform.held.append(lead(0, title="CEO"))
    assert await hub.polls.poll("platform") == {"read": 1, "known": 0, "accepted": 1}
    (row,) = await all_rows(hub, "lead")
    assert (row["version"], (await lead_of(hub, row["id"])).title) == (2, "CEO")


async def test_two_polls_at_once_read_everything_once(make_hub: MakeHub):
    hub, _ = await polled(make_hub)
    await asyncio.gather(*(hub.polls.poll("platform") for _ in range(4)))
    assert (await cursor(hub))["value"] == "5"
    assert len(await all_rows(hub, "submission")) == 5
    assert (await cursor(hub))["seen"] == 5


async def test_reconciling_says_what_the_platform_holds_and_what_we_hold(make_hub: MakeHub, clock):
    hub, _ = await polled(make_hub)
    await hub.polls.poll("platform")
    assert await reconciled(hub) == (5, 5)
    row = await cursor(hub)
    assert (row["platform_count"], row["our_count"], row["counted_at"]) == (5, 5, clock.now())
    await hub.flush()
    assert await rows(hub, "event", kind="source.gap") == []


async def test_reconciling_fills_a_gap_that_the_cursor_has_passed(make_hub: MakeHub):
    hub, platform = await polled(make_hub)
    await hub.polls.poll("platform")
    platform.held.insert(1, lead(77))  # the platform lists it late, behind our cursor
    assert await reconciled(hub) == (6, 6)
    assert "77" in {row["key"] for row in await all_rows(hub, "submission")}
    assert len(await all_rows(hub, "submission")) == 6
    await hub.flush()
    (event,) = await rows(hub, "event", kind="source.filled")
    assert {**event["data"], "since": 0, "until": 0} == {
        "platform": 6, "ours": 6, "missing": 0, "filled": 1, "since": 0, "until": 0,
    }  # fmt: skip
    assert await rows(hub, "event", kind="source.gap") == []


async def test_reconciling_before_the_first_poll_reads_everything(make_hub: MakeHub):
    hub, _ = await polled(make_hub)
    assert await reconciled(hub) == (5, 5)


async def test_old_leads_that_came_today_do_not_hide_a_gap(make_hub: MakeHub):
    hub, platform = await polled(make_hub, 3)
    old = [RawLead(f"old{n}", {"email": f"old{n}@example.com"}, START - timedelta(days=5)) for n in range(9)]
    platform.held = [*old, *platform.held]
    await hub.polls.poll("platform")
    platform.held.insert(2, lead(77))
    assert await reconciled(hub) == (4, 4)
    assert "77" in {row["key"] for row in await all_rows(hub, "submission")}


async def test_a_count_that_fails_is_noted(make_hub: MakeHub):
    hub, platform = await polled(make_hub)
    platform.held = [RawLead("1", {}, 7)]  # type: ignore[arg-type]
    assert await hub.polls.reconcile("platform") is None
    assert (await cursor(hub))["reason"].startswith("TypeError")


class PushedToo(WebhookSource, MemoryPoll):
    """A platform that pushes its leads, and can be polled for those that were lost; it words them differently."""

    name = "pushed_too"

    class Config(MemoryPoll.Config):
        pass

    def verify(self, inbound: Inbound) -> None:
        """Believe everybody."""

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        data = inbound.json_object()
        yield RawLead(str(data["leadgen"]), data)


@pytest.mark.parametrize("first", ["push", "poll"])
async def test_a_lead_that_is_pushed_and_polled_counts_once(make_hub: MakeHub, first, clock):
    hub = await make_hub(config("pushed_too"), things=[PushedToo])
    hub.plan.sources["platform"].held = [lead(0), lead(1)]
    pushed = json.dumps({"leadgen": 0, "full_name": "P 0", "email": "p0@example.com"})
    if first == "push":
        await post(hub, pushed, "platform")
    await hub.polls.poll("platform")
    if first == "poll":
        assert (await post(hub, pushed, "platform")).json()["status"] == "duplicate"
    await settled(hub)
    assert len(await all_rows(hub, "touch")) == 2
    assert [row["version"] for row in await all_rows(hub, "lead")] == [1, 1]
    assert len(hub.plan.sinks["crm"].sent) == 2
    assert await reconciled(hub) == (2, 2)
