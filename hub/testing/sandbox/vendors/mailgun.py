"""Mailgun: the Messages API (documentation.mailgun.com)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from math import ceil
from typing import ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, route
from hub.testing.sandbox.vendors.mail_vendor import MailVendor, address_of


class Mailgun(MailVendor):
    """`/mailgun/v3/{domain}/messages`; settings: `token` (`api:key`), `domains` (those of the account)."""

    name = "mailgun"
    limits: ClassVar[Mapping[str, Limit]] = {"domain": Limit(100, 3_600.0)}

    @route("POST", "/v3/{domain}/messages")
    def messages(self, call: Call) -> Reply:
        """Queue a mail."""
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        self.require(base64.b64decode(given).decode("utf-8", "replace") if scheme == "Basic" else None)
        domain, known, form = call.params["domain"], self.settings.get("domains"), call.form()
        if known is not None and domain not in known:
            return _error(404, f"Domain not found: {domain}")
        for name in ("from", "to"):
            if not all(map(address_of, form.get(name, "").split(", "))):
                return _error(400, f"{name} parameter is not a valid address. please check documentation")
        if not form.get("text") and not form.get("html"):
            return _error(400, "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified")
        self.spend("domain", domain)
        texts = {name: form.get(name) for name in ("from", "to", "subject", "text", "html")}
        number = self.keep(call, form.get("v:hub_id"), **texts)
        return Reply.json({"id": f"<{number}@{domain}>", "message": "Queued. Thank you."})

    def unauthorized(self) -> Reply:
        """Answer as for a wrong key: plain text."""
        return Reply(401, b"Forbidden", {"content-type": "text/plain"})

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with Retry-After."""
        words = "Domain exceeded its sending limit of 100 messages per hour."
        return Reply.json({"message": words}, 429, **{"retry-after": str(ceil(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as for an account that may not send."""
        return _error(403, str(code or "Account is not allowed to send: disabled."))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a form that cannot be read."""
        return _error(400, "bad request")


def _error(status: int, words: str) -> Reply:
    return Reply.json({"message": words}, status)
