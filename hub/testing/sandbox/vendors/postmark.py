"""Postmark: the Email API (postmarkapp.com/developer)."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, route
from hub.testing.sandbox.vendors.mail_vendor import MailVendor, address_of

MOST_RECIPIENTS = 50


class Postmark(MailVendor):
    """`/postmark/email`; settings: `token`, `senders` (confirmed addresses), `inactive` (recipients that bounced)."""

    name = "postmark"
    limits: ClassVar[Mapping[str, Limit]] = {"server": Limit(300, 60.0)}

    @route("POST", "/email")
    def email(self, call: Call) -> Reply:
        """Take a mail."""
        self.require(call.headers.get("x-postmark-server-token"))
        mail = call.json_object()
        to = [one.strip() for one in str(mail.get("To") or "").split(",")]
        if not all(map(address_of, to)) or len(to) > MOST_RECIPIENTS or not address_of(mail.get("From")):
            return _error(422, 300, "Invalid 'To' or 'From' address.")
        if not self.verified(mail["From"]):
            return _error(422, 400, "The 'From' address you supplied is not a Sender Signature on your account.")
        if not mail.get("TextBody") and not mail.get("HtmlBody"):
            return _error(422, 300, "Provide either email TextBody or HtmlBody or both.")
        if all(address_of(one) in self.settings.get("inactive", ()) for one in to):
            return _error(422, 406, "You tried to send to recipient(s) that have been marked as inactive.")
        self.spend("server")
        texts = {"subject": mail.get("Subject"), "text": mail.get("TextBody"), "html": mail.get("HtmlBody")}
        number = self.keep(call, mail.get("Metadata", {}).get("hub_id"), to=to, **{"from": mail["From"]}, **texts)
        said = {"To": mail["To"], "SubmittedAt": self.clock.now().isoformat(), "MessageID": number}
        return Reply.json({**said, "ErrorCode": 0, "Message": "OK"})

    def unauthorized(self) -> Reply:
        """Answer as for a token that is no server's."""
        return _error(401, 10, "Request does not contain a valid Server token.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with Retry-After."""
        reply = _error(429, 429, "Rate limit exceeded.")
        return Reply(429, reply.body, {**reply.headers, "retry-after": str(ceil(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with an error code and 422."""
        return _error(422, int(code) if code is not None else 405, "Not allowed to send.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body that is no JSON."""
        return _error(422, 402, "Invalid JSON")


def _error(status: int, code: int, words: str) -> Reply:
    return Reply.json({"ErrorCode": code, "Message": words}, status)
