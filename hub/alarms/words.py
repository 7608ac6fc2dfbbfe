"""Says in one sentence what an alarm is about, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hub.alarms.kinds import Alarm
from hub.escape import line
from hub.labels import Language

_REASON = 200  # characters of what a vendor said

_SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "source.silent": ("It has sent nothing for {for}{usual}.", "已有{for}没有任何线索{usual}。"),
        "source.failed": ("It cannot be read: {reason}", "无法读取：{reason}"),
        "source.gap": (
            "The platform holds {platform} leads and we hold {ours}; {missing} are missing.",
            "平台有 {platform} 条线索，本系统有 {ours} 条，缺 {missing} 条。",
        ),
        "import.failed": ("The file {file} was not read to its end: {reason}", "文件 {file} 未能读完：{reason}"),
        "credential.expiring": (
            "Its {what} ends in {left}, on {ends}. Renew it.",
            "{what}将在{left}后（{ends}）到期，请更新。",
        ),
        "credential.expired": ("Its {what} is no good any more{ended}. Renew it.", "{what}已失效{ended}，请更新。"),
        "sink.paused": ("It is paused and its leads wait: {reason}", "已暂停，线索在等待：{reason}"),
        "breaker.opened": ("Most sends to it fail, so it rests; its leads wait.", "多数发送失败，暂歇中，线索在等待。"),
        "delivery.piled": ("{number} deliveries to it were given up.", "有 {number} 条投递已放弃。"),
        "retention.warned": (
            "What was never delivered or waits for a person goes for good within a week: {number} in all.",
            "有 {number} 项从未投递或等待处理的内容将在一周内永久删除。",
        ),
        "feedback.silent": (
            "It cannot be asked what became of its leads for {for}, so answers go unseen: {reason}",
            "已有{for}无法查询线索进展，响应可能未被记录：{reason}",
        ),
        "lead.silent": (
            "Nobody did anything with {number} of its leads for {after} or longer.",
            "有 {number} 条线索已{after}以上无人跟进。",
        ),
        "lead.unassigned": (
            "{number} leads wait and nobody has them, the oldest for {for}.",
            "有 {number} 条线索无人负责，最早的已等待{for}。",
        ),
        "lead.overdue": (
            "{number} of its prospects wait for an answer beyond the target.",
            "有 {number} 位客户超过响应时限仍未得到答复。",
        ),
        "plugin.refused": ("The plugin {plugin} is left out: {reason}", "插件 {plugin} 未加载：{reason}"),
        "queue.grown": (
            "Too much waits: {reason}. Polls and imports pause.",
            "积压过多（{reason}），轮询和导入已暂停。",
        ),
        "disk.low": ("Only {free} MB of the disk are free.", "磁盘仅剩 {free} MB。"),
        "intake.closed": ("No leads are taken: {reason}.", "已停止接收线索：{reason}。"),
    }
)
_PLACES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "source": ("Source", "来源"),
        "sink": ("Sink", "去向"),
        "team": ("Team", "团队"),
        "hub": ("The hub", "系统"),
        "certificate": ("Certificate", "证书"),
    }
)
_WHAT = {"certificate": ("certificate", "证书"), "": ("token or key", "令牌或密钥")}
_UNITS = ((86400, ("days", " 天")), (3600, ("h", " 小时")), (60, ("min", " 分钟")), (1, ("s", " 秒")))


def subject(alarm: Alarm, language: Language) -> str:
    """Return what an alarm is about, such as `Source website`."""
    which = int(language == "zh")
    host = alarm.name.partition("certificate:")[2]
    team = str(alarm.data.get("team") or "")
    named = {"source": alarm.source, "sink": alarm.sink, "team": team, "certificate": host, "hub": ""}
    place = next((place for place, name in named.items() if name), "hub")
    return f"{_PLACES[place][which]} {named[place]}".strip()


def sentence(alarm: Alarm, now: datetime, language: Language = "en") -> str:
    """Return what is so, as it stood when it was raised; times are counted up to now."""
    which = int(language == "zh")
    data = {name: line(str(value), _REASON) for name, value in alarm.data.items()}
    return _SENTENCES[alarm.kind][which].format_map({**data, **_told(alarm, now, which)})


def over(alarm: Alarm, language: Language) -> str:
    """Return that an alarm is over."""
    lasted = _time(((alarm.closed_at or alarm.raised_at) - alarm.raised_at).total_seconds(), int(language == "zh"))
    return f"已恢复，历时{lasted}。" if language == "zh" else f"All right again, after {lasted}."


def _told(alarm: Alarm, now: datetime, which: int) -> dict[str, str]:
    data: Mapping[str, Any] = alarm.data
    said: dict[str, str] = {"reason": line(str(data.get("reason", "")), _REASON)}
    said["after"] = _time(float(data.get("after") or 0), which)
    if data.get("since"):
        said["for"] = _time((now - datetime.fromisoformat(data["since"])).total_seconds(), which)
    if alarm.kind == "source.silent":
        expected = data.get("expected")
        usual = ("; by then it had usually sent {}", "，往常此时应有约 {} 条")[which]
        said["usual"] = usual.format(expected) if expected else ""
    if alarm.kind.startswith("credential."):
        said["what"] = _WHAT["certificate" if "certificate:" in alarm.name else ""][which]
        ends = datetime.fromisoformat(data["ends"]) if data.get("ends") else None
        said["ends"] = f"{ends:%Y-%m-%d}" if ends else ""
        said["left"] = _time((ends - now).total_seconds(), which) if ends else ""
        since = (" since {}", "（{}）")[which].format(said["ends"]) if ends else ""
        said["ended"] = f": {said['reason'].rstrip('.')}" if data.get("reason") else since
    return said


def _time(seconds: float, which: int) -> str:
    """Return a length of time in its largest unit of which there are two or more."""
    for size, words in _UNITS:
        if seconds >= 2 * size or size == 1:
            return f"{seconds / size:.0f}{'' if which else ' '}{words[which]}"
    raise AssertionError("unreachable")
