"""Mattermost: incoming webhooks (developers.mattermost.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_POST = 16_383

_STATUSES = {"invalid": 400, "parse": 400, "text": 400, "channel_locked": 403, "channel": 404, "disabled": 501}
_WORDS = {
    "invalid": "Invalid webhook.",
    "parse": "Unable to parse incoming data.",
    "text": "No text specified.",
    "channel_locked": "This webhook is not permitted to post to the requested channel.",
    "channel": "Couldn't find the channel.",
    "disabled": "Incoming webhooks have been disabled by the system admin.",
}


class Mattermost(Vendor):
    """`/mattermost/hooks/{id}`; settings: `token` (the id), `channels`, `locked`, `disabled`.

    A text that is too long for one post becomes several. Servers limit ten requests a second by default.
    """

    name = "mattermost"
    limits: ClassVar[Mapping[str, Limit]] = {"server": Limit(10, 1.0)}

    def clear(self) -> None:
        """Forget the posts."""
        self._posts: list[dict[str, Any]] = []

    @route("POST", "/hooks/{hook}")
    def incoming(self, call: Call) -> Reply:
        """Post what a webhook is sent."""
        if self.settings.get("disabled"):
            return _error("disabled")
        hook, message = self.require(call.params["hook"]), call.json_object()
        text, channel, known = message.get("text"), message.get("channel"), self.settings.get("channels")
        if not text and not message.get("attachments"):
            return _error("text")
        if channel and self.settings.get("locked"):
            return _error("channel_locked")
        if channel and known is not None and channel.lstrip("#") not in known:
            return _error("channel")
        self.spend("server")
        self.created(call, hook)
        for start in range(0, max(len(text or ""), 1), MAX_POST):
            part = (text or "")[start : start + MAX_POST]
            self._posts.append({"hook": hook, "channel": channel, "key": call.key, "message": part})
        return Reply(200, b"ok", {"content-type": "text/plain"})

    def unauthorized(self) -> Reply:
        """Answer as for a webhook that was deleted."""
        return _error("invalid")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 in plain text, with the seconds until the limit starts anew."""
        return Reply(429, b"limit exceeded\n", {"content-type": "text/plain", "x-ratelimit-reset": str(ceil(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as for a channel that was archived."""
        return _error(str(code or "channel"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body that is no JSON."""
        return _error("parse")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the posts: hook, channel, message, key."""
        return iter(self._posts)


def _error(name: str) -> Reply:
    status = _STATUSES.get(name, 400)
    said = {"id": f"web.incoming_webhook.{name}.app_error", "message": _WORDS.get(name, name), "detailed_error": ""}
    return Reply.json({**said, "request_id": "sandboxrequest", "status_code": status}, status)
