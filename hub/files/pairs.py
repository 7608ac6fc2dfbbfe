"""Finds what a notification says in lines of `label: value`, in English, Chinese and other scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_LINES = 3_000
MAX_PAIRS = 200
MAX_VALUE = 10_000

_LINE = re.compile(r"[\s>*•·▪●◦_–-]*([^:：\t【】]{1,60}?)[\s*_]*(?:[:：]|\t)[*_]*\s*(.*)", re.DOTALL)
_BRACKETED = re.compile(r"\s*【\s*([^】]{1,40}?)\s*】\s*[:：]?\s*(.*)", re.DOTALL)
_LINK = re.compile(r"\s*[<\[](?:mailto:|tel:|https?:)[^>\]\s]*[>\]]")
_FORWARDED = re.compile(
    r"-{2,}.*(?:forwarded|original|weitergeleitete|ursprüngliche|转发|原始|轉寄|原始).*-{2,}|begin forwarded message:",
    re.IGNORECASE,
)
_LONG = re.compile(
    r"message|comment|enquir|inquir|question|note|requirement|detail|description|nachricht|"
    r"留言|备注|備註|内容|內容|需求|说明|說明|描述|问题|問題|咨询|諮詢",
    re.IGNORECASE,
)
_FROM = frozenset(["from", "von", "发件人", "寄件者"])
_WESTERN = frozenset(["to", "cc", "date", "sent", "subject", "reply-to", "an", "gesendet", "betreff", "datum"])
_CHINESE = frozenset(["收件人", "抄送", "日期", "时间", "发送时间", "主题", "收件者", "主旨"])
_HEADERS = _FROM | _WESTERN | _CHINESE


@dataclass(slots=True)
class Said:
    """What a text says: its labelled values, and the sender of the mail it forwards."""

    pairs: dict[str, str] = field(default_factory=dict)
    forwarded: bool = False
    forwarded_from: str = ""


def read_pairs(text: str) -> Said:
    """Return the labelled values of a text in order; a value may go on in the lines below its label.

    Takes `Name: Mei`, `姓名：张伟`, `【手机】138…`, `Name<tab>Mei` and a label with its value in the next line.
    """
    said = Said()
    current = ""
    in_headers = False
    for line in text.splitlines()[:MAX_LINES]:
        plain = _LINK.sub("", line).strip("\r\n \u200b\ufeff")
        if _FORWARDED.search(plain):
            said.forwarded, in_headers, current = True, True, ""
        elif plain in ("--", "---", "___") and said.pairs:
            break  # a signature
        elif found := _labelled(plain):
            label, value = found
            if in_headers and label.lower() in _HEADERS:
                said.forwarded_from = value if label.lower() in _FROM else said.forwarded_from
            elif len(said.pairs) < MAX_PAIRS:
                current, in_headers = _add(said.pairs, label, value), False
        elif not plain:
            in_headers = in_headers and not said.forwarded_from
            current = current if current and (not said.pairs[current] or _LONG.search(current)) else ""
        elif current:
            said.pairs[current] = f"{said.pairs[current]}\n{plain}".strip()[:MAX_VALUE]
    return said


def _labelled(line: str) -> tuple[str, str] | None:
    found = _BRACKETED.fullmatch(line) or _LINE.fullmatch(line)
    if found is None:
        return None
    label, value = " ".join(found[1].split()), found[2].strip()
    is_label = any(c.isalpha() for c in label) and len(label.split()) <= 8
    is_address = value.startswith("//") or "@" in label
    is_time = label[-1:].isdigit() and value[:2].isdigit() and label[-2:].strip().isdigit()
    return (label, value[:MAX_VALUE]) if is_label and not is_address and not is_time else None


def _add(pairs: dict[str, str], label: str, value: str) -> str:
    """Keep the value under its label, a second one under `label (2)`; return the name it is kept under."""
    name, count = label, 1
    while pairs.get(name):
        if pairs[name] == value:
            return name
        count += 1
        name = f"{label} ({count})"
    pairs[name] = value
    return name
