"""Standard Webhooks: signed id, time and body; options `type`, `sent_at`."""

from __future__ import annotations

import base64
import hmac

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, iso
from hub.testing.sandbox.vendors.webhook import key_of


def payload(job: Job) -> Sent:
    """Return the signed webhook."""
    stamp = str(int(job.options.get("sent_at", job.at).timestamp()))
    body = compact({"type": job.options.get("type", "lead.created"), "timestamp": iso(job.at), "data": {**job.fields}})
    headers = {**JSON, "webhook-id": job.key, "webhook-timestamp": stamp}
    if job.secret:
        digest = hmac.digest(key_of(job.secret), f"{job.key}.{stamp}.".encode() + body, "sha256")
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return Sent(headers, body)
