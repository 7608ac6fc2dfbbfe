"""How the two languages write times, spans, numbers and money."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.web.tongue import Tongue

AT = datetime(2026, 5, 4, 16, 30, 5, tzinfo=UTC)
EN, ZH = (Tongue(language, ZoneInfo("Asia/Shanghai")) for language in ("en", "zh"))


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 secs", "0秒"), (0.26, "0.3 secs", "0.3秒"), (59.6, "1 min", "1分钟"), (61, "1 min 1 sec", "1分钟 1秒"),
        (3_600, "1 hr", "1小时"), (90_061, "1 day 1 hr", "1天 1小时"), (-65, "-1 min 5 secs", "-1分钟 5秒"), (None, "", ""),
    ],
)  # fmt: skip
def test_a_span_is_told_in_its_two_largest_units(seconds, english, chinese):
    assert (EN.span(seconds), ZH.span(seconds)) == (english, chinese)


@pytest.mark.parametrize("at", [AT, AT.isoformat()])
def test_a_moment_is_told_in_the_zone_of_the_hub(at):
    assert EN.when(at) == "5 May 2026, 00:30:05"
    assert ZH.when(at) == "2026年5月5日 00:30:05"
    assert EN.day(at) == "5 May 2026"


@pytest.mark.parametrize("nothing", [None, "", "***"])
def test_no_moment_is_no_text(nothing):
    assert (EN.when(nothing), EN.day(nothing), EN.ago(nothing, AT)) == ("", "", "")


def test_numbers_shares_and_money():
    assert (EN.number(1234567), ZH.number(1234.5), EN.number(None)) == ("1,234,567", "1,234.5", "")
    assert (EN.percent(0.256), EN.percent(0.256, 1)) == ("26%", "25.6%")
    assert (EN.money(1200, "CNY"), ZH.money(1200, "CNY"), EN.money(3, None)) == ("CN¥1,200.00", "¥1,200.00", "3.00")


def test_how_long_ago_is_rough():
    assert EN.ago(AT, AT.replace(hour=17, minute=31)) == "1 hour ago"
    assert ZH.ago(AT, AT.replace(hour=17, minute=31)) == "1小时前"


def test_a_text_may_name_what_it_is_about():
    assert EN.say("Times are those of %(zone)s.", zone="UTC") == "Times are those of UTC."
    assert ZH.say("Times are those of %(zone)s.", zone="UTC") == "时间均为 UTC 时区。"
