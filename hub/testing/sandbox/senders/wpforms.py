"""WPForms: the signed JSON of its Webhooks addon, as PHP writes it; option `webhook`."""

from __future__ import annotations

import hmac
import json

from hub.testing.sandbox.senders import JSON, Job, Sent, texts


def payload(job: Job) -> Sent:
    """Return the webhook: several values put together, slashes and what is past ASCII escaped."""
    fields = {name: "||".join(texts(value)) for name, value in job.fields.items()}
    body = json.dumps({**fields, "entry_id": job.key}, separators=(",", ":")).replace("/", "\\/").encode()
    at = str(int(job.at.timestamp()))
    headers = {
        **JSON,
        "user-agent": "wpforms-webhooks/1.3.0",
        "x-wpforms-webhook-id": str(job.options.get("webhook", 1)),
    }
    if job.secret:
        digest = hmac.digest(job.secret.encode(), f"{at}.".encode() + body, "sha256").hex()
        headers["x-wpforms-webhook-signature"] = f"t={at},v={digest}"
    return Sent(headers, body)
