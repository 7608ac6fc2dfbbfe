"""Elementor Pro forms: the unsigned form of its webhook action, `?token=` in the address; option `advanced`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from hub.testing.sandbox.senders import FORM, Job, Sent, texts

_LABELS = {"full_name": "Name", "email": "Email", "phone": "Phone", "message": "Message"}
PAGE = "https://site.example/?utm_source=google"


def payload(job: Job) -> Sent:
    """Return the form, with Advanced Data unless the option says no."""
    told = _advanced(job) if job.options.get("advanced", True) else _simple(job)
    headers = {**FORM, "user-agent": "WordPress/6.8; https://site.example"}
    return Sent(headers, urlencode(told).encode(), {"token": job.secret} if job.secret else {})


def _advanced(job: Job) -> dict[str, str]:
    told = {"form[id]": "7a1b2c3", "form[name]": "Demo"}
    for name, value in job.fields.items():
        field = {"id": name, "type": "text", "title": _LABELS.get(name, name), "value": _value(value), "required": "0"}
        told |= {f"fields[{name}][{part}]": said for part, said in {**field, "raw_value": _value(value)}.items()}
    meta = {
        "date": ("Date", job.at.strftime("%B %d, %Y")),
        "time": ("Time", job.at.strftime("%I:%M %p").lower()),
        "page_url": ("Page URL", PAGE),
        "user_agent": ("User Agent", "Mozilla/5.0"),
        "remote_ip": ("Remote IP", "203.0.113.7"),
        "credit": ("Powered by", "Elementor"),
    }
    for name, (title, value) in meta.items():
        told |= {f"meta[{name}][title]": title, f"meta[{name}][value]": value}
    return told


def _simple(job: Job) -> dict[str, str]:
    told = {_LABELS.get(name, name): _value(value) for name, value in job.fields.items()}
    day, hour = job.at.strftime("%B %d, %Y"), job.at.strftime("%I:%M %p").lower()
    page = {"Page URL": PAGE, "User Agent": "Mozilla/5.0", "Remote IP": "203.0.113.7", "Powered by": "Elementor"}
    return {**told, "Date": day, "Time": hour, **page, "form_id": "7a1b2c3", "form_name": "Demo"}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return ", ".join(texts(value))
