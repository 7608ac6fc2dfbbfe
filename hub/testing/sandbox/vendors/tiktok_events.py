"""TikTok Events API: events of a CRM event set; HTTP 200 whatever the code says (business-api.tiktok.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MOST = 1_000
OLDEST = 28 * 86_400
PARTLY, BAD_TOKEN, BUSY, BAD_PARAMETER, BROKEN = 20001, 40105, 40100, 40002, 50000

_WORDS = {
    PARTLY: "Partially accepted", BAD_TOKEN: "Access token is incorrect or has been revoked.",
    BUSY: "Too many requests", BAD_PARAMETER: "Parameter error", BROKEN: "Internal service error",
}  # fmt: skip


class TikTokEvents(Vendor):
    """`/tiktok_events/open_api/v1.3/event/track/`; setting `token`. The same event_id and event count once."""

    name = "tiktok_events"
    limits: ClassVar[Mapping[str, Limit]] = {"track": Limit(1_000, 1.0)}

    def clear(self) -> None:
        """Forget the events."""
        self._events: dict[tuple[str, str], dict[str, Any]] = {}

    @route("POST", "/open_api/v1.3/event/track/")
    def track(self, call: Call) -> Reply:
        """Take events one by one; those that are wrong are named."""
        self.require(call.headers.get("access-token"))
        self.spend("track")
        body = call.json_object()
        events = body.get("data")
        if body.get("event_source") != "crm" or not body.get("event_source_id") or not isinstance(events, list):
            return _said(BAD_PARAMETER)
        if not 0 < len(events) <= MOST:
            return _said(BAD_PARAMETER, f"data must have 1 to {MOST} events")
        failed = [{"event_id": one.get("event_id"), "message": why} for one in events if (why := self._wrong(one))]
        for one in events:
            if not self._wrong(one):
                key = str(one["event_id"]), str(one["event"])
                call.note(key[0], "repeat" if key in self._events else "new")
                self._events.setdefault(key, {"set": body["event_source_id"], **one})
        return _said(PARTLY, data={"failed_events": failed}) if failed else _said(0, "OK")

    def _wrong(self, event: Mapping[str, Any]) -> str | None:
        now = self.clock.now().timestamp()
        if not event.get("event") or not event.get("event_id"):
            return "event and event_id are required"
        if not isinstance(event.get("event_time"), int) or not now - OLDEST <= event["event_time"] <= now + 600:
            return "event_time is not within the last 28 days"
        return None if event.get("user") or (event.get("lead") or {}).get("lead_id") else "user is empty"

    def unauthorized(self) -> Reply:
        """Answer 200 with the code of a bad token."""
        return _said(BAD_TOKEN)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of too many requests."""
        return _said(BUSY)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return _said(int(code) if code is not None else BROKEN)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 200 with the code of a bad parameter."""
        return _said(BAD_PARAMETER, reason)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the events."""
        return iter(self._events.values())


def _said(code: int, words: str = "", data: Mapping[str, Any] | None = None) -> Reply:
    return Reply.json(
        {"code": code, "message": words or _WORDS.get(code, "error"), "request_id": "sandbox", "data": data or {}}
    )
