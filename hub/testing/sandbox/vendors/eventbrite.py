"""Eventbrite's attendees and orders, API v3 (www.eventbrite.com/platform/api)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

PAGE = 50
_STATUS = {"attending": ("Attending", "Checked In"), "not_attending": ("Not Attending", "Deleted")}


class Eventbrite(Vendor):
    """`/eventbrite/v3/…`; settings: `token` (the private token)."""

    name = "eventbrite"
    limits: ClassVar[Mapping[str, Limit]] = {"hour": Limit(2_000, 3_600.0), "day": Limit(48_000, 86_400.0)}

    def clear(self) -> None:
        """Forget the attendees."""
        self._people: dict[str, dict[str, Any]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token and limits first."""
        token = self.require(call.bearer)
        self.spend("hour", token)
        self.spend("day", token)
        return super().dispatch(call)

    @route("GET", "/v3/events/{event}/attendees/")
    def of_an_event(self, call: Call) -> Reply:
        """List the attendees of an event."""
        return self._listed(call, "event_id", call.params["event"])

    @route("GET", "/v3/organizations/{organization}/attendees/")
    def of_an_organization(self, call: Call) -> Reply:
        """List the attendees of all events of an organization."""
        return self._listed(call, "organization", call.params["organization"])

    @route("GET", "/v3/events/{event}/attendees/{id}/")
    def attendee(self, call: Call) -> Reply:
        """Read one attendee."""
        found = self._people.get(call.params["id"])
        if found is None or found["event_id"] != call.params["event"]:
            return _error(404, "NOT_FOUND", "The attendee you requested does not exist.")
        return Reply.json(_shown(found, call))

    @route("GET", "/v3/orders/{id}/")
    def order(self, call: Call) -> Reply:
        """Read an order: who bought."""
        found = [one for one in self._people.values() if one.get("order_id") == call.params["id"]]
        if not found:
            return _error(404, "NOT_FOUND", "The order you requested does not exist.")
        who = {name: found[0]["profile"].get(name) for name in ("name", "first_name", "last_name", "email")}
        about = {name: found[0][name] for name in ("event_id", "created", "changed")}
        return Reply.json({"id": call.params["id"], **who, **about, "status": "placed"})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "INVALID_AUTH", "The OAuth token you provided was invalid.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, "HIT_RATE_LIMIT", "You have reached your hourly rate limit for this endpoint.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500 with a code."""
        return _error(500, str(code or "INTERNAL_ERROR"), "An unexpected error occurred.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "BAD_REQUEST", reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "NOT_FOUND", "The path you requested does not exist.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the attendees."""
        return iter(self._people.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add attendees as the API shows them, with their `organization`."""
        for item in items:
            self._people[str(item["id"])] = {"status": "Attending", "profile": {}, "answers": [], **item}

    def _listed(self, call: Call, field: str, value: str) -> Reply:
        """Return a page of who changed since then, the first ones to change first."""
        people = [one for one in self._people.values() if one.get(field) == value]
        if not people:
            return _error(404, "NOT_FOUND", "The event or organization you requested does not exist.")
        since, status = _time(call.query.get("changed_since", "1970-01-01T00:00:00Z")), call.query.get("status")
        if status is not None and status not in _STATUS:
            return _error(400, "ARGUMENTS_ERROR", "There are errors with your arguments: status - INVALID")
        wanted = [one for one in people if status is None or one["status"] in _STATUS[status]]
        found = sorted((one for one in wanted if _time(one["changed"]) >= since), key=_order)
        start = _start(call.query.get("continuation"))
        page, more = found[start : start + PAGE], start + PAGE < len(found)
        paging = {"object_count": len(found), "page_number": start // PAGE + 1, "page_size": PAGE}
        paging |= {"page_count": -(-len(found) // PAGE) or 1, "has_more_items": more}
        following = {"continuation": _mark(start + PAGE)} if more else {}
        shown = [_shown(one, call) for one in page]
        return Reply.json({"pagination": {**paging, **following}, "attendees": shown})


def _shown(one: Mapping[str, Any], call: Call) -> dict[str, Any]:
    asked = call.query.get("expand", "").split(",")
    return {
        name: value for name, value in one.items() if name != "organization" and (name != "answers" or name in asked)
    }


def _order(one: Mapping[str, Any]) -> tuple[datetime, str]:
    return _time(one["changed"]), str(one["id"])


def _time(value: str) -> datetime:
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError as error:
        words = "There are errors with your arguments: changed_since - INVALID"
        raise Refused(_error(400, "ARGUMENTS_ERROR", words)) from error


def _mark(start: int) -> str:
    return base64.urlsafe_b64encode(f'{{"page": {start}}}'.encode()).decode().rstrip("=")


def _start(mark: str | None) -> int:
    for start in range(0, 100_000, PAGE):
        if mark is None or mark == _mark(start):
            return start
    raise Refused(_error(400, "BAD_CONTINUATION_TOKENS", "Invalid continuation token passed."))


def _error(status: int, error: str, words: str) -> Reply:
    return Reply.json({"status_code": status, "error": error, "error_description": words}, status)
