"""Which offers count, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.bids import Offer, Sale, judged, ranked, tied
from hub.lead import Bid

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=60)


def offer(buyer: str, price: float = 10.0, **more: Any) -> Offer:
    return Offer(buyer, Bid(price=price, **{"until": LATER, **more}))


@pytest.mark.parametrize(
    ("bid", "why"),
    [
        ({"price": 5.0}, ""),
        ({"price": 4.999}, "floor"),
        ({"price": 9.0, "currency": "USD"}, ""),
        ({"price": 9.0, "currency": " usd "}, ""),
        ({"price": 9.0, "currency": "EUR"}, "currency"),
        ({"price": 9.0, "currency": "dollars"}, "odd"),
        ({"price": float("nan")}, "odd"),
        ({"price": float("inf")}, "odd"),
        ({"price": -1.0}, "odd"),
        ({"price": 9.0, "until": NOW}, "expired"),
        ({"price": 9.0, "until": None}, "expired"),
    ],
)
def test_a_bid_counts_when_it_is_sound_enough_and_holds(bid: dict[str, Any], why: str):
    assert judged(offer("a", **bid), 5.0, "USD", NOW).why == why


def test_what_did_not_bid_stays_as_it_is():
    late = Offer("a", why="late", ms=300)
    assert judged(late, 5.0, "USD", NOW) is late


def test_a_bid_without_a_currency_is_in_that_of_the_auction():
    said = judged(offer("a"), 0.0, "EUR", NOW)
    assert said.bid is not None
    assert said.bid.currency == "EUR"


def test_an_endless_id_is_cut():
    said = judged(offer("a", ref="x" * 10_000), 0.0, "EUR", NOW)
    assert said.bid is not None
    assert len(said.bid.ref or "") == 200


def test_the_highest_comes_first_and_what_does_not_count_not_at_all():
    offers = [offer("a", 3), offer("b", 7), Offer("c", why="late"), offer("d", 5)]
    assert [one.buyer for one in ranked(offers, "price", {})] == ["b", "d", "a"]


def test_a_waterfall_stays_in_its_order():
    assert [one.buyer for one in ranked([offer("a", 3), offer("b", 7)], "waterfall", {})] == ["a", "b"]


def test_of_equal_bids_that_of_who_won_longest_ago_comes_first():
    offers = [offer("a"), offer("b"), offer("c"), offer("d", 11)]
    won = {"a": NOW, "b": NOW - timedelta(days=1)}
    assert [one.buyer for one in ranked(offers, "price", won)] == ["d", "c", "b", "a"]


def test_only_the_highest_are_tied_and_only_by_price():
    offers = [offer("a"), offer("b"), offer("c", 3), offer("d", 3)]
    assert tied(offers, "price") == ["a", "b"]
    assert tied(offers, "waterfall") == []
    assert tied(offers[1:], "price") == []
    assert tied([], "price") == []


def test_the_first_offer_wins():
    assert Sale("auc_1", "sell", "price", 0.0, (offer("b"), offer("a"))).winner == "b"
