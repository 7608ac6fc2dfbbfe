"""CallRail's lists of calls and form submissions, API v3 (apidocs.callrail.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MOST = 250
_TIMES = {"calls": "start_time", "form_submissions": "submitted_at"}


class Callrail(Vendor):
    """`/callrail/a/ACCOUNT/….json`; settings: `token` (API key), `account`."""

    name = "callrail"
    limits: ClassVar[Mapping[str, Limit]] = {"hour": Limit(1_000, 3600.0), "day": Limit(10_000, 86_400.0)}

    def clear(self) -> None:
        """Forget calls and forms."""
        self._rows: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _TIMES}

    def dispatch(self, call: Call) -> Reply:
        """Check key and limits first."""
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        self.require(value.removeprefix('token="').removesuffix('"') if scheme == "Token" else None)
        self.spend("hour")
        self.spend("day")
        return super().dispatch(call)

    @route("GET", "/a/{account}/calls.json")
    def calls(self, call: Call) -> Reply:
        """List calls."""
        return self._listed("calls", call)

    @route("GET", "/a/{account}/form_submissions.json")
    def forms(self, call: Call) -> Reply:
        """List form submissions."""
        return self._listed("form_submissions", call)

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return Reply.json({"error": "HTTP Token: Access denied."}, 401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return Reply.json({"error": "Rate limit exceeded"}, 429)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500; errors are told by the status."""
        return Reply.json({"error": str(code or "Internal Server Error")}, 500)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return Reply.json({"error": reason}, 400)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return Reply.json({"error": "Resource not found"}, 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield calls and forms with their kind."""
        for kind, rows in self._rows.items():
            yield from ({"kind": kind, **row} for row in rows.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add rows: `kind` (calls, form_submissions), `id` and what the list shows of it."""
        for item in items:
            row = {name: value for name, value in item.items() if name != "kind"}
            self._rows[item["kind"]][str(row["id"])] = row

    def _listed(self, kind: str, call: Call) -> Reply:
        """Return a page, newest first; the next one starts behind the row its address names."""
        if call.params["account"] != self.settings.get("account", call.params["account"]):
            return self.missing(call)
        size, after = call.query.get("per_page", "100"), call.query.get("offset")
        try:
            since = date.fromisoformat(call.query.get("start_date", "1970-01-01"))
        except ValueError:
            return Reply.json({"error": "start_date is invalid"}, 400)
        if not size.isdigit() or not 0 < int(size) <= MOST:
            return Reply.json({"error": "per_page is invalid"}, 400)
        when = _TIMES[kind]
        held = [row for row in self._rows[kind].values() if datetime.fromisoformat(row[when]).date() >= since]
        held.sort(key=lambda row: (datetime.fromisoformat(row[when]), str(row["id"])), reverse=True)
        ids = [str(row["id"]) for row in held]
        start = ids.index(after) + 1 if after in ids else 0
        page = held[start : start + int(size)]
        more = start + len(page) < len(held)
        query = urlencode({**call.query, "offset": page[-1]["id"]}) if more else ""
        following = f"{call.root}{call.path}?{query}" if more else None
        return Reply.json({"per_page": int(size), "next_page": following, "has_next_page": more, kind: page})
