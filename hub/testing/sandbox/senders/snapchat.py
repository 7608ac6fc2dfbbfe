"""Snapchat lead generation: the webhook of a form; options `form`, `test` (what the integration's test posts)."""

from __future__ import annotations

from typing import Any

from hub.lead import LEAD_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, texts

_NAMES = {
    "phone": "phone_number", "email": "email", "company": "company_name", "title": "job_title",
    "first_name": "first_name", "last_name": "last_name", "postcode": "postal_code", "street": "address_line_1",
    "region": "address_level_1", "city": "address_level_2", "birthday": "birthday",
}  # fmt: skip
CUSTOM = 8
DUMMY = {"email": "johndoe@snapchat.com", "first_name": "John", "last_name": "Doe"}


def payload(job: Job) -> Sent:
    """Return the post: known fields, then up to eight of the form's own; the key is in the address."""
    test = bool(job.options.get("test"))
    asked = {name: value for name, value in job.fields.items() if name in _NAMES}
    own = [value for name, value in job.fields.items() if name in LEAD_FIELDS and name not in (*_NAMES, "full_name")]
    first, _, last = str(job.fields.get("full_name", "")).partition(" ")
    body: dict[str, Any] = {
        "form_id": job.options.get("form", "a1b2"),
        "form_name": "Snap Lead Generation Form" if test else "Demo",
        "ad_account_id": "acc",
        "campaign_id": "cmp",
        "campaign_name": job.fields.get("campaign", "Spring"),
        "lead_id": job.key,
        "create_time": str(int(job.at.timestamp() * 1000)),
        **({"first_name": first} if first else {}),
        **({"last_name": last} if last else {}),
        **{_NAMES[name]: ", ".join(texts(value)) for name, value in asked.items()},
        **{f"custom_field_{at}": ", ".join(texts(value)) for at, value in enumerate(own[:CUSTOM], 1)},
        "consent_1": "true",
        **(DUMMY if test else {}),
    }
    return Sent(dict(JSON), compact(body), {"token": job.secret} if job.secret else {})
