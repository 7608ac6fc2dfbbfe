"""Tencent Survey 腾讯问卷: the unsigned webhook, `?token=` in the address; options `survey`, `action`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact

SURVEY = 5356056
_TITLES = {"full_name": "姓名", "phone": "手机号", "email": "邮箱", "company": "公司", "message": "留言"}


def payload(job: Job) -> Sent:
    """Return the webhook of an answer."""
    told = {
        "id": f"33cc555f-056f-4242-a97c-{job.key}",
        "object": "Answer",
        "action": job.options.get("action", "answer.create"),
        "created_at": _beijing(job.at),
        "payload": answer_of(job),
    }
    return Sent(dict(JSON), compact(told), {"token": job.secret} if job.secret else {})


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the answer, and the titles of the survey's questions, as the API has them."""
    titles = {f"q-{n}-abcd": _TITLES.get(name, name) for n, name in enumerate(_names(job), 1)}
    return "tencent_survey", {"titles": titles, "answer": answer_of(job)}


def answer_of(job: Job) -> dict[str, Any]:
    """Return an answer: one page with the questions, choices as options, no titles."""
    questions = [_question(f"q-{n}-abcd", job.fields[name]) for n, name in enumerate(_names(job), 1)]
    return {
        "survey_id": job.options.get("survey", SURVEY),
        "survey_hash": "abc1",
        "answer_id": int("".join(letter for letter in job.key if letter.isdigit()) or 1),
        "respondent_id": 60000000001,
        "respondent_type": 0,
        "started_at": _beijing(job.at),
        "ended_at": _beijing(job.at),
        "duration": 35,
        "country": "中国",
        "province": "浙江省",
        "city": "杭州市",
        "ip": "203.0.113.7",
        "ua": "Mozilla/5.0",
        "referrer": "",
        "third_party_user": {},
        "answer": [{"id": "p-1-abcd", "questions": questions}],
    }


def _names(job: Job) -> list[str]:
    return [name for name in job.fields if name not in TOUCH_FIELDS]


def _question(id_: str, value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        options = [{"id": f"o-{n}-abcd", "text": str(one)} for n, one in enumerate(value, 1)]
        return {"id": id_, "type": "checkbox", "options": options}
    return {"id": id_, "type": "text", "text": str(value)}


def _beijing(at: datetime) -> str:
    return at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
