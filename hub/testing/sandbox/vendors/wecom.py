"""WeCom 企业微信: the group bot's webhook, and app messages to named users (developer.work.weixin.qq.com)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Malformed, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

TOKEN_LIFE = 7200
MAX_BYTES = {"text": 2048, "markdown": 4096, "markdown_v2": 4096}
BOT_KINDS = ("text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card")
APP_KINDS = (*BOT_KINDS, "video", "textcard", "mpnews", "miniprogram_notice")

_WORDS = {
    -1: "system error",
    40001: "invalid credential",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40058: "Invalid Request Parameter",
    41001: "access_token missing",
    42001: "access_token expired",
    44004: "empty content",
    45009: "api freq out of limit",
    60020: "not allow to access from your ip",
    81013: "user & party & tag all invalid",
    93000: "invalid webhook url",
}


class WeCom(Vendor):
    """`/wecom/cgi-bin/…`; settings: `token` (the bot's key), `corp_id`, `corp_secret`, `users` (known user ids)."""

    name = "wecom"
    limits: ClassVar[Mapping[str, Limit]] = {"bot": Limit(20, 60.0)}

    def clear(self) -> None:
        """Forget messages, media and tokens."""
        self._messages: list[dict[str, Any]] = []
        self._media = 0
        self._tokens = Tokens(self.clock, "sandbox-wecom-{}")
        self._current: tuple[str, float] | None = None
        self._checked: dict[str, float] = {}  # digest of a duplicate-checked message: until when it is dropped

    @route("POST", "/cgi-bin/webhook/send")
    def bot_send(self, call: Call) -> Reply:
        """Post as a group bot; every answer is HTTP 200 with an errcode."""
        bot = self.require(call.query.get("key"))
        message = call.json_object()
        _check(message, BOT_KINDS)
        self.spend("bot", bot)
        self.created(call, bot)
        self._messages.append({"bot": bot, "key": call.key, **message})
        return _errcode(0, "ok")

    @route("POST", "/cgi-bin/webhook/upload_media")
    def upload_media(self, call: Call) -> Reply:
        """Take a file for a bot."""
        self.require(call.query.get("key"))
        if b'name="media"' not in call.body:
            return _errcode(40058)
        self._media += 1
        kind = call.query.get("type", "file")
        return Reply.json({"errcode": 0, "errmsg": "ok", "type": kind, "media_id": f"sandbox-media-{self._media}"})

    @route("GET", "/cgi-bin/gettoken")
    def get_token(self, call: Call) -> Reply:
        """Give an app its token: the same one while it is valid."""
        corp, secret = call.query.get("corpid"), call.query.get("corpsecret")
        if not corp or self.settings.get("corp_id", corp) != corp:
            return _errcode(40013)
        if not secret or self.settings.get("corp_secret", secret) != secret:
            return _errcode(40001)
        now = self.clock.monotonic()
        if self._current is None or self._current[1] <= now:
            self._current = self._tokens.mint(TOKEN_LIFE), now + TOKEN_LIFE
        left = int(self._current[1] - now)
        return Reply.json({"errcode": 0, "errmsg": "ok", "access_token": self._current[0], "expires_in": left})

    @route("POST", "/cgi-bin/message/send")
    def app_send(self, call: Call) -> Reply:
        """Write to named users; unknown ones come back as invaliduser."""
        token = call.query.get("access_token")
        if not self._tokens.valid(token):
            return _errcode(42001 if token else 41001)
        message = call.json_object()
        _check(message, APP_KINDS)
        invalid = self._invalid_users(message)
        if self._dropped(call, message):
            return self._sent(invalid)
        self.created(call, "app")
        self._messages.append({"key": call.key, **message})
        return self._sent(invalid)

    def unauthorized(self) -> Reply:
        """Answer as for a bot that was removed."""
        return _errcode(93000)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of too many calls."""
        return _errcode(45009)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with an errcode."""
        return _errcode(int(code) if code is not None else -1)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body without JSON; the vendor warns of it in errmsg only."""
        return _errcode(44004, "empty content, Warning: wrong json format.")

    def missing(self, call: Call) -> Reply:
        """Answer as for a path that does not exist."""
        return Reply.text("404 Not Found", 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the messages with bot and key."""
        return iter(self._messages)

    def _invalid_users(self, message: Mapping[str, Any]) -> list[str]:
        users = [user for user in str(message.get("touser") or "").split("|") if user]
        known = self.settings.get("users")
        invalid = [] if known is None or "@all" in users else [user.lower() for user in users if user not in known]
        others = message.get("toparty") or message.get("totag")
        if not others and len(invalid) == len(users):
            raise Refused(_errcode(81013))
        return invalid

    def _dropped(self, call: Call, message: Mapping[str, Any]) -> bool:
        """Return whether the duplicate check drops an identical message, and note it."""
        if not message.get("enable_duplicate_check"):
            return False
        digest, now = hashlib.sha256(call.body).hexdigest(), self.clock.monotonic()
        dropped = self._checked.get(digest, now) > now
        if dropped:
            call.note(call.key, "repeat")
        else:
            self._checked[digest] = now + float(message.get("duplicate_check_interval", 1800))
        return dropped

    def _sent(self, invalid: list[str]) -> Reply:
        told = {"errcode": 0, "errmsg": "ok", "invaliduser": "|".join(invalid), "invalidparty": "", "invalidtag": ""}
        return Reply.json({**told, "msgid": f"sandbox-msg-{len(self._messages)}"})


def _check(message: Mapping[str, Any], kinds: tuple[str, ...]) -> None:
    kind = message.get("msgtype")
    if kind not in kinds:
        raise Refused(_errcode(40008))
    part = message.get(kind)
    if not isinstance(part, dict):
        raise Malformed(f"{kind} is missing")
    content = part.get("content")
    if kind in MAX_BYTES and not content:
        raise Refused(_errcode(44004))
    if kind in MAX_BYTES and len(str(content).encode()) > MAX_BYTES[kind]:
        raise Refused(_errcode(40058, f"{kind}.content exceed max length {MAX_BYTES[kind]}. Invalid Request Parameter"))
    if kind == "template_card" and not part.get("card_action"):
        raise Refused(_errcode(40058, "card_action missing. Invalid Request Parameter"))


def _errcode(code: int, words: str | None = None) -> Reply:
    hint = "" if code == 0 else ", hint: [sandbox], more info at https://open.work.weixin.qq.com/devtool/query?e="
    return Reply.json({"errcode": code, "errmsg": f"{words or _WORDS.get(code, 'error')}{hint}{code if hint else ''}"})
