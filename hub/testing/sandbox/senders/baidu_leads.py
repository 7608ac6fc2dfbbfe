"""Baidu Marketing 百度营销: the push of a lead, with its answers in a list; option `ucid`."""

from __future__ import annotations

from datetime import timedelta, timezone

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, texts

_BEIJING = timezone(timedelta(hours=8))
_QUESTIONS = {"full_name": "姓名", "email": "邮箱", "company": "公司", "message": "留言"}


def payload(job: Job) -> Sent:
    """Return the post; the key is in the address."""
    asked = {name: value for name, value in job.fields.items() if name not in (*TOUCH_FIELDS, "phone")}
    answers = [{"key": _QUESTIONS.get(name, name), "value": ", ".join(texts(value))} for name, value in asked.items()]
    body = {
        "ucid": job.options.get("ucid", 77),
        "clueId": job.key,
        "commitTime": f"{job.at.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}",
        "solutionTypeName": "表单",
        "cluePhoneNumber": str(job.fields.get("phone", "")),
        "flowChannelName": "搜索推广",
        "formDetail": answers,
        "url": "https://example.com/lp",
    }
    return Sent(dict(JSON), compact(body), {"token": job.secret} if job.secret else {})
