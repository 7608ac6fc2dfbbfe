"""LINE: a message in a chat, and the profile read by a second call; options `type` (follow), `redelivered`."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, lines


def _user(job: Job) -> str:
    return "U" + hashlib.md5(str(job.fields.get("email", job.key)).encode(), usedforsecurity=False).hexdigest()


def payload(job: Job) -> Sent:
    """Return one event, signed over the body; what LINE does not tell stands in the message."""
    kind = job.options.get("type", "message")
    event: dict[str, Any] = {
        "type": kind,
        "mode": "active",
        "timestamp": int(job.at.timestamp() * 1000),
        "webhookEventId": job.key,
        "deliveryContext": {"isRedelivery": bool(job.options.get("redelivered"))},
        "source": {"type": "user", "userId": _user(job)},
        "replyToken": f"reply-{job.key}",
    }
    if kind == "message":
        event["message"] = {"id": f"4687{job.key}", "type": "text", "text": lines(job.fields, "full_name", "language")}
    else:
        event["follow"] = {"isUnblocked": False}
    body = compact({"destination": "Udb0000000000000000000000000000b0", "events": [event]})
    signature = {"x-line-signature": base64.b64encode(digest(job.secret, body)).decode()} if job.secret else {}
    return Sent({**JSON, "user-agent": "LineBotWebhook/2.0", **signature}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the profile of whoever wrote."""
    named = {"displayName": job.fields.get("full_name", "Mei"), "language": job.fields.get("language", "en")}
    return "line", {"userId": _user(job), **named}
