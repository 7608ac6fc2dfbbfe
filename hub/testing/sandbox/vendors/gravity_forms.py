"""A WordPress site with Gravity Forms' REST API v2: forms and entries (docs.gravityforms.com)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Vendor, route


class GravityForms(Vendor):
    """`/gravity_forms/wp-json/gf/v2/…`; settings `client_id`, `client_secret`. The API has no limit of its own."""

    name = "gravity_forms"

    def clear(self) -> None:
        """Forget forms and entries."""
        self._entries: dict[str, dict[str, Any]] = {}
        self._fields: dict[str, list[Any]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check the keys first."""
        pair = f"{self.settings.get('client_id')}:{self.settings.get('client_secret')}"
        wanted = f"Basic {base64.b64encode(pair.encode()).decode()}"
        if call.headers.get("authorization") != wanted:
            raise Refused(self.unauthorized())
        return super().dispatch(call)

    @route("GET", "/wp-json/gf/v2/forms/{form}")
    def form(self, call: Call) -> Reply:
        """Describe a form."""
        form = call.params["form"]
        if form not in self._fields:
            return _error(404, "not_found", "Form not found")
        return Reply.json({"id": int(form), "title": "Sandbox form", "fields": self._fields[form]})

    @route("GET", "/wp-json/gf/v2/entries")
    def entries(self, call: Call) -> Reply:
        """List entries by form, time and status, sorted and by page."""
        asked, search = call.query, json.loads(call.query.get("search", "{}"))
        forms = [value for name, value in asked.items() if name.startswith("form_ids[")]
        rows = [
            row
            for row in self._entries.values()
            if (not forms or row["form_id"] in forms)
            and row["status"] == search.get("status", row["status"])
            and row["date_created"] >= search.get("start_date", "")
        ]
        key = asked.get("sorting[key]", "id")
        order = "date_created" if key == "id" else key  # ids count up with the time
        rows.sort(key=lambda row: str(row.get(order)), reverse=asked.get("sorting[direction]", "DESC") == "DESC")
        size, page = int(asked.get("paging[page_size]", "10")), int(asked.get("paging[current_page]", "1"))
        return Reply.json({"total_count": len(rows), "entries": rows[(page - 1) * size : page * size]})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "rest_forbidden", "Sorry, you are not allowed to do that.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429, as hosts do in front of WordPress."""
        return Reply.text("Too Many Requests", 429)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, str(code or "internal_server_error"), "There has been a critical error on this website.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "rest_invalid_json", reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "rest_no_route", "No route was found matching the URL and request method.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the entries."""
        yield from self._entries.values()

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add entries as the API shows them, with the `fields` of their form."""
        for item in items:
            self._entries[item["id"]] = {name: value for name, value in item.items() if name != "fields"}
            self._fields[item["form_id"]] = list(item.get("fields", []))


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"code": code, "message": words, "data": {"status": status}}, status)
