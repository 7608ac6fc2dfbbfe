"""Webflow's Data API v2: the submissions of a form by offset (developers.webflow.com/data/reference/forms)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_PAGE = 100


class Webflow(Vendor):
    """`/webflow/v2/sites/{site}/forms/{form}/submissions`; settings `token`, `newest_first` (else oldest first)."""

    name = "webflow"
    limits: ClassVar[Mapping[str, Limit]] = {"minute": Limit(60, 60.0)}

    def clear(self) -> None:
        """Forget all submissions."""
        self._rows: dict[str, dict[str, Any]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token and limit first."""
        self.spend("minute", self.require(call.bearer))
        return super().dispatch(call)

    @route("GET", "/v2/sites/{site}/forms/{form}/submissions")
    def submissions(self, call: Call) -> Reply:
        """List the submissions of a form."""
        where = (call.params["site"], call.params["form"])
        rows = [row for row in self._rows.values() if (row["siteId"], row["formId"]) == where]
        limit, offset = call.query.get("limit", "100"), call.query.get("offset", "0")
        if not rows:
            return self.missing(call)
        if not limit.isdigit() or not 1 <= int(limit) <= MAX_PAGE or not offset.isdigit():
            return _error(400, "validation_error", f"limit must be between 1 and {MAX_PAGE}")
        rows.sort(key=lambda row: (row["dateSubmitted"], row["id"]), reverse=bool(self.settings.get("newest_first")))
        page = [
            {name: value for name, value in row.items() if name != "formId"}
            for row in rows[int(offset) : int(offset) + int(limit)]
        ]
        paging = {"limit": int(limit), "offset": int(offset), "total": len(rows)}
        return Reply.json({"formSubmissions": page, "pagination": paging})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "not_authorized", "Request not authorized")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the minute to wait."""
        said = _error(429, "too_many_requests", "Too Many Requests")
        return Reply(429, said.body, {**said.headers, "retry-after": "60"})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, str(code or "internal_error"), "An internal error occurred")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "bad_request", reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "resource_not_found", "Requested resource not found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the submissions."""
        yield from self._rows.values()

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add submissions as the API shows them, with their `formId`."""
        for item in items:
            self._rows[item["id"]] = dict(item)


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"code": code, "message": words, "externalReference": None, "details": []}, status)
