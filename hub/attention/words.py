"""Says in plain English and Chinese what happened to the things of a group, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hub.labels import Language, label
from hub.normal.verdicts import CODES
from hub.store.alike import Group, levels

TITLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "config": ("Refused configuration", "被拒绝的配置"),
        "plugins": ("Plugins left out", "未加载的插件"),
        "paused": ("Paused sinks", "已暂停的去向"),
        "dead": ("Deliveries given up", "已放弃的投递"),
        "unclear": ("Deliveries in doubt", "结果不明的投递"),
        "rejected": ("Deliveries refused", "被对方拒绝的投递"),
        "quarantined": ("Submissions held back", "被隔离的提交"),
        "unassigned": ("Leads without an owner", "无人负责的线索"),
        "letters": ("Feedback not read", "未能读取的回传"),
        "alarms": ("Alarms", "警报"),
        "drift": ("New fields", "新出现的字段"),
        "suggestions": ("Perhaps the same person", "可能是同一个人"),
    }
)

_SAYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "config": (
            "The changed hub.yaml is wrong, so it was not taken: the one before is still in force.",
            "修改后的 hub.yaml 有误，未被采用，仍按之前的配置运行。",
        ),
        "plugins": ("It could not be loaded, so leadhub runs without it.", "该插件无法加载，系统目前不使用它。"),
        "paused": (
            "It takes nothing now: every lead for it waits, and none is lost.",
            "目前不再发送：发往它的线索都在等待，不会丢失。",
        ),
        "dead": (
            "It was tried again and again, and the last try failed too. Nothing more is tried by itself.",
            "已多次重试，最后一次仍失败，系统不会再自动尝试。",
        ),
        "unclear": (
            "It was sent, and no clear answer came: the lead may be there, or not. To send it again may double it.",
            "已发出但没有收到明确的答复：对方可能已收到，也可能没有。重发可能造成重复。",
        ),
        "rejected": (
            "The other side took the request and refused the lead. The same lead will be refused again.",
            "对方收到了请求但拒绝了该线索，原样重发仍会被拒绝。",
        ),
        "unassigned": (
            "No rule or team gave these leads to anybody, so nobody calls these people.",
            "没有规则或团队把这些线索分配给任何人，因此没有人跟进。",
        ),
        "letters": (
            "The sink told us what became of leads, and its connector could not read it.",
            "对方回传了线索进展，但连接器无法读取。",
        ),
        "drift": (
            "The source sends fields it never sent before. They are kept with the lead, and no rule sees them yet.",
            "该来源发来了以前没有的字段。内容已随线索保存，但规则还用不到它们。",
        ),
        "suggestions": (
            "Two leads look like one person, and not surely enough to join them without you.",
            "两条线索看起来是同一个人，但把握不够，没有自动合并。",
        ),
    }
)

_DO: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "config": ("Read why, correct the file, and save it again.", "查看原因，改正文件后重新保存。"),
        "plugins": (
            "Correct or remove the file in plugins/; `leadhub check` tells more.",
            "修正或移除 plugins/ 中的文件；可运行 `leadhub check` 查看详情。",
        ),
        "paused": (
            "Correct what the reason names (often a key), then let it go on: what waits is sent by itself.",
            "按原因修正（通常是密钥），然后恢复发送，等待中的线索会自动发出。",
        ),
        "dead": (
            "See that the sink works again, then send all alike once more.",
            "确认去向已恢复正常，再一次性重发同类投递。",
        ),
        "unclear": (
            "Look for one of them on the other side. Then say for it, or for all alike, whether it arrived.",
            "到对方系统里查一条，再逐条或批量确认是否已收到。",
        ),
        "rejected": (
            "Correct the mapping or the sink's settings, then send all alike once more.",
            "修正映射或去向设置，再一次性重发同类投递。",
        ),
        "quarantined": (
            "If these leads are good as they are, accept them. If a value is wrong, correct it. If a mapping or rule "
            "was wrong, correct that and run them again. If they are worthless, refuse them: they stay on record.",
            "如果这些线索可用，就接受；如果某个值有误，就更正它；如果是映射或规则有误，改正后重新运行；如果毫无价值，就拒绝——"
            "记录会保留。",
        ),
        "unassigned": (
            "Hand them to a rep, and give their route a team or a pool so that the next ones find somebody.",
            "把它们分配给一位销售，并为对应的路由设置团队或公海，避免后续线索无人负责。",
        ),
        "letters": (
            "Correct the connector or its settings, then let it read all alike again.",
            "修正连接器或其设置，再重新读取同类回传。",
        ),
        "alarms": (
            "See what is behind it. Whoever looks after it says so, and nobody is reminded again.",
            "查明原因。由谁处理就点“我来处理”，之后不再提醒。",
        ),
        "drift": (
            "Map the fields you need in the source's mapping, or list them under ignore; else note that you saw them.",
            "把需要的字段加入来源的映射，或列入 ignore；不需要时确认已知晓即可。",
        ),
        "suggestions": (
            "Compare the two: join them if they are one person, keep them apart if they are two.",
            "对比两条线索：是同一个人就合并，不是就保持分开。",
        ),
    }
)

_CODES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "unreadable": ("What came cannot be read.", "收到的内容无法读取。"),
        "no_source": ("Its source is not configured any more.", "其来源已不在配置中。"),
        "no_flow": ("No flow takes this source.", "没有流程接收该来源。"),
        "poison": ("It ended the process each time it was run.", "每次运行都会导致进程退出。"),
        "unstorable": ("What was made of it cannot be stored.", "处理结果无法保存。"),
        "step_failed": ("A step of the flow broke on it.", "流程中的某个步骤处理它时出错。"),
        "unmapped_value": ("A value could not be read by the mapping.", "映射无法读取某个值。"),
        "duplicate": ("It is known, and this source's duplicates are refused.", "该线索已存在，且此来源不接受重复。"),
    }
)

_LIKENESS: Mapping[str, str] = MappingProxyType(
    {
        "same": "相同", "similar": "相近", "different": "不同", "same key": "有相同的联系方式", "name": "姓名",
        "e-mail name": "邮箱名", "domain": "邮箱域名", "phone": "电话", "company": "公司", "city": "城市",
        "title": "职位",
    }
)  # fmt: skip

_HELD = ("{what} So it was held back before anybody got it.", "{what}因此在发给任何人之前被隔离。")
_HELD_FIELD = ("{field}: {what}", "{field}：{what}")


def title(kind: str, language: Language) -> str:
    """Return the heading of a kind."""
    return TITLES[kind][int(language == "zh")]


def says(group: Group, language: Language) -> str:
    """Return what happened to the things of a group; of alarms, each says its own."""
    which = int(language == "zh")
    if group.kind == "quarantined":
        return _HELD[which].format(what=problems(group.about["problems"], language))
    return _SAYS[group.kind][which] if group.kind in _SAYS else ""


def todo(group: Group, language: Language) -> str:
    """Return what a person can do about them."""
    return _DO[group.kind][int(language == "zh")]


def likeness(reason: str, language: Language) -> str:
    """Return what speaks for or against two leads being one person, without its weight."""
    plain = levels((reason,))[0]
    if language == "en":
        return plain
    level, _, field = plain.partition(" ")
    return _LIKENESS.get(plain) or f"{_LIKENESS.get(field, field)}{_LIKENESS.get(level, level)}"


def explained(found: Iterable[Mapping[str, str]]) -> bool:
    """Return whether our own words say all that is wrong; else the reason as it was given is worth a look."""
    codes = [one["code"] for one in found]
    return bool(codes) and all(code in CODES for code in codes)


def problems(found: Iterable[Mapping[str, str]], language: Language) -> str:
    """Return what is wrong with a submission, problem by problem."""
    which = int(language == "zh")
    said = []
    for one in found:
        saying = CODES.get(one["code"]) or _CODES.get(one["code"])
        what = saying[which] if saying else f"{one['code'].replace('_', ' ')}{'。' if which else '.'}"
        said.append(_HELD_FIELD[which].format(field=label(one["field"], language), what=what) if one["field"] else what)
    return (" ".join(dict.fromkeys(said)) + " ").replace("。 ", "。") if said else ""
