"""Amounts and ranges are read where their writing leaves no doubt."""

from __future__ import annotations

import pytest

from hub.normal.numbers import amount, plain_number


@pytest.mark.parametrize(
    ("raw", "low", "high", "currency"),
    [
        ("5", "5", "5", None),
        ("1,000", "1000", "1000", None),
        ("1.234,56", "1234.56", "1234.56", None),
        ("1,234.56", "1234.56", "1234.56", None),
        ("12,50", "12.50", "12.50", None),
        ("0.5", "0.5", "0.5", None),
        ("1'000", "1000", "1000", None),
        ("1 000 000", "1000000", "1000000", None),
        ("￥1,000", "1000", "1000", None),
        ("1000元", "1000", "1000", "CNY"),
        ("RMB 1.5万", "15000", "15000", "CNY"),
        ("€ 1.000.000", "1000000", "1000000", "EUR"),
        ("USD 1,200.00", "1200.00", "1200.00", "USD"),
        ("$2M", "2000000", "2000000", None),
        ("-3,000.50", "-3000.50", "-3000.50", None),
        ("51-200", "51", "200", None),
        ("1,001-5,000", "1001", "5000", None),
        ("10k-50k", "10000", "50000", None),
        ("100至500人", "100", "500", None),
        ("500+", "500", None, None),
        ("200人以上", "200", None, None),
        ("over 500", "500", None, None),
        ("<50", "0", "50", None),
        ("50人以下", "0", "50", None),
        ("１００", "100", "100", None),
        ("3亿", "300000000", "300000000", None),
        ("12,50 a seat", "12.50", "12.50", None),
        ("about 500 people", "500", "500", None),
        ("1.25万", "12500", "12500", None),
    ],
)
def test_an_amount_is_read_beside_its_text(raw, low, high, currency):
    cleaned = amount(raw)
    assert cleaned.value == raw
    assert dict(cleaned.parts) == {"low": low, "high": high, "currency": currency}


@pytest.mark.parametrize(
    "raw",
    [
        "1.234", "1e5", "1e999", "a lot", "2024-02-03", "10,000,00", "1.2.3", "5 of 10", "NaN", "--", "12,5x", "12,x",
        "12.50abc", "1 000x", "1'000x", "12_", "5x", "12,5%", "12,5k5", "5 %",
    ],
)  # fmt: skip
def test_an_amount_that_can_be_read_in_two_ways_or_none_stays_text(raw):
    assert (amount(raw).value, dict(amount(raw).parts)) == (raw, {})
    assert plain_number(raw)[:2] == (None, False)
    assert plain_number(raw).codes == ("number_unclear",)


@pytest.mark.parametrize(
    ("raw", "value", "parts"),
    [("￥1,000.5", "1000.5", {}), ("€12,50", "12.50", {"currency": "EUR"}), ("007", "7", {}), (" 5 ", "5", {})],
)
def test_a_cost_is_a_plain_number(raw, value, parts):
    assert (plain_number(raw).value, dict(plain_number(raw).parts)) == (value, parts)


@pytest.mark.parametrize("raw", ["12.50 a lead", "12,5 x", "about 12", "5人", "500+", "50-50", "12,5€x"])
def test_a_cost_with_words_beside_it_is_not_a_plain_number(raw):
    assert plain_number(raw)[:2] == (None, False)
    assert plain_number(raw).codes == ("number_unclear",)
