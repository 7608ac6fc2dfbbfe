"""Marketo Engage: identity, sync of leads with row errors, limits in 200 bodies, the activity log (AdobeDocs)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_ROWS, MAX_BODY, PAGE = 300, 1_000_000, 300
LIFETIME = 3_600.0
CHANGE, CREATE, SALES_MAIL = 13, 12, 39
API = {"Source": "Web service API", "Reason": "Web service API", "Modifying User": "api@acme.example"}
USER = {"Source": "Lead database", "Modifying User": "ann.ng@acme.example"}
WORDS = {
    "601": "Access token invalid", "602": "Access token expired", "609": "Invalid JSON",
    "610": "Requested resource not found", "611": "System error", "1003": "Invalid data", "1004": "Lead not found",
    "1005": "Lead already exists", "1007": "Multiple leads match lookup criteria",
}  # fmt: skip

_TOKEN = re.compile(r"T(\d+)=*")


class Skip(Exception):
    """Marketo skips one row."""

    def __init__(self, code: str, words: str | None = None) -> None:
        self.row = {"status": "skipped", "reasons": [{"code": code, "message": words or WORDS[code]}]}
        super().__init__(code)


class Marketo(Vendor):
    """`/marketo/identity/oauth/token` and `/marketo/rest/v1/…`.

    Settings: `client_id`, `client_secret`, `fields` (API names of fields; others are refused), `page` (rows a page).
    """

    name = "marketo"
    limits: ClassVar[Mapping[str, Limit]] = {"rate": Limit(100, 20.0), "daily": Limit(50_000, 86_400.0)}

    def clear(self) -> None:
        """Forget leads, their log and tokens."""
        self._leads, self._log = Rows(self.clock, first=318_581), Rows(self.clock)
        self._tokens: dict[str, float] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token, size and limits first; all of it is answered 200, but for the size."""
        if call.path.startswith("/rest/"):
            until = self._tokens.get(call.bearer or "")
            if until is None:
                return self.unauthorized()
            if until <= self.clock.monotonic():
                return _error("602")
            if len(call.body) > MAX_BODY:
                return Reply.text("Request Entity Too Large", 413)
            self.spend("daily")
            self.spend("rate")
        return super().dispatch(call)

    @route("GET", "/identity/oauth/token")
    def token(self, call: Call) -> Reply:
        """Give the token there is with what is left of its time, or a new one."""
        return self._token(call.query)

    @route("POST", "/identity/oauth/token")
    def token_by_form(self, call: Call) -> Reply:
        """Give a token for credentials in the address or in a form."""
        return self._token({**call.query, **call.form()})

    @route("POST", "/rest/v1/leads.json")
    def sync(self, call: Call) -> Reply:
        """Create or change at most 300 leads; each row has its own status."""
        body = call.json_object()
        rows = body.get("input")
        if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS:
            return _error("1003")
        return _result([self._synced(call, body, row) for row in rows])

    @route("POST", "/rest/v1/leads/delete.json")
    def delete(self, call: Call) -> Reply:
        """Delete leads by id."""
        ids = [str(row.get("id")) for row in call.json_object().get("input") or []]
        gone = [(id_, self._leads.drop(id_)) for id_ in ids]
        return _result([{"id": int(id_), "status": "deleted"} if there else Skip("1004").row for id_, there in gone])

    @route("GET", "/rest/v1/leads.json")
    def leads(self, call: Call) -> Reply:
        """Find leads by a field."""
        field, values = call.query.get("filterType"), call.query.get("filterValues", "").lower().split(",")
        if not field:
            return _error("1003")
        found = [row for row in self._leads if str({**row.values, "id": row.id}.get(field, "")).lower() in values]
        return _result([_lead(row) for row in found])

    @route("GET", "/rest/v1/activities/pagingtoken.json")
    def paging(self, call: Call) -> Reply:
        """Give the token of a time."""
        try:
            since = datetime.fromisoformat(call.query["sinceDatetime"])
        except (KeyError, ValueError):
            return _error("1003")
        number = next((int(row.id) for row in self._log if row.created_at >= since), len(self._log) + 1)
        return Reply.json({"requestId": "sandbox#1", "success": True, "nextPageToken": f"T{number}===="})

    @route("GET", "/rest/v1/activities/leadchanges.json")
    def changes(self, call: Call) -> Reply:
        """Return changes of the fields that are named, and leads that are new."""
        names = [name for name in call.query.get("fields", "").split(",") if name]
        if not names:
            return _error("1003")

        def shown(row: Row) -> dict[str, Any] | None:
            if row.values["activityTypeId"] not in (CHANGE, CREATE):
                return None
            fields = [one for one in row.values["fields"] if one["name"] in names]
            return {**row.values, "fields": fields} if fields or row.values["activityTypeId"] == CREATE else None

        return self._page(call, shown)

    @route("GET", "/rest/v1/activities.json")
    def activities(self, call: Call) -> Reply:
        """Return activities of at most ten types."""
        types = [kind for kind in call.query.get("activityTypeIds", "").split(",") if kind]
        if not 0 < len(types) <= 10:
            return _error("1003")
        return self._page(call, lambda row: row.values if str(row.values["activityTypeId"]) in types else None)

    def unauthorized(self) -> Reply:
        """Answer 200 with the code of a token that is not known."""
        return _error("601")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of the limit."""
        if limit == "daily":
            return _error("607", "Daily quota reached")
        return _error("606", "Max rate limit '100' exceeded with in '20' secs")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return _error(str(code or "611"), WORDS.get(str(code or "611"), "Error"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 200 with the code of a body that is not JSON."""
        return _error("609")

    def missing(self, call: Call) -> Reply:
        """Answer 200 with the code of an address that is not known."""
        return _error("610")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return [_lead(row) for row in self._leads]

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads with their fields."""
        for item in items:
            self._leads.make(item)

    def work(self, ref: str) -> bool:
        """Let a person set the status of a lead, and write to it."""
        row = self._leads.get(ref)
        if row is None:
            return False
        self._changed(row, {"leadStatus": "Working"}, USER)
        self._log.make({"leadId": int(ref), "activityTypeId": SALES_MAIL, "attributes": []})
        return True

    def _token(self, given: Mapping[str, str]) -> Reply:
        wrong = [
            name
            for name in ("client_id", "client_secret")
            if self.settings.get(name, given.get(name)) != given.get(name)
        ]
        if wrong or not given.get("client_id") or not given.get("client_secret"):
            words = "No client with requested id" if "client_id" in wrong else "Bad client credentials"
            return Reply.json({"error": "invalid_client", "error_description": words}, 401)
        if given.get("grant_type") != "client_credentials":
            return Reply.json({"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}, 400)
        now = self.clock.monotonic()
        value = next((one for one, until in self._tokens.items() if until > now), None)
        if value is None:
            value = f"cdf01657-{len(self._tokens):04d}:int"
            self._tokens[value] = now + LIFETIME
        left = int(self._tokens[value] - now)
        return Reply.json(
            {"access_token": value, "token_type": "bearer", "expires_in": left, "scope": "api@acme.example"}
        )

    def _synced(self, call: Call, body: Mapping[str, Any], row: Any) -> dict[str, Any]:
        try:
            return self._written(call, body, row)
        except Skip as skip:
            return skip.row

    def _written(self, call: Call, body: Mapping[str, Any], row: Any) -> dict[str, Any]:
        action, field, known = (
            body.get("action", "createOrUpdate"),
            body.get("lookupField", "email"),
            self.settings.get("fields"),
        )
        if not isinstance(row, dict) or not row.get(field) or ("id" in row and action != "updateOnly"):
            raise Skip("1003")
        wrong = [name for name in row if known is not None and name not in known]
        if wrong:
            raise Skip("1006", f"Field '{wrong[0]}' not found")
        if not str(row.get("email", "")).isascii():
            raise Skip("1003", "Invalid data: email")
        wanted = str(row[field]).lower()
        there = [one for one in self._leads if str({**one.values, "id": one.id}.get(field, "")).lower() == wanted]
        if len(there) > 1:
            raise Skip("1007")
        if there and action == "createOnly":
            raise Skip("1005")
        if not there and action == "updateOnly":
            raise Skip("1004")
        call.note(wanted, "repeat" if there else "new")
        if there:
            self._changed(there[0], row, API)
            return {"id": int(there[0].id), "status": "updated"}
        made = self._leads.make(row)
        self._logged(made, CREATE, [{"name": "Created", "newValue": "true"}], API)
        return {"id": int(made.id), "status": "created"}

    def _changed(self, row: Row, values: Mapping[str, Any], who: Mapping[str, str]) -> None:
        new = {name: value for name, value in values.items() if row.values.get(name) != value}
        fields = [{"name": name, "newValue": value, "oldValue": row.values.get(name)} for name, value in new.items()]
        self._leads.change(row.id, new)
        if fields:
            self._logged(row, CHANGE, fields, who)

    def _logged(self, row: Row, kind: int, fields: list[dict[str, Any]], who: Mapping[str, str]) -> None:
        said = [{"name": name, "value": value} for name, value in who.items()]
        self._log.make({"leadId": int(row.id), "activityTypeId": kind, "fields": fields, "attributes": said})

    def _page(self, call: Call, shown: Callable[[Row], dict[str, Any] | None]) -> Reply:
        match, size = _TOKEN.fullmatch(call.query.get("nextPageToken", "")), int(self.settings.get("page", PAGE))
        if match is None:
            raise Refused(_error("1003"))
        first = int(match[1])
        rows = [row for row in self._log if int(row.id) >= first]
        found = [(row, told) for row in rows[:size] if (told := shown(row)) is not None]
        result = [
            {"id": int(row.id), "marketoGUID": row.id, "activityDate": _time(row.created_at), **told}
            for row, told in found
        ]
        after = f"T{first + len(rows[:size])}===="
        more = {"nextPageToken": after, "moreResult": len(rows) > size}
        return Reply.json({"requestId": "sandbox#1", "success": True, **more, **({"result": result} if result else {})})


def _lead(row: Row) -> dict[str, Any]:
    return {**row.values, "id": int(row.id), "createdAt": _time(row.created_at), "updatedAt": _time(row.updated_at)}


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _result(rows: list[dict[str, Any]]) -> Reply:
    return Reply.json({"requestId": "sandbox#1", "success": True, "result": rows})


def _error(code: str, words: str | None = None) -> Reply:
    errors = [{"code": code, "message": words or WORDS[code]}]
    return Reply.json({"requestId": "sandbox#1", "success": False, "errors": errors})
