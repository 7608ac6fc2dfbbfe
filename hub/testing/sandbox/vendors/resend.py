"""Resend: the Emails API with its idempotency keys (resend.com/docs)."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, route
from hub.testing.sandbox.vendors.mail_vendor import MailVendor, address_of

KEY_LIFE, LONGEST_KEY, MOST_RECIPIENTS = 86_400.0, 256, 50


class Resend(MailVendor):
    """`/resend/emails`; settings: `token` (the API key), `senders` (addresses of verified domains).

    The same key with the same body gives the first answer for a day and sends nothing; with another body it is 409.
    """

    name = "resend"
    limits: ClassVar[Mapping[str, Limit]] = {"account": Limit(2, 1.0)}

    def clear(self) -> None:
        """Forget mails and keys."""
        super().clear()
        self._keys_used: dict[str, tuple[float, bytes, str]] = {}

    @route("POST", "/emails")
    def emails(self, call: Call) -> Reply:
        """Take a mail once per key."""
        self.require(call.bearer)
        self.spend("account")
        key, now = call.headers.get("idempotency-key"), self.clock.monotonic()
        if key is not None and not 0 < len(key) <= LONGEST_KEY:
            return _error(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
        known = self._keys_used.get(key or "")
        if known is not None and known[0] > now:
            if known[1] != call.body:
                words = "Same idempotency key used with a different request payload."
                return _error(409, "invalid_idempotent_request", words)
            call.note(key, "repeat")
            return Reply.json({"id": known[2]})
        return self._taken(call, key, now)

    def unauthorized(self) -> Reply:
        """Answer as for a key that does not exist."""
        return _error(403, "invalid_api_key", "API key is invalid.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with Retry-After."""
        reply = _error(429, "rate_limit_exceeded", "Too many requests. Please limit the number of requests per second.")
        return Reply(429, reply.body, {**reply.headers, "retry-after": str(ceil(after)), "ratelimit-remaining": "0"})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as for the quota of the day."""
        return _error(429, str(code or "daily_quota_exceeded"), "You have reached your daily email sending quota.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body that is no JSON."""
        return _error(422, "validation_error", "The request body is not valid JSON.")

    def _taken(self, call: Call, key: str | None, now: float) -> Reply:
        mail = call.json_object()
        to = mail["to"] if isinstance(mail.get("to"), list) else [mail.get("to")]
        if not all(map(address_of, to)) or len(to) > MOST_RECIPIENTS:
            return _error(422, "validation_error", "Invalid `to` field. The email address needs to follow the format.")
        if not self.verified(mail.get("from")):
            return _error(403, "validation_error", "The domain is not verified. Please, add and verify your domain.")
        if not mail.get("subject") or not (mail.get("text") or mail.get("html")):
            return _error(422, "missing_required_field", "Missing `subject`, `html` or `text` field.")
        texts = {name: mail.get(name) for name in ("from", "to", "subject", "text", "html")}
        number = self.keep(call, key, **texts)
        if key is not None:
            self._keys_used[key] = now + KEY_LIFE, call.body, number
        return Reply.json({"id": number})


def _error(status: int, name: str, words: str) -> Reply:
    return Reply.json({"statusCode": status, "name": name, "message": words}, status)
