"""Zoom: the signed webhook of a webinar registration; options `webinar`, `event`, `status`."""

from __future__ import annotations

from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, iso

_KNOWN = {
    "first_name": "first_name", "last_name": "last_name", "email": "email", "phone": "phone", "company": "org",
    "title": "job_title", "country": "country", "city": "city", "industry": "industry", "message": "comments",
}  # fmt: skip


def payload(job: Job) -> Sent:
    """Return the event, signed over its time and body."""
    webinar: dict[str, Any] = {
        "id": _webinar(job),
        "uuid": "4444AAAiAAAAAiAiAiiAii==",
        "host_id": "x1yCzABCDEfg23HiJKl4mN",
    }
    webinar |= {"topic": "Launch", "type": 5, "duration": 60, "timezone": "Asia/Taipei"}
    who = {**_registrant(job), "join_url": f"https://zoom.example/w/{_webinar(job)}?tk={job.key}"}
    told = {"account_id": "AAAAAABBBB", "object": {**webinar, "registrant": who}}
    event = job.options.get("event", "webinar.registration_created")
    body = compact({"event": event, "event_ts": int(job.at.timestamp() * 1000), "payload": told})
    at = str(int(job.at.timestamp()))
    signature = {"x-zm-signature": f"v0={digest(job.secret, f'v0:{at}:'.encode() + body).hex()}"} if job.secret else {}
    return Sent({**JSON, "x-zm-request-timestamp": at, **signature}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the registrant as the list shows it, with its webinar."""
    return "zoom_webinar", {**_registrant(job), "create_time": iso(job.at), "webinar": _webinar(job)}


def _webinar(job: Job) -> str:
    return str(job.options.get("webinar", "92674392836"))


def _registrant(job: Job) -> dict[str, Any]:
    known = {_KNOWN[name]: str(value) for name, value in job.fields.items() if name in _KNOWN}
    asked = [{"title": name, "value": str(value)} for name, value in job.fields.items() if name not in _KNOWN]
    return {"id": job.key, **known, "custom_questions": asked, "status": job.options.get("status", "approved")}
