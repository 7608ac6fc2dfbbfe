"""Why a rep has a lead, in words: who was considered, what was counted, and how it changed hands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from hub.labels import Language

Note = Mapping[str, Any]

_CHOSEN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "chosen": ("{owner} was next in turn in team {team}", "团队 {team} 轮到 {owner}"),
        "least_loaded": (
            "{owner} has the fewest open leads in team {team} for their weight",
            "团队 {team} 中 {owner} 的在跟线索按权重最少",
        ),
        "performance": (
            "{owner} was next in turn in team {team}, whose shares follow what was won",
            "团队 {team} 按成交表现分配，轮到 {owner}",
        ),
        "territory": (
            "{owner} was next in turn for this territory in team {team}",
            "团队 {team} 负责该区域的轮到 {owner}",
        ),
        "any_territory": (
            "nobody in team {team} has this territory, so {owner} was next of those who take any",
            "团队 {team} 无人负责该区域，由不限区域者轮到 {owner}",
        ),
        "no_territory": (
            "nobody in team {team} has this territory, so {owner} was next of all",
            "团队 {team} 无人负责该区域，全体轮到 {owner}",
        ),
        "account": (
            "{owner} has this company already (lead {account_of})",
            "{owner} 已负责该公司（线索 {account_of}）",
        ),
        "other": ("strategy {strategy} of team {team} chose {owner}", "团队 {team} 的分配策略 {strategy} 选中 {owner}"),
        "fallback": ("nobody in team {team} could take it, so {owner} has it", "团队 {team} 无人可接，由 {owner} 负责"),
        "kept": ("{owner} keeps the lead", "仍由 {owner} 负责"),
        "cover_of": ("{owner} stands in for {cover_of}", "{owner} 代 {cover_of}"),
        "nobody": (
            "nobody in team {team} can take it now, so it waits in pool {pool}",
            "团队 {team} 暂时无人可接，进入公海 {pool}",
        ),
        "pool": ("it waits in pool {pool} for whoever claims it", "进入公海 {pool}，等待领取"),
        "test": ("{would_be} would be next in team {team}", "团队 {team} 本应轮到 {would_be}"),
        "test_nobody": ("nobody in team {team} is free", "团队 {team} 暂时无人可接"),
    }
)

_REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "next": ("next in turn", "轮到"),
        "account": ("has this company already", "已负责该公司"),
        "later": ("later in turn", "排在后面"),
        "inactive": ("does not take leads now", "当前不接线索"),
        "away": ("is away{until}", "不在{until}"),
        "cover_away": ("is away, and so is {cover} who stands in", "不在，代班的 {cover} 也不在"),
        "off_shift": ("is not at work now", "不在工作时间"),
        "daily_cap": ("has had {got} today, the most for a day", "今天已接 {got} 条，达到每日上限"),
        "cap": ("has had {got} {span}, the most is {most}", "{span}已接 {got} 条，上限 {most} 条"),
        "team_cap": ("the team has had {got} {span}, the most is {most}", "团队{span}已接 {got} 条，上限 {most} 条"),
        "open_cap": ("has {open} open leads, the most is {open_cap}", "在跟 {open} 条，上限 {open_cap} 条"),
        "had_it": ("had it before", "此前负责过"),
        "other_territory": ("another territory", "负责其他区域"),
    }
)

_SPANS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "hour": ("this hour", "本小时"), "day": ("today", "今天"), "week": ("this week", "本周"),
        "month": ("this month", "本月"),
    }
)  # fmt: skip

_COUNTS = (
    ("{given} so far, weight {weight}", "已接 {given} 条，权重 {weight}"),
    ("{given} so far, owed {owed:+.2f}, weight {weight}", "已接 {given} 条，应得差 {owed:+.2f}，权重 {weight}"),
)
_BEFORE = (
    "{name} had {before} and was entitled to {entitled}; now {after}",
    "{name} 此前已接 {before} 条，应得 {entitled} 条；现为 {after} 条",
)

_MOVES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "assigned": ("{owner} got it", "分配给 {owner}"),
        "transferred": ("{former} → {owner}, handed over by {by}", "{former} → {owner}，由 {by} 转交"),
        "claimed": ("{owner} took it from pool {former_pool}", "{owner} 从公海 {former_pool} 领取"),
        "pooled": ("it went to pool {pool}", "进入公海 {pool}"),
        "returned": ("{former} gave it back to pool {pool}", "{former} 退回公海 {pool}"),
        "recycled": ("it was taken from {former} and went to {to}", "从 {former} 收回，转入 {to}"),
        "reassigned": ("{former} → {to}", "{former} → {to}"),
        "inherited": ("{former} → {to}: {former} has left", "{former} → {to}：{former} 已离开"),
        "credited": ("{owner} is owed {credit} leads on top", "{owner} 应得数调整 {credit}"),
        "viewed": ("{owner} looked at it in pool {pool}", "{owner} 在公海 {pool} 查看"),
    }
)


_WHYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_response": ("no answer in time", "未按时响应"),
        "no_activity": ("nothing was done with it for too long", "长时间未跟进"),
        "no_outcome": ("it came to nothing for too long", "长时间没有结果"),
        "handed_on_too_often": ("nobody answered, and it was handed on often enough", "多次转手仍无人响应"),
        "left": ("somebody left the team", "有成员离队"),
        "by hand": ("by hand", "人工操作"),
    }
)
"""What leadhub gives as the reason of a move; people give their own words."""

_NOW: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "owner": ("now {owner} has it: {why}", "现由 {owner} 负责：{why}"),
        "pool": ("now it waits in pool {pool}: {why}", "现在公海 {pool}：{why}"),
    }
)
_BY_RUN = frozenset({"assigned", "pooled"})  # the decision says these by itself
_NO_MOVES = frozenset({"credited", "viewed"})


def assigned(note: Note, language: Language) -> str:
    """Return who got the lead and why; empty when nobody was asked."""
    key = _which(note)
    if key is None:
        return ""
    values = {"strategy": "", "team": "", "owner": "", "pool": "", "would_be": "", "account_of": "", **note}
    said = _CHOSEN[key][language == "zh"].format(**values)
    if note.get("cover_of"):
        said += ("，" if language == "zh" else "; ") + _CHOSEN["cover_of"][language == "zh"].format(**values)
    return said


def _which(note: Note) -> str | None:
    owner, team = note.get("owner"), note.get("team")
    why = str(note.get("reason") or ("chosen" if owner else "nobody" if team else ""))
    if why == "test" and team:
        return "test" if note.get("would_be") else "test_nobody"
    if why in ("nobody", "pool"):
        return why if note.get("pool") or team else None
    if not owner or why == "no_team":
        return None
    if why == "chosen":
        strategy = str(note.get("strategy"))
        return {"round_robin": "chosen", "performance": "performance", "territory": str(note.get("territory"))}.get(
            strategy, "other"
        )
    return why if why in _CHOSEN else "other"


def candidates(note: Note, language: Language) -> Iterator[tuple[str, str]]:
    """Yield everybody who was considered, by name, with the reason and what was counted."""
    asked = [*(note.get("considered") or ()), *(o for t in note.get("tried") or () for o in t.get("considered") or ())]
    for one in asked:
        said = _reason(one, language)
        if "given" in one:
            counts = _COUNTS["owed" in one][language == "zh"]
            told = counts.format(given=one["given"], owed=float(one.get("owed") or 0), weight=_plain(one.get("weight")))
            said += f"（{told}）" if language == "zh" else f" ({told})"
        yield str(one.get("name")), said
    if counted := _counted(note, language):
        yield "", counted


def _counted(note: Note, language: Language) -> str:
    """Return what was on the chosen one's account before and after."""
    before, after = note.get("before"), note.get("after")
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return ""
    name = note.get("cover_of") or note.get("owner")
    return _BEFORE[language == "zh"].format(
        name=name, before=before.get("received"), entitled=before.get("entitled"), after=after.get("received")
    )


