"""Discord: a channel's webhook, and its messages by id (docs.discord.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_CONTENT, MAX_EMBEDS, MAX_EMBED_TEXT, MAX_FIELDS, MAX_VALUE = 2_000, 10, 6_000, 25, 1_024
LINK = 5


class Discord(Vendor):
    """`/discord/api/webhooks/{id}/{token}`; settings: `token`, `hooks` (known ids), `forum` (a thread is needed).

    Five posts in two seconds and webhook; then 429 with retry_after in seconds.
    """

    name = "discord"
    limits: ClassVar[Mapping[str, Limit]] = {"webhook": Limit(5, 2.0)}

    def clear(self) -> None:
        """Forget the messages."""
        self._messages: list[dict[str, Any]] = []
        self._last = 1_290_000_000_000_000_000

    @route("POST", "/api/webhooks/{hook}/{token}")
    def execute(self, call: Call) -> Reply:
        """Post a message."""
        hook, message = self._hook(call), call.json_object()
        if self.settings.get("forum") and not (call.query.get("thread_id") or message.get("thread_name")):
            return _error(400, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id")
        wrong = _wrong(message)
        if wrong:
            return _form_error(wrong)
        if not message.get("content") and not message.get("embeds"):
            return _error(400, 50006, "Cannot send an empty message")
        self.spend("webhook", hook)
        self.created(call, hook)
        shown = message if call.query.get("with_components") == "true" else {**message, "components": []}
        self._last += 1
        self._messages.append({"id": str(self._last), "channel_id": hook, "key": call.key, **shown})
        waiting = call.query.get("wait") == "true"
        return Reply.json(self._messages[-1] | {"type": 0, "webhook_id": hook}) if waiting else Reply(204)

    @route("DELETE", "/api/webhooks/{hook}/{token}/messages/{message}")
    def delete(self, call: Call) -> Reply:
        """Delete a message."""
        self._hook(call)
        found = [message for message in self._messages if message["id"] == call.params["message"]]
        if not found:
            return _error(404, 10008, "Unknown Message")
        self._messages.remove(found[0])
        return Reply(204)

    def unauthorized(self) -> Reply:
        """Answer as for a token that is not the webhook's."""
        return _error(401, 50027, "Invalid Webhook Token")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with retry_after in seconds, with a fraction."""
        said = {"message": "You are being rate limited.", "retry_after": round(after, 3), "global": False}
        return Reply.json(said, 429, **{"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": f"{after:.3f}"})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as for a webhook that was deleted."""
        return _error(404, int(code) if code is not None else 10015, "Unknown Webhook")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body that is no JSON."""
        return _error(400, 50109, "The request body contains invalid JSON.")

    def missing(self, call: Call) -> Reply:
        """Answer as for a path the API does not have."""
        return _error(404, 0, "404: Not Found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the messages: id, channel_id, key and what was posted."""
        return iter(self._messages)

    def _hook(self, call: Call) -> str:
        hook, known = call.params["hook"], self.settings.get("hooks")
        if known is not None and hook not in known:
            raise Refused(_error(404, 10015, "Unknown Webhook"))
        self.require(call.params["token"])
        return hook


def _wrong(message: Mapping[str, Any]) -> str | None:
    """Return the part of a form that breaks a limit."""
    embeds = message.get("embeds") or []
    if len(str(message.get("content") or "")) > MAX_CONTENT:
        return "content"
    if len(embeds) > MAX_EMBEDS or not all(_fits(embed) for embed in embeds):
        return "embeds"
    rows = message.get("components") or []
    buttons = [button for row in rows for button in row.get("components", [])]
    fine = all(
        button.get("style") == LINK and _address(button.get("url")) and button.get("label") for button in buttons
    )
    if not fine or len(rows) > 5 or any(len(row.get("components", [])) > 5 for row in rows):
        return "components"
    mentions = message.get("allowed_mentions") or {}
    return "allowed_mentions" if "users" in mentions.get("parse", []) and mentions.get("users") else None


def _fits(embed: Mapping[str, Any]) -> bool:
    fields = embed.get("fields", [])
    texts = [text for field in fields for text in (field.get("name", ""), field.get("value", ""))]
    whole = sum(map(len, texts)) + len(embed.get("title", "")) + len(embed.get("description", ""))
    return len(fields) <= MAX_FIELDS and all(0 < len(text) <= MAX_VALUE for text in texts) and whole <= MAX_EMBED_TEXT


def _address(url: Any) -> bool:
    return isinstance(url, str) and url.startswith(("http://", "https://")) and len(url) <= 512


def _form_error(part: str) -> Reply:
    errors = {part: {"_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": "Must fit the limits."}]}}
    return Reply.json({"message": "Invalid Form Body", "code": 50035, "errors": errors}, 400)


def _error(status: int, code: int, words: str) -> Reply:
    return Reply.json({"message": words, "code": code}, status)
