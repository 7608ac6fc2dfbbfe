"""Close: leads with contacts, advanced filtering by custom fields, and lists of activities (developer.close.com)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

API = "/api/v1"
KINDS = ("status_change/lead", "status_change/opportunity", "call", "email")
STATUSES = ("Potential", "Bad Fit", "Qualified", "Customer")
PERSON = "user_ann"
MAX_PAGE = 100

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Close(Vendor):
    """`/close/api/v1/…`.

    Settings: `token` (the API key), `custom` (ids of custom fields; others are refused), `search_lag` (seconds).
    """

    name = "close"
    limits: ClassVar[Mapping[str, Limit]] = {"read": Limit(240, 6.0), "write": Limit(120, 6.0)}

    def clear(self) -> None:
        """Forget leads and activities."""
        self._leads = Rows(self.clock, "lead_{}".format)
        self._acts = {kind: Rows(self.clock, f"acti_{number}{{}}".format) for number, kind in enumerate(KINDS)}

    def dispatch(self, call: Call) -> Reply:
        """Check the key, which is a user without a password, and the limit of what is done."""
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(given).decode().partition(":")
        except ValueError:
            return self.unauthorized()
        self.require(user if scheme == "Basic" and not password else None)
        self.spend("read" if call.method == "GET" else "write")
        return super().dispatch(call)

    @route("POST", f"{API}/lead/")
    def create(self, call: Call) -> Reply:
        """Add a lead with its contacts; a repeat makes another."""
        body = self._checked(call)
        contacts = [
            {"id": f"cont_{len(self._leads) + 1}{n}", **one} for n, one in enumerate(body.get("contacts") or [])
        ]
        made = self._leads.make({"status_label": body.pop("status", None) or STATUSES[0], **body, "contacts": contacts})
        self.created(call, "lead", next((str(v) for k, v in body.items() if k.startswith("custom.")), None))
        return Reply.json(_lead(made))

    @route("GET", f"{API}/lead/{{id}}/")
    def read(self, call: Call) -> Reply:
        """Read a lead."""
        return Reply.json(_lead(self._found(call)))

    @route("PUT", f"{API}/lead/{{id}}/")
    def update(self, call: Call) -> Reply:
        """Change what is named of a lead."""
        row, body = self._found(call), self._checked(call)
        status = body.pop("status", None)
        self._leads.change(row.id, {**body, **({"status_label": status} if status else {})})
        call.note(row.id, "repeat")
        return Reply.json(_lead(row))

    @route("DELETE", f"{API}/lead/{{id}}/")
    def delete(self, call: Call) -> Reply:
        """Delete a lead with its contacts."""
        self._leads.drop(self._found(call).id)
        return Reply.json({})

    @route("POST", f"{API}/data/search/")
    def search(self, call: Call) -> Reply:
        """Find leads by the exact value of a text custom field."""
        body = call.json_object()
        until = self.clock.now().timestamp() - float(self.settings.get("search_lag", 0.0))
        found = [row for row in self._leads if row.updated_at.timestamp() <= until]
        try:
            tests = [_test(one) for one in body["query"]["queries"]]
        except (LookupError, TypeError) as error:
            raise Refused(_error({"query": f"is not valid: {error}"})) from error
        rows = [row for row in found if all(test(row) for test in tests)][: body.get("_limit", MAX_PAGE)]
        return Reply.json({"data": [{"__object_type": "lead", "id": row.id} for row in rows], "cursor": None})

    @route("GET", *(f"{API}/activity/{kind}/" for kind in KINDS))
    def activities(self, call: Call) -> Reply:
        """List activities, the newest first."""
        kind = call.path.removeprefix(f"{API}/activity/").strip("/")
        limit, skip = int(call.query.get("_limit", MAX_PAGE)), int(call.query.get("_skip", 0))
        if not 0 < limit <= MAX_PAGE:
            raise Refused(_error({"_limit": f"Must be between 1 and {MAX_PAGE}."}))
        rows = [_activity(row) for row in self._acts[kind]]
        for name, holds in _BOUNDS.items():
            bound = call.query.get(name)
            rows = [row for row in rows if bound is None or holds(_read(row["date_created"]), _read(bound))]
        rows.sort(key=lambda row: str(row["date_created"]), reverse=True)
        return Reply.json({"data": rows[skip : skip + limit], "has_more": skip + limit < len(rows)})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return Reply.json({"error": "The API key is not valid."}, 401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the window in a header."""
        allowed = self.limit(limit) or Limit(0, 0.0)
        said = f"limit={allowed.count}, remaining=0, reset={after:.3f}"
        words = {"error": {"rate_reset": after, "message": "API call count exceeded", "rate_limit": allowed.count}}
        return Reply.json(words, 429, ratelimit=said)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 400."""
        return _error({"contacts": str(code or "is not valid")})

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return Reply.json({"error": "Invalid JSON"}, 400)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return Reply.json({"error": "Endpoint not found"}, 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return [_lead(row) for row in self._leads]

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads with their fields."""
        for item in items:
            self._leads.make({"status_label": STATUSES[0], "contacts": [], **item})

    def work(self, ref: str) -> bool:
        """Let a person set the status of a lead, call, and open an opportunity."""
        row = self._leads.get(ref)
        if row is None:
            return False
        said = {"lead_id": ref, "user_id": PERSON}
        status = {"old_status_label": row.values["status_label"], "new_status_label": "Qualified"}
        self._leads.change(ref, {"status_label": "Qualified"})
        self._acts["status_change/lead"].make({**said, **status})
        self._acts["call"].make({**said, "direction": "outbound", "duration": 61})
        deal = {"new_status_type": "active", "opportunity_value": 90_000, "opportunity_value_currency": "EUR"}
        self._acts["status_change/opportunity"].make({**said, **deal, "new_status_label": "Active"})
        return True

    def _checked(self, call: Call) -> dict[str, Any]:
        body, known = call.json_object(), self.settings.get("custom")
        wrong: dict[str, str] = {}
        for name in body:
            if name.startswith("custom.") and known is not None and name.removeprefix("custom.") not in known:
                wrong[name] = "Custom field does not exist."
        if body.get("status", STATUSES[0]) not in STATUSES:
            wrong["status"] = "Status does not exist."
        emails = [mail.get("email") for one in body.get("contacts") or [] for mail in one.get("emails") or []]
        if any(not _EMAIL.fullmatch(str(email)) for email in emails):
            wrong["contacts"] = "email is not valid."
        if wrong:
            raise Refused(_error(wrong))
        return body

    def _found(self, call: Call) -> Row:
        row = self._leads.get(call.params["id"])
        if row is None:
            raise Refused(Reply.json({"error": "Empty query: Lead does not exist."}, 404))
        return row


