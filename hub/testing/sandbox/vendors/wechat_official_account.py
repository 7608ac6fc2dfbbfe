"""WeChat Official Account (微信公众号): stable_token and user/info (developers.weixin.qq.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

TOKEN_LIFE = 7200
EARLY = 300  # seconds before its end from which another token is given
_WORDS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40125: "invalid appsecret",
    40164: "invalid ip 203.0.113.7, not in whitelist",
    41001: "access_token missing",
    42001: "access_token expired",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
    48001: "api unauthorized",
}


class WeChatOfficialAccount(Vendor):
    """`/wechat_official_account/cgi-bin/…`; settings: `app_id`, `app_secret`, `users` (False: may not read them)."""

    name = "wechat_official_account"
    limits: ClassVar[Mapping[str, Limit]] = {"token": Limit(10_000, 60.0)}

    def clear(self) -> None:
        """Forget followers and tokens."""
        self._users: dict[str, dict[str, Any]] = {}
        self._tokens = Tokens(self.clock, "sandbox-wechat-{}")
        self._current: tuple[str, float] | None = None

    @route("POST", "/cgi-bin/stable_token")
    def stable_token(self, call: Call) -> Reply:
        """Give the same token while it is valid, unless another is asked for."""
        asked = call.json_object()
        if asked.get("appid") != self.settings.get("app_id", asked.get("appid")) or not asked.get("appid"):
            return _errcode(40013)
        if asked.get("secret") != self.settings.get("app_secret", asked.get("secret")) or not asked.get("secret"):
            return _errcode(40125)
        self.spend("token")
        now = self.clock.monotonic()
        if self._current is None or self._current[1] - EARLY <= now or asked.get("force_refresh"):
            self._current = self._tokens.mint(TOKEN_LIFE), now + TOKEN_LIFE
        return Reply.json({"access_token": self._current[0], "expires_in": int(self._current[1] - now)})

    @route("GET", "/cgi-bin/user/info")
    def user_info(self, call: Call) -> Reply:
        """Tell of a follower; of who does not follow, only that."""
        token = call.query.get("access_token")
        if not self._tokens.valid(token):
            raise Refused(_errcode(40001 if token else 41001))
        if self.settings.get("users") is False:
            return _errcode(48001)
        openid = call.query.get("openid", "")
        if not openid.startswith("o"):
            return _errcode(40003)
        return Reply.json(self._users.get(openid, {"subscribe": 0, "openid": openid}))

    def unauthorized(self) -> Reply:
        """Answer as for a token nobody has."""
        return _errcode(40001)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of too many calls in a minute."""
        return _errcode(45011)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with an errcode."""
        return _errcode(int(code) if code is not None else -1)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body without JSON."""
        return _errcode(47001 if call.body else 44002)

    def missing(self, call: Call) -> Reply:
        """Answer as for a path that does not exist."""
        return Reply.text("404 Not Found", 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the followers."""
        return iter(self._users.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add followers as user/info shows them."""
        self._users.update({str(item["openid"]): dict(item) for item in items})


def _errcode(code: int) -> Reply:
    return Reply.json({"errcode": code, "errmsg": f"{_WORDS.get(code, 'error')} rid: sandbox"})
