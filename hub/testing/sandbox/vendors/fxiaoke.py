"""Fxiaoke 纷享销客: sales leads, tokens that stay the same for 110 minutes, and queries (developer.fxiaoke.com)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

DATA = "/cgi/crm/v2/data"
ACCOUNT = "fxsandbox1"
FRESH, LIFE = 6600.0, 7200.0
PAGE, DEEPEST = 100, 10_000
BAD_SECRET, OUT_OF_RANGE, LIMIT, BAD_TOKEN, NO_TOKEN, BUSY, INVALID = 10006, 10013, 30004, 20016, 20017, -1, 32000

_WORDS = {
    BUSY: "system busy",
    BAD_SECRET: "the parameter appSecret is missing or illegal",
    OUT_OF_RANGE: "offset out of range 10000",
    LIMIT: "request rate exceeds the limit",
    BAD_TOKEN: "the cropId,cropAccessToken or authorization is error",
    NO_TOKEN: "corpAccessToken为必填项，不能为空",
    INVALID: "参数错误",
}
_TESTS = {"EQ": "__eq__", "GT": "__gt__", "GTE": "__ge__", "LT": "__lt__", "LTE": "__le__"}


class Fxiaoke(Vendor):
    """`/fxiaoke/…`; every answer is HTTP 200, as the vendor's are.

    Settings: `client_secret`, `permanent_code`, `users` (employee ids that exist), `token` (a fixed one), `required`
    (fields that a lead must have; name).
    """

    name = "fxiaoke"
    limits: ClassVar[Mapping[str, Limit]] = {"interface": Limit(100, 20.0), "token": Limit(10, 60.0)}

    def clear(self) -> None:
        """Forget leads and tokens."""
        self._rows = Rows(self.clock, lambda number: f"{0x68FA0C0000000000AA000000 + number:024x}")
        self._tokens = Tokens(self.clock, "BCsandbox{}DF2")
        self._current: tuple[str, float] | None = None

    def dispatch(self, call: Call) -> Reply:
        """Check the trace, the token and the limit of the interface first."""
        if call.path == "/oauth2.0/token":
            return super().dispatch(call)
        if not call.bearer:
            return _error(NO_TOKEN)
        known = self._tokens.valid(call.bearer) or call.bearer == self.settings.get("token")
        if not known or call.headers.get("x-fs-ea") != ACCOUNT or not call.headers.get("x-fs-userid"):
            return self.unauthorized()
        users = self.settings.get("users")
        if users is not None and call.headers["x-fs-userid"] not in users:
            return _error(30027, "员工不存在")
        if not _is_uuid4(call.query.get("thirdTraceId", "")):
            return _error(INVALID, "thirdTraceId")
        self.spend("interface", call.path)
        return super().dispatch(call)

    @route("POST", "/oauth2.0/token")
    def token(self, call: Call) -> Reply:
        """Give the token in use until it is 6,600 seconds old, then a new one beside it."""
        self.spend("token")
        body = call.json_object()
        for name, setting in (
            ("appSecret", "client_secret"),
            ("permanentCode", "permanent_code"),
            ("appId", "client_id"),
        ):
            if not body.get(name) or self.settings.get(setting, body[name]) != body[name]:
                return _error(BAD_SECRET)
        if body.get("grantType") != "app_secret":
            return _error(INVALID, "grantType")
        now = self.clock.monotonic()
        if self._current is None or now - self._current[1] >= FRESH or not self._tokens.valid(self._current[0]):
            self._current = self._tokens.mint(LIFE), now
        left = int(LIFE - (now - self._current[1]))
        told = {"accessToken": self._current[0], "expiresIn": left, "ea": ACCOUNT, "openUserId": "FSCID_SANDBOX"}
        return _answer(appId=body["appId"], **told)

    @route("POST", f"{DATA}/create")
    def create(self, call: Call) -> Reply:
        """Make a lead; a repeat makes another."""
        values = _part(_data(call), "object_data")
        missing = [name for name in self.settings.get("required", ("name",)) if not values.get(name)]
        if values.get("dataObjectApiName") != "LeadsObj" or missing:
            return _error(INVALID, f"必填: {', '.join(missing) or 'dataObjectApiName'}")
        if not isinstance(values.get("owner", []), list):
            return _error(INVALID, "owner")
        user = call.headers["x-fs-userid"]
        row = self._rows.make({"biz_status": "un_processed", **values}, by=user, changed_by=user)
        self.created(call, "lead", next((str(v) for v in values.values() if str(v).startswith("lead_")), None))
        return _answer(dataId=row.id)

    @route("POST", f"{DATA}/update")
    def change(self, call: Call) -> Reply:
        """Change a lead; the owner is changed by another call."""
        values = dict(_part(_data(call), "object_data"))
        row = self._row(values.pop("_id", None))
        if "owner" in values:
            return _error(INVALID, "owner不支持修改")
        self._rows.change(row.id, values)
        row.marks["changed_by"] = call.headers["x-fs-userid"]
        call.note(row.id, "repeat")
        return _answer(dataId=row.id)

    @route("POST", f"{DATA}/get")
    def read(self, call: Call) -> Reply:
        """Read a lead."""
        return _answer(data=_shown(self._row(_data(call).get("objectDataId"))))

    @route("POST", f"{DATA}/query")
    def query(self, call: Call) -> Reply:
        """Return a page of the leads that meet all filters."""
        search = _part(_data(call), "search_query_info")
        limit, offset = search.get("limit"), search.get("offset")
        if not isinstance(limit, int) or not isinstance(offset, int) or not 0 < limit <= PAGE or offset % limit:
            return _error(INVALID, "limit, offset")
        if offset > DEEPEST:
            return _error(OUT_OF_RANGE)
        found = [row for row in map(_shown, self._rows) if all(_fits(row, test) for test in search.get("filters", []))]
        for order in reversed(search.get("orders", [])):
            found.sort(key=lambda row, by=order: row.get(by["fieldName"]) or 0, reverse=not order["isAsc"])  # type: ignore[misc]
        names = search.get("fieldProjection")
        page = [row if not names else {n: row[n] for n in names if n in row} for row in found[offset : offset + limit]]
        return _answer(data={"dataList": page, "offset": offset, "limit": limit, "total": 0})

    @route("POST", f"{DATA}/invalid")
    def invalidate(self, call: Call) -> Reply:
        """Put a lead into the recycle bin."""
        self._row(_data(call).get("object_data_id")).marks["invalid"] = True
        return _answer()

    @route("POST", f"{DATA}/delete")
    def delete(self, call: Call) -> Reply:
        """Delete leads that are in the recycle bin."""
        ids = _data(call).get("idList")
        for row in [self._row(one, gone=True) for one in (ids if isinstance(ids, list) else [None])]:
            self._rows.drop(row.id)
        return _answer()

    def unauthorized(self) -> Reply:
        """Answer 200 with the code of a bad token."""
        return _error(BAD_TOKEN)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of too many calls."""
        return _error(LIMIT)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return _error(int(code) if code is not None else BUSY)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 200 as for a bad parameter."""
        return _error(INVALID)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return map(_shown, self._rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads."""
        for item in items:
            self._rows.make({"biz_status": "un_processed", **item}, by="1000", changed_by="1000")

    def _row(self, id_: Any, gone: bool = False) -> Row:
        row = self._rows.get(str(id_))
        if row is None or bool(row.marks.get("invalid")) != gone:
            raise Refused(_error(INVALID, "数据不存在或已作废"))
        return row


