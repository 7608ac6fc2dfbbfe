"""Feishu 飞书 / Lark: the custom bot of a group, and app messages to named users (open.feishu.cn)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_BODY = 20 * 1024
HOUR = 3600.0
KINDS = ("text", "post", "image", "share_chat", "interactive")

_WORDS = {
    9499: "Bad Request",
    11232: "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]",
    19001: "param invalid: incoming webhook access token invalid",
    19002: "params error, msg_type need",
    19021: "sign match fail or timestamp is not within one hour from current time",
    19022: "Ip Not Allowed",
    19024: "Key Words Not Found",
    99991400: "request trigger frequency limit",
    99991663: "Invalid access token for authorization. Please make a test attempt with the correct token.",
}


class Feishu(Vendor):
    """`/feishu/open-apis/…`.

    Settings: `token` (the hook's id), `secret`, `keywords`, `app_id`, `app_secret`, `error_status` (HTTP status of a
    bot's errors; the vendor uses 200 and 400).
    """

    name = "feishu"
    limits: ClassVar[Mapping[str, Limit]] = {"minute": Limit(100, 60.0), "second": Limit(5, 1.0)}

    def clear(self) -> None:
        """Forget messages and tokens."""
        self._messages: list[dict[str, Any]] = []
        self._uuids: dict[str, tuple[str, float]] = {}
        self._tokens = Tokens(self.clock, "t-sandbox{}")

    @route("POST", "/open-apis/bot/v2/hook/{hook}")
    def bot_send(self, call: Call) -> Reply:
        """Post as a custom bot; the signature is in the body."""
        hook = self.require(call.params["hook"])
        message = call.json_object()
        self._check_security(message)
        kind = message.get("msg_type")
        if not kind:
            return self._code(19002)
        part = message.get("card" if kind == "interactive" else "content")
        if kind not in KINDS or not isinstance(part, dict) or len(call.body) > MAX_BODY:
            return self._code(9499)
        for limit in ("second", "minute"):
            self.spend(limit, hook)
        self.created(call, hook)
        self._messages.append({"hook": hook, "key": call.key, **message})
        done = {"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success"}
        return Reply.json(done)

    @route("POST", "/open-apis/auth/v3/tenant_access_token/internal")
    def tenant_token(self, call: Call) -> Reply:
        """Give an app its token."""
        asked = call.json_object()
        for name in ("app_id", "app_secret"):
            if not asked.get(name) or self.settings.get(name, asked[name]) != asked[name]:
                return Reply.json({"code": 10003, "msg": "invalid param"})
        return Reply.json({"code": 0, "msg": "ok", "tenant_access_token": self._tokens.mint(7140), "expire": 7140})

    @route("POST", "/open-apis/im/v1/messages")
    def send(self, call: Call) -> Reply:
        """Write to a user or chat; a `uuid` is taken once an hour."""
        if not self._tokens.valid(call.bearer):
            return Reply.json({"code": 99991663, "msg": _WORDS[99991663]}, 400)
        asked = call.json_object()
        missing = "receive_id_type" if not call.query.get("receive_id_type") else _first_missing(asked)
        if missing:
            return Reply.json({"code": 99992402, "msg": f"field validation failed: {missing} is required"}, 400)
        if not _is_json_text(asked["content"]):
            return Reply.json({"code": 230001, "msg": "content is not a string in json format."}, 400)
        uuid, now = asked.get("uuid"), self.clock.monotonic()
        earlier = self._uuids.get(uuid) if uuid else None
        if earlier and earlier[1] > now:
            call.note(uuid, "repeat")
            return _message(earlier[0])
        self.created(call, str(asked["receive_id"]), uuid)
        number = f"om_sandbox{len(self._messages) + 1}"
        self._messages.append({"key": uuid or call.key, "message_id": number, **asked})
        if uuid:
            self._uuids[uuid] = number, now + HOUR
        return _message(number)

    def unauthorized(self) -> Reply:
        """Answer as for a hook that does not exist."""
        return self._code(19001)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of too many messages, as seen of bots."""
        told = {"code": 11232, "data": {}, "msg": _WORDS[11232]}
        return Reply.json(told, 200, **{"x-ogw-ratelimit-reset": str(ceil(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with a code that is not 0."""
        return self._code(int(code) if code is not None else 11232)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400, as for a body without JSON."""
        return Reply.json({"code": 9499, "msg": _WORDS[9499], "data": {}}, 400)

    def missing(self, call: Call) -> Reply:
        """Answer as for a path that does not exist."""
        return Reply.text("404 page not found", 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the messages with hook and key."""
        return iter(self._messages)

    def _check_security(self, message: Mapping[str, Any]) -> None:
        """Apply the security settings: signature, keywords."""
        secret, keywords = self.settings.get("secret"), self.settings.get("keywords")
        if secret:
            stamp = str(message.get("timestamp", ""))
            late = not stamp.isdigit() or abs(self.clock.now().timestamp() - int(stamp)) > HOUR
            digest = hmac.digest(f"{stamp}\n{secret}".encode(), b"", "sha256")
            wanted = base64.b64encode(digest).decode()
            if late or not hmac.compare_digest(wanted, str(message.get("sign", ""))):
                raise Refused(self._code(19021))
        if keywords and not any(word in json.dumps(message, ensure_ascii=False) for word in keywords):
            raise Refused(self._code(19024))

    def _code(self, code: int) -> Reply:
        status = 400 if code == 9499 else self.settings.get("error_status", 200)
        return Reply.json({"code": code, "msg": _WORDS.get(code, "error"), "data": {}}, status)


def _first_missing(asked: Mapping[str, Any]) -> str | None:
    return next((name for name in ("receive_id", "msg_type", "content") if not asked.get(name)), None)


def _is_json_text(content: Any) -> bool:
    try:
        json.loads(content)
    except (TypeError, ValueError):
        return False
    return True


def _message(number: str) -> Reply:
    return Reply.json({"code": 0, "msg": "success", "data": {"message_id": number}})