def _reason(one: Note, language: Language) -> str:
    why, chinese = str(one.get("reason")), language == "zh"
    if why not in _REASONS:
        return why
    until = f" until {one['until']}" if one.get("until") else ""
    if chinese and until:
        until = f"，至 {one['until']}"
    values = {"got": one.get("today"), "most": "", "cover": "", "open": "", "open_cap": "", **one}
    return _REASONS[why][chinese].format(**{**values, "until": until, "span": _span(one, language)})


def _span(one: Note, language: Language) -> str:
    if one.get("each") in _SPANS:
        return _SPANS[str(one["each"])][language == "zh"]
    minutes = round(float(one.get("within") or 0) / 60)
    return f"{minutes} 分钟内" if language == "zh" else f"in {minutes} minutes"


def moved(row: Note, language: Language) -> str:
    """Return one line of the log of who has a lead, in words."""
    act = str(row.get("act"))
    if act not in _MOVES:
        return act
    chinese = language == "zh"
    values = {name: row.get(name) or "-" for name in ("owner", "former", "by", "pool", "former_pool")}
    pool = f"公海 {values['pool']}" if chinese else f"pool {values['pool']}"
    values["to"] = values["owner"] if row.get("owner") else pool
    if not row.get("former") and row.get("former_pool"):
        values["former"] = f"公海 {row['former_pool']}" if chinese else f"pool {row['former_pool']}"
    said = _MOVES[act][chinese].format(**values, credit=_plain(row.get("credit")))
    reason = str(row.get("reason") or "")
    if not reason or act in _BY_RUN or act == "inherited":
        return said
    why = why_moved(reason, language)
    if act == "reassigned":
        return f"{said}：{why}" if chinese else f"{said}: {why}"
    return f"{said}（{why}）" if chinese else f"{said} ({why})"


