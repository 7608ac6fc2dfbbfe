"""DingTalk 钉钉: the custom robot of a group, and robot messages to named users (open.dingtalk.com)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_BODY = 20_000
MUTED = 600.0  # seconds a robot stays silent after 20 messages in a minute
HOUR_MS = 3_600_000

_WORDS = {
    -1: "system busy",
    130101: "send too fast, exceed 20 times per minute",
    300001: "token is not exist",
    310000: "sign not match",
    400105: "unsupported msgtype",
    40035: "缺少参数 json",
    43004: "无效的HTTP HEADER Content-Type",
    400101: "access_token不存在",
    400102: "机器人已停用",
    410100: "发送速度太快而限流",
}
_PARTS = {"text": ("content",), "markdown": ("title", "text"), "link": ("title", "text", "messageUrl")}


class DingTalk(Vendor):
    """The robot of a group and the app calls; settings: `token`, `secret` (SEC…), `keywords`, `app_key`, `app_secret`.

    A robot that sent 20 messages within a minute is muted for ten, as the vendor documents.
    """

    name = "dingtalk"
    limits: ClassVar[Mapping[str, Limit]] = {"robot": Limit(20, 60.0)}

    def clear(self) -> None:
        """Forget messages, tokens and muted robots."""
        self._messages: list[dict[str, Any]] = []
        self._muted: dict[str, float] = {}
        self._tokens = Tokens(self.clock, "sandbox-dingtalk-{}")

    @route("POST", "/robot/send")
    def send(self, call: Call) -> Reply:
        """Post as a custom robot; every answer is HTTP 200 with an errcode."""
        robot = self.require(call.query.get("access_token"))
        if "application/json" not in call.headers.get("content-type", ""):
            return _errcode(43004)
        message = call.json_object()
        self._check_security(call)
        kind = message.get("msgtype")
        if kind not in ("text", "markdown", "link", "actionCard", "feedCard"):
            return _errcode(400105)
        part = message.get(kind)
        if not isinstance(part, dict) or not all(part.get(name) for name in _PARTS.get(kind, ())):
            return _errcode(40035)
        if len(call.body) > MAX_BODY:
            return _errcode(40035, "message body is too long")
        self._count(robot)
        self.created(call, robot)
        self._messages.append({"robot": robot, "key": call.key, **message})
        return Reply.json({"errcode": 0, "errmsg": "ok"})

    @route("POST", "/v1.0/oauth2/accessToken")
    def access_token(self, call: Call) -> Reply:
        """Give an app its token."""
        asked = call.json_object()
        for name, setting in (("appKey", "app_key"), ("appSecret", "app_secret")):
            if not asked.get(name) or self.settings.get(setting, asked[name]) != asked[name]:
                return _problem("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        return Reply.json({"accessToken": self._tokens.mint(7200), "expireIn": 7200})

    @route("POST", "/v1.0/robot/oToMessages/batchSend")
    def batch_send(self, call: Call) -> Reply:
        """Write to at most 20 users."""
        if not self._tokens.valid(call.headers.get("x-acs-dingtalk-access-token")):
            return _problem("InvalidAuthentication", "不合法的access_token")
        asked = call.json_object()
        users = asked.get("userIds")
        if not asked.get("robotCode") or not isinstance(users, list) or not 0 < len(users) <= 20:
            return _problem("invalidParameter", "robotCode or userIds is not valid")
        self.created(call, str(asked["robotCode"]))
        self._messages.append({"robot": asked["robotCode"], "key": call.key, **asked})
        number = f"sandbox-{len(self._messages)}"
        return Reply.json({"processQueryKey": number, "invalidStaffIdList": [], "flowControlledStaffIdList": []})

    @route("POST", "/topapi/v2/user/getbymobile")
    def user_by_mobile(self, call: Call) -> Reply:
        """Find a user id by mobile number in the setting `users`."""
        if not self._tokens.valid(call.query.get("access_token")):
            return _errcode(40014, "不合法的access_token")
        found = self.settings.get("users", {}).get(str(call.json_object().get("mobile")))
        return (
            Reply.json({"errcode": 0, "errmsg": "ok", "result": {"userid": found}})
            if found
            else _errcode(60121, "找不到该用户")
        )

    def unauthorized(self) -> Reply:
        """Answer as for a robot that does not exist."""
        return _errcode(300001)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of a robot that is muted."""
        return _errcode(130101)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with an errcode."""
        return _errcode(int(code) if code is not None else -1)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body without JSON."""
        return _errcode(40035)

    def missing(self, call: Call) -> Reply:
        """Answer as for a method that does not exist."""
        return _errcode(22, "不合法ApiName")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the messages with robot and key."""
        return iter(self._messages)

    def _check_security(self, call: Call) -> None:
        """Apply the security settings: signature, keywords."""
        secret, keywords = self.settings.get("secret"), self.settings.get("keywords")
        if secret:
            stamp = call.query.get("timestamp", "")
            if not stamp.isdigit() or abs(self.clock.now().timestamp() * 1000 - int(stamp)) > HOUR_MS:
                raise Refused(_errcode(310000, "invalid timestamp"))
            digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")
            if not hmac.compare_digest(base64.b64encode(digest).decode(), call.query.get("sign", "")):
                raise Refused(_errcode(310000, "sign not match"))
        if keywords and not any(word in _words(call.json()) for word in keywords):
            raise Refused(_errcode(310000, "keywords not in content"))

    def _count(self, robot: str) -> None:
        now = self.clock.monotonic()
        if self._muted.get(robot, now) > now:
            raise Refused(self.throttled(self._muted[robot] - now))
        try:
            self.spend("robot", robot)
        except Refused:
            self._muted[robot] = now + MUTED
            raise


def _words(value: Any) -> str:
    """Return every text in a message, which is what keywords are looked for in."""
    if isinstance(value, dict):
        return "\n".join(map(_words, value.values()))
    return "\n".join(map(_words, value)) if isinstance(value, list) else str(value)


def _errcode(code: int, words: str | None = None) -> Reply:
    return Reply.json({"errcode": code, "errmsg": words or _WORDS.get(code, "error")})


def _problem(code: str, words: str) -> Reply:
    return Reply.json({"code": code, "message": words, "requestid": "sandbox"}, 400)
