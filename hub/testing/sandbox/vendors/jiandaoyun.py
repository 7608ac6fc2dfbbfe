"""Jiandaoyun 简道云: rows of a form, single and in batches, with filters and paging (hc.jiandaoyun.com/open)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route
from hub.testing.sandbox.vendors.jiandaoyun_filter import fits

MAX_ROWS = 100
DATA = "/v5/app/entry/data"
OWNER, MEMBER = {"username": "owner", "name": "Owner"}, {"username": "li.wei", "name": "李伟"}
RATE, BAD_KEY, BAD_PARAMETER, BAD_REQUEST, NO_DATA = 8303, 8301, 17017, 1, 4001

_WORDS = {
    RATE: "Company Request Limit Exceeded",
    BAD_KEY: "Invalid API Key",
    BAD_PARAMETER: "Request Parameter Error",
    BAD_REQUEST: "Invalid Request",
    NO_DATA: "Data Does Not Exist",
}
_WRITES = {"create": "create", "update": "create", "batch_create": "batch", "batch_update": "batch", "list": "list"}


class Jiandaoyun(Vendor):
    """`/jiandaoyun/v5/…`, with or without `/api`.

    Settings: `token` (API key), `widgets` (known fields), `bad_key_code`. A repeated `transaction_id` of batch_create
    creates nothing; a repeated single create makes a twin.
    """

    name = "jiandaoyun"
    limits: ClassVar[Mapping[str, Limit]] = {
        "tenant": Limit(50, 1.0),
        "create": Limit(20, 1.0),
        "batch": Limit(10, 1.0),
        "list": Limit(30, 1.0),
    }

    def clear(self) -> None:
        """Forget the rows."""
        self._rows: dict[str, dict[str, Any]] = {}
        self._transactions: dict[str, list[str]] = {}
        self._number = 0x66F0C1D2A1B2C3D400000000

    def dispatch(self, call: Call) -> Reply:
        """Check key and limits first."""
        call.path = call.path.removeprefix("/api")
        self.require(call.bearer)
        self.spend("tenant")
        kind = _WRITES.get(call.path.rpartition("/")[2]) if call.path.startswith(DATA) else None
        if kind:
            self.spend(kind)
        return super().dispatch(call)

    @route("POST", "/v5/app/list")
    def apps(self, call: Call) -> Reply:
        """List the apps that have rows."""
        names = {row["appId"] for row in self._rows.values()}
        return Reply.json({"apps": [{"app_id": name, "name": name} for name in sorted(names)]})

    @route("POST", "/v5/app/entry/list")
    def entries(self, call: Call) -> Reply:
        """List the forms of an app that have rows."""
        app = call.json_object().get("app_id")
        names = {row["entryId"] for row in self._rows.values() if row["appId"] == app}
        return Reply.json({"forms": [{"app_id": app, "entry_id": name, "name": name} for name in sorted(names)]})

    @route("POST", "/v5/app/entry/widget/list")
    def widgets(self, call: Call) -> Reply:
        """List the fields in the settings."""
        known = self.settings.get("widgets", [])
        return Reply.json({"widgets": [{"name": name, "label": name, "type": "text"} for name in known]})

    @route("POST", f"{DATA}/create")
    def create(self, call: Call) -> Reply:
        """Create one row; a repeat makes another."""
        body = self._body(call)
        row = self._made(body, body.get("data"))
        self.created(call, body["entry_id"], call.key or row.get("ext_id"))
        return Reply.json({"data": row})

    @route("POST", f"{DATA}/batch_create")
    def create_many(self, call: Call) -> Reply:
        """Create at most 100 rows; a repeated transaction_id creates nothing."""
        body = self._body(call)
        rows, transaction = body.get("data_list"), body.get("transaction_id")
        if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS:
            return _error(BAD_PARAMETER)
        ids = self._transactions.get(transaction) if transaction else None
        if ids is None:
            checked = [self._values(row) for row in rows]
            ids = [self._made(body, row, values)["_id"] for row, values in zip(rows, checked, strict=True)]
            for number in ids:
                own = self._rows[number].get("ext_id")
                self.created(call, body["entry_id"], own or (call.key if len(ids) == 1 else None))
        else:
            call.note(transaction, "repeat")
        if transaction:
            self._transactions[transaction] = ids
        return Reply.json({"status": "success", "success_count": len(ids), "success_ids": ids})

    @route("POST", f"{DATA}/get")
    def get(self, call: Call) -> Reply:
        """Read one row."""
        return Reply.json({"data": self._row(self._body(call))})

    @route("POST", f"{DATA}/list")
    def listing(self, call: Call) -> Reply:
        """Return rows in the order of their ids, after the row `data_id`."""
        body = self._body(call)
        limit, after, test = body.get("limit", 10), body.get("data_id") or "", body.get("filter")
        if not isinstance(limit, int) or not 0 < limit <= MAX_ROWS:
            return _error(BAD_PARAMETER)
        mine = (
            row for row in self._rows.values() if (row["appId"], row["entryId"]) == (body["app_id"], body["entry_id"])
        )
        try:
            found = [row for row in mine if row["_id"] > after and (not test or fits(row, test))]
        except (LookupError, TypeError, ValueError, AttributeError):
            return _error(BAD_PARAMETER)
        names = body.get("fields")
        shown = [row if not names else {n: row.get(n) for n in ("_id", "appId", "entryId", *names)} for row in found]
        return Reply.json({"data": shown[:limit]})

    @route("POST", f"{DATA}/update")
    def update(self, call: Call) -> Reply:
        """Change one row."""
        body = self._body(call)
        row = self._row(body)
        row.update(self._values(body.get("data")), updateTime=self._stamp(), updater=OWNER)
        call.note(row.get("ext_id") or row["_id"], "repeat")
        return Reply.json({"data": row})

    @route("POST", f"{DATA}/batch_update")
    def update_many(self, call: Call) -> Reply:
        """Set the same values in at most 100 rows."""
        body = self._body(call)
        ids = body.get("data_ids")
        if not isinstance(ids, list) or not 0 < len(ids) <= MAX_ROWS:
            return _error(BAD_PARAMETER)
        values, found = self._values(body.get("data")), [self._rows[n] for n in ids if n in self._rows]
        for row in found:
            row.update(values, updateTime=self._stamp())
        return Reply.json({"status": "success", "success_count": len(found)})

    @route("POST", f"{DATA}/delete")
    def delete(self, call: Call) -> Reply:
        """Delete one row."""
        del self._rows[self._row(self._body(call))["_id"]]
        return Reply.json({"status": "success"})

    def work(self, ref: str) -> bool:
        """Let a member set the status of a row and write a follow-up of it, by the names the settings give."""
        row, at = self._rows.get(ref), self._stamp()
        if row is None:
            return False
        row.update({self.settings.get("status_field", "status"): "跟进中"}, updateTime=at, updater=MEMBER)
        form = {"app_id": row["appId"], "entry_id": self.settings.get("followup_id", "followups")}
        self._made(form, None, {"lead": ref, "content": "已电话联系"}).update(creator=MEMBER, updater=MEMBER)
        return True

    def unauthorized(self) -> Reply:
        """Answer 400 with the code of a bad key."""
        return _error(self.settings.get("bad_key_code", BAD_KEY))

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 400 with the code of the rate limit."""
        return _error(RATE)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 400 with a code."""
        return _error(int(code) if code is not None else BAD_REQUEST)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400 as for an invalid request."""
        return _error(BAD_REQUEST)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the rows."""
        return iter(self._rows.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add rows: `app_id`, `entry_id`, `data` with plain values."""
        for item in items:
            self._made(item, item["data"], dict(item["data"]))

    def _body(self, call: Call) -> dict[str, Any]:
        body = call.json_object()
        if not isinstance(body.get("app_id"), str) or not isinstance(body.get("entry_id"), str):
            raise Refused(_error(BAD_PARAMETER))
        return body

    def _values(self, data: Any) -> dict[str, Any]:
        """Return the plain values of wrapped ones; an unknown field is left out, as the vendor does."""
        if not isinstance(data, dict):
            raise Refused(_error(BAD_PARAMETER))
        if any(not isinstance(wrapped, dict) or "value" not in wrapped for wrapped in data.values()):
            raise Refused(_error(BAD_PARAMETER))
        known = self.settings.get("widgets")
        return {name: _plain(wrapped["value"]) for name, wrapped in data.items() if known is None or name in known}

    def _made(self, body: Mapping[str, Any], data: Any, values: dict[str, Any] | None = None) -> dict[str, Any]:
        values = self._values(data) if values is None else values
        self._number += 1
        number, now = f"{self._number:024x}", self._stamp()
        row = {"_id": number, "appId": body["app_id"], "entryId": body["entry_id"], **values}
        who = {"creator": OWNER, "updater": OWNER}
        self._rows[number] = {**row, **who, "createTime": now, "updateTime": now, "flowState": 1}
        return self._rows[number]

    def _row(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = self._rows.get(str(body.get("data_id")))
        if not found:
            raise Refused(_error(NO_DATA))
        return found

    def _stamp(self) -> str:
        return self.clock.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Return a value as a read shows it: the rows of a subform without their wrapping."""
    if isinstance(value, list):
        return [_plain(row) for row in value]
    if isinstance(value, dict) and value and all(isinstance(v, dict) and "value" in v for v in value.values()):
        return {name: _plain(wrapped["value"]) for name, wrapped in value.items()}
    return value


def _error(code: int) -> Reply:
    return Reply.json({"code": code, "msg": _WORDS.get(code, "error")}, 400)
