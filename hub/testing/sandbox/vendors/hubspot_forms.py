"""HubSpot's form submissions: newest first, paged by a mark (developers.hubspot.com, forms v1)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_PAGE = 50


class HubSpotForms(Vendor):
    """`/hubspot_forms/form-integrations/v1/submissions/forms/{guid}`; setting `token`."""

    name = "hubspot_forms"
    limits: ClassVar[Mapping[str, Limit]] = {"ten_seconds": Limit(100, 10.0)}

    def clear(self) -> None:
        """Forget all submissions."""
        self._rows: dict[str, dict[str, dict[str, Any]]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token and limit first."""
        self.spend("ten_seconds", self.require(call.bearer))
        return super().dispatch(call)

    @route("GET", "/form-integrations/v1/submissions/forms/{form}")
    def submissions(self, call: Call) -> Reply:
        """List the submissions of a form; a mark tells the time and id of the last one shown."""
        size, form = call.query.get("limit", "20"), call.params["form"]
        if form not in self._rows:
            return self.missing(call)
        if not size.isdigit() or not 1 <= int(size) <= MAX_PAGE:
            return _error(400, "VALIDATION_ERROR", f"limit must be between 1 and {MAX_PAGE}")
        rows = sorted(self._rows[form].values(), key=_order, reverse=True)
        if "after" in call.query:
            last = _read(call.query["after"])
            rows = [row for row in rows if _order(row) < last]
        page = [{name: value for name, value in row.items() if name != "form"} for row in rows[: int(size)]]
        told: dict[str, Any] = {"results": page}
        if len(rows) > int(size):
            mark = base64.b64encode("|".join(map(str, _order(page[-1]))).encode()).decode()
            told["paging"] = {"next": {"after": mark, "link": f"{call.root}{call.path}?after={mark}"}}
        return Reply.json(told)

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the name of the policy."""
        said = {"status": "error", "message": "You have reached your ten_secondly_rolling limit."}
        return Reply.json({**said, "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}, 429)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, str(code or "INTERNAL_ERROR"), "internal error")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "VALIDATION_ERROR", reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "OBJECT_NOT_FOUND", "resource not found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the submissions."""
        for rows in self._rows.values():
            yield from rows.values()

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add submissions as the API shows them, with their `form`."""
        for item in items:
            self._rows.setdefault(item["form"], {})[item["conversionId"]] = dict(item)


def _order(row: Mapping[str, Any]) -> tuple[int, str]:
    return int(row["submittedAt"]), str(row["conversionId"])


def _read(mark: str) -> tuple[int, str]:
    try:
        at, _, key = base64.b64decode(mark).decode().partition("|")
        return int(at), key
    except ValueError as error:
        raise Refused(_error(400, "VALIDATION_ERROR", "after is not a mark of ours")) from error


def _error(status: int, category: str, words: str) -> Reply:
    return Reply.json({"status": "error", "message": words, "category": category, "correlationId": "sandbox"}, status)
