"""What becomes of a delivery after each kind of outcome: pure, no hub needed."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest

from hub.delivery.policy import Job, as_outcome, judge, next_wait, put_off, rest_asked
from hub.errors import BadInput, Misconfigured, Retry, Unclear
from hub.http import MAX_RETRY_AFTER
from hub.lead import Lead, Rejected, Sent
from hub.settings import SinkSettings
from hub.testing.fakes import START, MemorySink, RecognisableSink, SearchableSink, UpdatingSink

WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 72000, 86400)


def job(number: int = 1, *, unclear: bool = False, test: bool = False) -> Job:
    return Job("dlv_1", number, 3, Lead(id="lead_1"), "crm", "sub_1", unclear, test)


def judged(outcome, *, number=1, unclear=False, sink=MemorySink, on_unclear="auto", retry=None):
    settings = SinkSettings(connector="x", on_unclear=on_unclear, **({"retry": retry} if retry else {}))
    made = sink("crm", sink.Config())
    return judge(job(number, unclear=unclear), outcome, made, settings, START, random.Random(1), 12.34)


def seconds(result) -> float:
    return (result.due_at - START).total_seconds()


def test_the_default_retry_list_makes_thirteen_attempts_over_three_days():
    waits = SinkSettings(connector="x").retry
    assert waits == WAITS
    assert timedelta(seconds=sum(waits)) == timedelta(hours=71, minutes=42, seconds=35)


@pytest.mark.parametrize("number", range(1, 13))
def test_each_wait_of_the_list_is_jittered_by_at_most_a_fifth(number):
    found = [next_wait(number, WAITS, random.Random(seed)) for seed in range(200)]
    wanted = WAITS[number - 1]
    assert wanted * 0.8 <= min(found) < wanted * 0.85
    assert wanted * 1.15 < max(found) <= wanted * 1.2


def test_after_the_thirteenth_attempt_there_is_no_wait():
    assert next_wait(13, WAITS, random.Random(1)) is None


def test_an_acceptance_ends_a_delivery_and_keeps_the_reference():
    result = judged(Sent("9", note="linked"), unclear=True)
    assert (result.state, result.ref, result.reason, result.unclear) == ("sent", "9", "linked", False)
    assert (result.event.kind, result.event.lead, result.event.sink) == ("delivery.sent", "lead_1", "crm")


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Rejected("no such owner", "E7"), "E7: no such owner"),
        (Rejected("E7 no such owner", "E7"), "E7 no such owner"),
        (Rejected("bad e-mail"), "bad e-mail"),
    ],
)
def test_a_refusal_ends_a_delivery_at_once_with_the_vendors_words(outcome, reason):
    result = judged(outcome)
    assert (result.state, result.reason, result.event.kind) == ("rejected", reason, "delivery.rejected")


def test_wrong_settings_burn_no_attempt_and_leave_the_delivery_due():
    result = judged(Misconfigured("answered 401"), number=4)
    assert (result.state, result.counts, seconds(result), result.outcome) == ("ready", False, 0.0, "misconfigured")


@pytest.mark.parametrize(("number", "low", "high"), [(1, 4, 6), (2, 24, 36), (5, 1440, 2160)])
def test_a_passing_trouble_waits_by_the_list_and_burns_an_attempt(number, low, high):
    result = judged(Retry("answered 503"), number=number)
    assert (result.state, result.counts, result.event.kind) == ("ready", True, "delivery.retried")
    assert low <= seconds(result) <= high


def test_the_last_failed_attempt_leaves_the_delivery_dead_with_the_last_reason():
    result = judged(Retry("answered 503"), number=13)
    assert (result.state, result.event.kind) == ("dead", "delivery.died")
    assert result.reason == "given up after 13 attempts: answered 503"


def test_a_retry_list_of_ones_own_is_used():
    assert judged(Retry("x"), number=3, retry=("1s", "1s")).state == "dead"
    assert 0.8 <= seconds(judged(Retry("x"), number=2, retry=("1s", "1s"))) <= 1.2


@pytest.mark.parametrize("number", [1, 13, 99])
def test_a_wait_that_the_sink_asks_for_is_kept_exactly_and_burns_no_attempt(number):
    result = judged(Retry("answered 429", after=90.0), number=number)
    assert (result.state, result.counts, seconds(result)) == ("ready", False, 90.0)


@pytest.mark.parametrize(
    ("asked", "kept"), [(0.0, 1.0), (0.2, 1.0), (3600.0, 3600.0), (1e9, MAX_RETRY_AFTER), (MAX_RETRY_AFTER, 86400.0)]
)
def test_what_a_sink_asks_for_is_clamped_to_a_second_and_a_day(asked, kept):
    assert rest_asked(Retry("x", after=asked)) == kept
    assert seconds(judged(Retry("x", after=asked))) == kept


@pytest.mark.parametrize("asked", [math.nan, math.inf, -math.inf, -5.0, None])
def test_a_wait_that_makes_no_sense_counts_as_none(asked):
    assert rest_asked(Retry("x", after=asked)) is None
    result = judged(Retry("x", after=asked))
    assert (result.counts, 4 <= seconds(result) <= 6) == (True, True)


@pytest.mark.parametrize("outcome", [Unclear("read timeout"), BadInput("what?"), None, 7])
@pytest.mark.parametrize(
    ("sink", "on_unclear", "earlier", "state"),
    [
        (MemorySink, "auto", False, "unclear"),
        (MemorySink, "repeat", False, "ready"),
        (MemorySink, "repeat", True, "ready"),
        (UpdatingSink, "auto", False, "ready"),
        (UpdatingSink, "auto", True, "ready"),
        (UpdatingSink, "hold", False, "unclear"),
        (SearchableSink, "auto", True, "ready"),
        (SearchableSink, "hold", False, "unclear"),
        (RecognisableSink, "auto", False, "ready"),
        (RecognisableSink, "auto", True, "unclear"),
    ],
)
def test_what_may_have_arrived_is_repeated_only_where_that_is_safe(outcome, sink, on_unclear, earlier, state):
    result = judged(outcome, sink=sink, on_unclear=on_unclear, unclear=earlier)
    assert (result.state, result.outcome, result.unclear) == (state, "unclear", True)
    assert result.event.kind == {"ready": "delivery.retried", "unclear": "delivery.held"}[state]


def test_an_ambiguous_send_is_repeated_after_a_minute_at_the_earliest():
    assert seconds(judged(Unclear("x"), sink=UpdatingSink, number=1)) == 60.0
    assert 1440 <= seconds(judged(Unclear("x"), sink=UpdatingSink, number=5)) <= 2160


def test_a_doubt_stays_until_the_sink_says_yes():
    assert judged(Retry("x"), unclear=True).unclear
    assert judged(Retry("x", after=5.0), unclear=True).unclear
    assert judged(Misconfigured("x"), unclear=True).unclear
    assert not judged(Retry("x")).unclear


def test_a_delivery_that_was_put_off_burns_no_attempt_and_tells_no_event():
    result = put_off(job(4, unclear=True), "the sink rests", 30.0, START)
    assert (result.state, result.counts, result.unclear, result.event) == ("ready", False, True, None)
    assert (seconds(result), result.reason) == (30.0, "the sink rests")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (TimeoutError(), "the attempt took too long"),
        (KeyError("id"), "the connector broke: KeyError: 'id'"),
        (ValueError("x" * 900), "the connector broke: ValueError: " + "x" * 200),
    ],
)
def test_what_a_connector_did_not_foresee_may_have_arrived(error, says):
    found = as_outcome(error)
    assert isinstance(found, Unclear)
    assert found.reason.startswith(says)
    assert len(found.reason) < 250


def test_our_own_errors_stay_what_they_are():
    error = Retry("x", after=3)
    assert as_outcome(error) is error
