"""Baidu Marketing 百度营销: the push of a lead, with its answers in a list; option `ucid`."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, texts

_BEIJING = timezone(timedelta(hours=8))
_QUESTIONS = {"full_name": "姓名", "email": "邮箱", "company": "公司", "message": "留言"}


def payload(job: Job) -> Sent:
    """Return the post; the key is in the address."""
    body = {"ucid": job.options.get("ucid", 77), **_lead(job), "flowChannelName": "搜索推广"}
    return Sent(dict(JSON), compact(body), {"token": job.secret} if job.secret else {})


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the lead as the Marketing API lists it."""
    return "baidu_leads", {"userName": job.options.get("user", "shop"), "solutionType": "form", **_lead(job)}


def _lead(job: Job) -> dict[str, Any]:
    asked = {name: value for name, value in job.fields.items() if name not in (*TOUCH_FIELDS, "phone")}
    answers = [{"key": _QUESTIONS.get(name, name), "value": ", ".join(texts(value))} for name, value in asked.items()]
    return {
        "clueId": job.key,
        "commitTime": f"{job.at.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}",
        "solutionTypeName": "表单",
        "cluePhoneNumber": str(job.fields.get("phone", "")),
        "formDetail": answers,
        "url": "https://example.com/lp",
    }
