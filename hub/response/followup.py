"""What a new owner inherits: the whole history of a lead in order, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hub.explain.owners import moved
from hub.labels import Language

Row = Mapping[str, Any]

_ORDER = ("round", "owner", "activity", "task")
_DONE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "status": ("{by} set the status{word}", "{by} 更改状态{word}"),
        "accept": ("{by} took it", "{by} 已接手"),
        "call": ("{by} called", "{by} 电话联系"),
        "mail": ("{by} wrote a mail", "{by} 发送邮件"),
        "message": ("a message{from_}", "消息{from_}"),
        "meeting": ("{by} had a meeting", "{by} 会面"),
        "note": ("{by} wrote a note", "{by} 添加备注"),
        "task": ("{by} planned a task", "{by} 安排任务"),
        "owner": ("{by} changed its owner in {sink}", "{by} 在 {sink} 中更改负责人"),
        "deal": ("{by} changed the deal{word}", "{by} 更新商机{word}"),
    }
)
_ROUND = ("round {round} began: submitted through {source}", "第 {round} 轮开始：来自 {source}")
_TASK = ("to do: {text}", "待办：{text}")


def story(rows: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return everything that happened to a lead, oldest first, each with its words in English and Chinese."""
    told = [{"at": _at(what, row), "what": what, **_said(what, row)} for what in _ORDER for row in rows[what]]
    return sorted(told, key=lambda one: (one["at"], _ORDER.index(one["what"])))


def _at(what: str, row: Row) -> datetime:
    at: datetime = row[{"round": "started_at", "task": "created_at"}.get(what, "at")]
    return at


def _said(what: str, row: Row) -> dict[str, Any]:
    keep = _KEPT[what]
    said = {"says": _words(what, row, "en"), "says_zh": _words(what, row, "zh")}
    return {**said, **{name: row[name] for name in keep if row[name] is not None}}


_KEPT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "round": ("round", "source", "team", "owner", "pool", "responded_at", "closed_at", "disposition"),
        "owner": ("act", "owner", "former", "team", "pool", "former_pool", "reason", "by"),
        "activity": ("id", "kind", "sink", "by", "human", "word", "disposition", "value", "currency", "reason", "data"),
        "task": ("id", "text", "owner", "due_at", "done_at", "done_by", "by"),
    }
)


def _words(what: str, row: Row, language: Language) -> str:
    chinese = language == "zh"
    if what == "owner":
        return moved(row, language)
    if what == "round":
        return _ROUND[chinese].format(round=row["round"], source=row["source"])
    if what == "task":
        return _TASK[chinese].format(text=row["text"])
    nobody = "系统" if chinese else "a program"
    by = row["by"] or nobody
    values = {"by": by, "sink": row["sink"], "word": f": {row['word']}" if row["word"] else ""}
    values["from_"] = ("（{}）" if chinese else " by {}").format(row["by"]) if row["by"] else ""
    said = _DONE.get(row["kind"], ("{by}", "{by}"))[chinese].format(**values)
    rest = ("，" if chinese else "; ").join(_rest(row, chinese))
    return f"{said}（{rest}）" if rest and chinese else f"{said} ({rest})" if rest else said


def _rest(row: Row, chinese: bool) -> Iterator[str]:
    if row["disposition"]:
        yield str(row["disposition"])
    if row["reason"]:
        yield str(row["reason"])
    own = (row["data"] or {}).get("words")
    if own:
        yield f"“{own}”" if chinese else f'"{own}"'
    if row["value"] is not None:
        yield f"{row['value']:g} {row['currency'] or ''}".strip()
