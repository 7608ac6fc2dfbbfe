"""How fast a destination may be called: its rate, its breaker, the rests it asks for, refusals in a row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.gate import FAILED, FIRST_REST, LONGEST_REST, WINDOW, Breaker, Bucket, Gate
from hub.errors import Retry
from hub.lead import Sent
from hub.testing.fakes import refuse_all
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows


def test_a_bucket_without_a_rate_lets_everything_through():
    assert [Bucket(None).wait(0.0) for _ in range(100)] == [0.0] * 100


def test_a_bucket_saves_up_a_seconds_worth_and_no_more():
    bucket = Bucket(10)
    waits = [bucket.wait(1000.0) for _ in range(12)]
    assert waits[:10] == pytest.approx([0.0] * 10)
    assert waits[10:] == pytest.approx([0.1, 0.2])


def test_a_slow_bucket_spaces_its_sends_evenly():
    bucket = Bucket(0.5)
    assert [bucket.wait(100.0) for _ in range(3)] == pytest.approx([0.0, 2.0, 4.0])


def test_a_token_given_back_can_be_used_again():
    bucket = Bucket(1)
    assert bucket.wait(5.0) == 0.0
    bucket.give_back()
    assert bucket.wait(5.0) == 0.0


@given(rate=st.floats(0.2, 50), steps=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_second_ever_sees_more_than_the_rate_and_the_burst(rate, steps):
    bucket, now, starts = Bucket(rate), 100.0, []
    for step in steps:
        now += step
        starts.append(now + bucket.wait(now))
    for start in starts:
        within = sum(start <= other < start + 1.0 for other in starts)
        assert within <= 2 * rate + 1.0001


def after(breaker: Breaker, outcomes: str, now: float = 0.0) -> list[str | None]:
    """Note a send per letter: `x` failed, `.` went well."""
    return [breaker.note(letter == ".", now) for letter in outcomes]


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("x" * 9, "closed"),
        ("x" * 10, "open"),
        ("..." + "x" * 7, "open"),
        ("...." + "x" * 6, "closed"),
        ("." * 100 + "x" * 200, "closed"),
        ("." * 3 + "x" * 6 + ".", "closed"),
    ],
)
def test_it_opens_when_seven_of_ten_sends_fail(outcomes, state):
    breaker = Breaker()
    after(breaker, outcomes)
    assert breaker.state == state


def test_it_looks_back_five_minutes_only():
    breaker = Breaker()
    after(breaker, "x" * 9, now=0.0)
    assert breaker.note(False, WINDOW + 1) is None
    assert breaker.note(False, WINDOW - 1) is None
    assert breaker.state == "closed"


def test_it_tells_when_it_opens_and_when_it_closes():
    breaker = Breaker()
    assert after(breaker, "x" * 10)[-1] == "opened"
    assert after(breaker, "...", now=FIRST_REST) == [None, None, "closed"]
    assert breaker.state == "closed"


def opened() -> Breaker:
    breaker = Breaker()
    after(breaker, "x" * 10)
    return breaker


def test_an_open_breaker_rests_for_thirty_seconds_then_lets_one_probe_through():
    breaker = opened()
    assert breaker.wait(0.0) == FIRST_REST
    assert breaker.wait(29.5) == 0.5
    assert breaker.wait(30.0) == 0.0
    breaker.begin()
    assert breaker.state == "half-open"
    assert breaker.wait(30.0) > 0.0
    breaker.note(True, 31.0)
    assert breaker.wait(31.0) == 0.0


def test_each_failed_probe_doubles_the_rest_up_to_ten_minutes():
    breaker, now, rests = opened(), 0.0, []
    for _ in range(7):
        rests.append(breaker.wait(now))
        now += rests[-1]
        breaker.begin()
        breaker.note(False, now)
    assert rests == [30, 60, 120, 240, 480, LONGEST_REST, LONGEST_REST]


def test_three_good_probes_in_a_row_close_it_and_a_bad_one_between_starts_again():
    breaker = opened()
    after(breaker, "..x", now=30.0)
    assert breaker.state == "open"
    assert breaker.wait(30.0) == 60.0
    assert after(breaker, "...", now=90.0)[-1] == "closed"


def test_a_closed_breaker_starts_with_a_clean_slate_and_a_short_rest():
    breaker = opened()
    after(breaker, "x", now=30.0)
    after(breaker, "...", now=90.0)
    assert after(breaker, "x" * 9, now=91.0) == [None] * 9
    assert breaker.note(False, 91.0) == "opened"
    assert breaker.wait(91.0) == FIRST_REST


@given(st.text(alphabet=".x", min_size=10, max_size=40))
def test_it_opens_exactly_when_the_share_of_failures_says_so(outcomes):
    breaker = Breaker()
    seen = ""
    for letter in outcomes:
        seen += letter
        opened_now = breaker.note(letter == ".", 0.0) == "opened"
        wanted = letter == "x" and len(seen) >= 10 and seen.count("x") >= FAILED * len(seen)
        assert opened_now == wanted
        if wanted:
            return


def test_a_rest_is_never_shortened_by_a_later_shorter_one():
    gate = Gate(None)
    gate.rest(60.0, 0.0)
    gate.rest(5.0, 1.0)
    assert gate.wait(10.0) == 50.0
    assert (gate.open(59.0), gate.open(60.0)) == (False, True)


def test_a_paused_gate_is_shut_whatever_the_time():
    gate = Gate(None)
    gate.paused = "the key is wrong"
    assert not gate.open(1e9)


async def test_a_sink_that_asks_for_a_rest_is_left_alone_that_long(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(concurrency=1))
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 429", after=90.0)
    for number in range(5):
        await post(hub, person(number))
    await settled(hub)
    assert len(crm.sent) == 1  # what waited behind it was not even tried
    found = await all_rows(hub, "delivery")
    assert {(row["state"], row["attempts"]) for row in found} == {("ready", 0)}
    assert {(row["due_at"] - clock.now()).total_seconds() for row in found} <= {0.0, 90.0}

    crm.answer = lambda lead: Sent()
    clock.turn(89)
    await settled(hub)
    assert len(crm.sent) == 1
    clock.turn(1)
    await settled(hub)
    assert {(row["state"], row["attempts"]) for row in await all_rows(hub, "delivery")} == {("sent", 1)}


async def test_a_sink_that_fails_is_given_a_rest_and_one_probe(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(concurrency=1, retry="[1s, 1s, 1s, 1s, 1s, 1s, 1s]"))
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503")
    for number in range(10):
        await post(hub, person(number))
        await settled(hub)
    lane = hub.dispatcher.lanes["crm"]
    assert (len(crm.sent), lane.gate.breaker.state) == (10, "open")
    clock.turn(29)
    await settled(hub)
    assert len(crm.sent) == 10
    clock.turn(1)
    await settled(hub)
    assert len(crm.sent) == 11  # the probe failed, so it rests for a minute
    clock.turn(59)
    await settled(hub)
    assert len(crm.sent) == 11
    crm.answer = lambda lead: Sent()
    clock.turn(1)
    await settled(hub)
    assert lane.gate.breaker.state == "closed"
    assert {row["state"] for row in await all_rows(hub, "delivery")} == {"sent"}
    await hub.flush()
    assert [row["kind"] for row in await all_rows(hub, "event") if row["sink"] and row["kind"][0] == "b"] == [
        "breaker.opened",
        "breaker.closed",
    ]


async def test_a_deferral_burns_no_attempt(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(concurrency=1))
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503")
    for number in range(14):
        await post(hub, person(number))
        await settled(hub)
    found = await all_rows(hub, "delivery")
    assert sorted(row["attempts"] for row in found) == [0, 0, 0, 0, *[1] * 10]
    assert len(crm.sent) == 10


async def test_a_test_lead_says_nothing_about_how_a_sink_does(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(concurrency=1, retry="[1s]"))
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503")
    for number in range(10):
        await post(hub, person(number))
        await settled(hub)
    clock.turn(30)
    for number in range(3):
        await post(hub, person(100 + number, test=True))
    await settled(hub)
    assert hub.dispatcher.lanes["crm"].gate.breaker.state == "open"


async def test_refusals_are_no_failures_for_the_breaker_but_ten_in_a_row_hold_the_sink(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(concurrency=1))
    crm = hub.plan.sinks["crm"]
    crm.answer = refuse_all
    for number in range(13):
        await post(hub, person(number))
        await settled(hub)
    lane = hub.dispatcher.lanes["crm"]
    assert (len(crm.sent), lane.gate.breaker.state) == (10, "closed")
    assert lane.gate.paused.startswith("10 different leads in a row were refused.")
    states = sorted(row["state"] for row in await all_rows(hub, "delivery"))
    assert states == ["ready"] * 3 + ["rejected"] * 10

    crm.answer = lambda lead: Sent()
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert sorted(row["state"] for row in await all_rows(hub, "delivery")) == ["rejected"] * 10 + ["sent"] * 3


async def test_one_acceptance_between_refusals_keeps_the_sink_open(make_hub: MakeHub):
    hub = await make_hub(one_sink(concurrency=1))
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Sent() if lead.email == "p7@example.com" else refuse_all(lead)
    for number in range(16):
        await post(hub, person(number))
        await settled(hub)
    assert hub.dispatcher.lanes["crm"].gate.paused is None
    assert len(await rows(hub, "delivery", state="rejected")) == 15


async def test_a_sink_is_never_called_faster_than_its_rate(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(concurrency=1, rate=2))
    crm = hub.plan.sinks["crm"]
    at: list[float] = []
    crm.answer = lambda lead: at.append(clock.monotonic()) or Sent()
    for number in range(12):
        await post(hub, person(number))
    await settled(hub)
    assert len(at) == 12
    assert at[-1] - at[0] >= (12 - 2 - 1) / 2
