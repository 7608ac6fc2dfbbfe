"""LINE: the profile of a friend (developers.line.biz, Messaging API reference, get profile)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route


class Line(Vendor):
    """`/line/v2/bot/profile/{user}`; settings: `token`, `blocked` (user ids whose profile is not shown)."""

    name = "line"
    limits: ClassVar[Mapping[str, Limit]] = {"profile": Limit(2000, 1.0)}

    def clear(self) -> None:
        """Forget the friends."""
        self._friends: dict[str, dict[str, Any]] = {}

    @route("GET", "/v2/bot/profile/{user}")
    def profile(self, call: Call) -> Reply:
        """Show a friend who did not block the account."""
        self.require(call.bearer)
        self.spend("profile")
        user = call.params["user"]
        if user not in self._friends or user in self.settings.get("blocked", []):
            return Reply.json({"message": "Not found"}, 404)
        return Reply.json(self._friends[user])

    def unauthorized(self) -> Reply:
        """Answer 401."""
        words = "Authentication failed. Confirm that the access token in the authorization header is valid."
        return Reply.json({"message": words}, 401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429, without saying for how long."""
        return Reply.json({"message": "The API rate limit has been exceeded. Try again later."}, 429)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with a status: 500 when none is given."""
        return Reply.json({"message": "Internal server error"}, int(code) if code is not None else 500)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return Reply.json({"message": "The request body has 1 error(s)", "details": [{"message": reason}]}, 400)

    def missing(self, call: Call) -> Reply:
        """Answer as for a path that does not exist."""
        return Reply.json({"message": "Not found"}, 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the profiles."""
        return iter(self._friends.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add friends: `userId`, `displayName`, `language`."""
        self._friends.update({str(item["userId"]): dict(item) for item in items})
