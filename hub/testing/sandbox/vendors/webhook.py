"""A receiver of Standard Webhooks: verifies, and takes each webhook-id once."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call, Seen
from hub.testing.sandbox.exchange import Exchange, read
from hub.testing.sandbox.vendor import Code, Vendor, route
from hub.testing.sandbox.wire import Receive, Scope, Send, answer

TOLERANCE = 300.0  # seconds, as in the reference libraries

ACCEPTED = Reply.json({"status": "accepted"})
DUPLICATE = Reply.json({"status": "duplicate"})


class Webhook(Vendor):
    """`/webhook/{name}`; settings: `secret` (one, or a list during rotation), or `secrets` by name.

    github.com/standard-webhooks/standard-webhooks spec 1.0.0. Without a secret nothing is verified; without a
    webhook-id the Idempotency-Key is the key.
    """

    name = "webhook"

    def clear(self) -> None:
        """Forget every id."""
        self._taken: dict[tuple[str, str], int] = {}

    @route("POST", "/{name}")
    def post(self, call: Call) -> Reply:
        """Take one webhook."""
        name = call.params["name"]
        reason = self.refusal(name, call.headers, call.body)
        if reason:
            return self.refused(reason)
        key = call.headers.get("webhook-id") or call.headers.get("idempotency-key")
        seen = self.take(name, key)
        call.note(key, seen)
        return ACCEPTED if seen == "new" else DUPLICATE

    def take(self, name: str, key: str | None) -> Seen:
        """Remember a key; return whether it is new."""
        if key is None:
            return "new"
        times = self._taken.get((name, key), 0) + 1
        self._taken[name, key] = times
        return "new" if times == 1 else "repeat"

    def refusal(self, name: str, headers: Mapping[str, str], body: bytes) -> str | None:
        """Return why a webhook is refused, None when it is not."""
        secrets = self.settings.get("secrets", {}).get(name) or self.settings.get("secret")
        if not secrets:
            return None
        identity, stamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
        signatures = headers.get("webhook-signature")
        if not identity or not stamp or not signatures:
            return "webhook-id, webhook-timestamp or webhook-signature is missing"
        if not stamp.isdigit() or abs(self.clock.now().timestamp() - int(stamp)) > TOLERANCE:
            return "webhook-timestamp is too far from now"
        signed = f"{identity}.{stamp}.".encode() + body
        offered = [
            value for version, _, value in (part.partition(",") for part in signatures.split()) if version == "v1"
        ]
        for secret in [secrets] if isinstance(secrets, str) else secrets:
            wanted = base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode()
            if any(hmac.compare_digest(wanted, value) for value in offered):
                return None
        return "webhook-signature does not fit"

    def refused(self, reason: str) -> Reply:
        """Return the answer to a webhook that is not verified."""
        return Reply.json({"error": "unauthorized", "message": reason}, 401)

    def unauthorized(self) -> Reply:
        """Answer as for a wrong signature."""
        return self.refused("webhook-signature does not fit")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with Retry-After, which the specification lets senders honour."""
        return Reply.json({"error": "too many requests"}, 429, **{"retry-after": str(round(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with an error in the body, as careless receivers do."""
        return Reply.json({"status": "error", "error": code or "not stored"})

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return Reply.json({"error": "bad request", "message": reason}, 400)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield each key taken and how often it came."""
        for (name, key), times in self._taken.items():
            yield {"name": name, "key": key, "times": times}

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Take keys as if they had come before: `name`, `key`."""
        for item in items:
            self.take(item["name"], item["key"])


class WebhookExchange(Exchange):
    """The same behind a short path without a router, so that load tests measure the hub and not the sandbox."""

    vendor: Webhook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, by the short path while no script is in force."""
        if self._scripts or scope["method"] != "POST" or scope["query_string"]:
            await super().__call__(scope, receive, send)
            return
        body = await read(receive)
        if body is None:
            return
        name = scope["path"][9:]  # after "/webhook/"
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        reason = self.vendor.refusal(name, headers, body)
        key = headers.get("webhook-id") or headers.get("idempotency-key")
        seen = None if reason else self.vendor.take(name, key)
        reply = self.vendor.refused(reason) if reason else ACCEPTED if seen == "new" else DUPLICATE
        entry = self._entry(scope, {}, headers, reply.status)
        entry["records"] = [{"key": key, "seen": seen}] if seen else []
        await self._ledger.append(entry, body)
        await answer(reply, send)


def key_of(secret: str) -> bytes:
    """Return the key bytes of a `whsec_` secret, missing padding forgiven."""
    encoded = secret.removeprefix("whsec_")
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
