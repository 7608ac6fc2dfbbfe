"""Wenjuanxing 问卷星: the data push, signed over survey and number only; option `survey`."""

from __future__ import annotations

import hashlib
from typing import Any
from zoneinfo import ZoneInfo

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, texts

SURVEY = "123456"
_TITLES = {"full_name": "您的姓名", "phone": "手机号码", "email": "邮箱", "company": "公司名称", "message": "留言"}


def payload(job: Job) -> Sent:
    """Return the push: choices as the numbers of their options, the time in Beijing's."""
    survey, index = str(job.options.get("survey", SURVEY)), "7"
    answers = {f"q{number}": _answer(value) for number, (_, value) in enumerate(_answers(job), 1)}
    tracking = [str(value) for name, value in job.fields.items() if name in TOUCH_FIELDS]
    told = {
        "activity": survey,
        "name": "试用申请",
        "timetaken": "35",
        "submittime": job.at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S"),
        "index": index,
        "joinid": job.key,
        **answers,
        "totalvalue": "0",
        **({"sojumpparm": tracking[0]} if tracking else {}),
        "sign": hashlib.sha1(f"{survey}{index}{job.secret or ''}".encode()).hexdigest(),
    }
    return Sent(dict(JSON), compact(told))


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the survey with its questions, as the API tells them."""
    questions = [
        {"q_index": number, "q_type": 4 if isinstance(value, list) else 5, "q_title": _TITLES.get(name, name)}
        | ({"items": _items(number, value)} if isinstance(value, list) else {})
        for number, (name, value) in enumerate(_answers(job), 1)
    ]
    survey = str(job.options.get("survey", SURVEY))
    return "wenjuanxing", {"vid": survey, "title": "试用申请", "questions": questions}


def _answers(job: Job) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in job.fields.items() if name not in TOUCH_FIELDS]


def _answer(value: Any) -> str:
    return ",".join(str(n) for n in range(1, len(value) + 1)) if isinstance(value, list) else texts(value)[0]


def _items(question: int, values: list[Any]) -> list[dict[str, Any]]:
    return [{"q_index": question, "item_index": n, "item_title": str(value)} for n, value in enumerate(values, 1)]
