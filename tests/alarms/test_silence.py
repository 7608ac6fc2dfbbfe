"""What is usual for a source, and when its silence is too long: judged over simulated weeks."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.alarms.silence import A_YEAR, SHORTEST, WEEK, Usual, hour_of, learn, place_of, too_long

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 1, 4, 16, tzinfo=UTC)  # midnight there
NOON = timedelta(hours=36)  # on Tuesday
Rate = Callable[[int], float]


def always(rate: float) -> Rate:
    return lambda _: rate


def office(rate: float) -> Rate:
    """Return a rate of Monday to Friday, nine to six."""
    return lambda hour: rate if hour // 24 < 5 and 9 <= hour % 24 < 18 else 0.0


def sends(rate: Rate, weeks: int, seed: int) -> list[datetime]:
    """Return when a source sends, by chance at a rate for each hour of the week."""
    chance = random.Random(seed)
    found = []
    for hour in range(weeks * 168):
        at = chance.expovariate(rate(hour % 168)) if rate(hour % 168) else 1.0
        while at < 1:
            found.append(MONDAY + timedelta(hours=hour + at))
            at += chance.expovariate(rate(hour % 168))
    return found


def hours_of(times: Sequence[datetime]) -> dict[datetime, tuple[int, int]]:
    found: dict[datetime, tuple[int, int]] = {}
    for at in times:
        number, minutes = found.get(hour_of(at), (0, 0))
        found[hour_of(at)] = number + 1, minutes | 1 << at.minute
    return found


def learned(times: Sequence[datetime], until: datetime) -> Usual | None:
    past = times[: bisect_left(times, until)]
    return learn(hours_of(past), MONDAY, past[-1], ZONE) if past else None


def known(rate: Rate, weeks: int = 8, seed: int = 1) -> Usual:
    usual = learned(sends(rate, weeks, seed), MONDAY + weeks * WEEK)
    assert usual is not None
    return usual


def false_alarms(rate: Rate, weeks: int, seed: int) -> int:
    """Return how many usual gaps are called too long in the weeks after eight that taught what is usual."""
    times, number = sends(rate, 8 + weeks, seed), 0
    hours = hours_of(times)
    for week in range(8, 8 + weeks):
        begin, end = (bisect_left(times, MONDAY + n * WEEK) for n in (week, week + 1))
        usual = learn(hours, MONDAY, times[begin - 1], ZONE)
        number += sum(too_long(usual, "auto", *gap) for gap in pairwise(times[begin - 1 : end]))
    return number


@pytest.mark.parametrize(
    ("rate", "weeks"),
    [(always(20), 52), (office(20), 52), (office(2), 104), (always(0.6), 104), (office(0.5), 104)],
    ids=["20 an hour", "20 an hour in office hours", "2 an hour in office hours", "0.6 an hour", "4 a day"],
)
def test_usual_gaps_give_a_few_false_alarms_a_year_at_most(rate, weeks):
    assert false_alarms(rate, weeks, seed=3) <= 2 * A_YEAR * weeks / 52


@pytest.mark.parametrize(
    ("rate", "least", "most", "seed"),
    [
        *((always(20), 30, 40, seed) for seed in range(5)),
        *((office(20), 25, 40, seed) for seed in range(5)),
        (always(200), 10, 10, 1),
        *((always(2), 200, 500, seed) for seed in range(5)),
        *((office(0.5), 1000, 6 * 1440, seed) for seed in range(5)),
    ],
)
def test_a_source_that_died_is_told_within_its_time(rate, least, most, seed):
    usual = known(rate, seed=seed)
    began = MONDAY + 8 * WEEK + NOON
    due = usual.due(began)
    assert due is not None
    assert least <= (due - began).total_seconds() / 60 <= most
    assert too_long(usual, "auto", began, due + timedelta(seconds=1))
    assert not too_long(usual, "auto", began, due - timedelta(seconds=1))


def test_nights_and_weekends_of_an_office_are_no_alarm():
    usual = known(office(20))
    friday = MONDAY + 8 * WEEK + timedelta(days=4, hours=17, minutes=58)
    assert not too_long(usual, "auto", friday, friday + timedelta(days=2, hours=15))
    monday = usual.due(friday)
    assert monday is not None
    assert place_of(monday, ZONE) in (9, 10)


def test_a_source_that_sends_all_at_once_every_hour_is_not_silent_in_between():
    times = [MONDAY + timedelta(hours=hour, seconds=second) for hour in range(8 * 168) for second in range(20)]
    usual = learned(times, MONDAY + 8 * WEEK)
    last = times[-1]
    assert not too_long(usual, "auto", last, last + timedelta(minutes=90))


def test_one_odd_night_raises_no_expectation():
    times = sends(office(3), 8, 1)
    night = [MONDAY + 5 * WEEK + timedelta(days=6, hours=3, seconds=20 * n) for n in range(180)]
    usual = learned(sorted(times + night), MONDAY + 8 * WEEK)
    assert usual is not None
    began = MONDAY + 8 * WEEK + timedelta(days=6)
    assert usual.weight(began, began + timedelta(hours=8)) == 0


def test_a_campaign_that_wound_down_is_judged_by_its_last_week():
    busy, quiet = sends(always(20), 8, 1), sends(always(2), 8, 2)
    end = MONDAY + 7 * WEEK
    usual = learned([*(t for t in busy if t < end), *(t for t in quiet if t >= end)], MONDAY + 8 * WEEK)
    began = MONDAY + 8 * WEEK + NOON
    assert not too_long(usual, "auto", began, began + timedelta(hours=2))


def test_an_outage_of_the_past_hides_no_outage_of_today():
    times = sends(always(20), 8, 1)
    down = MONDAY + 6 * WEEK, MONDAY + 6 * WEEK + timedelta(days=2)
    usual = learned([at for at in times if not down[0] <= at < down[1]], MONDAY + 8 * WEEK)
    began = MONDAY + 8 * WEEK + NOON
    assert too_long(usual, "auto", began, began + timedelta(hours=1))


@pytest.mark.parametrize("weeks", [0, 1])
def test_a_young_source_is_not_judged(weeks):
    assert learned(sends(always(20), 2, 1), MONDAY + timedelta(hours=1) + weeks * WEEK) is None


def test_a_rare_source_is_not_judged():
    assert learned(sends(always(0.02), 8, 1), MONDAY + 8 * WEEK) is None


def test_it_says_how_many_are_usual_in_that_time():
    usual = known(always(20))
    began = MONDAY + 8 * WEEK + NOON
    assert usual.expected(began, began + timedelta(hours=3)) == pytest.approx(60, rel=0.15)


USUAL = known(office(20))


@given(st.floats(60, 86400 * 3), st.floats(0, 86400))
def test_a_fixed_time_is_kept_to_the_second(limit, silent):
    assert too_long(None, limit, MONDAY, MONDAY + timedelta(seconds=silent)) == (
        timedelta(seconds=silent).total_seconds() >= limit
    )


@given(st.integers(0, 10**6))
def test_off_is_never_an_alarm_and_a_source_without_history_neither(minutes):
    until = MONDAY + timedelta(minutes=minutes)
    assert not too_long(USUAL, "off", MONDAY, until)
    assert not too_long(None, "auto", MONDAY, until)


@given(st.floats(0, 168), st.floats(0, 96), st.floats(0, 96))
@settings(max_examples=200)
def test_a_silence_weighs_what_its_parts_weigh(start, one, other):
    begin = MONDAY + timedelta(hours=start)
    middle, end = begin + timedelta(hours=one), begin + timedelta(hours=one + other)
    parts = USUAL.weight(begin, middle) + USUAL.weight(middle, end)
    assert USUAL.weight(begin, end) == pytest.approx(parts, abs=1e-6)


@given(st.floats(0, 168), st.floats(0, 200))
@settings(max_examples=200)
def test_a_silence_once_too_long_stays_so_and_begins_when_it_is_due(start, hours):
    begin = MONDAY + timedelta(hours=start)
    due, until = USUAL.due(begin), begin + timedelta(hours=hours)
    assert due is not None
    assert due - begin >= SHORTEST
    assert too_long(USUAL, "auto", begin, until) == (until >= due) or abs(until - due) < timedelta(seconds=1)
