"""Zoom's registrants of webinars, with tokens of a server-to-server app (developers.zoom.us)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

TOKEN_LIFE, PAGE_LIFE = 3_600.0, 900.0
MOST = 300
STATUSES = ("pending", "approved", "denied")


class ZoomWebinar(Vendor):
    """`/zoom_webinar/v2/webinars/…` and `/oauth/token`; settings: `client_id`, `client_secret`, `account_id`."""

    name = "zoom_webinar"
    limits: ClassVar[Mapping[str, Limit]] = {"second": Limit(20, 1.0)}

    def clear(self) -> None:
        """Forget registrants and tokens."""
        self._people: dict[str, list[dict[str, Any]]] = {}
        self._tokens = Tokens(self.clock, "eyJzb29tX3{:06d}")
        self._marks = Tokens(self.clock, "IAfJX3jsOLW7w3dokmFl84zOa0MAVGyMEB{:d}")
        self._pages: dict[str, int] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token and limit first."""
        if call.path.startswith("/v2/"):
            if not self._tokens.valid(call.bearer):
                return self.unauthorized()
            self.spend("second")
        return super().dispatch(call)

    @route("POST", "/oauth/token")
    def token(self, call: Call) -> Reply:
        """Give a token for the credentials of the app and its account."""
        asked = {**call.query, **call.form()}
        if asked.get("grant_type") != "account_credentials":
            return Reply.json({"reason": "unsupported grant type", "error": "unsupported_grant_type"}, 400)
        known = f"{self.settings.get('client_id', 'app')}:{self.settings.get('client_secret', 's3cret')}"
        expected = "Basic " + base64.b64encode(known.encode()).decode()
        if call.headers.get("authorization") != expected:
            return Reply.json({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 400)
        if not asked.get("account_id") or asked["account_id"] != self.settings.get("account_id", asked["account_id"]):
            return Reply.json({"reason": "Bad Request", "error": "invalid_request"}, 400)
        told = {"access_token": self._tokens.mint(TOKEN_LIFE), "token_type": "bearer", "expires_in": int(TOKEN_LIFE)}
        return Reply.json({**told, "scope": "webinar:read:list_registrants:admin"})

    @route("GET", "/v2/webinars/{webinar}/registrants")
    def registrants(self, call: Call) -> Reply:
        """List the registrants of a webinar with one status, newest first."""
        people = self._people.get(call.params["webinar"])
        if people is None:
            return _error(404, 3001, f"Webinar does not exist: {call.params['webinar']}.")
        status, size, mark = (
            call.query.get("status", "approved"), call.query.get("page_size", "30"), call.query.get("next_page_token")
        )  # fmt: skip
        if status not in STATUSES or not size.isdigit() or not 0 < int(size) <= MOST:
            return _error(400, 300, "Validation Failed.")
        if mark and not self._marks.valid(mark):
            return _error(400, 300, "The next page token is invalid or expired.")
        found = sorted((one for one in people if one["status"] == status), key=_time, reverse=True)
        start = self._pages[mark] if mark else 0
        page = found[start : start + int(size)]
        more = start + len(page) < len(found)
        following = self._marks.mint(PAGE_LIFE) if more else ""
        self._pages[following] = start + len(page)
        told = {"page_size": int(size), "total_records": len(found), "next_page_token": following}
        return Reply.json({**told, "registrants": page})

    def unauthorized(self) -> Reply:
        """Answer 401 with code 124."""
        return _error(401, 124, "Invalid access token.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        words = "You have reached the maximum per-second rate limit for this API. Try again later."
        return Reply.json({"code": 429, "message": words}, 429, **{"X-RateLimit-Type": "QPS"})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500 with a code."""
        return _error(500, int(code or 500), "Internal Server Error.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400 with code 300."""
        return _error(400, 300, f"Request Body should be a valid JSON object. {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, 2300, "This API endpoint is not recognized.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the registrants with their webinar."""
        for webinar, people in self._people.items():
            yield from ({"webinar": webinar, **one} for one in people)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add registrants: `webinar` and what the list shows of one; a webinar alone has none yet."""
        for item in items:
            people = self._people.setdefault(str(item["webinar"]), [])
            if item.get("id"):
                shown = {name: value for name, value in item.items() if name != "webinar"}
                people.append({"status": "approved", **shown, "join_url": f"https://zoom.example/w/{item['id']}"})


def _time(one: Mapping[str, Any]) -> tuple[str, str]:
    return str(one.get("create_time")), str(one.get("id"))


def _error(status: int, code: int, words: str) -> Reply:
    return Reply.json({"code": code, "message": words}, status)
