"""Fillout: the webhook of a form, in Simple mode; option `form`."""

from __future__ import annotations

from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, iso

_KINDS = {"email": "EmailInput", "phone": "PhoneNumber", "website": "URLInput", "message": "LongAnswer"}


def payload(job: Job) -> Sent:
    """Return the webhook; the secret stands in the address, as there is no signature."""
    around = {"formId": form_of(job), "formName": "Sandbox form"}
    query = {"token": job.secret} if job.secret else {}
    return Sent({**JSON}, compact({**around, "submission": submission_of(job)}), query)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the submission as the API lists it, with its form."""
    return "fillout", {"form": form_of(job), **submission_of(job)}


def submission_of(job: Job) -> dict[str, Any]:
    """Return the submission, as webhook and API have it."""
    named = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    hidden = {name: str(value) for name, value in job.fields.items() if name in TOUCH_FIELDS}
    return {
        "submissionId": job.key,
        "submissionTime": iso(job.at),
        "startedAt": iso(job.at),
        "lastUpdatedAt": iso(job.at),
        "questions": [
            {"id": f"q{name}", "name": name, "type": _kind(name, value), "value": value}
            for name, value in named.items()
        ],
        "calculations": [],
        "urlParameters": [{"id": f"u{name}", "name": name, "value": value} for name, value in hidden.items()],
        "quiz": {},
        "documents": [],
        "scheduling": [],
        "payments": [],
    }


def form_of(job: Job) -> str:
    """Return the id of the form."""
    return str(job.options.get("form", "fJ9x"))


def _kind(name: str, value: Any) -> str:
    return "Checkboxes" if isinstance(value, list) else _KINDS.get(name, "ShortAnswer")
