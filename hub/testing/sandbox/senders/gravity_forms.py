"""Gravity Forms: a Webhooks feed with all fields, as JSON; option `form`."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact


def payload(job: Job) -> Sent:
    """Return the entry; the secret stands in a header of the feed, as there is no signature."""
    return Sent({**JSON, **({"x-leadhub-key": job.secret} if job.secret else {})}, compact(entry_of(job)))


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the entry as the REST API lists it, with the `fields` of its form."""
    fields = [
        {"id": number, "type": "checkbox" if isinstance(value, list) else "text", "label": name}
        for number, (name, value) in enumerate(job.fields.items(), 1)
    ]
    return "gravity_forms", {**entry_of(job), "fields": fields}


def entry_of(job: Job) -> dict[str, Any]:
    """Return the entry, as feed and API have it: the answers by the numbers of their fields."""
    at = f"{job.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    entry: dict[str, Any] = {"id": job.key, "form_id": str(job.options.get("form", "3")), "status": "active"}
    entry |= {"date_created": at, "date_updated": at, "ip": "203.0.113.7", "is_starred": "0", "is_read": "0"}
    entry |= {"source_url": "https://site.example/demo", "user_agent": "Mozilla/5.0", "currency": "USD"}
    for number, value in enumerate(job.fields.values(), 1):
        if isinstance(value, list):
            entry |= {f"{number}.{box}": str(one) for box, one in enumerate(value, 1)}
        else:
            entry[str(number)] = str(value)
    return entry
