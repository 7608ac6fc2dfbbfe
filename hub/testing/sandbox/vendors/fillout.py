"""Fillout's API: the submissions of a form, by time and offset (fillout.com/help/api-reference)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_PAGE = 150


class Fillout(Vendor):
    """`/fillout/v1/api/forms/{id}/submissions`; setting `token`."""

    name = "fillout"
    limits: ClassVar[Mapping[str, Limit]] = {"second": Limit(5, 1.0)}

    def clear(self) -> None:
        """Forget all submissions."""
        self._rows: dict[str, dict[str, dict[str, Any]]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check key and limit first."""
        self.spend("second", self.require(call.bearer))
        return super().dispatch(call)

    @route("GET", "/v1/api/forms/{form}/submissions")
    def submissions(self, call: Call) -> Reply:
        """List submissions, oldest first unless asked otherwise; those in progress and previews on request only."""
        form, asked = call.params["form"], call.query
        limit, offset = asked.get("limit", "50"), asked.get("offset", "0")
        if form not in self._rows:
            return self.missing(call)
        if not limit.isdigit() or not 1 <= int(limit) <= MAX_PAGE or not offset.isdigit():
            return _error(400, f"limit must be between 1 and {MAX_PAGE}")
        rows = [row for row in self._rows[form].values() if _fits(row, asked)]
        rows.sort(
            key=lambda row: (_at(row["submissionTime"]), row["submissionId"]), reverse=asked.get("sort") == "desc"
        )
        shown = [
            {name: value for name, value in row.items() if name not in ("form", "preview", "in_progress")}
            for row in rows[int(offset) : int(offset) + int(limit)]
        ]
        pages = ceil(len(rows) / int(limit))
        return Reply.json({"responses": shown, "totalResponses": len(rows), "pageCount": pages})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "Invalid API key")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, "Too many requests")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, str(code or "Internal server error"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "Form not found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the submissions."""
        for rows in self._rows.values():
            yield from rows.values()

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add submissions as the API shows them, with their `form`; `preview` and `in_progress` mark the odd ones."""
        for item in items:
            self._rows.setdefault(item["form"], {})[item["submissionId"]] = dict(item)


def _fits(row: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    at, wanted = _at(row["submissionTime"]), asked.get("status", "finished")
    return (
        at > _at(asked.get("afterDate", "1970-01-01T00:00:00Z"))
        and at < _at(asked.get("beforeDate", "2999-01-01T00:00:00Z"))
        and bool(row.get("in_progress")) == (wanted == "in_progress")
        and (asked.get("includePreview") == "true" or not row.get("preview"))
    )


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _error(status: int, words: str) -> Reply:
    return Reply.json({"statusCode": status, "error": words, "message": words}, status)
