"""What senders hear: that it is kept, or why it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from hub.http import Reply
from hub.source import Receipt, WebhookSource
from hub.store.types import dumps


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """An answer that says no: an HTTP status and a sentence."""

    status: int
    reason: str
    retry_after: int | None = None


def accepted(receipt: Receipt) -> Reply:
    """Return the answer to what is kept."""
    said = {
        "submission": receipt.submission,
        "lead": receipt.lead,
        "status": receipt.status,
        "problems": [{"field": p.field, "code": p.code, "message": p.message} for p in receipt.problems],
    }
    return Reply(202, dumps(said).encode(), {"content-type": "application/json"})


def refused(refusal: Refusal, source: Any) -> Reply:
    """Return a refusal as an RFC 9457 problem, in a status this vendor understands."""
    answers = source.answers if isinstance(source, WebhookSource) else {}
    status = answers.get(refusal.status, refusal.status)
    body = {"type": "about:blank", "title": _TITLES.get(status, "Refused"), "status": status, "detail": refusal.reason}
    headers = {"content-type": "application/problem+json"}
    if refusal.retry_after is not None:
        headers["retry-after"] = str(refusal.retry_after)
    if status == 405:
        headers["allow"] = "POST"
    return Reply(status, orjson.dumps(body), headers)


_TITLES = {
    400: "Bad request", 401: "Not verified", 404: "Not found", 405: "Method not allowed", 413: "Too large",
    422: "Unprocessable", 429: "Too many requests", 503: "Try again later",
}  # fmt: skip