def _data(call: Call) -> dict[str, Any]:
    return _part(call.json_object(), "data")


def _part(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = value.get(name)
    if not isinstance(part, dict):
        raise Refused(_error(INVALID, name))
    return part


def _shown(row: Row) -> dict[str, Any]:
    """Return a lead as a query shows it: times in milliseconds, people as lists."""
    people = {"created_by": [row.marks["by"]], "last_modified_by": [row.marks["changed_by"]]}
    times = {"create_time": row.created_at, "last_modified_time": row.updated_at}
    return {**row.values, "_id": row.id, **people, **{name: int(at.timestamp() * 1000) for name, at in times.items()}}


def _fits(row: Mapping[str, Any], test: Mapping[str, Any]) -> bool:
    values, operator = test.get("field_values"), test.get("operator")
    if not isinstance(values, list) or operator not in _TESTS:
        raise Refused(_error(INVALID, "filters"))
    held = row.get(str(test.get("field_name")))
    wanted: Any = int(values[0]) if isinstance(held, int) else values[0]
    return held is not None and getattr(held, _TESTS[operator])(wanted) is True


def _is_uuid4(text: str) -> bool:
    try:
        return uuid.UUID(text).version == 4
    except ValueError:
        return False


def _answer(**more: Any) -> Reply:
    told = {"traceId": "E-O.sandbox", "errorCode": 0, "errorMessage": "OK", "errorDescription": "success"}
    return Reply.json({**told, **more})


def _error(code: int, words: str = "") -> Reply:
    said = " ".join(filter(None, (_WORDS.get(code, "error"), words)))
    return Reply.json({"traceId": "E-O.sandbox", "errorCode": code, "errorMessage": said})
