"""SendGrid: Mail Send, version 3 (twilio.com/docs/sendgrid/api-reference/mail-send)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, route
from hub.testing.sandbox.vendors.mail_vendor import MailVendor, address_of


class SendGrid(MailVendor):
    """`/sendgrid/v3/mail/send`; settings: `token` (the API key), `senders` (verified addresses)."""

    name = "sendgrid"
    limits: ClassVar[Mapping[str, Limit]] = {"account": Limit(600, 60.0)}

    @route("POST", "/v3/mail/send")
    def send(self, call: Call) -> Reply:
        """Take a mail; the answer has no body."""
        self.require(call.bearer)
        mail = call.json_object()
        to = self._recipients(mail)
        sender = mail.get("from", {}).get("email")
        if not self.verified(sender):
            words = "The from address does not match a verified Sender Identity."
            return _error(403, words, "from")
        parts = [part.get("type") for part in mail.get("content", [])]
        if parts not in (["text/plain"], ["text/html"], ["text/plain", "text/html"]):
            return _error(400, "The content must be text/plain followed by text/html.", "content")
        if not mail.get("subject"):
            return _error(400, "The subject is required.", "subject")
        self.spend("account")
        key = mail["personalizations"][0].get("custom_args", {}).get("hub_id")
        values = {part["type"]: part["value"] for part in mail["content"]}
        texts = {"text": values.get("text/plain"), "html": values.get("text/html")}
        number = self.keep(call, key, to=to, subject=mail["subject"], **{"from": sender}, **texts)
        return Reply(202, b"", {"x-message-id": number})

    def unauthorized(self) -> Reply:
        """Answer as for a key that was revoked."""
        return _error(401, "The provided authorization grant is invalid, expired, or revoked")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the time at which calls are taken again."""
        reset = str(int(self.clock.now().timestamp() + after) + 1)
        reply = _error(429, "too many requests")
        return Reply(429, reply.body, {**reply.headers, "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as for a body that SendGrid refuses."""
        return _error(400, str(code or "Bad Request"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body that is no JSON."""
        return _error(400, "Bad Request")

    def _recipients(self, mail: Mapping[str, Any]) -> list[str]:
        people = mail.get("personalizations")
        to = people[0].get("to") if isinstance(people, list) and people else None
        if not isinstance(to, list) or not to:
            raise Refused(_error(400, "The to array is required.", "personalizations.0.to"))
        found = [str(one.get("email", "")).lower() for one in to]
        if not all(map(address_of, found)):
            raise Refused(_error(400, "Does not contain a valid address.", "personalizations.0.to.0.email"))
        if len(set(found)) < len(found):
            raise Refused(
                _error(400, "Each email address in the personalization block should be unique.", "personalizations")
            )
        return found


def _error(status: int, words: str, field: str | None = None) -> Reply:
    return Reply.json({"errors": [{"message": words, "field": field, "help": None}]}, status)
