"""Zoho CRM v8: OAuth, upsert with row errors, unique fields, paging by time of change (zoho.com/crm/developer)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

API = "/crm/v8/{module}"
MAX_ROWS, MAX_PAGE, MAX_PAGED = 100, 200, 2_000
LIFETIME = 3_600.0
REQUIRED = {"Leads": ("Last_Name", "Company")}
LENGTHS = {"First_Name": 40, "Last_Name": 80, "Company": 200, "Email": 100, "Phone": 30, "Designation": 100}
MODULES = ("Leads", "Contacts", "Calls", "Tasks")
APP, PERSON = "5543000000000001", "5543000000000077"

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_ZONE = timezone(timedelta(hours=8))  # of the user the token is of


class Wrong(Exception):
    """Zoho refuses one row of a write."""

    def __init__(self, code: str, words: str, **details: Any) -> None:
        self.told = {"code": code, "status": "error", "message": words, "details": details}
        super().__init__(words)


class ZohoCrm(Vendor):
    """`/zoho_crm/…` with `/zoho_crm/oauth/v2/token`.

    Settings: `client_id`, `client_secret`, `refresh_token`, `unique` (fields that are unique), `api_domain`.
    """

    name = "zoho_crm"
    limits: ClassVar[Mapping[str, Limit]] = {"token": Limit(10, 600.0), "credits": Limit(50_000, 86_400.0)}

    def clear(self) -> None:
        """Forget records and tokens."""
        self._tokens = Tokens(self.clock, "1000.sandbox.{:06d}")
        self._modules = {name: Rows(self.clock, _id(at), 1) for at, name in enumerate(MODULES)}

    def dispatch(self, call: Call) -> Reply:
        """Check the token first."""
        if call.path.startswith("/crm/"):
            scheme, _, token = call.headers.get("authorization", "").partition(" ")
            if scheme != "Zoho-oauthtoken" or not self._tokens.valid(token):
                return self.unauthorized()
            self.spend("credits")
        return super().dispatch(call)

    @route("POST", "/oauth/v2/token")
    def token(self, call: Call) -> Reply:
        """Give a token for a refresh token; refusals are 200 as well."""
        form = call.form()
        if form.get("grant_type") != "refresh_token":
            return Reply.json({"error": "unsupported_grant_type"})
        for name, code in (("client_id", "invalid_client"), ("client_secret", "invalid_client_secret")):
            if not form.get(name) or self.settings.get(name, form[name]) != form[name]:
                return Reply.json({"error": code})
        given = form.get("refresh_token")
        if not given or self.settings.get("refresh_token", given) != given:
            return Reply.json({"error": "invalid_code"})
        self.spend("token", given)
        domain = self.settings.get("api_domain", call.root)
        told = {"access_token": self._tokens.mint(LIFETIME), "api_domain": domain, "token_type": "Bearer"}
        return Reply.json({**told, "scope": "ZohoCRM.modules.ALL", "expires_in": int(LIFETIME)})

    @route("POST", f"{API}/upsert")
    def upsert(self, call: Call) -> Reply:
        """Create or change at most 100 records by the fields that tell them apart."""
        body = call.json_object()
        checks = body.get("duplicate_check_fields") or ["Email"]
        return self._written(call, lambda rows, row: self._upserted(call, rows, row, checks))

    @route("POST", API)
    def create(self, call: Call) -> Reply:
        """Create at most 100 records."""
        return self._written(call, lambda rows, row: self._made(call, rows, row))

    @route("PUT", f"{API}/{{id}}")
    def update(self, call: Call) -> Reply:
        """Change one record."""
        found = self._found(call)
        return self._written(call, lambda rows, row: self._changed(call, rows, found, row))

    @route("DELETE", f"{API}/{{id}}")
    def delete(self, call: Call) -> Reply:
        """Move one record to the recycle bin."""
        found = self._found(call)
        self._rows(call).drop(found.id)
        told = {"code": "SUCCESS", "details": {"id": found.id}, "message": "record deleted", "status": "success"}
        return Reply.json({"data": [told]})

    @route("GET", f"{API}/search")
    def search(self, call: Call) -> Reply:
        """Search by e-mail or phone; nothing found is 204."""
        asked = {name.capitalize(): call.query[name] for name in ("email", "phone") if name in call.query}
        found = self._rows(call).where(**asked)
        return self._page(call, found, 0, MAX_PAGE) if asked and found else Reply(204)

    @route("GET", f"{API}/{{id}}")
    def read(self, call: Call) -> Reply:
        """Read one record."""
        return Reply.json({"data": [_shown(self._found(call))]})

    @route("GET", API)
    def listing(self, call: Call) -> Reply:
        """Return what was modified since If-Modified-Since, in pages; 304 when nothing was, 204 when nothing is."""
        if not call.query.get("fields"):
            raise Refused(_error(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", "fields"))
        size, page = int(call.query.get("per_page", MAX_PAGE)), int(call.query.get("page", 1))
        if not 0 < size <= MAX_PAGE or page < 1 or size * page > MAX_PAGED:
            raise Refused(_error(400, "INVALID_DATA", "the page is past the limit", "page"))
        since, rows = call.headers.get("if-modified-since"), self._rows(call)
        at = datetime.fromisoformat(since) if since else None
        found = [row for row in rows if at is None or row.updated_at.replace(microsecond=0) >= at]
        if not found:
            return Reply(304 if at else 204)
        if call.query.get("sort_by") == "Modified_Time":
            found.sort(key=lambda row: row.updated_at, reverse=call.query.get("sort_order", "desc") == "desc")
        return self._page(call, found, (page - 1) * size, size)

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "INVALID_TOKEN", "invalid oauth token")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 without a time; too many tokens are refused with 200."""
        if limit == "token":
            words = "You have made too many requests continuously. Please try again after some time."
            return Reply.json({"error": "Access Denied", "error_description": words, "status": "failure"}, 400)
        return _error(429, "TOO_MANY_REQUESTS", "Too many requests")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 202 with a failed row for every row of a write."""
        told = Wrong(str(code or "INVALID_DATA"), "invalid data", api_name="Email").told
        return Reply.json({"data": [told for _ in call.json_object().get("data", [])]}, 202)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "INVALID_DATA", "body")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the records with their module."""
        for module, rows in self._modules.items():
            for row in rows:
                yield {"module": module, **_shown(row)}

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Create records: `module` (Leads when missing), and the fields."""
        for item in items:
            fields = {name: value for name, value in item.items() if name != "module"}
            self._modules[item.get("module", "Leads")].make(fields, maker=APP, by=APP)

    def work(self, ref: str) -> bool:
        """Let a person take a lead up, and call."""
        row = self._modules["Leads"].change(ref, {"Lead_Status": "Contacted"})
        if row is None:
            return False
        row.marks["by"] = PERSON
        call = {"What_Id": {"id": ref}, "Call_Start_Time": _time(self.clock.now()), "Outgoing_Call_Status": "Completed"}
        self._modules["Calls"].make({**call, "Owner": {"id": PERSON}}, maker=PERSON, by=PERSON)
        return True

    def _rows(self, call: Call) -> Rows:
        if call.params["module"] not in self._modules:
            raise Refused(_error(400, "INVALID_MODULE", "the module name given seems to be invalid"))
        return self._modules[call.params["module"]]

    def _found(self, call: Call) -> Row:
        row = self._rows(call).get(call.params["id"])
        if row is None:
            raise Refused(_error(400, "INVALID_DATA", "the id given seems to be invalid", "id"))
        return row

    def _written(self, call: Call, write: Any) -> Reply:
        rows, data, told = self._rows(call), call.json_object().get("data"), []
        if not isinstance(data, list) or not 0 < len(data) <= MAX_ROWS or not all(isinstance(r, dict) for r in data):
            raise Refused(_error(400, "INVALID_DATA", "data must have 1 to 100 records", "data"))
        for row in data:
            try:
                told.append(write(rows, row))
            except Wrong as wrong:
                told.append(wrong.told)
        failed = sum(row["status"] == "error" for row in told)
        return Reply.json({"data": told}, 200 if not failed else 202 if failed == len(told) else 207)

    def _upserted(self, call: Call, rows: Rows, row: dict[str, Any], checks: list[str]) -> dict[str, Any]:
        for name in checks:
            same = rows.where(**{name: row[name]}) if row.get(name) else []
            if same:
                return self._changed(call, rows, same[0], row, name)
        return self._made(call, rows, row)

    def _made(self, call: Call, rows: Rows, row: dict[str, Any]) -> dict[str, Any]:
        for name in REQUIRED.get(call.params["module"], ()):
            if not row.get(name):
                raise Wrong("MANDATORY_NOT_FOUND", "required field not found", api_name=name)
        self._check(rows, row, None)
        made = rows.make({"Owner": {"id": APP}, **row}, maker=APP, by=APP)
        call.note(self._key(row), "new")
        return _success("insert", "record added", made)

    def _changed(
        self, call: Call, rows: Rows, found: Row, row: dict[str, Any], by: str | None = None
    ) -> dict[str, Any]:
        self._check(rows, row, found)
        rows.change(found.id, row)
        found.marks["by"] = APP
        call.note(self._key(row) or found.id, "repeat")
        return _success("update", "record updated", found, by)

    def _key(self, row: Mapping[str, Any]) -> str | None:
        return next((str(row[name]) for name in self.settings.get("unique", ("LeadHub_Id",)) if row.get(name)), None)

    def _check(self, rows: Rows, row: Mapping[str, Any], own: Row | None) -> None:
        for name, value in row.items():
            if isinstance(value, str) and len(value) > LENGTHS.get(name, 32_000):
                raise Wrong("INVALID_DATA", "invalid data", api_name=name, maximum_length=LENGTHS.get(name))
        if row.get("Email") and not _EMAIL.fullmatch(str(row["Email"])):
            raise Wrong("INVALID_DATA", "invalid data", api_name="Email", expected_data_type="email")
        for name in self.settings.get("unique", ("LeadHub_Id",)):
            other = [one for one in rows.where(**{name: row[name]}) if one is not own] if row.get(name) else []
            if other:
                raise Wrong("DUPLICATE_DATA", "duplicate data", api_name=name, duplicate_record={"id": other[0].id})

    def _page(self, call: Call, rows: list[Row], start: int, size: int) -> Reply:
        names = [*(call.query["fields"].split(",") if "fields" in call.query else ()), "id"]
        data = [{name: value for name, value in _shown(row).items() if name in names} for row in rows]
        shown = data[start : start + size] if "fields" in call.query else [_shown(row) for row in rows][start:size]
        info = {"per_page": size, "count": len(shown), "page": start // size + 1}
        return Reply.json({"data": shown, "info": {**info, "more_records": start + size < len(rows)}})


def _id(at: int) -> Any:
    return lambda number: f"5543{at}{number:011d}"


def _time(at: datetime) -> str:
    return at.astimezone(_ZONE).isoformat(timespec="seconds")


def _shown(row: Row) -> dict[str, Any]:
    times = {"Created_Time": _time(row.created_at), "Modified_Time": _time(row.updated_at)}
    people = {"Created_By": {"id": row.marks["maker"]}, "Modified_By": {"id": row.marks["by"]}}
    return {"Lead_Status": None, "Converted__s": False, **row.values, "id": row.id, **times, **people}


def _success(action: str, words: str, row: Row, by: str | None = None) -> dict[str, Any]:
    details = {"id": row.id, "Created_Time": _time(row.created_at), "Modified_Time": _time(row.updated_at)}
    told = {"code": "SUCCESS", "status": "success", "action": action, "duplicate_field": by}
    return {**told, "message": words, "details": details}


def _error(status: int, code: str, words: str, name: str | None = None) -> Reply:
    details = {"param_name": name} if name else {}
    return Reply.json({"code": code, "message": words, "status": "error", "details": details}, status)
