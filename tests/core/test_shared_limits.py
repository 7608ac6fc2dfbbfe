"""Rates, rests and breakers of a sink that several nodes send to: one for all of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery import shared
from hub.delivery.gate import FIRST_REST, LONGEST_REST
from hub.delivery.shared import PROBE_SECONDS, Limits
from hub.errors import Retry
from hub.lead import Sent
from hub.store.paces import Pace
from hub.testing.fakes import START
from tests.conftest import MakeHub, post, settled, until
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows
from tests.core.together import OnPostgres


def most_within(times: list[float], seconds: float) -> int:
    """Return the most sends that any window of so many seconds saw."""
    return max((sum(at <= other < at + seconds for other in times) for at in times), default=0)


class TestOnPostgres(OnPostgres):
    """What takes several processes on one database."""

    async def two(self, make_hub: MakeHub, **settings: object):
        """Return two hubs whose sinks write into one ledger when they are called."""
        config, ledger = one_sink(**settings), []
        hubs = [await make_hub(config), await make_hub(config)]
        for hub in hubs:
            crm = hub.plan.sinks["crm"]
            crm.answer = lambda lead, hub=hub: ledger.append((hub.clock.monotonic(), hub.holder)) or Sent()
        return hubs, ledger

    @pytest.mark.parametrize(("rate", "leads"), [(2, 16), (20, 60), (0.5, 6)])
    async def test_the_nodes_together_never_pass_the_rate(self, make_hub: MakeHub, rate, leads):
        (one, other), ledger = await self.two(make_hub, rate=rate, concurrency=4)
        for number in range(leads):
            await post((one, other)[number % 2], person(number))
        await until_all_sent(one, other, leads)
        times = [at for at, _ in ledger]
        assert len(times) == leads
        for window in (1, 2, 5):
            assert most_within(times, window) <= rate * window + 2
        assert {holder for _, holder in ledger} == {one.holder, other.holder}

    async def test_turns_of_two_gates_never_overlap(self, make_hub: MakeHub, clock):
        hub = await make_hub()
        gates = [Limits(hub.db, f"node_{n}", clock).gate("s", 10) for n in range(3)]
        turns: list[float] = []
        for step in range(120):
            wait = await gates[step * 7 % 3].turn(clock.monotonic(), 1 + step % 4)
            turns.append(clock.monotonic() + wait)
            clock.turn(0.05 if step % 5 else 0.3)
        assert len({round(at, 3) for at in turns}) == len(turns)
        assert most_within(turns, 1.0) <= 11

    async def test_a_busy_node_rarely_asks(self, make_hub: MakeHub, clock):
        hub, asked = await make_hub(), []
        limits = Counting(hub.db, "node", clock, asked)
        gate = limits.gate("s", 100)
        for _ in range(500):
            clock.turn(await gate.turn(clock.monotonic(), 1))
        assert len(asked) <= 14  # 1, 2, 4 … turns at a time, and a second's worth from then on

    async def test_a_breaker_that_one_node_opens_holds_the_others(self, make_hub: MakeHub, clock):
        one, other = await self.broken(make_hub)
        await other.dispatcher.limits.agree()
        gates = [hub.dispatcher.lanes["crm"].gate for hub in (one, other)]
        assert [gate.breaker.state for gate in gates] == ["open", "open"]
        assert [gate.wait(clock.monotonic()) for gate in gates] == pytest.approx([FIRST_REST] * 2)
        await post(other, person(100))
        await settled(other)
        assert other.plan.sinks["crm"].sent == []

    async def test_the_bell_that_lets_others_know_rings_every_second(self, make_hub: MakeHub):
        one, other = await self.broken(make_hub, bells=True)
        await until(lambda: other.dispatcher.lanes["crm"].gate.breaker.state == "open")
        assert one.dispatcher.lanes["crm"].gate.breaker.state == "open"

    async def test_one_probe_goes_through_over_all_nodes(self, make_hub: MakeHub, clock):
        hubs = await self.broken(make_hub)
        gates = [hub.dispatcher.lanes["crm"].gate for hub in hubs]
        await self.agree(hubs)
        clock.turn(FIRST_REST)
        assert sorted(await asyncio.gather(*(gate.begin() for gate in gates for _ in range(3)))) == [False] * 5 + [True]
        await self.agree(hubs)
        assert [gate.open(clock.monotonic()) for gate in gates] == [False, False]

    async def test_three_good_probes_by_whatever_node_close_it_for_all(self, make_hub: MakeHub, clock):
        hubs = await self.broken(make_hub)
        gates = [hub.dispatcher.lanes["crm"].gate for hub in hubs]
        clock.turn(FIRST_REST)
        said = []
        for gate in (gates[0], gates[1], gates[0]):
            await self.agree(hubs)
            assert await gate.begin()
            said.append(await gate.note(True, clock.monotonic()))
        await self.agree(hubs)
        assert said == [None, None, "closed"]
        assert [gate.breaker.state for gate in gates] == ["closed", "closed"]

    async def test_a_failed_probe_doubles_the_rest_for_all(self, make_hub: MakeHub, clock):
        hubs = await self.broken(make_hub)
        gates = [hub.dispatcher.lanes["crm"].gate for hub in hubs]
        await self.agree(hubs)
        clock.turn(FIRST_REST)
        assert await gates[1].begin()
        assert await gates[1].note(False, clock.monotonic()) is None
        await self.agree(hubs)
        assert [gate.wait(clock.monotonic()) for gate in gates] == pytest.approx([2 * FIRST_REST] * 2)

    async def test_a_probe_whose_node_died_is_made_by_another(self, make_hub: MakeHub, clock):
        hubs = await self.broken(make_hub)
        gates = [hub.dispatcher.lanes["crm"].gate for hub in hubs]
        await self.agree(hubs)
        clock.turn(FIRST_REST)
        assert await gates[0].begin()
        clock.turn(PROBE_SECONDS - 1)
        assert not await gates[1].begin()
        clock.turn(2)
        assert await gates[1].begin()

    async def test_a_sink_that_asks_for_a_rest_is_left_alone_by_all(self, make_hub: MakeHub, clock):
        (one, other), _ = await self.two(make_hub, concurrency=1)
        one.plan.sinks["crm"].answer = lambda lead: Retry("answered 429", after=90.0)
        await post(one, person(1))
        await settled(one)
        await other.dispatcher.limits.agree()
        await post(other, person(2))
        clock.turn(89)
        await settled(other)
        assert other.plan.sinks["crm"].sent == []
        clock.turn(1)
        await settled(other)
        assert len(other.plan.sinks["crm"].sent) == 2

    async def test_what_a_breaker_does_is_told_once(self, make_hub: MakeHub, clock):
        hubs = await self.broken(make_hub)
        await self.agree(hubs)
        clock.turn(FIRST_REST)
        for hub in hubs:
            hub.plan.sinks["crm"].answer = lambda lead: Sent()
        for _ in range(8):
            clock.turn(60)
            for hub in hubs:
                await settled(hub)
            await self.agree(hubs)
        for hub in hubs:
            await hub.flush()
        kinds = [row["kind"] for row in await all_rows(hubs[0], "event") if row["kind"].startswith("breaker")]
        assert kinds == ["breaker.opened", "breaker.closed"]
        assert {row["state"] for row in await all_rows(hubs[0], "delivery")} == {"sent"}

    async def test_a_node_that_cannot_reach_the_database_starts_nothing_without_a_turn(self, make_hub, clock):
        hub = await make_hub(one_sink(rate=10))
        hub.db.writer.dispose()
        gate = hub.dispatcher.lanes["crm"].gate
        await hub.db.write(drop_paces)
        waiting = asyncio.create_task(gate.turn(clock.monotonic(), 1))
        await until(lambda: clock.monotonic() > 5)  # it asks again every second
        assert not waiting.done()
        await hub.db.write(bring_back_paces)
        assert await waiting >= 0.0

    async def agree(self, hubs) -> None:
        for hub in hubs:
            await hub.dispatcher.limits.agree()

    async def broken(self, make_hub: MakeHub, **more: object):
        """Return two hubs; one has found that the sink fails."""
        config = one_sink(concurrency=1, retry="[1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s]")
        one, other = await make_hub(config), await make_hub(config, **more)
        one.plan.sinks["crm"].answer = lambda lead: Retry("answered 503")
        for number in range(10):
            await post(one, person(number))
            await settled(one)
        assert one.dispatcher.lanes["crm"].gate.breaker.state == "open"
        return one, other


async def until_all_sent(one, other, leads: int) -> None:
    """Let two hubs work side by side until everything is sent."""
    for _ in range(9_000):
        await asyncio.gather(one.dispatcher.sweep(), other.dispatcher.sweep())
        await asyncio.sleep(0.002)
        if len(await rows(one, "delivery", state="sent")) == leads:
            return
    raise AssertionError("it was never all sent")


class Counting(Limits):
    """Limits that note each time the database is asked for turns."""

    def __init__(self, db, holder, clock, asked: list[int]) -> None:
        super().__init__(db, holder, clock)
        self._asked = asked

    async def turns(self, sink: str, number: int, rate: float) -> float:
        self._asked.append(number)
        return await super().turns(sink, number, rate)


async def test_a_process_alone_asks_no_database_for_turns(make_hub: MakeHub):
    hub = await make_hub(one_sink(rate=1000, concurrency=4))
    for number in range(5):
        await post(hub, person(number))
    await settled(hub)
    assert bool(await all_rows(hub, "pace")) == (hub.dispatcher.limits is not None)
    assert (hub.dispatcher.limits is None) == hub.db.sqlite


def drop_paces(*, session) -> None:
    session.connection().exec_driver_sql("ALTER TABLE pace RENAME TO pace_away")


def bring_back_paces(*, session) -> None:
    session.connection().exec_driver_sql("ALTER TABLE pace_away RENAME TO pace")


OPEN = Pace(open_until=START, rest=30.0)


def after(outcomes: str) -> Pace:
    """Return what is known of a sink after probes: `x` failed, `.` went well."""
    pace = OPEN
    for outcome in outcomes:
        now = pace.open_until or START
        pace = shared._probed(shared._probing(pace, now, "a"), outcome == ".", now, "a")
    return pace


@given(st.text(alphabet=".x", max_size=30).filter(lambda outcomes: "..." not in outcomes))
def test_only_three_good_probes_in_a_row_close_a_breaker(outcomes):
    assert after(outcomes).open_until is not None
    assert after(outcomes).rest <= LONGEST_REST
    assert after(outcomes.rstrip(".") + "...").open_until is None


def test_a_result_of_a_probe_that_was_taken_over_counts_for_nothing():
    taken = shared._probing(OPEN, START, "b")
    assert shared._probed(taken, True, START, "a") is None
    assert shared._probing(taken, START + timedelta(seconds=1), "a") is None


def test_a_rest_is_never_made_shorter():
    long = shared._resting(Pace(), START + timedelta(seconds=60))
    assert shared._resting(long, START + timedelta(seconds=5)) is None
