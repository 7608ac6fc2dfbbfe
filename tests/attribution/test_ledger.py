"""Whatever the ways of leads: credits of all groups sum to the totals, under every model and by anything."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.attribution.frame import Frame
from hub.attribution.ledger import Fold, path_of
from hub.attribution.models import SHIPPED
from hub.attribution.money import Money
from hub.store.attribution import Act, Touched, Way
from tests.attribution.world import START

ZERO = START.timestamp()
moments = st.integers(0, 60).map(lambda days: ZERO + days * 86_400.0)
touches = st.lists(
    st.builds(
        Touched, moments, st.sampled_from(["web", "ads"]), st.sampled_from([None, "a", "b", "c"]), st.none(), st.none(),
        st.one_of(st.none(), st.sampled_from([0.1, 2.5])), st.sampled_from([None, "EUR", "USD"]),
    ),
    min_size=1, max_size=7,
).map(lambda found: sorted(found, key=lambda one: one.at))  # fmt: skip
words = st.sampled_from(["contacted", "qualified", "won", "lost", "returned", "invalid", "duplicate", None])
acts = st.lists(
    st.builds(Act, moments, words, st.one_of(st.none(), st.just(0.1)), st.just("EUR"), st.booleans(), st.none()),
    max_size=4,
).map(lambda found: sorted(found, key=lambda one: one.at))
ways = st.lists(st.builds(Way, st.just("lead_1"), touches, acts, st.one_of(st.none(), moments)), max_size=12)


def frame(*by: str) -> Frame:
    since, until = START + timedelta(days=5), START + timedelta(days=40)
    return Frame(since, until, until, until, ZoneInfo("UTC"), by, dict(SHIPPED), Money("EUR"))


@pytest.mark.parametrize("by", [("campaign",), ("source", "campaign")], ids=str)
@settings(deadline=None, max_examples=60)
@given(found=ways)
def test_credits_of_all_groups_sum_to_the_totals(by, found):
    books = Fold(frame(*by))(found)
    for tallies in books.credits.values():
        for name in ("leads", "qualified", "won", "returned", "invalid", "duplicate"):
            assert sum(getattr(tally, name) for tally in tallies.values()) == getattr(books.total, name)
        worth = sum(tally.value.get("EUR", 0) for tally in tallies.values())
        assert worth == books.total.value.get("EUR", 0)
    assert sum(tally.leads for tally in books.course.values()) == books.total.leads


@settings(deadline=None, max_examples=60)
@given(found=ways)
def test_every_lead_of_the_span_is_counted_once_whatever_became_of_it(found):
    since, until = START + timedelta(days=5), START + timedelta(days=40)
    cohort = [way for way in found if since.timestamp() <= way.touches[0].at < until.timestamp()]
    total = Fold(frame("campaign"))(found).total
    assert total.leads + total.netted == len(cohort)
    assert 0 <= total.won <= total.qualified <= total.leads


def test_a_long_way_is_told_by_its_ends_and_repeats_are_one():
    assert path_of([("a",), ("a",), ("b",), (None,)]) == ("a", "b", None)
    assert path_of([(name,) for name in "abcdefg"]) == ("a", "b", "…", "f", "g")
