"""Freshsales: contacts and accounts by upsert, unique fields, views, selectors, the hour's calls (Freshworks CRM)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_PAGE, PAGE = 100, 25
APP, PERSON = 71, 77
UNIQUE = {"emails": "Email", "mobile_number": "Mobile number"}
STATUSES = {401: "New", 402: "Contacted", 403: "Qualified", 404: "Won", 405: "Churned"}
STAGES = {501: ("New", "Open"), 502: ("Won", "Closed Won"), 503: ("Lost", "Closed Lost")}
VIEWS = {"contacts": ("My Contacts", 601, "All Contacts", 602), "deals": ("Open Deals", 603, "All Deals", 604)}


class Freshsales(Vendor):
    """`/freshsales/api/…`.

    Settings: `token` (the API key), `fields` (custom fields; others are refused), `view` (name of the view of all).
    """

    name = "freshsales"
    limits: ClassVar[Mapping[str, Limit]] = {"hour": Limit(1_000, 3_600.0)}

    def clear(self) -> None:
        """Forget contacts, accounts and deals."""
        self._rows = {
            "contacts": Rows(self.clock, first=70_000_001),
            "sales_accounts": Rows(self.clock, first=80_000_001),
            "deals": Rows(self.clock, first=90_000_001),
        }

    def dispatch(self, call: Call) -> Reply:
        """Check the key and the hour's calls first."""
        scheme, _, key = call.headers.get("authorization", "").partition(" token=")
        self.require(key if scheme == "Token" else None)
        self.spend("hour")
        return super().dispatch(call)

    @route("POST", "/api/contacts/upsert")
    def upsert_contact(self, call: Call) -> Reply:
        """Create the contact with a unique value, or change the one there is."""
        given, known = self._given(call, "contact")
        name, value = next(iter(known.items()), ("", None))
        if name not in UNIQUE or not value:
            raise Refused(_error(400, "unique_identifier is not valid"))
        values = {**given, name: value}
        same = self._with("contacts", name, value)
        for field, words in UNIQUE.items():
            other = self._with("contacts", field, values[field]) if values.get(field) else None
            if other is not None and other is not same:
                raise Refused(_error(400, f"{words} is not unique"))
        accounts = [str(one.get("id")) for one in values.get("sales_accounts") or []]
        if any(self._rows["sales_accounts"].get(account) is None for account in accounts):
            raise Refused(_error(400, "Sales account does not exist"))
        if same is None and not any(values.get(part) for part in ("first_name", "last_name", *UNIQUE)):
            raise Refused(_error(400, "Last name can't be blank"))
        return self._written(call, "contacts", same, {"contact_status_id": 401, **values} if same is None else values)

    @route("POST", "/api/sales_accounts/upsert")
    def upsert_account(self, call: Call) -> Reply:
        """Create the account of a name, or change the one there is."""
        given, known = self._given(call, "sales_account")
        if not known.get("name"):
            raise Refused(_error(400, "unique_identifier is not valid"))
        return self._written(call, "sales_accounts", self._with("sales_accounts", "name", known["name"]), given)

    @route("DELETE", "/api/contacts/{id}", "/api/contacts/{id}/forget")
    def delete(self, call: Call) -> Reply:
        """Delete a contact."""
        if not self._rows["contacts"].drop(call.params["id"]):
            return self.missing(call)
        return Reply.json(True)

    @route("GET", "/api/{kind}/filters")
    def filters(self, call: Call) -> Reply:
        """List the views."""
        own, first, every, second = VIEWS[call.params["kind"]]
        named = self.settings.get("view", every)
        return Reply.json({"filters": [{"id": first, "name": own}, {"id": second, "name": named, "is_default": True}]})

    @route("GET", "/api/{kind}/view/{view}")
    def view(self, call: Call) -> Reply:
        """Return a page of a view; more than a hundred are cut without a word."""
        kind = call.params["kind"]
        if int(call.params["view"]) not in VIEWS.get(kind, ()):
            return self.missing(call)
        size, page = min(int(call.query.get("per_page", PAGE)), MAX_PAGE), int(call.query.get("page", 1))
        back = call.query.get("sort_type", "desc") == "desc"
        field = "updated_at" if call.query.get("sort") == "updated_at" else "created_at"
        rows = sorted(self._rows[kind], key=lambda row: (getattr(row, field), int(row.id)), reverse=back)
        beside = call.query.get("include", "").split(",")
        shown = [_shown(row, beside) for row in rows[(page - 1) * size : page * size]]
        return Reply.json({kind: shown, "meta": {"total_pages": -(-len(rows) // size), "total": len(rows)}})

    @route("GET", "/api/selector/contact_statuses")
    def statuses(self, call: Call) -> Reply:
        """List the statuses of contacts."""
        return Reply.json({"contact_statuses": [{"id": id_, "name": name} for id_, name in STATUSES.items()]})

    @route("GET", "/api/selector/deal_stages")
    def stages(self, call: Call) -> Reply:
        """List the stages of deals."""
        found = [{"id": id_, "name": name, "forecast_type": kind} for id_, (name, kind) in STAGES.items()]
        return Reply.json({"deal_stages": found})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return Reply.json({"login": "failed", "message": "Authentication failed"}, 401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 without a time."""
        return _error(429, "You have exceeded the limit of requests per hour")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with an error."""
        return _error(int(code) if code is not None else 400, "It is not valid")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "The request body is not valid JSON")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "The requested resource does not exist")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the contacts."""
        return [_shown(row, ["owner", "creater", "updater"]) for row in self._rows["contacts"]]

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add records: `kind` (contacts when missing), and the fields."""
        for item in items:
            values = {name: value for name, value in item.items() if name != "kind"}
            self._rows[item.get("kind", "contacts")].make(values, by=APP)

    def work(self, ref: str) -> bool:
        """Let a person set the status of a contact, and win a deal with it."""
        row = self._rows["contacts"].change(ref, {"contact_status_id": 402})
        if row is None:
            return False
        row.marks["by"] = PERSON
        deal = {"name": "Deal", "amount": "900.0", "base_currency_amount": "900.0", "deal_stage_id": 502}
        self._rows["deals"].make({**deal, "contact_ids": [int(ref)]}, by=PERSON, maker=PERSON)
        return True

    def _given(self, call: Call, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        body = call.json_object()
        given, known, fields = body.get(name), body.get("unique_identifier"), self.settings.get("fields")
        if not isinstance(given, dict) or not isinstance(known, dict):
            raise Refused(_error(400, f"Missing param {name} or unique_identifier"))
        wrong = [field for field in given.get("custom_field") or {} if fields is not None and field not in fields]
        if wrong:
            raise Refused(_error(400, f"{wrong[0]} is not a valid field"))
        return given, known

    def _with(self, kind: str, name: str, value: Any) -> Row | None:
        wanted = str(value).lower()
        return next((row for row in self._rows[kind] if str(row.values.get(name, "")).lower() == wanted), None)

    def _written(self, call: Call, kind: str, there: Row | None, values: Mapping[str, Any]) -> Reply:
        row = there or self._rows[kind].make(values, maker=APP)
        if there is not None:
            self._rows[kind].change(row.id, values)
        row.marks["by"] = APP
        if kind == "contacts":
            call.note(str(values.get("emails") or values.get("mobile_number")), "repeat" if there else "new")
        return Reply.json({kind[:-1]: _shown(row, [])}, 200 if there else 201)


def _shown(row: Row, beside: list[str]) -> dict[str, Any]:
    people = {"updater": ("updater_id", "by"), "creater": ("creater_id", "maker")}
    told = {name: row.marks.get(mark, APP) for part, (name, mark) in people.items() if part in beside}
    plain = {name: value for name, value in row.values.items() if name != "contact_ids" or "contacts" in beside}
    return {
        **plain,
        "id": int(row.id),
        "created_at": _time(row.created_at),
        "updated_at": _time(row.updated_at),
        **told,
    }


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _error(status: int, words: str) -> Reply:
    return Reply.json({"errors": {"code": status, "message": [words]}}, status)
