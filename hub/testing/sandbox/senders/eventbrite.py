"""Eventbrite: the webhook that names an attendee; options `event`, `action`, `organization`, `changed`."""

from __future__ import annotations

from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, iso

_KNOWN = {
    "first_name": "first_name", "last_name": "last_name", "full_name": "name", "email": "email",
    "phone": "cell_phone", "company": "company", "title": "job_title",
}  # fmt: skip


def payload(job: Job) -> Sent:
    """Return the webhook; the key stands in the address it was made with."""
    action, number = job.options.get("action", "attendee.updated"), _number(job.key)
    what = f"orders/{number}" if action.startswith("order.") else f"events/{_event(job)}/attendees/{number}"
    config = {"action": action, "user_id": "311783287832", "endpoint_url": job.url, "webhook_id": "1806556"}
    body = compact({"config": config, "api_url": f"https://www.eventbriteapi.com/v3/{what}/"})
    about = {"user-agent": "Eventbrite Webhooks (Dilithium)", "accept": "text/plain"}
    about |= {"x-eventbrite-event": action, "x-eventbrite-delivery": "1806556"}
    return Sent({**JSON, **about}, body, {"token": job.secret} if job.secret else {})


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the attendee as the API shows it, with its organization."""
    known = {_KNOWN[name]: str(value) for name, value in job.fields.items() if name in _KNOWN}
    asked = [
        {"question_id": str(number), "question": name, "type": "text", "answer": str(value)}
        for number, (name, value) in enumerate(job.fields.items(), 91)
        if name not in _KNOWN
    ]
    flags = {"checked_in": False, "cancelled": False, "refunded": False, "status": "Attending"}
    about = {"id": _number(job.key), "event_id": _event(job), "order_id": "31", "ticket_class_name": "General"}
    times = {"created": iso(job.at), "changed": job.options.get("changed", iso(job.at))}
    organization = str(job.options.get("organization", "9001"))
    barcodes = [{"status": "unused", "barcode": f"31{_number(job.key)}001", "checkin_type": 0}]
    whole = {**about, **times, **flags, "affiliate": None, "profile": known, "answers": asked, "barcodes": barcodes}
    return "eventbrite", {**whole, "organization": organization}


def _event(job: Job) -> str:
    return str(job.options.get("event", "5"))


def _number(key: str) -> str:
    """Return the vendor's id, which is a number, of a key."""
    return "".join(str(ord(letter) % 10) if not letter.isdigit() else letter for letter in key)
