"""The wording of explanations, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from hub.consents import NO_CONSENT, WAS_WITHDRAWN
from hub.labels import Language, label
from hub.lead import LEAD_FIELDS
from hub.normal.verdicts import CODES
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
        "no_team": ("no team is named", "没有指定团队"),
        # the trail
        "done": ("done", "完成"),
        "yes": ("yes", "是"),
        "no": ("no", "否"),
        "ended": ("it ends here: {status}", "流程到此结束：{status}"),
        "failed": ("failed: {error}", "失败：{error}"),
        "map": ("{count} read by mapping {mapping}", "按映射 {mapping} 读取 {count} 个"),
        "extra": ("kept beside them: {names}", "另外保留：{names}"),
        "odd": ("problem with {field}: {problem}", "{field}的问题：{problem}"),
        "corrected": ("{names} corrected by {who}", "{who} 更正了{names}"),
        "normalize": ("every field is written in one way", "各字段已统一写法"),
        "zone": (
            "the time of submission had no zone and was read as that of {zone}",
            "提交时间未带时区，按 {zone} 读取",
        ),
        "unchecked": ("a test lead is not checked", "测试线索，不检查"),
        "clean": ("nothing to remark", "没有问题"),
        "remark": ("1 remark", "1 处提示"),
        "remarks": ("{count} remarks", "{count} 处提示"),
        "grade_down": ("costs a grade: {problem}", "降级：{problem}"),
        "flagged": ("noted: {problem}", "提示：{problem}"),
        "new": ("a new person", "新客户"),
        "merged": ("merged into {lead}", "已合并到 {lead}"),
        "known_as": ("known as {lead}", "已知为 {lead}"),
        "again": ("stays with {lead}, decided again", "仍属 {lead}，重新判断"),
        "same": ("same {names}", "{names}相同"),
        "changed": ("taken from this submission: {names}", "采用本次提交的{names}"),
        "set": ("changed: {names}", "修改了{names}"),
        "anew": ("counts as new interest", "视为新的意向"),
        "joined": ("joined with {names}", "并入 {names}"),
        "may_be": (
            "may be the same person as {lead} ({likeness} % alike)",
            "可能与 {lead} 是同一人（相似度 {likeness}%）",
        ),
        "filled": ("{fields} from {enricher}", "{fields}来自{enricher}"),
        "not_filled": ("{enricher} failed: {reason}", "{enricher} 失败：{reason}"),
        "unfilled": ("nothing to add", "没有补充"),
        "points": ("{points} points, grade {grade}", "{points} 分，等级 {grade}"),
        "lowered": ("lowered from {grade}: {names}", "由 {grade} 降级：{names}"),
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
        "is_true": ("{name} is true", "{name}为真"),
        "is_false": ("{name} is false", "{name}为假"),
        "to": ("to {names}", "送往 {names}"),
        "not_owed": ("nothing was owed to anybody", "无需送出"),
        "not_to": ("not to {sink}: {why}", "不送往 {sink}：{why}"),
        "no_consent": ("there is no consent for it", "没有相应的同意"),
        "withdrawn": ("the consent was withdrawn", "同意已被撤回"),
        "nowhere": ("Went nowhere: {why}", "未送出：{why}"),
        "outside": (
            "not to {sink}: it keeps data in {region}, and only {only} is allowed",
            "不送往 {sink}：其数据存于 {region}，只允许 {only}",
        ),
        "stopped": ("stopped", "已停止"),
        "bid_expired": ("the bid had expired before it was sent", "报价在送出前已过期"),
        "erased": ("the person asked to be erased", "此人已要求删除个人信息"),
        "suppressed": (
            "Refused: the person was erased on {date} by request, and nothing of this is kept",
            "已拒收：此人已于 {date} 按要求删除，未保留任何内容",
        ),
        "has_it": ("it has this lead already and takes no updates", "该处已有此线索且不接受更新"),
        "delivery": ("{sink}: {state}", "{sink}：{state}"),
        "log": ("Log", "归属"),
        "revision": ("Decided by configuration {number}", "按第 {number} 版配置决定"),
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

_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ready": ("waits to be sent", "待发送"),
        "sending": ("being sent", "发送中"),
        "sent": ("sent", "已送达"),
        "unclear": ("may have arrived", "结果不明"),
        "dead": ("given up", "已放弃"),
        "superseded": ("replaced by a newer version", "已被新版本取代"),
        "rejected": ("refused", "被拒收"),
        "quarantined": ("waits for a person", "等待人工处理"),
        "duplicate": ("a duplicate", "重复"),
    }
)

_STEPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "map": ("Fields", "字段"),
        "correct": ("By hand", "人工更正"),
        "normalize": ("Spelling", "写法"),
        "validate": ("Check", "检查"),
        "dedupe": ("Match", "查重"),
        "enrich": ("Additions", "补充"),
        "score": ("Score", "评分"),
        "route": ("Route", "路由"),
        "auction": ("Auction", "竞价"),
        "assign": ("Owner", "负责人"),
        "deliver": ("Delivery", "送出"),
    }
)

_ENRICHERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"email_domain": ("the e-mail domain", "邮箱域名"), "phone_region": ("the phone number", "电话号码")}
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
    return _spaced(label(path, language), language)


def fields(names: Iterable[str], language: Language) -> str:
    """Return what people call these fields of a lead or of its extra, spaced so that Chinese can follow them."""
    called = (label(name if name in LEAD_FIELDS else f"extra.{name}", language) for name in names)
    return _spaced(both(called, language), language)


def _spaced(text: str, language: Language) -> str:
    return f"{text} " if language == "zh" and text[-1:].isascii() else text


def headed(head: str, text: str, language: Language) -> str:
    """Return a text under its heading: `Score: 75 points`."""
    return f"{head}：{text}" if language == "zh" else f"{head}: {text}"


def aside(text: str, language: Language) -> str:
    """Return a text in brackets, to stand behind another."""
    return f"（{text}）" if language == "zh" else f" ({text})"


def step(name: str, language: Language) -> str:
    """Return what people call what a step does; a step of others keeps its name."""
    return _STEPS[name][language == "zh"] if name in _STEPS else name


def enricher(name: str, language: Language) -> str:
    """Return where an enricher has it from, spaced so that it can follow Chinese; one of others keeps its name."""
    called = _ENRICHERS[name][language == "zh"] if name in _ENRICHERS else name
    return f" {called}" if language == "zh" and called[:1].isascii() else called


def problem(code: str, language: Language) -> str:
    """Return what a problem's code means, as a part of a sentence; a code of others loses its underscores."""
    saying = CODES.get(code)
    if saying is None:
        return code.replace("_", " ")
    said = (saying.chinese if language == "zh" else saying.english).rstrip(".。")
    return said[:1].lower() + said[1:]


def why_not(why: str, language: Language) -> str:
    """Return why a sink is not sent a lead."""
    return say(_WHY_NOT.get(why, "has_it"), language)


def stopped(why: str, language: Language) -> str | None:
    """Return in words why a delivery that waited is not made, None for a reason of another kind."""
    return say(_WHY_NOT[why], language) if why in _WHY_NOT else None


_WHY_NOT: Mapping[str, str] = MappingProxyType(
    {
        NO_CONSENT: "no_consent",
        WAS_WITHDRAWN: "withdrawn",
        "the lead was erased": "erased",
        "the bid expired before it was sent": "bid_expired",
    }
)


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
    """Return the state of a delivery or the status of a run in words."""
    return _STATES[name][language == "zh"] if name in _STATES else name
