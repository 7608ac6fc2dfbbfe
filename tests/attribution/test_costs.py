"""Costs out of any table: read in both languages, counted once, spread, and taken out again."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from hub.attribution.costs import amount_of, days_of, read
from hub.attribution.desk import Costs
from hub.attribution.frame import Frame
from hub.attribution.headings import columns_of
from hub.attribution.spread import spread
from hub.errors import BadInput
from hub.store.audit import Actor
from tests.attribution.world import START
from tests.core.looking import rows

BY = Actor("user:1")
TABLE = [
    {"Day": "2026-03-01", "Campaign name": "spring", "Amount spent (EUR)": "1,200.50"},
    {"Day": "2026-03-02", "Campaign name": "spring", "Amount spent (EUR)": "80"},
]


def table(*items: dict) -> list[tuple[int, dict]]:
    return list(enumerate(items, 2))


@pytest.mark.parametrize(
    ("names", "known", "money"),
    [
        (["Day", "Campaign name", "Amount spent (EUR)"], {"day", "campaign", "cost"}, "EUR"),
        (["日期", "推广计划", "花费（元）", "广告组"], {"day", "campaign", "cost", "ad_group"}, "CNY"),
        (["utm_source", "Cost", "From", "To", "币种"], {"origin", "cost", "first", "last", "currency"}, ""),
        (
            ["Reporting starts", "Reporting ends", "Campaign", "Spend [USD]"],
            {"first", "last", "campaign", "cost"},
            "USD",
        ),
        (["来源", "消费", "时间"], {"source", "cost", "day"}, ""),
    ],
)
def test_usual_headings_are_known_in_both_languages(names, known, money):
    columns, found = columns_of(names)
    assert (set(columns), found) == (known, money)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.56", ("1234.56", "")), ("1.234,56", ("1234.56", "")), ("€ 12", ("12", "EUR")), ("¥1,200", ("1200", "CNY")),
        ("1200元", ("1200", "CNY")), ("12,5", ("12.5", "")), ("(30)", ("-30", "")), ("1 234,50", ("1234.5", "")), ("0", ("0", "")),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text, expected):
    assert amount_of(text) == expected


@pytest.mark.parametrize("text", ["", "abc", "1.2.3,4,5", "9" * 30, "€"])
def test_what_is_no_amount_is_said(text):
    with pytest.raises(BadInput, match="is no number"):
        amount_of(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-05-04", "2026-05-04", "2026-05-04"), ("2026-02", "2026-02-01", "2026-02-28"),
        ("2026年5月", "2026-05-01", "2026-05-31"), ("2026-05-01 ~ 2026-05-07", "2026-05-01", "2026-05-07"),
        ("2026/5/1 至 2026/5/3", "2026-05-01", "2026-05-03"), ("04.05.2026", "2026-05-04", "2026-05-04"),
    ],
)  # fmt: skip
def test_days_months_and_spans_are_read(text, first, last):
    assert days_of(text) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"date": "2026-03-01", "cost": "x", "campaign": "a"}, "The cost 'x' is no number"),
        ({"date": "yesterday", "cost": "1", "campaign": "a"}, "The day 'yesterday' cannot be read"),
        ({"date": "2026-03-01", "cost": "1", "campaign": ""}, "names no campaign and no source"),
        ({"date": "Total", "cost": "1", "campaign": ""}, "a line of totals"),
        ({"date": "2026-03-05 - 2026-03-01", "cost": "1", "campaign": "a"}, "before it begins"),
        ({"date": "2026-03-01", "cost": "1", "campaign": "a", "currency": "coins"}, "The currency 'coins' is none"),
        ({"date": "2026-03-01", "cost": "1", "campaign": "a" * 400}, "more than 300 characters"),
    ],
)
def test_a_wrong_row_says_what_is_wrong_and_the_others_are_taken(row, said):
    good = {"date": "2026-03-01", "cost": "1", "campaign": "a", "currency": ""}
    found = read(table(good, row, good))
    assert [one["row"] for one in found.rows] == [2, 4]
    assert [one["row"] for one in found.problems] == [3]
    assert said in found.problems[0]["says"]


@pytest.mark.parametrize("item", [{"date": "2026-03-01"}, {"cost": "1"}, {"a": "b"}])
def test_what_is_no_table_of_costs_is_refused(item):
    with pytest.raises(BadInput, match="No column is"):
        read(table(item))


def row(first: str, last: str, amount: str, **more: str | None) -> SimpleNamespace:
    names = {"campaign": None, "source": None, "medium": None, "origin": None, "ad_group": None}
    days = {"day": date.fromisoformat(first), "last": date.fromisoformat(last)}
    return SimpleNamespace(**{**names, **days, "amount": amount, "currency": "EUR", **more})


def frame(first: str, days: int, **more) -> Frame:
    since = START.replace(month=int(first[5:7]), day=int(first[8:]))
    end = since + timedelta(days=days)
    return Frame(since, end, end, end, ZoneInfo("UTC"), **more)


def test_a_month_is_spread_evenly_and_the_span_takes_its_days():
    found = spread([row("2026-03-01", "2026-03-31", "310", campaign="spring")], frame("2026-03-30", 5))
    assert found.costs == {("spring",): {"EUR": Fraction(20)}}
    assert found.spent == {"2026-03-30": {"EUR": Fraction(10)}, "2026-03-31": {"EUR": Fraction(10)}}


def test_a_cost_that_names_no_group_is_loose():
    found = spread([row("2026-03-01", "2026-03-01", "7", source="expo")], frame("2026-03-01", 2))
    assert (found.costs, found.loose) == ({}, {"EUR": Fraction(7)})
    found = spread([row("2026-03-01", "2026-03-01", "7", source="expo")], frame("2026-03-01", 2, by=("source",)))
    assert (found.costs, found.loose) == ({("expo",): {"EUR": Fraction(7)}}, {})


async def test_the_same_file_twice_is_once(hub):
    desk = Costs(hub.db, hub.clock, hub.ids)
    first = await desk.take(table(*TABLE), "march.csv", by=BY)
    again = await desk.take(table(*TABLE), "march again.csv", by=BY)
    assert (first["counts"], again["counts"]) == (
        {"new": 2, "known": 0, "wrong": 0}, {"new": 0, "known": 2, "wrong": 0},
    )  # fmt: skip
    assert again["id"] is None
    assert [(one["amount"], one["currency"]) for one in await rows(hub, "cost")] == [("1200.5", "EUR"), ("80", "EUR")]


async def test_a_file_that_overlaps_brings_only_what_is_new(hub):
    desk = Costs(hub.db, hub.clock, hub.ids)
    await desk.take(table(*TABLE), "march.csv", by=BY)
    more = {**TABLE[0], "Day": "2026-03-03"}
    assert (await desk.take(table(*TABLE, more), "more.csv", by=BY))["counts"]["new"] == 1


async def test_equal_rows_of_one_file_are_several_costs_and_still_count_once(hub):
    desk = Costs(hub.db, hub.clock, hub.ids)
    twins = table(TABLE[0], TABLE[0])
    assert (await desk.take(twins, "twins.csv", by=BY))["counts"]["new"] == 2
    assert (await desk.take(twins, "twins.csv", by=BY))["counts"]["new"] == 0


async def test_a_dry_run_says_what_the_run_does_and_keeps_nothing(hub):
    desk = Costs(hub.db, hub.clock, hub.ids)
    tried = await desk.take(table(*TABLE), "march.csv", by=BY, dry_run=True)
    assert await rows(hub, "cost") == []
    kept = await desk.take(table(*TABLE), "march.csv", by=BY)
    assert (tried["counts"], tried["items"]) == (kept["counts"], kept["items"])


async def test_what_was_undone_counts_no_more_and_may_come_again(hub):
    desk = Costs(hub.db, hub.clock, hub.ids)
    batch = (await desk.take(table(*TABLE), "march.csv", by=BY))["id"]
    assert await desk.undo(batch, by=BY) == 2
    assert await rows(hub, "cost") == []
    with pytest.raises(BadInput, match="undone already"):
        await desk.undo(batch, by=BY)
    assert (await desk.take(table(*TABLE), "march.csv", by=BY))["counts"]["new"] == 2
    noted = [(one["what"], one["data"]) for one in await rows(hub, "audit") if one["what"].startswith("costs.")]
    assert noted == [("costs.imported", {"rows": 2}), ("costs.undone", {"rows": 2}), ("costs.imported", {"rows": 2})]


async def test_a_source_is_lent_to_rows_that_name_none(hub):
    desk = Costs(hub.db, hub.clock, hub.ids)
    items = table({"date": "2026-03-01", "cost": "5"}, {"date": "2026-03-02", "cost": "6"})
    assert (await desk.take(items, "ads.csv", by=BY, source="ads"))["counts"]["new"] == 2
    assert {one["source"] for one in await rows(hub, "cost")} == {"ads"}
