"""Twenty: people with upsert by id and address, and their opportunities, by REST (docs.twenty.com)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

PEOPLE, DEALS = "/rest/people", "/rest/opportunities"
MOST = 60
FIELDS = frozenset(
    ("id", "name", "emails", "phones", "companyId", "jobTitle", "city", "linkedinLink", "xLink", "position")
)
_TEST = re.compile(r'([\w.]+)\[(\w+)\]:(?:"([^"]*)"|([^,()]+))')
_SIGNS = {"eq": "__eq__", "gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}


class Twenty(Vendor):
    """`/twenty/rest/people` and `/twenty/rest/opportunities`.

    Settings: `token` (the API key), `fields` (fields of people made by hand). Seeds are opportunities.
    """

    name = "twenty"
    limits: ClassVar[Mapping[str, Limit]] = {"key": Limit(100, 60.0)}

    def clear(self) -> None:
        """Forget people and opportunities."""
        self._people: dict[str, dict[str, Any]] = {}
        self._deals: dict[str, dict[str, Any]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check the key and its limit first."""
        self.require(call.bearer)
        self.spend("key")
        return super().dispatch(call)

    @route("POST", PEOPLE)
    def create(self, call: Call) -> Reply:
        """Make a person; with upsert the one of the same id, else of the same address, is changed."""
        values = self._values(call)
        given, email = values.get("id"), _email(values)
        same = self._people.get(given) if given else self._of(email)
        if same is not None and call.query.get("upsert") == "true":
            return Reply.json({"data": {"createPerson": self._changed(call, same, values)}}, 201)
        if same is not None or self._of(email) is not None:
            raise Refused(_error(400, "A duplicate entry was detected"))
        number = given or str(uuid.uuid5(uuid.NAMESPACE_URL, f"twenty {len(self._people)}"))
        now = self._stamp()
        self._people[number] = {**values, "id": number, "createdAt": now, "updatedAt": now}
        call.note(number, "new")
        return Reply.json({"data": {"createPerson": self._people[number]}}, 201)

    @route("PATCH", f"{PEOPLE}/{{id}}")
    def change(self, call: Call) -> Reply:
        """Change a person."""
        row, values = self._person(call), self._values(call)
        other = self._of(_email(values))
        if other is not None and other is not row:
            raise Refused(_error(400, "A duplicate entry was detected"))
        return Reply.json({"data": {"updatePerson": self._changed(call, row, values)}})

    @route("DELETE", f"{PEOPLE}/{{id}}")
    def delete(self, call: Call) -> Reply:
        """Delete a person."""
        row = self._person(call)
        del self._people[row["id"]]
        return Reply.json({"data": {"deletePerson": {"id": row["id"]}}})

    @route("GET", PEOPLE)
    def people(self, call: Call) -> Reply:
        """Return a page of people."""
        return self._listed(call, "people", self._people)

    @route("GET", DEALS)
    def deals(self, call: Call) -> Reply:
        """Return a page of opportunities."""
        return self._listed(call, "opportunities", self._deals)

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "Token invalid.", "UnauthorizedException")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        reply = _error(429, "Too many requests.", "ThrottlerException")
        return Reply(429, reply.body, {**reply.headers, "retry-after": str(int(after) + 1)})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with a status."""
        return _error(int(code) if code is not None else 400, "It is refused.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "Unexpected token in JSON")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the people."""
        return list(self._people.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add opportunities."""
        for item in items:
            number = str(uuid.uuid5(uuid.NAMESPACE_URL, f"twenty deal {len(self._deals)}"))
            now = self._stamp()
            self._deals[number] = {"stage": "NEW", "createdAt": now, "updatedAt": now, **item, "id": number}

    def _listed(self, call: Call, name: str, rows: Mapping[str, dict[str, Any]]) -> Reply:
        test = call.query.get("filter", "")
        found = [row for row in rows.values() if not test or _fits(row, test)]
        field, _, way = call.query.get("order_by", "id").partition("[")
        found.sort(key=lambda row: (str(row.get(field)), row["id"]), reverse=way.startswith("Desc"))
        after = call.query.get("starting_after")
        start = 1 + next((at for at, row in enumerate(found) if row["id"] == after), -1) if after else 0
        limit = min(int(call.query.get("limit", str(MOST))), MOST)
        page = found[start : start + limit]
        more = {"hasNextPage": len(found) > start + limit, "endCursor": page[-1]["id"] if page else None}
        return Reply.json({"data": {name: page}, "pageInfo": more, "totalCount": len(found)})

    def _values(self, call: Call) -> dict[str, Any]:
        values = call.json_object()
        unknown = [name for name in values if name not in FIELDS and name not in self.settings.get("fields", ())]
        if unknown:
            raise Refused(_error(400, f'Object person doesn\'t have any "{unknown[0]}" field.'))
        if "id" in values and not _is_uuid(values["id"]):
            raise Refused(_error(400, f"Value '{values['id']}' is not a valid UUID"))
        if "name" in values and not isinstance(values["name"], dict):
            raise Refused(_error(400, 'Invalid object value for field "name"'))
        return values

    def _changed(self, call: Call, row: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        row.update(values, id=row["id"], updatedAt=self._stamp())
        call.note(row["id"], "repeat")
        return row

    def _of(self, email: str) -> dict[str, Any] | None:
        return next((row for row in self._people.values() if email and _email(row) == email), None)

    def _person(self, call: Call) -> dict[str, Any]:
        row = self._people.get(call.params["id"])
        if row is None:
            raise Refused(_error(404, "Record not found", "NotFoundException"))
        return row

    def _stamp(self) -> str:
        return self.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _email(values: Mapping[str, Any]) -> str:
    return str((values.get("emails") or {}).get("primaryEmail") or "").lower()


def _is_uuid(value: Any) -> bool:
    try:
        return bool(uuid.UUID(str(value)))
    except ValueError:
        return False


def _fits(row: Mapping[str, Any], test: str) -> bool:
    """Return whether a row meets a filter: one comparison, or several inside `and(…)` or `or(…)`."""
    every = all if not test.startswith("or(") else any
    parts = list(_TEST.finditer(test))
    if not parts or any(part[2] not in _SIGNS for part in parts):
        raise Refused(_error(400, f"'filter' invalid for '{test[:40]}'."))
    return every(_compared(row, part) for part in parts)


def _compared(row: Mapping[str, Any], part: re.Match[str]) -> bool:
    held: Any = row
    for name in part[1].split("."):
        held = held.get(name) if isinstance(held, Mapping) else None
    wanted: Any = part[3] if part[3] is not None else part[4]
    if held is None:
        return False
    if part[1].endswith("At"):
        held, wanted = datetime.fromisoformat(held), datetime.fromisoformat(wanted)
    return getattr(held, _SIGNS[part[2]])(wanted) is True


def _error(status: int, message: str, kind: str = "BadRequestException") -> Reply:
    return Reply.json({"statusCode": status, "error": kind, "messages": [message]}, status)
