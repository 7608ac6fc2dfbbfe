"""Jotform's API: the submissions of a form, filtered, ordered and paged (api.jotform.com/docs)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_PAGE = 1_000

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "ne": lambda a, b: a != b,
    "": lambda a, b: a == b,
}


class Jotform(Vendor):
    """`/jotform/form/{id}/submissions`, `/jotform/submission/{id}`.

    Settings: `api_key`, `time_zone` of the account (US Eastern unless set); the daily limit is the free plan's.
    """

    name = "jotform"
    limits: ClassVar[Mapping[str, Limit]] = {"day": Limit(1_000, 86_400.0)}

    def clear(self) -> None:
        """Forget all submissions."""
        self._rows: dict[str, dict[str, Any]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check the key, in the header or the address, and count the call."""
        self.spend("day", self.require(call.headers.get("apikey") or call.query.get("apiKey"), "api_key"))
        return super().dispatch(call)

    @route("GET", "/form/{form}/submissions")
    def listed(self, call: Call) -> Reply:
        """List a form's submissions, newest first unless asked otherwise."""
        rows = [row for row in self._rows.values() if row["form_id"] == call.params["form"]]
        if not rows:
            raise Refused(self._said(None, 401, "You're not authorized to use (/form-id-submissions)"))
        rows = [row for row in rows if self._fits(row, call.query.get("filter"))]
        rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=call.query.get("direction") != "ASC")
        limit, offset = _number(call, "limit", 20), _number(call, "offset", 0)
        page = rows[offset : offset + min(limit, MAX_PAGE)]
        return self._said(page, resultSet={"offset": offset, "limit": limit, "count": len(page)})

    @route("GET", "/submission/{id}")
    def one(self, call: Call) -> Reply:
        """Read one submission."""
        row = self._rows.get(call.params["id"])
        return self._said(row) if row else self._said(None, 404, "Submission not found")

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return self._said(None, 401, "Invalid API key")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return self._said(None, 429, "API-Limit exceeded")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return self._said(None, int(code or 500), "Something went wrong")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return self._said(None, 400, reason)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the submissions."""
        yield from self._rows.values()

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add submissions: `id`, `form_id`, `at` (seconds since 1970), `answers`."""
        for item in items:
            told = {name: value for name, value in item.items() if name != "at"}
            zone = ZoneInfo(self.settings.get("time_zone", "America/New_York"))
            at = datetime.fromtimestamp(float(item["at"]), zone).strftime("%Y-%m-%d %H:%M:%S")
            self._rows[str(item["id"])] = {"created_at": at, "updated_at": None, "status": "ACTIVE", "new": "1", **told}

    def _fits(self, row: Mapping[str, Any], asked: str | None) -> bool:
        """Return whether a row passes a filter such as `{"created_at:gt": "2026-05-01 00:00:00"}`."""
        try:
            wanted = json.loads(asked or "{}")
        except ValueError as error:
            raise Refused(self._said(None, 400, "filter is not JSON")) from error
        named = [(*name.partition(":")[::2], value) for name, value in wanted.items()]
        return all(_COMPARISONS[how](row.get(name), value) for name, how, value in named)

    def _said(self, content: Any, status: int = 200, message: str = "success", **more: Any) -> Reply:
        left = {"limit-left": self.left("day", str(self.settings.get("api_key", "")))}
        told = {"responseCode": status, "message": message, "content": "" if content is None else content}
        return Reply.json({**told, "duration": "5.14ms", **more, **left}, status)


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    return int(text) if text.isdigit() else default
