"""SuiteCRM: leads by the V8 API with ids of the caller's choosing, and tokens for an hour (docs.suitecrm.com)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Vendor, route

MODULE = "/Api/V8/module"
_NAMES = """
    first_name last_name email1 phone_mobile phone_work account_name title website description lead_source status
    assigned_user_id primary_address_street primary_address_city primary_address_state primary_address_postalcode
    primary_address_country
"""
COLUMNS = frozenset(_NAMES.split()) - {"email1"} | {"id", "date_modified", "date_entered", "deleted"}  # of the table
FIELDS = frozenset(_NAMES.split())
_TEST = re.compile(r"filter\[(\w+)\]\[(\w+)\]")
_SIGNS = {"EQ": "__eq__", "NEQ": "__ne__", "GT": "__gt__", "GTE": "__ge__", "LT": "__lt__", "LTE": "__le__"}


class SuiteCRM(Vendor):
    """`/suitecrm/Api/…`; all refusals but those of tokens are 400.

    Settings: `client_secret`, `username`, `password`, `fields` (custom fields of leads), `token` (a fixed one).
    """

    name = "suitecrm"

    def clear(self) -> None:
        """Forget leads and tokens."""
        self._rows: dict[str, dict[str, Any]] = {}
        self._tokens = Tokens(self.clock, "eyJsandbox.suitecrm.{}")

    def dispatch(self, call: Call) -> Reply:
        """Check the token and the media type first."""
        if call.path == "/Api/access_token":
            return super().dispatch(call)
        if not self._tokens.valid(call.bearer) and (call.bearer is None or call.bearer != self.settings.get("token")):
            return self.unauthorized()
        if "json" not in call.headers.get("accept", ""):
            return Reply.json({"errors": {"status": 415, "title": None, "detail": "Unsupported media type"}}, 415)
        return super().dispatch(call)

    @route("POST", "/Api/access_token")
    def token(self, call: Call) -> Reply:
        """Give a token for an hour for client credentials or a password."""
        body = call.json_object()
        grants = {"client_credentials": ("client_secret",), "password": ("client_secret", "username", "password")}
        named = grants.get(str(body.get("grant_type")))
        if named is None:
            return Reply.json({"error": "unsupported_grant_type", "message": "The grant type is not supported."}, 400)
        if any(not body.get(name) or self.settings.get(name, body[name]) != body[name] for name in named):
            return Reply.json({"error": "invalid_client", "message": "Client authentication failed"}, 401)
        return Reply.json({"token_type": "Bearer", "expires_in": 3600, "access_token": self._tokens.mint(3600.0)})

    @route("POST", MODULE)
    def create(self, call: Call) -> Reply:
        """Make a lead under the id given, which must be new."""
        values, given = self._data(call)
        if given is not None and given in self._rows:
            return _error(f"Bean Leads with id {given} is already exist")
        number = given or str(uuid.uuid5(uuid.NAMESPACE_URL, f"suitecrm {len(self._rows)}"))
        now = self.clock.now().replace(microsecond=0)
        made = {"status": "New", "created_by": "api", "modified_user_id": "api", "deleted": "0", "date_entered": now}
        self._rows[number] = {**made, **values, "id": number, "date_modified": now}
        call.note(number, "new")
        return Reply.json({"data": self._shown(self._rows[number])}, 201)

    @route("PATCH", MODULE)
    def change(self, call: Call) -> Reply:
        """Change a lead."""
        values, number = self._data(call)
        self._row(number).update(values, date_modified=self.clock.now().replace(microsecond=0))
        call.note(number, "repeat")
        return Reply.json({"data": self._shown(self._row(number))}, 201)

    @route("GET", f"{MODULE}/Leads")
    def listing(self, call: Call) -> Reply:
        """Return a page of leads; only columns of the table can be compared and sorted by."""
        found = list(self._rows.values())
        for name, value in call.query.items():
            test = _TEST.fullmatch(name)
            if test:
                found = [row for row in found if self._fits(row, test[1], test[2].upper(), value)]
        found = [row for row in found if row["deleted"] == "0"]
        order = call.query.get("sort", "date_entered")
        found.sort(key=lambda row: row[order.removeprefix("-")], reverse=order.startswith("-"))
        size, number = int(call.query.get("page[size]", "20")), int(call.query.get("page[number]", "1"))
        page = found[(number - 1) * size : number * size]
        names = call.query.get("fields[Leads]")
        pages = -(-len(found) // size)
        shown = [self._shown(row, names.split(",") if names else None) for row in page]
        return Reply.json({"meta": {"total-pages": pages, "records-on-this-page": len(page)}, "data": shown})

    @route("DELETE", f"{MODULE}/Leads/{{id}}")
    def delete(self, call: Call) -> Reply:
        """Mark a lead as deleted."""
        row = self._row(call.params["id"])
        row["deleted"] = "1"
        return Reply.json({"meta": {"message": f"Record with id {row['id']} is deleted"}})

    def unauthorized(self) -> Reply:
        """Answer 401 as the resource server does."""
        words = "The resource owner or authorization server denied the request."
        return Reply.json({"error": "access_denied", "error_description": words, "message": words}, 401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 503, as a web server in front does; SuiteCRM has no limit of its own."""
        return Reply(503, b"", {"retry-after": str(int(after) + 1)})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 400."""
        return _error(str(code or "Something is wrong"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error("Bad JSON")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads that are not deleted."""
        return [self._shown(row) for row in self._rows.values() if row["deleted"] == "0"]

    def _data(self, call: Call) -> tuple[dict[str, Any], str | None]:
        data = call.json_object().get("data")
        if not isinstance(data, dict) or data.get("type") != "Leads" or not isinstance(data.get("attributes"), dict):
            raise Refused(_error("The option data is invalid"))
        for name in data["attributes"]:
            if name not in FIELDS and name not in self.settings.get("fields", ()):
                raise Refused(_error(f"Property {name} in Lead module is invalid"))
        given = data.get("id")
        if given is not None and not _is_uuid(given):
            raise Refused(_error("The option id with value is invalid"))
        return data["attributes"], given

    def _row(self, number: str | None) -> dict[str, Any]:
        row = self._rows.get(number or "")
        if row is None or row["deleted"] == "1":
            raise Refused(_error(f"Lead module with id {number} is not found"))
        return row

    def _fits(self, row: Mapping[str, Any], field: str, sign: str, value: str) -> bool:
        if field not in COLUMNS and field not in self.settings.get("fields", ()):
            raise Refused(_error(f"Filter field {field} in Lead module is not found"))
        if sign not in _SIGNS:
            raise Refused(_error(f"Filter operator {sign} is invalid"))
        held = row.get(field)
        wanted: Any = datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(held, datetime) else value
        return getattr(held, _SIGNS[sign])(wanted) is True

    def _shown(self, row: Mapping[str, Any], names: list[str] | None = None) -> dict[str, Any]:
        values = {name: row.get(name, "") for name in names or row if name != "id"}
        told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
        return {"type": "Lead", "id": row["id"], "attributes": told, "relationships": {}}


def _is_uuid(value: Any) -> bool:
    try:
        return str(uuid.UUID(str(value))) == str(value).lower()
    except ValueError:
        return False


def _error(detail: str) -> Reply:
    return Reply.json({"errors": {"status": 400, "title": None, "detail": detail}}, 400)
