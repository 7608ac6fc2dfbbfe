"""Which column of a table of costs is which, by the names that people and ad platforms give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType

_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "day": (
            "date, day, cost date, report date, reporting date",
            "日期, 时间, 统计日期, 统计时间, 消费日期, 发生日期",
        ),
        "first": (
            "from, start, since, start date, begin, from date, reporting starts",
            "开始, 开始日期, 起始日期, 开始时间",
        ),
        "last": ("to, end, until, end date, to date, reporting ends", "结束, 结束日期, 截止日期, 结束时间"),
        "campaign": (
            "campaign, campaign name, campaign id, utm_campaign",
            "广告系列, 推广计划, 计划, 计划名称, 广告计划, 活动, 活动名称, 营销活动, 市场活动, 推广活动, 项目",
        ),
        "source": (
            "source, lead source, vendor, supplier, partner, publisher",
            "来源, 线索来源, 供应商, 渠道商, 合作方",
        ),
        "origin": (
            "utm_source, platform, network, site",
            "平台, 媒体, 渠道, 投放平台, 推广渠道, 来源网站",
        ),
        "medium": ("utm_medium, medium, channel type", "媒介, 渠道类型, 投放方式"),
        "ad_group": (
            "ad group, adgroup, ad set, ad set name, ad group name",
            "广告组, 推广单元, 单元, 单元名称, 广告组名称",
        ),
        "cost": (
            "cost, costs, spend, spent, amount, amount spent, total cost, total spent, price",
            "花费, 消费, 费用, 成本, 消耗, 金额, 总花费, 总消费, 总费用, 广告花费, 投放费用, 支出",
        ),
        "currency": ("currency, currency code, account currency", "币种, 货币, 货币代码"),
    }
)  # fmt: skip

KNOWN: Mapping[str, str] = MappingProxyType(
    {
        re.sub(r"[\s_-]+", " ", name.strip()): column
        for column, languages in _NAMES.items()
        for names in languages
        for name in names.split(",")
    }
)  # fmt: skip
"""Column by usual name, in small letters, with single spaces."""

_MONEY: Mapping[str, str] = MappingProxyType(
    {
        "€": "EUR", "£": "GBP", "$": "USD", "us$": "USD", "¥": "CNY", "元": "CNY", "人民币": "CNY", "rmb": "CNY",
        "美元": "USD", "欧元": "EUR", "英镑": "GBP", "hk$": "HKD", "港元": "HKD", "港币": "HKD", "日元": "JPY",
        "chf": "CHF", "₹": "INR", "₩": "KRW", "euro": "EUR", "dollar": "USD", "yuan": "CNY",
    }
)  # fmt: skip


def columns_of(names: Iterable[str]) -> tuple[dict[str, str], str]:
    """Return the name of each column that is there, by what it is, and the currency that a heading names."""
    found: dict[str, str] = {}
    money = ""
    for name in names:
        plain = unicodedata.normalize("NFKC", name).strip().lower().lstrip("\ufeff")
        head, inside = _bracket(plain)
        column = KNOWN.get(re.sub(r"[\s_-]+", " ", head))
        if column and column not in found:
            found[column] = name
            money = currency_of(inside) or money if column == "cost" else money
    return found, money


def _bracket(name: str) -> tuple[str, str]:
    parts = re.fullmatch(r"([^(\[/]+?)\s*[(\[/]\s*([^)\]]*)[)\]]?", name)
    return (parts[1].strip(), parts[2].strip()) if parts else (name, "")


def currency_of(text: str) -> str:
    """Return the currency that a code, sign or word stands for; empty for none."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if plain in _MONEY:
        return _MONEY[plain]
    return plain.upper() if re.fullmatch(r"[a-z]{3}", plain) else ""
