"""Luma's guests and events, by the API key of a calendar (docs.luma.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MOST = 50
_COLUMNS = ("name", "email", "created_at", "registered_at", "checked_in_at")
_STATUSES = ("approved", "session", "pending_approval", "invited", "declined", "waitlist")


class Luma(Vendor):
    """`/luma/v1/…`; settings: `token` (the API key)."""

    name = "luma"
    limits: ClassVar[Mapping[str, Limit]] = {"minute": Limit(200, 60.0)}

    def clear(self) -> None:
        """Forget events and guests."""
        self._guests: dict[str, dict[str, dict[str, Any]]] = {}
        self._starts: dict[str, str] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check key and limit first."""
        self.spend("minute", self.require(call.headers.get("x-luma-api-key")))
        return super().dispatch(call)

    @route("GET", "/v1/calendars/events/list")
    def events(self, call: Call) -> Reply:
        """List the events of the calendar that start after a time."""
        after, rows = call.query.get("after"), []
        for id_ in self._guests:
            start = self._starts.get(id_, "2099-01-01T00:00:00Z")
            if after is None or datetime.fromisoformat(start) > datetime.fromisoformat(after):
                rows.append({"platform": "luma", "id": id_, "name": f"Event {id_}", "start_at": start})
        return _paged(rows, call)

    @route("GET", "/v1/events/guests/list")
    def guests(self, call: Call) -> Reply:
        """List the guests of an event."""
        found = self._guests.get(call.query.get("event_id", ""))
        if found is None:
            return _error(404, "Event not found.")
        column, wanted = call.query.get("sort_column", "created_at"), call.query.get("approval_status")
        if column not in _COLUMNS or (wanted is not None and wanted not in _STATUSES):
            return _error(400, "Invalid sort_column or approval_status.")
        direction = call.query.get("sort_direction", "asc").split(" ")
        people = [one for one in found.values() if wanted in (None, one["approval_status"])]
        timed = [one for one in people if one.get(column) is not None]
        timed.sort(key=lambda one: (_comparable(one[column]), one["id"]), reverse=direction[0] == "desc")
        blank = [one for one in people if one.get(column) is None]
        nulls_first = direction[0] == "desc" and "last" not in direction
        return _paged([*blank, *timed] if nulls_first else [*timed, *blank], call)

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "Invalid API key.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, "Rate limit exceeded. Please try again later.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, str(code or "Internal server error."))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "Not found.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the guests with their event."""
        for event, guests in self._guests.items():
            yield from ({**one, "event_id": event} for one in guests.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add guests: `event_id` and what the list shows of one; `start_at` dates the event."""
        for item in items:
            event = str(item["event_id"])
            guests = self._guests.setdefault(event, {})
            if "start_at" in item:
                self._starts[event] = str(item["start_at"])
            if "id" in item:
                shown = {name: value for name, value in item.items() if name not in ("event_id", "start_at")}
                guests[str(item["id"])] = {"approval_status": "approved", **shown}


def _comparable(value: str) -> float:
    try:
        return datetime.fromisoformat(value).timestamp()
    except ValueError:
        return 0.0


def _paged(rows: Sequence[Mapping[str, Any]], call: Call) -> Reply:
    """Return a page; the server has a largest size of its own, whatever is asked for."""
    asked, mark = call.query.get("pagination_limit", str(MOST)), call.query.get("pagination_cursor", "")
    start = int(mark.removeprefix("cur-")) if mark.removeprefix("cur-").isdigit() else 0
    if not asked.isdigit() or (mark and not start):
        return _error(400, "Invalid pagination_limit or pagination_cursor.")
    end = start + min(int(asked), MOST)
    more = end < len(rows)
    return Reply.json({"entries": rows[start:end], "has_more": more, **({"next_cursor": f"cur-{end}"} if more else {})})


def _error(status: int, words: str) -> Reply:
    return Reply.json({"message": words, "code": None}, status)
