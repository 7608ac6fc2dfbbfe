"""How many retries a destination gets, and the one second try that is made at once."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.budget import A_SECOND, SAVED, SHARE, Budget
from hub.delivery.policy import INSTANT, unreached
from hub.errors import Retry, Unclear, Unreached
from hub.http import Request
from hub.lead import Rejected, Sent
from hub.outgoing.client import make_client
from hub.outgoing.transmit import transmit
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows


def test_a_quiet_destination_gets_ten_retries_at_once_and_ten_a_second():
    budget = Budget()
    assert budget.left(0.0) == 10
    budget.take(10, 0.0)
    assert [budget.left(at) for at in (0.0, 0.09, 0.1, 0.5, 1.0, 60.0)] == [0, 0, 1, 5, 10, 10]


def test_every_five_sends_earn_a_retry_on_top():
    budget = Budget()
    for _ in range(50):
        budget.sent()
    assert budget.left(0.0) == 20
    budget.take(20, 0.0)
    assert budget.left(0.0) == 0


def test_a_good_day_does_not_pay_for_a_storm():
    budget = Budget()
    for _ in range(100_000):
        budget.sent()
    assert budget.left(0.0) == A_SECOND + SAVED


def test_what_was_taken_too_much_is_owed():
    budget = Budget()
    budget.take(15, 0.0)
    assert [budget.left(at) for at in (0.0, 0.5, 0.6)] == [0, 0, 1]


@given(st.lists(st.sampled_from(["send", "retry", "wait"]), max_size=300))
def test_retries_never_exceed_a_fifth_of_the_sends_and_ten_a_second(steps):
    budget, now, sends, retries = Budget(), 0.0, 0, 0
    for step in steps:
        if step == "send":
            budget.sent()
            sends += 1
        elif step == "retry":
            started = min(1, budget.left(now))
            budget.take(started, now)
            retries += started
        else:
            now += 0.05
        assert retries <= A_SECOND + A_SECOND * now + SHARE * sends + 1e-6


async def test_when_a_destination_comes_back_new_leads_go_at_once_and_retries_by_and_by(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("updating_sink", retry="[5s, 5s]"))
    crm = hub.plan.sinks["crm"]
    crm.answer = lambda lead: Retry("answered 503") if int(lead.email[1:-12]) % 2 else Sent()
    for number in range(80):
        await post(hub, person(number))
    await settled(hub)
    crm.sent.clear()
    crm.answer = lambda lead: Sent()
    clock.turn(7)
    await post(hub, person(100))
    await settled(hub)
    assert crm.sent[0].email == "p100@example.com"
    assert len(crm.sent) == 1 + 10 + (81 * 2) // 10
    clock.turn(1)
    await settled(hub)
    assert len(crm.sent) == 1 + 10 + (81 * 2) // 10 + 10
    clock.turn(1)
    await settled(hub)
    assert len(crm.sent) == 41


@pytest.mark.parametrize(
    ("outcomes", "seconds", "again"),
    [
        ([Unreached("refused")], 0.0, [0]),
        ([Unreached("refused")], INSTANT - 0.01, [0]),
        ([Unreached("refused")], INSTANT, []),
        ([Sent(), Unreached("refused"), Rejected("no"), Unreached("refused")], 0.1, [1, 3]),
        ([Retry("answered 503"), Unclear("no answer"), Sent()], 0.1, []),
    ],
)
def test_only_a_connection_that_was_refused_quickly_is_worth_a_second_try_at_once(outcomes, seconds, again):
    assert unreached(outcomes, seconds) == again


def answering(clock, seconds: float, *answers):
    left = list(answers)

    def answer(lead):
        clock.turn(seconds)
        return left.pop(0) if left else Sent()

    return answer


@pytest.mark.parametrize(
    ("seconds", "answers", "sent", "state"),
    [
        (0.1, [Unreached("refused")], 2, "sent"),
        (0.1, [Unreached("refused"), Unreached("refused")], 2, "ready"),
        (1.0, [Unreached("refused")], 1, "ready"),
        (0.1, [Retry("no connection: timed out")], 1, "ready"),
    ],
)
async def test_a_refused_connection_is_tried_once_more_at_once_within_the_same_attempt(
    make_hub: MakeHub, clock, seconds, answers, sent, state
):
    hub = await make_hub(one_sink())
    crm = hub.plan.sinks["crm"]
    crm.answer = answering(clock, seconds, *answers)
    await post(hub, person(1))
    await settled(hub)
    (row,) = await all_rows(hub, "delivery")
    assert (len(crm.sent), row["state"], row["attempts"]) == (sent, state, 1)
    assert len(await all_rows(hub, "attempt")) == 1


async def test_of_a_batch_only_those_that_were_not_sent_are_tried_again(make_hub: MakeHub):
    hub = await make_hub(one_sink("updating_sink", concurrency=1))
    crm = hub.plan.sinks["crm"]
    refused = iter([Unreached("refused")])
    crm.answer = lambda lead: next(refused, Sent()) if lead.email == "p1@example.com" else Sent()
    await hub.dispatcher.pause("crm", "for this test")
    for number in range(3):
        await post(hub, person(number))
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert sorted(lead.email for lead in crm.sent) == [f"p{number}@example.com" for number in (0, 1, 1, 2)]
    assert {row["state"] for row in await all_rows(hub, "delivery")} == {"sent"}


@pytest.mark.parametrize(("host", "kind"), [("127.0.0.1", Unreached), ("nobody.invalid", Retry)])
async def test_nobody_listening_is_told_from_a_name_that_does_not_resolve(host, kind):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections to it are refused
        async with make_client(lambda: ("127.0.0.0/8",)) as http:
            with pytest.raises(Retry) as caught:
                await transmit(Request("GET", f"http://{host}:{taken.getsockname()[1]}/"), {}, http)
    assert type(caught.value) is kind
