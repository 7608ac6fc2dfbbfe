"""Odoo: crm.lead by JSON-2 and by JSON-RPC, with domains, archiving and Odoo's own errors (odoo.com/documentation)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Vendor, route

_NAMES = """
    id name type contact_name partner_name email_from phone function street city zip website description referred
    user_id team_id stage_id source_id medium_id campaign_id country_id expected_revenue probability active
    lost_reason_id create_uid write_uid create_date write_date priority
"""
FIELDS = frozenset(_NAMES.split())
_TESTS = {"=": "__eq__", ">=": "__ge__", ">": "__gt__", "<=": "__le__", "<": "__lt__"}
_STATUS = {"UserError": 422, "ValidationError": 422, "AccessError": 403, "AccessDenied": 401, "MissingError": 404}


class Broken(Exception):
    """What a method of Odoo raises; `name` is its class there."""

    def __init__(self, name: str, message: str, status: int | None = None) -> None:
        self.name, self.message = name, message
        self.status = status or _STATUS.get(name.rpartition(".")[2], 500)
        super().__init__(message)


class Odoo(Vendor):
    """`/odoo/json/2/crm.lead/…` and `/odoo/jsonrpc`.

    Settings: `api_key`, `username`, `database`, `user_id` (2), `fields` (more fields of crm.lead, such as x_…).
    """

    name = "odoo"

    def clear(self) -> None:
        """Forget the leads."""
        self._rows = Rows(self.clock)

    @route("POST", "/json/2/{model}/{method}")
    def json2(self, call: Call) -> Reply:
        """Call a method with named arguments; errors have a status of their own."""
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        database = self.settings.get("database")
        if scheme.lower() != "bearer" or not key or self.settings.get("api_key", key) != key:
            return self.unauthorized()
        if database and call.headers.get("x-odoo-database", database) != database:
            return _failed(Broken("werkzeug.exceptions.NotFound", "no such database", 404))
        named = call.json_object()
        try:
            if call.params["model"] != "crm.lead":
                model = call.params["model"]
                raise Broken("werkzeug.exceptions.NotFound", f"the model '{model}' does not exist", 404)
            return Reply.json(self._run(call, call.params["method"], named.pop("ids", []), named))
        except Broken as error:
            return _failed(error)

    @route("POST", "/jsonrpc")
    def jsonrpc(self, call: Call) -> Reply:
        """Call a service; every answer is HTTP 200."""
        body = call.json_object()
        params = body.get("params") or {}
        args = params.get("args") or []
        try:
            if (params.get("service"), params.get("method")) == ("common", "authenticate"):
                result: Any = self._user(args[0], args[1], args[2]) or False
            else:
                result = self._execute(call, args)
        except Broken as error:
            data = {"name": error.name, "message": error.message, "arguments": [error.message], "debug": "Traceback"}
            told = {"code": 200, "message": "Odoo Server Error", "data": data}
            return Reply.json({"jsonrpc": "2.0", "id": body.get("id"), "error": told})
        return Reply.json({"jsonrpc": "2.0", "id": body.get("id"), "result": result})

    def unauthorized(self) -> Reply:
        """Answer 401 as for a key that is not known."""
        return _failed(Broken("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401))

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429, as the proxy in front of Odoo Online does."""
        return Reply(429, b"Too Many Requests", {"retry-after": str(int(after) + 1)})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with an error by its name."""
        return _failed(Broken(str(code or "odoo.exceptions.ValidationError"), "It is refused."))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400 as for a body that is not JSON."""
        return _failed(Broken("werkzeug.exceptions.BadRequest", "could not parse the body as json", 400))

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return map(self._shown, self._rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads."""
        for item in items:
            self._rows.make(item)

    def _user(self, database: str, username: str, key: str) -> int | None:
        wanted = {"database": database, "username": username, "api_key": key}
        same = all(value and self.settings.get(name, value) == value for name, value in wanted.items())
        return int(self.settings.get("user_id", 2)) if same else None

    def _execute(self, call: Call, args: list[Any]) -> Any:
        database, user, key, model, method, ordered, named = [*args, {}][:7]
        if user != self.settings.get("user_id", 2) or self.settings.get("api_key", key) != key:
            raise Broken("odoo.exceptions.AccessDenied", "Access Denied")
        if model != "crm.lead" or self.settings.get("database", database) != database:
            raise Broken("builtins.KeyError", f"'{model}'")
        places = {"create": ("vals_list",), "write": ("ids", "vals"), "unlink": ("ids",), "search_read": ("domain",)}
        given = {**dict(zip(places.get(method, ()), ordered, strict=False)), **named}
        return self._run(call, method, given.pop("ids", []), given)

    def _run(self, call: Call, method: str, ids: list[int], named: dict[str, Any]) -> Any:
        named.pop("context", None) if method != "search_read" else None
        takes = {"create": {"vals_list"}, "write": {"vals"}, "unlink": set(), "search_read": None}
        if method not in takes:
            raise Broken("werkzeug.exceptions.NotFound", f"The method 'crm.lead.{method}' does not exist", 404)
        wanted = takes[method]
        if wanted is not None and set(named) != wanted:
            raise Broken("werkzeug.exceptions.UnprocessableEntity", f"missing a required argument: {wanted}", 422)
        if method == "search_read":
            return self._search(**named)
        if method == "create":
            many = named["vals_list"] if isinstance(named["vals_list"], list) else [named["vals_list"]]
            return [self._create(call, values) for values in many]
        rows = [self._row(one) for one in ids]
        for row in rows:
            self._change(call, row, named["vals"]) if method == "write" else self._rows.drop(row.id)
        return True

    def _create(self, call: Call, values: dict[str, Any]) -> int:
        self._check(values)
        if not values.get("name"):
            raise Broken("odoo.exceptions.ValidationError", "The operation cannot be completed: name is required.")
        row = self._rows.make({"active": True, "probability": 10.0, "stage_id": 1, **values})
        self.created(call, "crm.lead", next((str(v) for v in values.values() if str(v).startswith("lead_")), None))
        return int(row.id)

    def _change(self, call: Call, row: Row, values: dict[str, Any]) -> None:
        self._check(values)
        self._rows.change(row.id, values)
        call.note(row.id, "repeat")

    def _check(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name not in FIELDS and name not in self.settings.get("fields", ()):
                raise Broken("builtins.ValueError", f"Invalid field '{name}' on model 'crm.lead'", 500)
            if name.endswith("_id") and not isinstance(value, int):
                raise Broken("builtins.ValueError", f"Wrong value for crm.lead.{name}: {value!r}", 500)

    def _row(self, id_: int) -> Row:
        row = self._rows.get(str(id_))
        if row is None:
            raise Broken("odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
        return row

    def _search(
        self, domain: list[Any] | None = None, fields: list[str] | None = None, limit: int | None = None,
        offset: int = 0, order: str = "id desc", context: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        self._check(dict.fromkeys([*(fields or []), *(test[0] for test in domain or [])], 0))
        found = [row for row in map(self._shown, self._rows) if all(_fits(row, *test) for test in domain or [])]
        if (context or {}).get("active_test", True):
            found = [row for row in found if row["active"]]
        for part in reversed(order.split(",")):
            name, _, way = part.strip().partition(" ")
            found.sort(key=lambda row, name=name: row[name], reverse=way == "desc")  # type: ignore[misc]
        page = found[offset : offset + limit if limit else None]
        return [{"id": row["id"], **{name: row.get(name, False) for name in fields or row}} for row in page]

    def _shown(self, row: Row) -> dict[str, Any]:
        """Return a lead as Odoo reads it: links as pairs, times in UTC without an offset, false for nothing."""
        me = [self.settings.get("user_id", 2), "Hub"]
        times = {"create_date": row.created_at, "write_date": row.updated_at}
        stamps = {name: at.strftime("%Y-%m-%d %H:%M:%S") for name, at in times.items()}
        stage = [row.values.get("stage_id"), "New"]
        return {"create_uid": me, "write_uid": me, **row.values, **stamps, "stage_id": stage, "id": int(row.id)}


def _fits(row: Mapping[str, Any], name: str, sign: str, wanted: Any) -> bool:
    if sign not in _TESTS:
        raise Broken("builtins.ValueError", f"Invalid leaf {(name, sign, wanted)}", 500)
    held = row.get(name, False)
    return getattr(held, _TESTS[sign])(wanted) is True


def _failed(error: Broken) -> Reply:
    told = {"name": error.name, "message": error.message, "arguments": [error.message], "context": {}}
    return Reply.json({**told, "debug": "Traceback (most recent call last)"}, error.status)
