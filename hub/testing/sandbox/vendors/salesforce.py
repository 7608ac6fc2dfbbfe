"""Salesforce: sObject create, upsert by external id, collections, SOQL, and Web-to-Lead (developer.salesforce.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import JWT_GRANT, Tokens, claims_of
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route
from hub.testing.sandbox.vendors.salesforce_objects import Denied, Several, SObjects
from hub.testing.sandbox.vendors.salesforce_query import BadQuery, Query

PAGE = 2_000
MAX_ROWS = 200
SESSION = 7_200.0
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
API = "/services/data/{version}"


class Salesforce(Vendor):
    """`/salesforce/…`, any API version.

    Settings: `client_id`, `client_secret`, `public_key` (PEM, for JWT), `token` (a fixed session), `unique` (external
    id fields that are unique), `fields` (custom fields; others are refused), `duplicate_rule` (`alert` or `block`, on
    equal e-mail), `page` (rows a query page).
    """

    name = "salesforce"
    limits: ClassVar[Mapping[str, Limit]] = {"daily": Limit(100_000, 86_400.0)}

    def clear(self) -> None:
        """Forget records and sessions."""
        self.objects = SObjects(self.clock, self.settings)
        self._tokens = Tokens(self.clock, "00DSANDBOX!AR{:08d}")
        self._cursors: dict[str, list[dict[str, Any]]] = {}
        self._web: list[dict[str, Any]] = []

    def dispatch(self, call: Call) -> Reply:
        """Check session and limit first, and tell the limit in a header."""
        if not call.path.startswith("/services/data/"):
            return super().dispatch(call)
        if call.bearer is None or not (self._tokens.valid(call.bearer) or call.bearer == self.settings.get("token")):
            return self.unauthorized()
        self.spend("daily")
        try:
            reply = super().dispatch(call)
        except Denied as error:
            reply = Reply.json([error.told], error.status)
        except Several as error:
            reply = Reply.json([f"{_base(call)}/sobjects/{error.name}/{one}" for one in error.ids], 300)
        daily = self.limit("daily") or Limit(0, 0.0)
        usage = f"api-usage={daily.count - self.left('daily')}/{daily.count}"
        return replace(reply, headers={**reply.headers, "sforce-limit-info": usage})

    @route("POST", "/services/oauth2/token")
    def token(self, call: Call) -> Reply:
        """Give a session for client credentials or a JWT."""
        form = call.form()
        reason = self._jwt_refusal(form) if form.get("grant_type") == JWT_GRANT else self._client_refusal(form, call)
        if reason:
            return Reply.json({"error": reason[0], "error_description": reason[1]}, 400)
        at = str(int(self.clock.now().timestamp() * 1000))
        identity = "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA"
        told = {"access_token": self._tokens.mint(SESSION), "instance_url": call.root, "id": identity, "scope": "api"}
        return Reply.json({**told, "token_type": "Bearer", "issued_at": at, "signature": "sandbox"})

    @route("POST", f"{API}/sobjects/{{name}}")
    def create(self, call: Call) -> Reply:
        """Create one record."""
        options = call.headers.get("sforce-duplicate-rule-header", "")
        made = self.objects.create(call.params["name"], call.json_object(), "allowsave=true" in options.lower())
        self.created(call, call.params["name"], call.key or self.objects.outer_key(made))
        return Reply.json({"id": made["Id"], "success": True, "errors": []}, 201)

    @route("GET", f"{API}/sobjects/{{name}}/{{id}}")
    def read(self, call: Call) -> Reply:
        """Read one record by id."""
        return Reply.json(self._shown(call, self.objects.get(call.params["name"], call.params["id"])))

    @route("PATCH", f"{API}/sobjects/{{name}}/{{id}}")
    def update(self, call: Call) -> Reply:
        """Change one record by id."""
        self.objects.change(self.objects.get(call.params["name"], call.params["id"]), call.json_object())
        call.note(call.params["id"], "repeat")
        return Reply(204)

    @route("DELETE", f"{API}/sobjects/{{name}}/{{id}}")
    def delete(self, call: Call) -> Reply:
        """Delete one record by id."""
        self.objects.drop(self.objects.get(call.params["name"], call.params["id"]))
        return Reply(204)

    @route("GET", f"{API}/sobjects/{{name}}/{{field}}/{{value}}")
    def read_by_key(self, call: Call) -> Reply:
        """Read one record by an external id."""
        found = self.objects.by_key(call.params["name"], call.params["field"], call.params["value"])
        if found is None:
            raise Denied("NOT_FOUND", "The requested resource does not exist", status=404)
        return Reply.json(self._shown(call, found))

    @route("PATCH", f"{API}/sobjects/{{name}}/{{field}}/{{value}}")
    def upsert(self, call: Call) -> Reply:
        """Create or change by an external id: 201 or 200, 300 when several records have it."""
        body, field = call.json_object(), call.params["field"]
        if field in body:
            raise Denied("INVALID_FIELD", f"The {field} field should not be specified in the sobject data.", [field])
        made, new = self.objects.upsert(call.params["name"], field, call.params["value"], body)
        call.note(call.params["value"], "new" if new else "repeat")
        return Reply.json({"id": made["Id"], "success": True, "errors": [], "created": new}, 201 if new else 200)

    @route("PATCH", f"{API}/composite/sobjects/{{name}}/{{field}}")
    def upsert_many(self, call: Call) -> Reply:
        """Create or change at most 200 records; 200 even when some fail."""
        name, field = call.params["name"], call.params["field"]

        def upsert(row: dict[str, Any]) -> dict[str, Any]:
            rest = {key: value for key, value in row.items() if key not in ("attributes", field)}
            made, new = self.objects.upsert(name, field, str(row.get(field) or ""), rest)
            call.note(str(row.get(field)), "new" if new else "repeat")
            return {"id": made["Id"], "success": True, "errors": [], "created": new}

        return self._rows(call, upsert)

    @route("POST", f"{API}/composite/sobjects")
    def create_many(self, call: Call) -> Reply:
        """Create at most 200 records; 200 even when some fail."""

        def create(row: dict[str, Any]) -> dict[str, Any]:
            fields = {key: value for key, value in row.items() if key != "attributes"}
            made = self.objects.create(str(row.get("attributes", {}).get("type")), fields, True)
            self.created(call, made["type"], self.objects.outer_key(made))
            return {"id": made["Id"], "success": True, "errors": []}

        return self._rows(call, create)

    @route("GET", f"{API}/query", f"{API}/query/")
    def query(self, call: Call) -> Reply:
        """Run SOQL, 2,000 rows a page."""
        try:
            asked = Query(call.query.get("q", ""))
        except BadQuery as error:
            raise Denied("MALFORMED_QUERY", str(error)) from error
        self.objects.check_fields(asked.table, asked.fields)
        rows = [self._row(call, row, asked.fields) for row in asked.run(self.objects.rows(asked.table))]
        return self._page(call, f"01g{len(self._cursors) + 1:09d}", rows, 0)

    @route("GET", f"{API}/query/{{locator}}")
    def query_more(self, call: Call) -> Reply:
        """Return the next page of a query."""
        cursor, _, start = call.params["locator"].rpartition("-")
        if cursor not in self._cursors or not start.isdigit():
            raise Denied("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, cursor, self._cursors[cursor], int(start))

    @route("GET", f"{API}/limits")
    def show_limits(self, call: Call) -> Reply:
        """Tell the daily limit."""
        daily = self.limit("daily") or Limit(0, 0.0)
        return Reply.json({"DailyApiRequests": {"Max": daily.count, "Remaining": self.left("daily")}})

    @route("POST", "/servlet/servlet.WebToLead")
    def web_to_lead(self, call: Call) -> Reply:
        """Take a Web-to-Lead form: 200 whether or not a lead comes of it."""
        form = call.form()
        if form.get("oid") and form.get("last_name"):
            self.created(call, "web_to_lead")
            self._web.append({"type": "WebToLead", **form})
        return Reply(200, b"<html></html>", {"content-type": "text/html"})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error("INVALID_SESSION_ID", "Session expired or invalid", 401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 403 with the code of the daily limit."""
        return _error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a failed row for a collection, 400 for a single record."""
        name, words = str(code or "UNABLE_TO_LOCK_ROW"), "unable to obtain exclusive access to this record"
        if "/composite/" not in call.path:
            return _error(name, words, 400)
        failed = {"success": False, "errors": [{"statusCode": name, "message": words, "fields": []}]}
        return Reply.json([failed for _ in call.json_object().get("records", [])])

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error("JSON_PARSER_ERROR", reason, 400)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error("NOT_FOUND", "The requested resource does not exist", 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the records with their type."""
        yield from self.objects.all()
        yield from self._web

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Create records: `type` (Lead when missing), and the fields."""
        for item in items:
            fields = {name: value for name, value in item.items() if name != "type"}
            self.objects.create(item.get("type", "Lead"), fields, True)

    def work(self, ref: str) -> bool:
        """Let a person take the lead up."""
        self.objects.work(ref)
        return True

    def _client_refusal(self, form: Mapping[str, str], call: Call) -> tuple[str, str] | None:
        if form.get("grant_type") != "client_credentials":
            return "unsupported_grant_type", "grant type not supported"
        for name, code in (("client_id", "invalid_client_id"), ("client_secret", "invalid_client")):
            given = form.get(name) or call.headers.get("authorization")
            if not given or (name in form and self.settings.get(name, form[name]) != form[name]):
                return code, "client identifier invalid" if name == "client_id" else "invalid client credentials"
        return None

    def _jwt_refusal(self, form: Mapping[str, str]) -> tuple[str, str] | None:
        try:
            now, key = self.clock.now().timestamp(), self.settings.get("public_key")
            claims = claims_of(form.get("assertion", ""), now, AUDIENCES, key)
        except ValueError as error:
            return "invalid_grant", f"invalid assertion: {error}"
        if not claims.get("sub") or self.settings.get("client_id", claims["iss"]) != claims["iss"]:
            return "invalid_client_id", "client identifier invalid"
        return None

    def _rows(self, call: Call, run: Any) -> Reply:
        rows = call.json_object().get("records")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or len(rows) > MAX_ROWS:
            raise Refused(_error("INVALID_INPUT", f"records must be a list of at most {MAX_ROWS}", 400))
        return Reply.json([_outcome(run, row) for row in rows])

    def _page(self, call: Call, cursor: str, rows: list[dict[str, Any]], start: int) -> Reply:
        end = start + int(self.settings.get("page", PAGE))
        answer: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
        if end < len(rows):
            self._cursors[cursor] = rows
            answer["nextRecordsUrl"] = f"{_base(call)}/query/{cursor}-{end}"
        return Reply.json(answer)

    def _shown(self, call: Call, found: Mapping[str, Any]) -> dict[str, Any]:
        return self._row(call, found, [name for name in found if name != "type"])

    def _row(self, call: Call, found: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
        kind = found["type"]
        attributes = {"type": kind, "url": f"{_base(call)}/sobjects/{kind}/{found['Id']}"}
        row: dict[str, Any] = {"attributes": attributes}
        for name in fields:
            outer, _, inner = name.rpartition(".")
            (row.setdefault(outer, {}) if outer else row)[inner] = found.get(name)
        return row


def _outcome(run: Any, row: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(run(row))
    except Denied as error:
        return {"success": False, "errors": [{**error.told, "statusCode": error.told["errorCode"]}]}
    except Several as error:
        words = f"more than one record found for external id: {error.ids}"
        return {"success": False, "errors": [{"statusCode": "DUPLICATE_EXTERNAL_ID", "message": words, "fields": []}]}


def _base(call: Call) -> str:
    return f"/services/data/{call.params['version']}"


def _error(code: str, words: str, status: int) -> Reply:
    return Reply.json([{"message": words, "errorCode": code}], status)
