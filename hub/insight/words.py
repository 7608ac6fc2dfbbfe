"""What a review says, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from hub.labels import Language

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "weekly": "review of the week of {since}",
        "monthly": "review of {month}",
        "span": "Leads of",
        "spanned": "{since} to {until}, {zone}, by when the prospect submitted",
        "leads": "Leads",
        "numbered": "{leads} (before: {before})",
        "answered": "Answered",
        "of": "{answered} of {leads}; {open} still wait, {never} never",
        "speed": "First answer",
        "within": "half within {p50}, nine in ten within {p90}",
        "before": " (before: half within {p50})",
        "working": "In working time",
        "after": "Answered after 5 min, 1 h, 1 day",
        "target": "Within target",
        "kept": "{share} ({met} of {judged}); {breached} breached",
        "held": "Held by leadhub",
        "holding": "half up to {p50}; {over} over 1 min",
        "source": "Source {name}",
        "of_source": "{leads} leads, half within {p50}, {share} in target",
        "rep": "Rep {name}",
        "of_rep": "{assigned} leads, half within {median}, {share} in target, {overdue} overdue, {won} won",
        "lateness": "Qualified, by first answer",
        "comma": ", ",
        "few": " (few)",
        "unassigned": "Without an owner",
        "part": "{part} of {whole} ({share})",
        "fairness": "Fairness",
        "balance": "at most {balance} leads from what was due, over all time",
        "recycle": "Changed hands",
        "lost": "Lost for",
        "none": "-",
        "chart_speed": "First answer by week of submit, minutes",
        "chart_target": "Share answered within target, by week of submit",
        "chart_source": "Leads by source",
        "half": "half within",
        "nine": "nine in ten within",
        "in_time": "answered",
        "waiting": "not answered",
        "<=5m": "5 min",
        "<=1h": "1 h",
        "<=1d": "1 day",
        "later": "later",
        "never": "never",
    },
    "zh": {
        "weekly": "{since} 当周回顾",
        "monthly": "{month} 月度回顾",
        "span": "统计范围",
        "spanned": "{since} 至 {until}（{zone}），按客户提交时间统计",
        "leads": "线索",
        "numbered": "{leads}（上期：{before}）",
        "answered": "已响应",
        "of": "{leads} 条中 {answered} 条；{open} 条仍在等待，{never} 条从未响应",
        "speed": "首次响应",
        "within": "一半在 {p50}内，九成在 {p90}内",
        "before": "（上期：一半在 {p50}内）",
        "working": "按工作时间",
        "after": "5 分钟、1 小时、1 天内已响应",
        "target": "时限内响应",
        "kept": "{share}（{judged} 条中 {met} 条）；超时 {breached} 条",
        "held": "系统滞留",
        "holding": "一半不超过 {p50}；{over} 超过 1 分钟",
        "source": "来源 {name}",
        "of_source": "{leads} 条，一半在 {p50}内，时限内 {share}",
        "rep": "销售 {name}",
        "of_rep": "{assigned} 条，一半在 {median}内，时限内 {share}，逾期 {overdue}，赢单 {won}",
        "lateness": "合格率（按首次响应）",
        "comma": "，",
        "few": "（样本少）",
        "unassigned": "无负责人",
        "part": "{whole} 条中 {part} 条（{share}）",
        "fairness": "分配公平",
        "balance": "累计与应得最多相差 {balance} 条",
        "recycle": "转手",
        "lost": "丢单原因",
        "none": "-",
        "chart_speed": "首次响应（分钟，按提交周）",
        "chart_target": "时限内响应比例（按提交周）",
        "chart_source": "各来源线索",
        "half": "一半在此时间内",
        "nine": "九成在此时间内",
        "in_time": "已响应",
        "waiting": "未响应",
        "<=5m": "5 分钟内",
        "<=1h": "1 小时内",
        "<=1d": "1 天内",
        "later": "更晚",
        "never": "从未",
    },
}

_UNITS: Mapping[Language, tuple[str, str, str, str]] = {
    "en": (" s", " min", " h", " d"),
    "zh": (" 秒", " 分钟", " 小时", " 天"),
}


def lasting(seconds: float | None, language: Language) -> str:
    """Return a time as people say it: 45 s, 4 min, 1 h 2 min, 2 d 3 h."""
    if seconds is None:
        return WORDS[language]["none"]
    second, minute, hour, day = _UNITS[language]
    if seconds < 60:
        return f"{round(seconds)}{second}" if round(seconds) < 60 else f"1{minute}"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{minute}"
    if minutes < 24 * 60:
        return _both(minutes // 60, hour, minutes % 60, minute)
    hours = round(minutes / 60)
    return _both(hours // 24, day, hours % 24, hour)


def _both(large: int, unit: str, small: int, lesser: str) -> str:
    return f"{large}{unit} {small}{lesser}" if small else f"{large}{unit}"


def percent(share: float | None, language: Language) -> str:
    """Return a share of 1 as percent."""
    return WORDS[language]["none"] if share is None else f"{share * 100:.0f} %"
