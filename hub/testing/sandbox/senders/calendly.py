"""Calendly: the webhook of a booking, or of a routing form; option `event`."""

from __future__ import annotations

from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, iso, texts

API = "https://api.calendly.com"
OWN = ("email", "first_name", "last_name", "full_name", "phone")
TRACKING = ("utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term")


def payload(job: Job) -> Sent:
    """Return the webhook, signed over its time and body."""
    kind = str(job.options.get("event", "invitee.created"))
    told = _routing(job) if kind.startswith("routing_form") else _invitee(job)
    tracking = {name: job.fields.get(name) for name in TRACKING} | {"salesforce_uuid": None}
    times = {"created_at": iso(job.at), "updated_at": iso(job.at)}
    event = {"event": kind, "created_at": iso(job.at), "created_by": f"{API}/users/AAAA"}
    body, at = compact({**event, "payload": {**told, "tracking": tracking, **times}}), str(int(job.at.timestamp()))
    signature = digest(job.secret, at.encode() + b"." + body).hex()
    return Sent({**JSON, **({"calendly-webhook-signature": f"t={at},v1={signature}"} if job.secret else {})}, body)


def _invitee(job: Job) -> dict[str, Any]:
    fields = job.fields
    asked = {name: value for name, value in fields.items() if name not in OWN and name not in TOUCH_FIELDS}
    meeting = {"uri": f"{API}/scheduled_events/GBGB", "name": "Demo", "status": "active", "start_time": iso(job.at)}
    return {
        "uri": f"{API}/scheduled_events/GBGB/invitees/{job.key}",
        "email": fields.get("email"),
        "first_name": fields.get("first_name"),
        "last_name": fields.get("last_name"),
        "name": fields.get("full_name") or " ".join(filter(None, map(fields.get, ("first_name", "last_name")))),
        "status": "active",
        "timezone": "Asia/Taipei",
        "event": meeting["uri"],
        "text_reminder_number": fields.get("phone"),
        "rescheduled": False,
        "old_invitee": None,
        "new_invitee": None,
        "questions_and_answers": [
            {"question": name, "answer": "\n".join(texts(value)), "position": number}
            for number, (name, value) in enumerate(asked.items())
        ],
        "scheduled_event": meeting,
    }


def _routing(job: Job) -> dict[str, Any]:
    asked = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    answers = [{"question_uuid": f"q-{name}", "question": name, "answer": value} for name, value in asked.items()]
    result = {"type": "event_type", "value": f"{API}/event_types/ET1"}
    about = {"uri": f"{API}/routing_form_submissions/{job.key}", "routing_form": f"{API}/routing_forms/RF1"}
    return {**about, "questions_and_answers": answers, "result": result, "submitter": None, "submitter_type": None}
