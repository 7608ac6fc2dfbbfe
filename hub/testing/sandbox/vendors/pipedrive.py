"""Pipedrive: persons, activities and deals by v2, leads by v1, search, a day's tokens (developers.pipedrive.com)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

KINDS = ("persons", "leads", "deals", "activities")
MAX_PAGE = {"1": 100, "2": 500}
LABELS = ("0f1e2d3c-0000-4000-8000-000000000001", "0f1e2d3c-0000-4000-8000-000000000002")
COSTS = {("GET", "search"): 20, ("GET", "v1 list"): 20, ("GET", "v2 list"): 10, ("GET", "one"): 2}
WRITE_COSTS = {"1": 10, "2": 5}
APP, PERSON = 1, 7

_HASH = re.compile(r"[0-9a-f]{40}")
_PATH = re.compile(r"/api/v(?P<version>[12])/(?P<kind>\w+)(?:/(?P<rest>[^/]+))?$")


class Pipedrive(Vendor):
    """`/pipedrive/api/v1/…` and `/pipedrive/api/v2/…`.

    Settings: `token` (the API token), `fields` (keys of custom fields; others are refused), `search_lag` (seconds).
    """

    name = "pipedrive"
    limits: ClassVar[Mapping[str, Limit]] = {"burst": Limit(80, 2.0), "daily": Limit(30_000, 86_400.0)}

    def clear(self) -> None:
        """Forget all records."""
        self._kinds = {kind: Rows(self.clock, _uuid if kind == "leads" else str) for kind in KINDS}

    def dispatch(self, call: Call) -> Reply:
        """Check the token, and take what the call costs from the day's."""
        self.require(call.headers.get("x-api-token") or call.query.get("api_token"))
        self.spend("burst")
        for _ in range(_cost(call)):
            self.spend("daily")
        return super().dispatch(call)

    @route("POST", "/api/v2/persons")
    def add_person(self, call: Call) -> Reply:
        """Add a person; the same address twice makes two."""
        body = call.json_object()
        if not body.get("name"):
            return _error(400, "name is required", "ERR_SCHEMA_VALIDATION_FAILED")
        made = self._kinds["persons"].make({"emails": [], "phones": [], **body})
        return _told(_shown(made), 201)

    @route("POST", "/api/v1/leads")
    def add_lead(self, call: Call) -> Reply:
        """Add a lead of a person that is there."""
        body = self._lead(call)
        if not body.get("title"):
            return _error(400, "title is required", "ERR_SCHEMA_VALIDATION_FAILED")
        if not body.get("person_id") and not body.get("organization_id"):
            return _error(400, "A lead must be linked to a person or an organization", "ERR_SCHEMA_VALIDATION_FAILED")
        if body.get("person_id") and not self._kinds["persons"].get(str(body["person_id"])):
            return _error(404, "Person not found", "ERR_NOT_FOUND")
        made = self._kinds["leads"].make({"label_ids": [], "owner_id": APP, **body, "is_archived": False})
        self.created(call, "leads", next((str(v) for k, v in body.items() if _HASH.fullmatch(k)), None))
        return _told(_shown(made), 201)

    @route("PATCH", "/api/v1/leads/{id}")
    def change_lead(self, call: Call) -> Reply:
        """Change a lead."""
        row = self._found("leads", call)
        self._kinds["leads"].change(row.id, self._lead(call))
        call.note(row.id, "repeat")
        return _told(_shown(row))

    @route("GET", "/api/v1/leads/{id}")
    def read_lead(self, call: Call) -> Reply:
        """Read a lead."""
        return _told(_shown(self._found("leads", call)))

    @route("DELETE", "/api/v1/leads/{id}")
    def drop_lead(self, call: Call) -> Reply:
        """Delete a lead."""
        row = self._found("leads", call)
        self._kinds["leads"].drop(row.id)
        return _told({"id": row.id})

    @route("DELETE", "/api/v2/persons/{id}")
    def drop_person(self, call: Call) -> Reply:
        """Delete a person."""
        row = self._found("persons", call)
        self._kinds["persons"].drop(row.id)
        return _told({"id": int(row.id)})

    @route("GET", "/api/v2/persons/search", "/api/v2/leads/search")
    def search(self, call: Call) -> Reply:
        """Find persons by address or number, leads by title or custom fields."""
        term, exact = call.query.get("term", ""), call.query.get("exact_match") == "true"
        if len(term) < (1 if exact else 2):
            return _error(400, "term must be at least 2 characters long", "ERR_SCHEMA_VALIDATION_FAILED")
        kind, fields = call.path.split("/")[3], call.query.get("fields", "title").split(",")
        until = self.clock.now().timestamp() - float(self.settings.get("search_lag", 0.0))
        found = [row for row in self._kinds[kind] if row.updated_at.timestamp() <= until]
        fit = [row for row in found if any(_fits(word, term, exact) for word in _words(row, fields))]
        items = [{"result_score": 1.0, "item": {"type": kind[:-1], **_shown(row)}} for row in fit]
        return _told({"items": items[: int(call.query.get("limit", 100))]}, more={"next_cursor": None})

    @route("GET", "/api/v1/leads")
    def leads(self, call: Call) -> Reply:
        """List leads by offset."""
        rows, start, limit = self._since("leads", call), int(call.query.get("start", 0)), _limit(call, "1")
        if call.query.get("sort", "update_time ASC") != "update_time ASC":
            return _error(400, "sort is not known here", "ERR_SCHEMA_VALIDATION_FAILED")
        more = {"start": start, "limit": limit, "more_items_in_collection": start + limit < len(rows)}
        return _told([_shown(row) for row in rows[start : start + limit]], more={"pagination": more})

    @route("GET", "/api/v2/activities", "/api/v2/deals", "/api/v2/persons")
    def listing(self, call: Call) -> Reply:
        """List by cursor."""
        kind, limit, cursor = call.path.split("/")[3], _limit(call, "2"), call.query.get("cursor", "c0")
        if not re.fullmatch(r"c\d+", cursor):
            return _error(400, "cursor is invalid", "ERR_SCHEMA_VALIDATION_FAILED")
        rows, start = self._since(kind, call), int(cursor[1:])
        done = call.query.get("done")
        rows = [row for row in rows if done is None or str(row.values.get("done", False)).lower() == done]
        following = f"c{start + limit}" if start + limit < len(rows) else None
        return _told([_shown(row) for row in rows[start : start + limit]], more={"next_cursor": following})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "unauthorized access", "ERR_UNAUTHORIZED")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the seconds of the window, or without requests for the day."""
        reply = _error(429, "request over limit", "ERR_RATE_LIMIT")
        spent = {"x-daily-requests-left": "0"} if limit == "daily" else {"x-ratelimit-reset": str(int(after) + 1)}
        return Reply(reply.status, reply.body, {**reply.headers, **spent})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 400."""
        return _error(400, "Bad request", str(code or "ERR_SCHEMA_VALIDATION_FAILED"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, f"Body is not valid JSON: {reason}", "ERR_INVALID_JSON")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "Unknown method .", "ERR_NOT_FOUND")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return [_shown(row) for row in self._kinds["leads"]]

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add records: `kind` (leads when missing), and the fields."""
        for item in items:
            fields = {name: value for name, value in item.items() if name != "kind"}
            self._kinds[item.get("kind", "leads")].make(fields)

    def work(self, ref: str) -> bool:
        """Let a person call, label the lead, and make a deal of it."""
        row = self._kinds["leads"].get(ref)
        if row is None:
            return False
        call = {"type": "call", "lead_id": ref, "owner_id": PERSON, "done": True}
        self._kinds["activities"].make({**call, "marked_as_done_time": _time(self.clock.now())})
        self._kinds["leads"].change(ref, {"label_ids": [LABELS[1]]})
        custom = {name: value for name, value in row.values.items() if _HASH.fullmatch(name)}
        deal = {
            "title": row.values.get("title"),
            "status": "open",
            "value": 900,
            "currency": "EUR",
            "lost_reason": None,
        }
        self._kinds["deals"].make({**deal, "owner_id": PERSON, "custom_fields": custom})
        return True

    def _lead(self, call: Call) -> dict[str, Any]:
        body, known = call.json_object(), self.settings.get("fields")
        wrong = [name for name in body if _HASH.fullmatch(name) and known is not None and name not in known]
        if wrong:
            raise Refused(_error(400, f"{wrong[0]} is not allowed", "ERR_SCHEMA_VALIDATION_FAILED"))
        return body

    def _found(self, kind: str, call: Call) -> Row:
        row = self._kinds[kind].get(call.params["id"])
        if row is None:
            raise Refused(_error(404, f"{kind[:-1].capitalize()} not found", "ERR_NOT_FOUND"))
        return row

    def _since(self, kind: str, call: Call) -> list[Row]:
        since = call.query.get("updated_since")
        if since is None:
            return list(self._kinds[kind])
        return self._kinds[kind].since(datetime.fromisoformat(since))


def _cost(call: Call) -> int:
    match = _PATH.match(call.path)
    if match is None:
        return 1
    version, rest = match["version"], match["rest"]
    if call.method != "GET":
        return WRITE_COSTS[version]
    return COSTS["GET", "search" if rest == "search" else "one" if rest else f"v{version} list"]


def _limit(call: Call, version: str) -> int:
    return min(int(call.query.get("limit", 100)), MAX_PAGE[version])


def _words(row: Row, fields: list[str]) -> Iterable[str]:
    values = row.values
    lists = {"email": values.get("emails"), "phone": values.get("phones")}
    for name in fields:
        yield from (str(one.get("value")) for one in lists.get(name) or ())
        if name == "custom_fields":
            yield from (str(value) for key, value in values.items() if _HASH.fullmatch(key))
        elif name in values:
            yield str(values[name])


def _fits(word: str, term: str, exact: bool) -> bool:
    return word.lower() == term.lower() if exact else term.lower() in word.lower()


def _shown(row: Row) -> dict[str, Any]:
    number = int(row.id) if row.id.isdecimal() else row.id
    return {**row.values, "id": number, "add_time": _time(row.created_at), "update_time": _time(row.updated_at)}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _uuid(number: int) -> str:
    return f"3f8a2c10-0000-11f1-8000-{number:012x}"


def _told(data: Any, status: int = 200, more: Mapping[str, Any] | None = None) -> Reply:
    return Reply.json(
        {"success": True, "data": data, **({"additional_data": more} if more is not None else {})}, status
    )


def _error(status: int, words: str, code: str) -> Reply:
    info = "Please check developers.pipedrive.com for more information about Pipedrive API."
    return Reply.json({"success": False, "error": words, "error_info": info, "code": code}, status)
