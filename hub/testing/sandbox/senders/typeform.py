"""Typeform: the form_response webhook; option `form`."""

from __future__ import annotations

import base64
from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, iso

_TYPEFORM_KINDS = {"email": "email", "phone": "phone_number", "website": "url"}


def payload(job: Job) -> Sent:
    """Return the signed webhook."""
    response = response_of(job)
    titles = [{**answer["field"], "title": answer["field"]["ref"]} for answer in response["answers"]]
    response["definition"] = {"id": response["form_id"], "title": "Sandbox form", "fields": titles}
    body = compact({"event_id": f"event-{job.key}", "event_type": "form_response", "form_response": response})
    signed = base64.b64encode(digest(job.secret, body)).decode()
    signature = {"typeform-signature": f"sha256={signed}"} if job.secret else {}
    return Sent({**JSON, "user-agent": "Typeform Webhooks", **signature}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the response as Typeform's Responses API shows it."""
    return "typeform", response_of(job)


def response_of(job: Job) -> dict[str, Any]:
    """Return the response, as webhook and API have it."""
    fields, key, at, options = job.fields, job.key, job.at, job.options
    answers = [_typeform_answer(name, value) for name, value in fields.items() if name not in TOUCH_FIELDS]
    return {
        "form_id": options.get("form", "lT4Z3j"),
        "token": key,
        "landed_at": iso(at),
        "submitted_at": iso(at),
        "hidden": {name: str(value) for name, value in fields.items() if name in TOUCH_FIELDS},
        "calculated": {"score": 0},
        "answers": answers,
    }


def _typeform_answer(name: str, value: Any) -> dict[str, Any]:
    field = {"id": f"field_{name}", "ref": name}
    if isinstance(value, bool):
        return {"type": "boolean", "boolean": value, "field": {**field, "type": "legal"}}
    if isinstance(value, int | float):
        return {"type": "number", "number": value, "field": {**field, "type": "number"}}
    if isinstance(value, list):
        return {"type": "choices", "choices": {"labels": value}, "field": {**field, "type": "multiple_choice"}}
    kind = _TYPEFORM_KINDS.get(name, "text")
    return {"type": kind, kind: str(value), "field": {**field, "type": "short_text" if kind == "text" else kind}}
