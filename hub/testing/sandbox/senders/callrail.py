"""CallRail: the signed webhooks of a company; options `event` (call, form, text), `direction`."""

from __future__ import annotations

import base64
import hmac
from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, iso


def payload(job: Job) -> Sent:
    """Return the webhook of a form submission, of a finished call or of a text."""
    body = compact({"form": form_of, "call": _call, "text": _text}[job.options.get("event", "form")](job))
    headers = {**JSON, "user-agent": "CallRail Webhooks"}
    if job.secret:
        headers["signature"] = base64.b64encode(hmac.digest(job.secret.encode(), body, "sha1")).decode()
    return Sent(headers, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the form submission as the list shows it."""
    return "callrail", {"kind": "form_submissions", **form_of(job)}


def form_of(job: Job) -> dict[str, Any]:
    """Return a form submission: the answers in form_data, where the visit came from beside them."""
    return {
        "id": job.key,
        "company_id": "COM1",
        "form_data": {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS},
        "form_url": "https://site.example/contact",
        "landing_page_url": "https://site.example/demo",
        "referrer": "google",
        "submitted_at": iso(job.at),
        "first_form": True,
        "source": "Google Ads",
        **_visit(job),
    }


def _call(job: Job) -> dict[str, Any]:
    return {
        "id": 766970532,
        "resource_id": job.key,
        "answered": True,
        "voicemail": False,
        "direction": job.options.get("direction", "inbound"),
        "duration": 183,
        "start_time": iso(job.at),
        "timestamp": iso(job.at),
        "customer_name": str(job.fields.get("full_name", "")).upper(),
        "customer_phone_number": job.fields.get("phone"),
        "tracking_phone_number": "+13035550100",
        "source_name": "Google Ads",
        **_visit(job),
    }


def _text(job: Job) -> dict[str, Any]:
    return {
        "resource_id": job.key,
        "source_number": job.fields.get("phone"),
        "destination_number": "+13035550100",
        "content": job.fields.get("message", ""),
        "timestamp": iso(job.at),
        "conversation_id": "k8mc8",
    }


def _visit(job: Job) -> dict[str, str]:
    return {name: str(value) for name, value in job.fields.items() if name in TOUCH_FIELDS}