def _test(query: Mapping[str, Any]) -> Any:
    if query["type"] == "object_type":
        return lambda row: query["object_type"] == "lead"
    field, condition = query["field"], query["condition"]
    if field["type"] != "custom_field" or condition["type"] != "text" or condition["mode"] != "exact_value":
        raise LookupError("only text custom fields by exact_value")
    name, wanted = f"custom.{field['custom_field_id']}", str(condition["value"]).lower()
    return lambda row: str(row.values.get(name, "")).lower() == wanted


_BOUNDS: Mapping[str, Any] = {
    "date_created__gt": lambda at, bound: at > bound, "date_created__gte": lambda at, bound: at >= bound,
    "date_created__lt": lambda at, bound: at < bound, "date_created__lte": lambda at, bound: at <= bound,
}  # fmt: skip


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def _lead(row: Row) -> dict[str, Any]:
    times = {"date_created": _time(row.created_at), "date_updated": _time(row.updated_at)}
    return {**row.values, "id": row.id, "display_name": row.values.get("name"), **times}


def _activity(row: Row) -> dict[str, Any]:
    return {**row.values, "id": row.id, "date_created": _time(row.created_at)}


def _error(fields: Mapping[str, str]) -> Reply:
    return Reply.json({"errors": [], "field-errors": dict(fields)}, 400)
