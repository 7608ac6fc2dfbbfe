"""Percentiles and the curve of answers: by hand, against a published example, and what must hold of any numbers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.insight.figures import curve, percentile

WAITS = st.lists(st.floats(0, 1e6), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7.0], 0.5, 7.0),
        ([7.0], 0.9, 7.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([1.0, 2.0, 3.0], 0.5, 2.0),
        ([float(n) for n in range(1, 11)], 0.5, 5.0),
        ([float(n) for n in range(1, 11)], 0.9, 9.0),
        ([float(n) for n in range(1, 12)], 0.9, 10.0),
        ([float(n) for n in range(1, 101)], 0.9, 90.0),
        ([1.0, 1.0, 1.0, 500.0], 0.9, 500.0),
    ],
)
def test_percentiles_are_those_a_person_counts_out(values, share, expected):
    assert percentile(values, share) == expected


REMISSION = [6, 6, 6, 7, 10, 13, 16, 22, 23]  # weeks, 6-MP, Freireich and others 1963
WATCHED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


@pytest.mark.parametrize(
    ("week", "left"),
    [(5, 1.0), (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448), (35, 0.448)],
)
def test_the_curve_is_the_published_one(week, left):
    found = curve(REMISSION, WATCHED).after(week)
    assert found is not None
    assert 1 - found == pytest.approx(left, abs=0.0006)


def test_the_curve_says_when_half_came_and_keeps_silent_on_what_nobody_watched():
    found = curve(REMISSION, WATCHED)
    assert found.when(0.5) == 23
    assert found.when(0.9) is None
    assert found.after(36) is None


def test_leads_nobody_will_answer_never_leave_the_count():
    found = curve([60.0], never=3)
    assert (found.after(86_400), found.when(0.25), found.when(0.5)) == (0.25, 60.0, None)


def test_open_leads_count_for_as_long_as_they_have_waited():
    found = curve([60.0, 120.0], [90.0, 90.0])
    assert found.after(60) == pytest.approx(0.25)
    assert found.after(120) == pytest.approx(1.0)
    assert found.after(10_000) == pytest.approx(1.0)


def test_no_leads_make_an_empty_curve():
    assert (curve([]).after(5), curve([]).when(0.5), curve([], [3.0]).after(5)) == (0.0, None, None)


@given(st.lists(WAITS, min_size=1, max_size=6), st.floats(0.01, 0.99))
def test_the_percentile_of_merged_groups_lies_between_those_of_the_groups(groups, share):
    each = [percentile(sorted(group), share) for group in groups]
    whole = percentile(sorted(itertools.chain(*groups)), share)
    assert min(each) <= whole <= max(each)


@given(WAITS, st.sampled_from([0.5, 0.9]))
def test_with_nobody_waiting_the_curve_gives_the_percentile(waits, share):
    assert curve(waits).when(share) == percentile(sorted(waits), share)


@given(WAITS, st.lists(st.floats(0, 1e6), max_size=40), st.integers(0, 5))
def test_the_curve_rises_and_stays_between_leaving_open_leads_out_and_taking_them_for_never(waits, open_, never):
    found = curve(waits, open_, never)
    assert list(found.answered) == sorted(found.answered)
    pessimist, optimist = curve(waits, never=never + len(open_)), curve(waits, never=never)
    for time, share in zip(found.times, found.answered, strict=True):
        assert pessimist.after(time) - 1e-9 <= share <= optimist.after(time) + 1e-9
