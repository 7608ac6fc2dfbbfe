"""LinkedIn Conversions API: events by batch create; one bad element refuses all (learn.microsoft.com/linkedin)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MOST = 5_000
OLDEST = 90 * 86_400_000
_RULE = re.compile(r"urn:lla:llaPartnerConversion:\d+")


class LinkedInConversions(Vendor):
    """`/linkedin_conversions/rest/conversionEvents`; settings: `token`, `oldest_version`. An eventId counts once."""

    name = "linkedin_conversions"
    limits: ClassVar[Mapping[str, Limit]] = {"events": Limit(600, 60.0)}

    def clear(self) -> None:
        """Forget the events."""
        self._events: dict[str, dict[str, Any]] = {}

    @route("POST", "/rest/conversionEvents")
    def create(self, call: Call) -> Reply:
        """Take a batch, or refuse it for its first bad element."""
        self.require(call.bearer)
        self.spend("events")
        version = call.headers.get("linkedin-version", "")
        if not version or version < str(self.settings.get("oldest_version", "202511")):
            return _error(426, f"Requested version {version} is not active")
        if call.headers.get("x-restli-method") != "BATCH_CREATE":
            return _error(400, "X-RestLi-Method must be BATCH_CREATE")
        elements = call.json_object().get("elements")
        if not isinstance(elements, list) or not 0 < len(elements) <= MOST:
            return _error(400, f"elements must have 1 to {MOST} entries")
        for index, element in enumerate(elements):
            wrong = self._wrong(element)
            if wrong:
                return _error(422, f"elements[{index}]: {wrong}")
        for element in elements:
            key = str(element.get("eventId"))
            call.note(key, "repeat" if key in self._events else "new")
            self._events.setdefault(key, element)
        return Reply.json({"elements": [{"status": 201} for _ in elements]}, 201)

    def _wrong(self, event: Mapping[str, Any]) -> str | None:
        now = self.clock.now().timestamp() * 1000
        if not _RULE.fullmatch(str(event.get("conversion"))):
            return "conversion is not a valid urn"
        if not now - OLDEST <= float(event.get("conversionHappenedAt") or 0) <= now + 600_000:
            return "conversionHappenedAt is not within the last 90 days"
        user = event.get("user") or {}
        known = user.get("userIds") or user.get("lead") or user.get("externalIds")
        return None if known or user.get("userInfo") else "user has no identifier"

    def unauthorized(self) -> Reply:
        """Answer 401 with LinkedIn's service error code."""
        return _error(401, "Invalid access token", 65600)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, "Resource level throttle limit for calls to this resource is reached.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, "Internal Server Error")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, reason)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the events."""
        return iter(self._events.values())


def _error(status: int, message: str, code: int | None = None) -> Reply:
    return Reply.json({"status": status, "message": message, **({"serviceErrorCode": code} if code else {})}, status)
