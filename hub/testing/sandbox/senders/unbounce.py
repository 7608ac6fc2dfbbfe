"""Unbounce: the unsigned form of a page's webhook, `?token=` in the address; options `page`, `variant`."""

from __future__ import annotations

from datetime import UTC
from urllib.parse import urlencode

from hub.testing.sandbox.senders import FORM, Job, Sent, compact, texts

PAGE = "a2838d98-4cf4-11df-a3fd-00163e372d58"


def payload(job: Job) -> Sent:
    """Return the form: the page beside data.json, in which every answer is a list; no id of the lead."""
    at, page, variant = job.at.astimezone(UTC), job.options.get("page", PAGE), job.options.get("variant", "b")
    about = {"page_id": page, "page_name": "Demo", "page_url": "https://lp.example/demo", "variant": variant}
    answers = {
        **{name: texts(value) for name, value in job.fields.items()},
        "ip_address": ["203.0.113.7"],
        "page_uuid": [page],
        "variant": [variant],
        "time_submitted": [at.strftime("%I:%M %p UTC")],
        "date_submitted": [at.strftime("%Y-%m-%d")],
        "page_url": [about["page_url"]],
        "page_name": ["Demo"],
    }
    body = urlencode({**about, "data.json": compact(answers).decode()}).encode()
    return Sent(dict(FORM), body, {"token": job.secret} if job.secret else {})
