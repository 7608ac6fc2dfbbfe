"""Slack: incoming webhooks and chat.postMessage (docs.slack.dev)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, ClassVar
from urllib.parse import parse_qs

from hub.http import Reply
from hub.testing.sandbox.call import Call, Malformed, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_BLOCKS, MAX_SECTION, MAX_TEXT = 50, 3_000, 40_000

_HOOK_STATUSES = {
    "invalid_token": 403,
    "action_prohibited": 403,
    "channel_not_found": 404,
    "no_service": 404,
    "no_active_hooks": 404,
    "channel_is_archived": 410,
    "team_disabled": 410,
    "rollup_error": 500,
}


class Slack(Vendor):
    """`/slack/services/T/B/X` and `/slack/api/…`; settings: `token` (bot), `hooks` (known paths), `channels`.

    One message a second and channel, here five in five seconds, as Slack allows short bursts.
    """

    name = "slack"
    limits: ClassVar[Mapping[str, Limit]] = {"channel": Limit(5, 5.0)}

    def clear(self) -> None:
        """Forget the messages."""
        self._messages: list[dict[str, Any]] = []

    @route("POST", "/services/{team}/{bot}/{token}")
    def incoming(self, call: Call) -> Reply:
        """Post through an incoming webhook; errors are plain text with a status."""
        hooks = self.settings.get("hooks")
        if hooks is not None and call.path not in hooks:
            return _hook_error("no_service")
        message = _form_or_json(call)
        error = _unfit(message)
        if error:
            return _hook_error(error)
        self.spend("channel", call.path)
        self._keep(call, call.path, message)
        return Reply(200, b"ok", {"content-type": "text/html"})

    @route("POST", "/api/chat.postMessage")
    def post_message(self, call: Call) -> Reply:
        """Post a message; every error is HTTP 200 with `ok: false`."""
        self._authorize(call)
        message = _form_or_json(call)
        channel = self._channel(message)
        error = _unfit(message)
        if error:
            return self._not_ok(error)
        self.spend("channel", channel)
        kept = self._keep(call, channel, message)
        return Reply.json({"ok": True, "channel": channel, "ts": kept["ts"], "message": {**message, "ts": kept["ts"]}})

    @route("POST", "/api/chat.update")
    def update(self, call: Call) -> Reply:
        """Change a message by channel and ts."""
        self._authorize(call)
        change = _form_or_json(call)
        found = [m for m in self._messages if (m["channel"], m["ts"]) == (change.get("channel"), change.get("ts"))]
        if not found:
            return self._not_ok("message_not_found")
        found[0].update(text=change.get("text", ""), blocks=change.get("blocks", []))
        call.note(found[0]["key"], "repeat")
        return Reply.json({"ok": True, "channel": change["channel"], "ts": change["ts"], "text": found[0]["text"]})

    @route("POST", "/api/auth.test")
    def auth_test(self, call: Call) -> Reply:
        """Say whose token it is."""
        self._authorize(call)
        return Reply.json({"ok": True, "team": "Sandbox", "team_id": "T0SANDBOX", "user_id": "U0SANDBOX"})

    def unauthorized(self) -> Reply:
        """Answer as for a token Slack does not know."""
        return self._not_ok("invalid_auth")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with Retry-After in whole seconds."""
        return Reply.json({"ok": False, "error": "ratelimited"}, 429, **{"retry-after": str(ceil(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer `ok: false`, or the plain text of an incoming webhook."""
        if call.path.startswith("/services/"):
            return _hook_error(str(code or "channel_is_archived"))
        return self._not_ok(str(code or "not_in_channel"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a payload that is no JSON."""
        return self._not_ok("invalid_json") if call.path.startswith("/api/") else _hook_error("invalid_payload")

    def missing(self, call: Call) -> Reply:
        """Answer as for a method the Web API does not have."""
        return self._not_ok("unknown_method") if call.path.startswith("/api/") else _hook_error("no_service")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the messages: channel, ts, text, blocks, key."""
        return iter(self._messages)

    def _authorize(self, call: Call) -> None:
        if call.bearer is None:
            raise Refused(self._not_ok("not_authed"))
        self.require(call.bearer)

    def _channel(self, message: Mapping[str, Any]) -> str:
        channel, known = message.get("channel"), self.settings.get("channels")
        if not isinstance(channel, str) or not channel or (known is not None and channel not in known):
            raise Refused(self._not_ok("channel_not_found"))
        return channel

    def _not_ok(self, error: str) -> Reply:
        return Reply.json({"ok": False, "error": error})

    def _keep(self, call: Call, channel: str, message: Mapping[str, Any]) -> dict[str, Any]:
        self.created(call, channel)
        stamp = f"{int(self.clock.now().timestamp())}.{len(self._messages) + 1:06d}"
        kept = {"channel": channel, "ts": stamp, "key": call.key}
        self._messages.append({**kept, "text": message.get("text", ""), "blocks": message.get("blocks", [])})
        return self._messages[-1]


def _form_or_json(call: Call) -> dict[str, Any]:
    """Return the message: JSON, or the `payload` of a form."""
    if not call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return call.json_object()
    payload = parse_qs(call.body.decode("utf-8", "replace")).get("payload", [""])[0]
    try:
        message = json.loads(payload)
    except ValueError as error:
        raise Malformed(str(error)) from error
    if not isinstance(message, dict):
        raise Malformed("not an object")
    return message


def _unfit(message: Mapping[str, Any]) -> str | None:
    text, blocks, attachments = message.get("text"), message.get("blocks"), message.get("attachments")
    if not text and not blocks and not attachments:
        return "no_text"
    if isinstance(text, str) and len(text) > MAX_TEXT:
        return "msg_too_long"
    if blocks is not None and not (isinstance(blocks, list) and len(blocks) <= MAX_BLOCKS and all(map(_block, blocks))):
        return "invalid_blocks"
    return "too_many_attachments" if isinstance(attachments, list) and len(attachments) > 100 else None


def _block(block: Any) -> bool:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return False
    text = block.get("text")
    return not isinstance(text, dict) or 0 < len(str(text.get("text", ""))) <= MAX_SECTION


def _hook_error(error: str) -> Reply:
    return Reply.text(error, _HOOK_STATUSES.get(error, 400))
