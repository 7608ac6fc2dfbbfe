"""Frappe CRM: leads by the resource API, with links that must exist and refusals encoded twice (docs.frappe.io)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Vendor, route

LEADS = "/api/resource/CRM%20Lead"
STATUSES = ("New", "Contacted", "Nurture", "Qualified", "Unqualified", "Junk")
_NAMES = """
    first_name last_name lead_name email mobile_no phone organization job_title website source status industry
    territory lead_owner lost_reason facebook_lead_id converted first_responded_on sla_status name creation modified
    modified_by owner
"""
FIELDS = frozenset(_NAMES.split())
_SIGNS = {"=": "__eq__", ">": "__gt__", ">=": "__ge__", "<": "__lt__", "<=": "__le__"}


class FrappeCRM(Vendor):
    """`/frappe_crm/api/resource/CRM Lead`; fields that are not known are left out when they are written.

    Settings: `api_key`, `api_secret`, `fields` (made by hand; custom_leadhub_id), `sources` and `users` (rows that
    exist), `time_zone` (of the site; UTC).
    """

    name = "frappe_crm"

    def clear(self) -> None:
        """Forget the leads."""
        self._rows = Rows(self.clock, lambda number: f"CRM-LEAD-{self.clock.now():%Y}-{number:05d}")

    def dispatch(self, call: Call) -> Reply:
        """Check the key pair first."""
        scheme, _, pair = call.headers.get("authorization", "").partition(" ")
        key, _, secret = pair.partition(":")
        wanted = (self.settings.get("api_key", key), self.settings.get("api_secret", secret))
        if scheme != "token" or not key or not secret or (key, secret) != wanted:
            return self.unauthorized()
        return super().dispatch(call)

    @route("POST", LEADS)
    def create(self, call: Call) -> Reply:
        """Make a lead; facebook_lead_id is its only unique field."""
        values = self._values(call)
        if not values.get("first_name"):
            raise _refused(417, "MandatoryError", "[CRM Lead]: first_name")
        twin = values.get("facebook_lead_id")
        if twin and self._rows.where(facebook_lead_id=twin):
            raise _refused(409, "DuplicateEntryError", f"facebook_lead_id {twin} already exists")
        row = self._rows.make({"status": "New", "converted": 0, **values})
        self.created(call, "CRM Lead", next((str(v) for v in values.values() if str(v).startswith("lead_")), None))
        return Reply.json({"data": self._shown(row)})

    @route("GET", LEADS)
    def listing(self, call: Call) -> Reply:
        """Return a page of leads that meet all filters; only their names, unless fields are asked for."""
        tests, names = json.loads(call.query.get("filters", "[]")), json.loads(call.query.get("fields", '["name"]'))
        unknown = [name for name in (*names, *(test[-3] for test in tests)) if name not in self._known()]
        if unknown:
            raise _refused(417, "DataError", f"Field not permitted in query: {unknown[0]}")
        found = [row for row in map(self._shown, self._rows) if all(_fits(row, *test[-3:]) for test in tests)]
        name, _, way = call.query.get("order_by", "modified desc").partition(" ")
        found.sort(key=lambda row: str(row.get(name)), reverse=way == "desc")
        start, size = int(call.query.get("limit_start", "0")), int(call.query.get("limit_page_length", "20"))
        return Reply.json({"data": [{n: row.get(n) for n in names} for row in found[start : start + size]]})

    @route("GET", f"{LEADS}/{{name}}")
    def read(self, call: Call) -> Reply:
        """Read a lead."""
        return Reply.json({"data": self._shown(self._row(call))})

    @route("PUT", f"{LEADS}/{{name}}")
    def change(self, call: Call) -> Reply:
        """Change a lead."""
        row = self._row(call)
        self._rows.change(row.id, self._values(call))
        call.note(row.id, "repeat")
        return Reply.json({"data": self._shown(row)})

    @route("DELETE", f"{LEADS}/{{name}}")
    def delete(self, call: Call) -> Reply:
        """Delete a lead."""
        self._rows.drop(self._row(call).id)
        return Reply.json({"message": "ok"}, 202)

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _refused(401, "AuthenticationError", "").reply

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429, as the site's rate limit does."""
        reply = _refused(429, "TooManyRequestsError", "").reply
        return Reply(429, reply.body, {**reply.headers, "retry-after": str(int(after) + 1)})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 417 with a type of error."""
        return _refused(417, str(code or "ValidationError"), "It is refused.").reply

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 417 as for data that cannot be read."""
        return _refused(417, "DataError", "Invalid Request").reply

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return map(self._shown, self._rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads."""
        for item in items:
            self._rows.make({"status": "New", "converted": 0, **item})

    def _known(self) -> frozenset[str]:
        return FIELDS | set(self.settings.get("fields", ("custom_leadhub_id",)))

    def _values(self, call: Call) -> dict[str, Any]:
        values = {name: value for name, value in call.json_object().items() if name in self._known()}
        rows = {"status": STATUSES, "source": self.settings.get("sources"), "lead_owner": self.settings.get("users")}
        for name, there in rows.items():
            if there is not None and values.get(name) and values[name] not in there:
                raise _refused(417, "LinkValidationError", f"Could not find {name}: {values[name]}")
        if values.get("email") and "@" not in str(values["email"]):
            raise _refused(417, "InvalidEmailAddressError", f"{values['email']} is not a valid Email Address")
        if values.get("lead_owner") and values["lead_owner"] == values.get("email"):
            raise _refused(417, "ValidationError", "Lead Owner cannot be same as the Lead Email Address")
        return values

    def _row(self, call: Call) -> Row:
        row = self._rows.get(call.params["name"])
        if row is None:
            raise _refused(404, "DoesNotExistError", f"CRM Lead {call.params['name']} not found")
        return row

    def _shown(self, row: Row) -> dict[str, Any]:
        """Return a lead as the site shows it: times in its own zone, without an offset."""
        zone = ZoneInfo(self.settings.get("time_zone", "UTC"))
        times = {"creation": row.created_at, "modified": row.updated_at}
        stamps = {name: at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f") for name, at in times.items()}
        people = {"owner": "hub@example.com", "modified_by": "hub@example.com"}
        return {**people, **row.values, **stamps, "name": row.id, "doctype": "CRM Lead"}


def _fits(row: Mapping[str, Any], name: str, sign: str, wanted: Any) -> bool:
    if sign not in _SIGNS:
        raise _refused(417, "ValidationError", f"Operator must be one of {', '.join(_SIGNS)}")
    return getattr(str(row.get(name)), _SIGNS[sign])(str(wanted)) is True


def _refused(status: int, kind: str, words: str) -> Refused:
    message = json.dumps({"message": words, "indicator": "red"})
    told = {"exc_type": kind, "exception": f"frappe.exceptions.{kind}: {words}"}
    return Refused(Reply.json({**told, "_server_messages": json.dumps([message] if words else [])}, status))