def why_moved(reason: str, language: Language) -> str:
    """Return the reason of a move in words; people's own words stay."""
    return _WHYS[reason][language == "zh"] if reason in _WHYS else reason


def now(moves: Iterable[Note], language: Language) -> str:
    """Return who has a lead now and why, by the log of its moves; empty when it is as it was decided."""
    last = next((row for row in reversed(list(moves)) if row.get("act") not in _NO_MOVES), None)
    if last is None or last.get("act") in _BY_RUN or not (last.get("owner") or last.get("pool")):
        return ""
    said = _NOW["owner" if last.get("owner") else "pool"][language == "zh"]
    return said.format(owner=last.get("owner"), pool=last.get("pool"), why=moved(last, language))


def considered(note: Note, language: Language) -> list[dict[str, Any]]:
    """Return everybody who was considered, also in teams that were asked after, with the reason in words."""
    asked: list[tuple[Any, Note]] = [(note.get("team"), one) for one in note.get("considered") or ()]
    asked += [(tried.get("team"), one) for tried in note.get("tried") or () for one in tried.get("considered") or ()]
    return [{**one, **({"team": name} if name else {}), "says": _reason(one, language)} for name, one in asked]


_ENTRIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "received": ("the lead was dealt to {name}, who was entitled to {share} of it", "轮到 {name}，应得 {share}"),
        "share": (
            "the lead was dealt to {turn_of}; {name} was entitled to {share} of it",
            "轮到 {turn_of}，{name} 应得 {share}",
        ),
        "undone": ("the lead was dealt to {turn_of}, and taken off the count again", "曾轮到 {turn_of}，已不计数"),
        "left": (
            "somebody left the team; what they had too much or too little is shared out",
            "有成员离队，差额由其余成员分摊",
        ),
        "uncounted": ("a lead of {name} does not count: it was {reason}", "{name} 的一条线索不计数：{reason}"),
        "credited": ("{by} credited {credit}: {reason}", "{by} 调整 {credit}：{reason}"),
    }
)


def counted(entry: Note, member: str, language: Language) -> str:
    """Return one entry of a member's ledger, in words."""
    credited = entry.get("act") == "credited"
    if credited:
        which = "credited" if entry.get("by") else "uncounted" if entry.get("lead") else "left"
    else:
        which = "undone" if entry.get("undone") else "received" if entry.get("received") else "share"
    numbers = {name: f"{float(entry.get(name) or 0):.4g}" for name in ("share", "credit")}
    said = {name: entry.get(name) or "-" for name in ("turn_of", "by", "reason")}
    return _ENTRIES[which][language == "zh"].format(**numbers, **said, name=member)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
