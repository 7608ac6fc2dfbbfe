"""Tally: the FORM_RESPONSE webhook; option `form`."""

from __future__ import annotations

import base64
from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, iso

_KINDS = {"email": "INPUT_EMAIL", "phone": "INPUT_PHONE_NUMBER", "website": "INPUT_LINK", "message": "TEXTAREA"}


def payload(job: Job) -> Sent:
    """Return the signed webhook."""
    fields = [field for name, value in job.fields.items() for field in _fields(name, value)]
    data = {"responseId": job.key, "submissionId": job.key, "respondentId": f"r{job.key}", "formId": form_of(job)}
    data |= {"formName": "Sandbox form", "createdAt": iso(job.at)}
    event = {"eventId": f"event-{job.key}", "eventType": "FORM_RESPONSE", "createdAt": iso(job.at)}
    body = compact({**event, "data": {**data, "fields": fields}})
    signed = base64.b64encode(digest(job.secret, body)).decode()
    return Sent({**JSON, **({"tally-signature": signed} if job.secret else {})}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the submission as the API lists it; `titles` are those of the questions."""
    answers = [{"id": f"a{name}", "questionId": f"Q{name}", "answer": value} for name, value in job.fields.items()]
    about = {"id": job.key, "formId": form_of(job), "respondentId": f"r{job.key}", "submittedAt": iso(job.at)}
    titles = {f"Q{name}": name for name in job.fields}
    return "tally", {**about, "isCompleted": True, "responses": answers, "titles": titles}


def form_of(job: Job) -> str:
    """Return the id of the form."""
    return str(job.options.get("form", "VwbNEw"))


def _fields(name: str, value: Any) -> list[dict[str, Any]]:
    """Return the fields of one answer: several choices are ids into options, and one boolean an option more."""
    key = f"question_{name}"
    if isinstance(value, list):
        options = [{"id": f"o{number}", "text": str(one)} for number, one in enumerate(value, 1)]
        ids = [option["id"] for option in options]
        told = {"label": name, "type": "CHECKBOXES"}
        ticks = [
            {**told, "key": f"{key}_{one['id']}", "label": f"{name} ({one['text']})", "value": True} for one in options
        ]
        return [{"key": key, **told, "value": ids, "options": options}, *ticks]
    kind = "HIDDEN_FIELDS" if name in TOUCH_FIELDS else _KINDS.get(name, "INPUT_TEXT")
    return [{"key": key, "label": name, "type": kind, "value": value}]
