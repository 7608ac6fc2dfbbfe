"""Contact Form 7: the unsigned JSON of the addon CF7 to Webhook, `?token=` in the address."""

from __future__ import annotations

from typing import Any

from hub.testing.sandbox.senders import Job, Sent, compact

_TAGS = {"full_name": "your-name", "email": "your-email", "phone": "your-tel", "message": "your-message"}


def payload(job: Job) -> Sent:
    """Return the form: tags under the names WordPress gives them, several values as a list, consent as 1."""
    fields: dict[str, Any] = {_TAGS.get(name, name): _value(value) for name, value in job.fields.items()}
    tags = {"_serial_number": job.key, "_url": "https://site.example/contact/", "_remote_ip": "203.0.113.7"}
    headers = {"content-type": "application/json; charset=UTF-8", "user-agent": "WordPress/6.8; https://site.example"}
    return Sent(headers, compact({**fields, **tags}), {"token": job.secret} if job.secret else {})


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return "1" if value else ""
    return [str(one) for one in value] if isinstance(value, list) else str(value)
