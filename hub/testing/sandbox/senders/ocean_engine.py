"""Ocean Engine 巨量引擎: what a push rule of Feiyu 飞鱼 posts; options `form` (as a form), `test`, `advertiser`."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import FORM, JSON, Job, Sent, compact

_BEIJING = timezone(timedelta(hours=8))
_NAMES = {"full_name": "name", "phone": "telphone", "wechat": "weixin", "email": "email", "city": "city_name"}


def payload(job: Job) -> Sent:
    """Return the post: known fields under their names, the others as answers; the key is in the address."""
    asked = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    touch = {name: value for name, value in job.fields.items() if name in TOUCH_FIELDS}
    answers = {name: value for name, value in asked.items() if name not in _NAMES}
    body: dict[str, Any] = {
        "id": job.key,
        "adv_id": str(job.options.get("advertiser", "123")),
        **{_NAMES[name]: value for name, value in asked.items() if name in _NAMES},
        "clue_source": 4 if job.options.get("test") else 1,
        "external_url": f"https://example.com/lp?{urlencode(touch)}",
        "create_time": int(job.at.timestamp()),
    }
    query = {"token": job.secret} if job.secret else {}
    if job.options.get("form"):
        text = {**body, "remark_dict": json.dumps(answers, ensure_ascii=False)}
        return Sent(dict(FORM), urlencode(text).encode(), query)
    return Sent(dict(JSON), compact({**body, "remark_dict": answers}), query)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the lead as the Marketing API lists it."""
    asked = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    names = {**_NAMES, "phone": "telephone"}
    answers = {name: value for name, value in asked.items() if name not in names}
    at = f"{job.at.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}"
    return "ocean_engine", {
        "clue_id": job.key,
        "advertiser_id": job.options.get("advertiser", 123),
        **{names[name]: value for name, value in asked.items() if name in names},
        "clue_source": 4 if job.options.get("test") else 1,
        "create_time": at,
        "create_time_detail": at,
        "remark_dict": answers,
    }
