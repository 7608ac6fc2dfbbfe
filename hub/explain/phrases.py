"""The wording of explanations, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from hub.labels import Language, label
from hub.rules.words import words

_PHRASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # the sentence
        "went": ("Went {ways}", "已送往 {ways}"),
        "would": ("Test lead: would go {ways}", "测试线索：本应送往 {ways}"),
        "way": ("to {sinks} because {why}", "{sinks}，因为{why}"),
        "and": (", and ", "；以及 "),
        "matched": ("route {route} matched ({rule})", "路由 {route} 匹配（{rule}）"),
        "takes_all": ("route {route} takes every lead", "路由 {route} 接收所有线索"),
        "no_sinks": ("Went nowhere: {why}, but it names no sinks", "未送出：{why}，但该路由没有设置送往何处"),
        "nothing_new": ("Went nowhere new: {why}", "没有新的送出：{why}"),
        "unrouted": ("Went nowhere: no route takes it", "未送出：没有路由接收"),
        "known": ("this person came before", "此人之前来过"),
        "quarantined": ("Waits for a person: {reason}", "等待人工处理：{reason}"),
        "rejected": ("Refused: {reason}", "已拒收：{reason}"),
        "duplicate": ("Duplicate: {reason}", "重复提交：{reason}"),
        "no_route": ("no route takes the lead", "没有路由接收该线索"),
        "no_reason": ("no reason is on record", "没有记录原因"),
        "nothing": ("Nothing was owed to anybody", "无需送出"),
        # who got it
        "chosen": ("{owner} was next in turn in team {team}", "团队 {team} 轮到 {owner}"),
        "chosen_by": (
            "strategy {strategy} of team {team} chose {owner}",
            "团队 {team} 的分配策略 {strategy} 选中 {owner}",
        ),
        "kept": ("{owner} keeps the lead", "仍由 {owner} 负责"),
        "nobody": (
            "nobody in team {team} is free, so it stays with the team",
            "团队 {team} 暂时无人可接，线索留在团队",
        ),
        "test": ("{owner} would be next in team {team}", "团队 {team} 本应轮到 {owner}"),
        "test_nobody": ("nobody in team {team} is free", "团队 {team} 暂时无人可接"),
        "no_team": ("no team is named", "没有指定团队"),
        # the trail
        "passed": ("passed", "通过"),
        "ended": ("the run ends here: {status}", "流程到此结束：{status}"),
        "failed": ("failed: {error}", "失败：{error}"),
        "map": ("fields filled by mapping {mapping}: {count}", "按映射 {mapping} 取得 {count} 个字段"),
        "extra": ("kept as extra: {names}", "保留的其他字段：{names}"),
        "odd": ("problems: {names}", "问题：{names}"),
        "grade_down": ("costs a grade: {names}", "降级：{names}"),
        "flagged": ("flagged: {names}", "提示：{names}"),
        "new": ("a new person", "新客户"),
        "merged": ("merged into {lead}", "已合并到 {lead}"),
        "same": ("same {names}", "{names}相同"),
        "anew": ("counts as new interest", "视为新的意向"),
        "joined": ("joined with {names}", "并入 {names}"),
        "may_be": ("may be {names}", "可能是 {names}"),
        "filled": ("{field} from {enricher}", "{field}来自 {enricher}"),
        "not_filled": ("{enricher} failed: {reason}", "{enricher} 失败：{reason}"),
        "unfilled": ("nothing to add", "没有补充"),
        "points": ("{points} points, grade {grade}", "{points} 分，等级 {grade}"),
        "lowered": ("lowered from {grade} for {names}", "由 {grade} 降级，原因：{names}"),
        "gave": ("{points}: {reason}", "{points}：{reason}"),
        "gave_none": ("not given: {reason}", "未得分：{reason}"),
        "route": ("route {route}: {verdict}", "路由 {route}：{verdict}"),
        "route_all": ("matched, it takes every lead", "匹配，接收所有线索"),
        "route_matched": ("matched ({rule})", "匹配（{rule}）"),
        "passed_over": ("passed over, it asks for {rule}", "未匹配，要求{rule}"),
        "not_asked": ("not asked, {after} took the lead", "未判断，线索已由 {after} 接收"),
        "error": ("cannot be judged ({rule}): {error}", "无法判断（{rule}）：{error}"),
        "but": (", but {why}", "，而{why}"),
        "unknown": ("{name} is unknown", "{name}未知"),
        "known_is": ("{name} is known", "{name}已知"),
        "is": ("{name} is {value}", "{name}为 {value}"),
        "next": ("next in turn", "轮到"),
        "later": ("later in turn", "排在后面"),
        "inactive": ("does not take leads now", "当前不接线索"),
        "daily_cap": ("has had {today} today, the most for a day", "今天已接 {today} 条，达到每日上限"),
        "share": ("{given} so far, weight {weight}", "已接 {given} 条，权重 {weight}"),
        "to": ("to {names}", "送往 {names}"),
        "not_to": ("not to {sink}: {why}", "不送往 {sink}：{why}"),
        "has_it": ("it has this lead already and takes no updates", "该处已有此线索且不接受更新"),
        "delivery": ("{sink}: {state}", "{sink}：{state}"),
    }
)

_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "Base": "基础分",
        "E-mail or WeChat is known": "邮箱或微信已知",
        "Phone is known": "手机号已知",
        "Company is known": "公司已知",
        "E-mail is a company's own": "企业邮箱",
        "Job title is known": "职位已知",
        "Job title decides": "职位有决策权",
        "Says what it is about": "说明了意向",
        "Budget or timeline is known": "预算或采购时间已知",
    }
)

_STATES: Mapping[str, str] = MappingProxyType(
    {
        "ready": "待发送",
        "sending": "发送中",
        "sent": "已送达",
        "quarantined": "等待人工处理",
        "duplicate": "重复",
        "rejected": "被拒收",
        "waiting": "等待重试",
        "unclear": "结果不明",
        "held": "待人工决定",
        "paused": "已暂停",
        "dead": "已放弃",
    }
)


def say(key: str, language: Language, **values: Any) -> str:
    """Return a phrase with its values."""
    return _PHRASES[key][language == "zh"].format(**values)


def both(names: Iterable[str], language: Language) -> str:
    """Return names as people list them: `a, b and c`, or a、b 和 c."""
    listed = [str(name) for name in names]
    if len(listed) < 2:
        return "".join(listed)
    if language == "en":
        return f"{', '.join(listed[:-1])} and {listed[-1]}"
    before, after = (" " if listed[i][edge].isascii() else "" for i, edge in ((-2, slice(-1, None)), (-1, slice(1))))
    return f"{'、'.join(listed[:-1])}{before}和{after}{listed[-1]}"


def named(path: str, language: Language) -> str:
    """Return what people call a field, spaced so that Chinese can follow it."""
    name = label(path, language)
    return f"{name} " if language == "zh" and name[-1:].isascii() else name


def reason(entry: Mapping[str, Any], language: Language) -> str:
    """Return the reason of a score's entry: people's own words, ours in their language, or the rule in plain words."""
    said = entry.get("reason")
    if not said:
        return words(str(entry.get("when", "")), language)
    if language == "en":
        return str(said)
    if "half_life_days" in entry:
        return f"{entry.get('days')} 天前提交，每 {entry['half_life_days']:g} 天减半"
    if "field" in entry:
        return f"{str(said).partition(':')[0]}：{label(str(entry['field']), language)}已知"
    return _REASONS.get(str(said), str(said))


def state(name: str, language: Language) -> str:
    """Return the state of a delivery or the status of a run."""
    return _STATES.get(name, name) if language == "zh" else name
