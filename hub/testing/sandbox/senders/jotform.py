"""Jotform: the multipart webhook with its rawRequest; option `form`."""

from __future__ import annotations

from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import Job, Sent, compact, texts

BOUNDARY = "------------------------6f1f0a9e2b7c4d38"


def payload(job: Job) -> Sent:
    """Return the webhook; the secret stands in the address, as there is no signature."""
    form, millis = str(job.options.get("form", "253117572694059")), str(int(job.at.timestamp() * 1000))
    raw: dict[str, Any] = {"slug": f"submit/{form}", "submitDate": millis, "event_id": f"{millis}_{form}_a1"}
    raw |= {f"q{number}_{name}": value for number, (name, value) in enumerate(answers(job).items(), 3)}
    parts = {
        "action": "",
        "webhookURL": job.url,
        "username": "sandbox",
        "formID": form,
        "type": "WEB",
        "formTitle": "Sandbox form",
        "submissionID": job.key,
        "pretty": ", ".join(f"{name}:{' '.join(texts(value))}" for name, value in job.fields.items()),
        "rawRequest": compact(raw).decode(),
        "ip": "203.0.113.7",
    }
    lines = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in parts.items()
    ]
    body = "".join([*lines, f"--{BOUNDARY}--\r\n"]).encode()
    query = {"token": job.secret} if job.secret else {}
    return Sent({"content-type": f"multipart/form-data; boundary={BOUNDARY}"}, body, query)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the submission as the API lists it."""
    said = {
        str(number): {"name": name, "order": str(number), "text": name, "type": "control_textbox", "answer": value}
        for number, (name, value) in enumerate(answers(job).items(), 3)
    }
    form = str(job.options.get("form", "253117572694059"))
    return "jotform", {"id": job.key, "form_id": form, "at": job.at.timestamp(), "ip": "203.0.113.7", "answers": said}


def answers(job: Job) -> dict[str, Any]:
    """Return the answers by the unique names of their questions, a phone number in the shape of Jotform's field."""
    named = {name: value if isinstance(value, list) else str(value) for name, value in job.fields.items()}
    phone = {"phone": {"full": named["phone"]}} if "phone" in named else {}
    hidden = {name: str(job.fields[name]) for name in job.fields if name in TOUCH_FIELDS}
    return {**named, **phone, **hidden}
