"""Pinterest lead ads: a list with one sealed lead; options `account`, `ad`, `form`. The secret is the key in base64."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, texts

_NAMES = {
    "full_name": "FULL_NAME", "first_name": "FIRST_NAME", "last_name": "LAST_NAME", "email": "EMAIL",
    "phone": "PHONE_NUMBER", "postcode": "ZIP_CODE", "city": "CITY", "country": "COUNTRY", "region": "STATE_PROVINCE",
}  # fmt: skip


def payload(job: Job) -> Sent:
    """Return the post: ids as they are, the answers sealed, with a nonce that is the same for the same lead."""
    answers = _answers(job)
    nonce = hashlib.sha256(job.key.encode()).digest()[:12]
    sealed = AESGCM(base64.b64decode(job.secret or "A" * 43 + "=")).encrypt(nonce, compact(answers), None)
    lead = {
        "advertiser_id": job.options.get("account", "549"),
        "lead_form_id": job.options.get("form", "65"),
        "ad_id": job.options.get("ad", "687"),
        "campaign_id": "62",
        "lead_id": job.key,
        "created_time": int(job.at.timestamp()),
        "encrypted_text": base64.b64encode(nonce + sealed).decode(),
    }
    return Sent(dict(JSON), compact([lead]))


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the lead as a row of an export, with its time in UTC."""
    own = {"ad_id": str(job.options.get("ad", "687")), "Created Time": f"{job.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"}
    return "pinterest", {"Lead ID": job.key, **own, **_answers(job)}


def _answers(job: Job) -> dict[str, str]:
    asked = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    return {_NAMES.get(name, name): ", ".join(texts(value)) for name, value in asked.items()}
