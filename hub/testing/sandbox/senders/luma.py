"""Luma: the signed webhook of a guest who registered; options `event`, `type`, `approval`."""

from __future__ import annotations

import hmac
from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, iso

_KNOWN = {
    "email": "user_email", "full_name": "user_name", "first_name": "user_first_name", "last_name": "user_last_name",
    "phone": "phone_number", "utm_source": "utm_source",
}  # fmt: skip


def payload(job: Job) -> Sent:
    """Return the webhook, signed over its time and body."""
    event = {"platform": "luma", "id": _event(job), "calendar_id": "cal-1", "name": "Meetup", "timezone": "Asia/Taipei"}
    event |= {"start_at": "2026-05-20T10:00:00.000Z", "description": "A long text", "visibility": "public"}
    body = compact({"type": job.options.get("type", "guest.registered"), "data": {**_guest(job), "event": event}})
    at = str(int(job.at.timestamp()))
    headers = {**JSON, "webhook-id": f"wh-{job.key}", "webhook-timestamp": at}
    if job.secret:
        proof = hmac.digest(job.secret.encode(), at.encode() + b"." + body, "sha256").hex()
        headers["webhook-signature"] = f"t={at},v1={proof}"
    return Sent(headers, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the guest as the list shows it, with the event."""
    return "luma", {**_guest(job), "event_id": _event(job)}


def _event(job: Job) -> str:
    return str(job.options.get("event", "evt-1"))


def _guest(job: Job) -> dict[str, Any]:
    known = {_KNOWN[name]: str(value) for name, value in job.fields.items() if name in _KNOWN}
    blank: dict[str, Any] = {**dict.fromkeys(_KNOWN.values()), "invited_at": None, "joined_at": None}
    about = {"id": f"gst-{job.key}", "user_id": f"usr-{job.key}", "registered_at": iso(job.at)}
    asked = [_answer(name, value) for name, value in job.fields.items() if name not in (*_KNOWN, "title")]
    more = {"approval_status": job.options.get("approval", "approved"), "check_in_qr_code": "https://luma.example/in"}
    company = job.fields.get("company")
    asked += [_company(str(company), job.fields.get("title"))] if company else []
    return {**about, **blank, **known, **more, "eth_address": None, "registration_answers": asked, "event_tickets": []}


def _answer(name: str, value: Any) -> dict[str, Any]:
    kind = "multi-select" if isinstance(value, list) else "agree-check" if isinstance(value, bool) else "text"
    return {"question_id": f"q-{name}", "label": name, "question_type": kind, "value": value, "answer": value}


def _company(company: str, title: Any) -> dict[str, Any]:
    whole = {"company": company, "job_title": title}
    told = {"answer": company, "answer_company": company, "answer_job_title": title}
    return {"question_id": "q-work", "label": "Where do you work?", "question_type": "company", "value": whole, **told}
