"""Jinshuju 金数据: the unsigned push of an entry, `?token=` in the address; options `form`, `edited` (a time)."""

from __future__ import annotations

from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, iso, texts

FORM = "Iq2Xyz"
_LABELS = {"full_name": "姓名", "phone": "手机", "email": "邮箱", "company": "公司", "message": "留言"}


def payload(job: Job) -> Sent:
    """Return the push; only the address proves who sends."""
    told = {"form": job.options.get("form", FORM), "form_name": "试用申请", "entry": entry_of(job)}
    return Sent(dict(JSON), compact(told), {"token": job.secret} if job.secret else {})


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the form and the entry as the API shows them."""
    return "jinshuju", {"form": job.options.get("form", FORM), "fields": fields_of(job), "entry": entry_of(job)}


def fields_of(job: Job) -> dict[str, str]:
    """Return the form's fields: their keys and labels."""
    names = [name for name in job.fields if name not in TOUCH_FIELDS]
    return {f"field_{number}": _LABELS.get(name, name) for number, name in enumerate(names, 1)}


def entry_of(job: Job) -> dict[str, Any]:
    """Return the entry: answers by the keys of their fields, the address's parameter in x_field_1."""
    answers = [value for name, value in job.fields.items() if name not in TOUCH_FIELDS]
    tracking = [str(value) for name, value in job.fields.items() if name in TOUCH_FIELDS]
    digits = "".join(letter for letter in job.key if letter.isdigit())
    return {
        "serial_number": int(digits or 1),
        **{
            f"field_{number}": texts(value) if isinstance(value, list) else value
            for number, value in enumerate(answers, 1)
        },
        **({"x_field_1": tracking[0]} if tracking else {}),
        "info_remote_ip": "203.0.113.7",
        "created_at": iso(job.at),
        "updated_at": iso(job.options.get("edited", job.at)),
    }
