"""Tally's API: the submissions of a form, newest first, by page number (developers.tally.so)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

PAGE = 50
MAX_PAGE = 500


class Tally(Vendor):
    """`/tally/forms/{id}/submissions`; setting `token`."""

    name = "tally"
    limits: ClassVar[Mapping[str, Limit]] = {"minute": Limit(100, 60.0)}

    def clear(self) -> None:
        """Forget submissions and questions."""
        self._rows: dict[str, dict[str, dict[str, Any]]] = {}
        self._titles: dict[str, dict[str, str]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check the key first."""
        self.spend("minute", self.require(call.bearer))
        return super().dispatch(call)

    @route("GET", "/forms/{form}/submissions")
    def submissions(self, call: Call) -> Reply:
        """List submissions with the form's questions."""
        form, asked = call.params["form"], call.query
        if form not in self._rows:
            return self.missing(call)
        rows = sorted(self._rows[form].values(), key=lambda row: (_at(row["submittedAt"]), row["id"]), reverse=True)
        counts = {"all": len(rows), "completed": sum(row["isCompleted"] for row in rows)}
        kind = asked.get("filter", "all")
        rows = [row for row in rows if kind == "all" or row["isCompleted"] == (kind == "completed")]
        rows = [row for row in rows if "startDate" not in asked or _at(row["submittedAt"]) >= _at(asked["startDate"])]
        page, limit = int(asked.get("page", "1")), min(int(asked.get("limit", PAGE)), MAX_PAGE)
        shown = rows[(page - 1) * limit : page * limit]
        questions = [{"id": qid, "type": "INPUT_TEXT", "title": name} for qid, name in self._titles[form].items()]
        told = {"page": page, "limit": limit, "hasMore": page * limit < len(rows), "questions": questions}
        counts["partial"] = counts["all"] - counts["completed"]
        return Reply.json({**told, "totalNumberOfSubmissionsPerFilter": counts, "submissions": shown})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "UNAUTHORIZED", "Unauthorized")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, "TOO_MANY_REQUESTS", "Too many requests")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, str(code or "INTERNAL"), "Something went wrong")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "BAD_REQUEST", reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "NOT_FOUND", "Not found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the submissions."""
        for rows in self._rows.values():
            yield from rows.values()

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add submissions as the API shows them, with the `titles` of their questions."""
        for item in items:
            row = {name: value for name, value in item.items() if name != "titles"}
            self._rows.setdefault(item["formId"], {})[item["id"]] = row
            self._titles.setdefault(item["formId"], {}).update(item.get("titles", {}))


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"errorType": code, "message": words}, status)
