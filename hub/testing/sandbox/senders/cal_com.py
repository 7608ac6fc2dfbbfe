"""Cal.com: the webhook of a booking, or of a routing form; options `event`, `placeholder`."""

from __future__ import annotations

from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, iso

_SLUGS = {"full_name": "name", "phone": "attendeePhoneNumber", "message": "notes"}


def payload(job: Job) -> Sent:
    """Return the signed webhook; a `placeholder` stands for the signature where the webhook has no secret."""
    kind = str(job.options.get("event", "BOOKING_CREATED"))
    told = _form(job) if kind == "FORM_SUBMITTED" else _booking(job)
    body = compact({"triggerEvent": kind, "createdAt": iso(job.at), "payload": told})
    signature = digest(job.secret, body).hex() if job.secret else job.options.get("placeholder")
    signed = {"x-cal-signature-256": str(signature)} if signature else {}
    return Sent({**JSON, "x-cal-webhook-version": "2021-10-20", **signed}, body)


def _booking(job: Job) -> dict[str, Any]:
    answers = {_SLUGS.get(name, name): value for name, value in job.fields.items()}
    name, language = answers.get("name"), {"locale": "en"}
    return {
        "type": "30min",
        "title": f"30min between Pro and {name}",
        "startTime": iso(job.at),
        "endTime": iso(job.at),
        "organizer": {"id": 5, "name": "Pro", "email": "pro@example.org", "timeZone": "UTC", "language": language},
        "responses": {slug: {"label": slug, "value": value} for slug, value in answers.items()},
        "userFieldsResponses": {},
        "attendees": [{"email": answers.get("email"), "name": name, "timeZone": "Asia/Taipei", "language": language}],
        "uid": job.key,
        "bookingId": 91,
        "eventTypeId": 7,
        "metadata": {},
        "status": "ACCEPTED",
    }


def _form(job: Job) -> dict[str, Any]:
    answers = {name: {"value": value, "response": value} for name, value in job.fields.items()}
    return {"formId": f"form-{job.key}", "formName": "Sandbox form", "teamId": None, "responses": answers}
