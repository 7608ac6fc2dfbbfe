"""EspoCRM: leads with a duplicate check, searches, and keys of API users (docs.espocrm.com/development/api)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Vendor, route

LEAD = "/api/v1/Lead"
MAX_SIZE = 200
STATUSES = ("New", "Assigned", "In Process", "Converted", "Recycled", "Dead")
_NAMES = """
    id firstName lastName name emailAddress phoneNumber accountName title status source assignedUserId description
    addressStreet addressCity addressState addressPostalCode addressCountry website industry opportunityAmount
    createdAt modifiedAt createdById modifiedById convertedAt
"""
FIELDS = frozenset(_NAMES.split())
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


class EspoCRM(Vendor):
    """`/espocrm/api/v1/Lead`; attributes that are not known are left out, as EspoCRM does.

    Settings: `api_key`, `fields` (fields made by hand; cLeadhubId).
    """

    name = "espocrm"

    def clear(self) -> None:
        """Forget the leads."""
        self._rows = Rows(self.clock, lambda number: f"66f0c1d2a1b2{number:05x}")

    def dispatch(self, call: Call) -> Reply:
        """Check the key first."""
        self.require(call.headers.get("x-api-key"), "api_key")
        return super().dispatch(call)

    @route("POST", LEAD)
    def create(self, call: Call) -> Reply:
        """Make a lead, unless one of the same name or address is there."""
        values = self._values(call)
        if not values.get("lastName"):
            raise Refused(_refusal(400, "Field validation failure; entityType: Lead, field: lastName, type: required."))
        name = " ".join(filter(None, (values.get("firstName"), values["lastName"])))
        skips = call.headers.get("x-skip-duplicate-check", "").lower() == "true"
        same = [] if skips else [row for row in self._rows if self._alike(row, name, values.get("emailAddress"))]
        if same:
            found = Reply.json([self._shown(row) for row in same], 409)
            return Reply(409, found.body, {**found.headers, "x-status-reason": "duplicate"})
        row = self._rows.make({"status": "New", **values, "name": name}, by="api-user")
        self.created(call, "Lead", next((str(v) for v in values.values() if str(v).startswith("lead_")), None))
        return Reply.json(self._shown(row))

    @route("GET", LEAD)
    def listing(self, call: Call) -> Reply:
        """Return a page of the leads that meet all conditions."""
        size = int(call.query.get("maxSize", "20"))
        if size > MAX_SIZE:
            return _refusal(403, f"Max size should should not exceed {MAX_SIZE}. Use offset and limit.")
        found = [row for row in map(self._shown, self._rows) if all(self._fits(row, one) for one in _where(call.query))]
        found.sort(key=lambda row: str(row.get(call.query.get("orderBy", "createdAt"))))
        if call.query.get("order", "asc") == "desc":
            found.reverse()
        names, offset = call.query.get("select", "").split(","), int(call.query.get("offset", "0"))
        shown = [{n: row[n] for n in ("id", *names) if n in row} if names != [""] else row for row in found]
        return Reply.json({"total": len(found), "list": shown[offset : offset + size]})

    @route("GET", f"{LEAD}/{{id}}")
    def read(self, call: Call) -> Reply:
        """Read a lead."""
        return Reply.json(self._shown(self._row(call)))

    @route("PUT", f"{LEAD}/{{id}}")
    def change(self, call: Call) -> Reply:
        """Change a lead."""
        row = self._row(call)
        self._rows.change(row.id, self._values(call))
        call.note(row.id, "repeat")
        return Reply.json(self._shown(row))

    @route("DELETE", f"{LEAD}/{{id}}")
    def delete(self, call: Call) -> Reply:
        """Delete a lead."""
        self._rows.drop(self._row(call).id)
        return Reply.json(True)

    def unauthorized(self) -> Reply:
        """Answer 401 without a body."""
        return Reply(401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 503, as a web server in front does; EspoCRM has no limit of its own."""
        return Reply(503, b"", {"retry-after": str(int(after) + 1)})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with a status and its reason."""
        return _refusal(int(code) if code is not None else 400, "Bad request.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _refusal(400, "JSON decode error.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return map(self._shown, self._rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads."""
        for item in items:
            self._rows.make({"status": "New", **item}, by="api-user")

    def _known(self) -> frozenset[str]:
        return FIELDS | set(self.settings.get("fields", ("cLeadhubId",)))

    def _values(self, call: Call) -> dict[str, Any]:
        values = {name: value for name, value in call.json_object().items() if name in self._known()}
        wrong = {
            "status": values.get("status", "New") not in STATUSES,
            "phoneNumber": "phoneNumber" in values and not _PHONE.fullmatch(str(values["phoneNumber"])),
            "emailAddress": "emailAddress" in values and "@" not in str(values["emailAddress"]),
        }
        for name in (name for name, bad in wrong.items() if bad):
            raise Refused(_refusal(400, f"Field validation failure; entityType: Lead, field: {name}, type: valid."))
        return values

    def _alike(self, row: Row, name: str, email: str | None) -> bool:
        held = str(row.values.get("emailAddress") or "").lower()
        return row.values.get("name") == name or bool(email and held == email.lower())

    def _fits(self, row: Mapping[str, Any], test: Mapping[str, str]) -> bool:
        held, wanted = str(row.get(test.get("attribute", "")) or ""), test.get("value", "")
        if test.get("attribute") not in self._known():
            raise Refused(_refusal(400, "Bad where clause."))
        if test.get("type") not in ("equals", "greaterThanOrEquals"):
            raise Refused(_refusal(400, "Bad where item type."))
        return held == wanted if test["type"] == "equals" else held >= wanted

    def _row(self, call: Call) -> Row:
        row = self._rows.get(call.params["id"])
        if row is None:
            raise Refused(_refusal(404, ""))
        return row

    def _shown(self, row: Row) -> dict[str, Any]:
        times = {"createdAt": row.created_at, "modifiedAt": row.updated_at}
        people = {"createdById": row.marks["by"], "modifiedById": row.marks["by"]}
        return {
            **people,
            **row.values,
            "id": row.id,
            **{n: at.strftime("%Y-%m-%d %H:%M:%S") for n, at in times.items()},
        }


def _where(query: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the conditions in `where[0][type]=equals&where[0][attribute]=…`."""
    found: dict[str, dict[str, str]] = {}
    for name, value in query.items():
        parts = re.fullmatch(r"where(?:Group)?\[(\d+)\]\[(\w+)\]", name)
        if parts:
            found.setdefault(parts[1], {})[parts[2]] = value
    return list(found.values())


def _refusal(status: int, reason: str) -> Reply:
    return Reply(status, b"", {"x-status-reason": reason} if reason else {})
