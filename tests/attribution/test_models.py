"""Models share one whole among touches, whatever the touches: exactly, and as their names say."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.attribution.models import (
    DAY,
    SHIPPED,
    Milestones,
    Shares,
    by_place,
    checked,
    direct,
    last_non_direct,
    time_decay,
)
from hub.errors import ConfigError

NAMES = sorted(SHIPPED)


def touch(at: float = 0.0, campaign: str | None = "spring", **more: str | None) -> SimpleNamespace:
    return SimpleNamespace(**{"at": at, "source": "web", "campaign": campaign, "medium": None, "origin": "web", **more})


def days(*at: float) -> list[SimpleNamespace]:
    return [touch(day * DAY) for day in at]


moments = st.one_of(st.none(), st.floats(0, 400 * DAY))
ways = st.lists(
    st.builds(
        touch, st.one_of(st.floats(0, 400 * DAY), st.sampled_from([0.0, DAY])), st.sampled_from([None, "a", "b"]),
        medium=st.sampled_from([None, "cpc", "(none)"]), origin=st.sampled_from(["web", "google", "direct", None]),
    ),
    max_size=9,
).map(lambda found: sorted(found, key=lambda one: one.at))  # fmt: skip
shares = st.builds(Shares, *[st.fractions(0, 100) for _ in range(5)])


@pytest.mark.parametrize("name", NAMES)
@given(touches=ways, marks=st.builds(Milestones, moments, moments, moments))
def test_weights_are_one_for_each_touch_and_sum_to_exactly_one(name, touches, marks):
    weights = SHIPPED[name](touches, marks)
    assert len(weights) == len(touches)
    assert all(weight >= 0 for weight in weights)
    assert sum(weights) == (1 if touches else 0)


@given(touches=ways, marks=st.builds(Milestones, moments, moments, moments), shares=shares)
def test_any_shares_are_a_model(touches, marks, shares):
    assert sum(by_place(touches, marks, shares=shares)) == (1 if touches else 0)


@pytest.mark.parametrize("name", NAMES)
def test_one_touch_has_it_all(name):
    assert SHIPPED[name](days(3), Milestones(1.0, 2.0, 3.0)) == (1,)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first", [1, 0, 0, 0]), ("last", [0, 0, 0, 1]), ("linear", ["1/4"] * 4),
        ("u_shaped", ["2/5", "1/10", "1/10", "2/5"]), ("w_shaped", ["3/10", "3/10", "3/10", "1/10"]),
    ],
)  # fmt: skip
def test_four_touches_share_as_the_name_says(name, expected):
    marks = Milestones(created=1.5 * DAY, qualified=2.5 * DAY)
    assert list(SHIPPED[name](days(0, 1, 2, 3), marks)) == [Fraction(one) for one in expected]


def test_two_touches_of_a_u_share_evenly():
    assert SHIPPED["u_shaped"](days(0, 1), Milestones()) == (Fraction(1, 2), Fraction(1, 2))


def test_a_w_without_a_qualified_lead_gives_its_share_to_the_rest():
    weights = SHIPPED["w_shaped"](days(0, 1, 2), Milestones(created=1.5 * DAY))
    assert weights == (Fraction(3, 7), Fraction(3, 7), Fraction(1, 7))


def test_shares_that_fall_on_one_touch_add_up():
    weights = SHIPPED["w_shaped"](days(0, 1), Milestones(created=0.0, qualified=0.5 * DAY))
    assert weights == (Fraction(9, 10), Fraction(1, 10))


def test_a_touch_gets_half_of_one_a_half_life_later():
    early, late = time_decay(days(0, 7), Milestones())
    assert (float(early), float(late)) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    early, late = time_decay(days(0, 1), Milestones(), half_life=DAY)
    assert float(early) == pytest.approx(1 / 3)


def test_touches_at_one_time_decay_alike():
    weights = time_decay(days(5, 5, 5, 5), Milestones())
    assert weights == (Fraction(1, 4),) * 4


def test_touches_ages_apart_still_share_one():
    assert sum(time_decay(days(0, 100_000), Milestones(), half_life=60.0)) == 1


def test_the_last_touch_that_something_brought_has_it_all():
    touches = [touch(0, "spring"), touch(1, None, origin="google"), touch(2, None), touch(3, None, origin="(direct)")]
    assert [direct(one) for one in touches] == [False, False, True, True]
    assert list(last_non_direct(touches, Milestones())) == [0, 1, 0, 0]
    assert list(last_non_direct(touches[2:], Milestones())) == [0, 1]


def test_the_weights_of_a_plugin_are_brought_to_one():
    model = checked("mine", lambda touches, _: [1.0 + place for place in range(len(touches))])
    assert [float(one) for one in model(days(0, 1), Milestones())] == [pytest.approx(1 / 3), pytest.approx(2 / 3)]


@pytest.mark.parametrize("wrong", [[], [1], [-1, 2], [0, 0], [float("nan"), 1], [float("inf"), 1], ["a", 1]])
def test_weights_of_a_plugin_that_are_none_are_refused_by_its_name(wrong):
    model = checked("mine", lambda *_: wrong)
    with pytest.raises(ConfigError, match='"mine"'):
        model(days(0, 1), Milestones())
