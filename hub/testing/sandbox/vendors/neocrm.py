"""Neocrm 销售易: leads by xobjects, XOQL queries, and tokens by the password grant (doc.xiaoshouyi.com)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

LEADS = "/rest/data/v2.0/xobjects/lead"
BAD_TOKEN, LIMIT, INVALID, ABSENT, SYNTAX = 20000002, 20000010, 1000101, 1000102, 1000103
MAX_ROWS = 3000
_QUERY = re.compile(
    r"select (?P<names>.+?) from lead(?: where (?P<where>.+?))?(?: order by (?P<order>\w+)(?: (?P<way>asc|desc))?)?"
    r"(?: limit (?:(?P<skip>\d+),)?(?P<limit>\d+))?",
    re.IGNORECASE | re.DOTALL,
)
_TEST = re.compile(r"(\w+) (=|>=|>|<=|<) (?:'([^']*)'|(\d+))")


class Neocrm(Vendor):
    """`/neocrm/…`; the codes of errors are the sandbox's own, as the vendor publishes none.

    Settings: `username`, `password` (with the security token behind it), `client_secret`, `entity_types` (known ids),
    `token` (a fixed one), `required` (fields a lead must have).
    """

    name = "neocrm"
    limits: ClassVar[Mapping[str, Limit]] = {"tenant": Limit(100, 1.0)}

    def clear(self) -> None:
        """Forget leads and tokens."""
        self._rows = Rows(self.clock, lambda number: str(3_700_000_000_000_000 + number))
        self._tokens = Tokens(self.clock, "neocrm-sandbox-{}")

    def dispatch(self, call: Call) -> Reply:
        """Check token and limit first."""
        if not call.path.startswith("/rest/"):
            return super().dispatch(call)
        if not self._tokens.valid(call.bearer) and (call.bearer is None or call.bearer != self.settings.get("token")):
            return self.unauthorized()
        self.spend("tenant")
        return super().dispatch(call)

    @route("POST", "/auc/oauth2/token", "/oauth2/token", "/oauth2/token.action")
    def token(self, call: Call) -> Reply:
        """Give a token for two hours, for a password or a refresh token."""
        form = call.form()
        named = (
            ("client_secret", "username", "password") if form.get("grant_type") == "password" else ("client_secret",)
        )
        for name in named:
            if not form.get(name) or self.settings.get(name, form[name]) != form[name]:
                return Reply.json({"error": "invalid_grant", "error_description": f"{name} is wrong"}, 400)
        told = {"access_token": self._tokens.mint(7200.0), "token_type": "Bearer", "expires_in": 7200}
        more = {"refresh_token": "neocrm-refresh", "instance_uri": call.root, "tenant_id": "100001"}
        return Reply.json({**told, **more})

    @route("POST", LEADS)
    def create(self, call: Call) -> Reply:
        """Make a lead; nothing keeps a repeat from making another."""
        values = self._values(call)
        kinds = self.settings.get("entity_types")
        missing = [name for name in ("entityType", *self.settings.get("required", ("name",))) if not values.get(name)]
        if missing or (kinds is not None and values["entityType"] not in kinds):
            return _error(INVALID, f"字段必填或取值无效: {', '.join(missing) or 'entityType'}")
        row = self._rows.make(values, by=1001)
        self.created(call, "lead", next((str(v) for v in values.values() if str(v).startswith("lead_")), None))
        return _answer({"id": int(row.id)})

    @route("GET", f"{LEADS}/{{id}}")
    def read(self, call: Call) -> Reply:
        """Read a lead."""
        return _answer(self._shown(self._row(call)))

    @route("PATCH", f"{LEADS}/{{id}}")
    def change(self, call: Call) -> Reply:
        """Change a lead."""
        row = self._row(call)
        self._rows.change(row.id, self._values(call))
        call.note(row.id, "repeat")
        return _answer({"id": int(row.id)})

    @route("DELETE", f"{LEADS}/{{id}}")
    def delete(self, call: Call) -> Reply:
        """Delete a lead."""
        self._rows.drop(self._row(call).id)
        return _answer({})

    @route("POST", "/rest/data/v2.0/query/xoql")
    def query(self, call: Call) -> Reply:
        """Answer a query in XOQL with comparisons joined by `and`."""
        parsed = _QUERY.fullmatch(call.form().get("xoql", "").strip())
        if parsed is None:
            return _error(SYNTAX, "XOQL语法错误")
        found = [row for row in map(self._shown, self._rows) if _fits(row, parsed["where"] or "")]
        if parsed["order"]:
            found.sort(key=lambda row: row.get(parsed["order"]) or 0, reverse=(parsed["way"] or "asc") == "desc")
        skip = int(parsed["skip"] or 0)
        page = found[skip : skip + min(int(parsed["limit"] or MAX_ROWS), MAX_ROWS)]
        names = [part.split() for part in parsed["names"].split(",")]
        records = [{words[-1]: row.get(words[0]) for words in names} for row in page]
        return _answer({"totalSize": len(found), "count": len(records), "records": records})

    def unauthorized(self) -> Reply:
        """Answer 401 as for a token that has ended."""
        return Reply.json({"code": BAD_TOKEN, "msg": "access_token失效", "data": None}, 401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with words about the limit."""
        return _error(LIMIT, "接口调用频率超限")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return _error(int(code) if code is not None else INVALID, "系统异常")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 200 as for a bad parameter."""
        return _error(INVALID, "参数错误")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return map(self._shown, self._rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads."""
        for item in items:
            self._rows.make(item, by=1001)

    def _values(self, call: Call) -> dict[str, Any]:
        values = call.json_object().get("data")
        if not isinstance(values, dict):
            raise Refused(_error(INVALID, "参数错误: data"))
        return values

    def _row(self, call: Call) -> Row:
        row = self._rows.get(call.params["id"])
        if row is None:
            raise Refused(_error(ABSENT, "数据不存在"))
        return row

    def _shown(self, row: Row) -> dict[str, Any]:
        times = {"createdAt": row.created_at, "updatedAt": row.updated_at}
        stamps = {name: int(at.timestamp() * 1000) for name, at in times.items()}
        people = {"createdBy": row.marks["by"], "updatedBy": row.values.get("updatedBy", row.marks["by"])}
        return {"status": "未处理", **row.values, "id": int(row.id), **stamps, **people}


def _fits(row: Mapping[str, Any], where: str) -> bool:
    """Return whether a row meets every comparison; text is compared as text, numbers as numbers."""
    for test in filter(None, re.split(r"\s+and\s+", where, flags=re.IGNORECASE)):
        parsed = _TEST.fullmatch(test.strip())
        if parsed is None:
            raise Refused(_error(SYNTAX, f"XOQL语法错误: {test[:40]}"))
        name, sign, words, number = parsed.groups()
        held: Any = str(row.get(name)) if number is None else row.get(name) or 0
        wanted: Any = words if number is None else int(number)
        above, same = held > wanted, held == wanted
        if not {"=": same, ">": above, ">=": above or same, "<": not above and not same, "<=": not above}[sign]:
            return False
    return True


def _answer(data: Any) -> Reply:
    return Reply.json({"code": 200, "msg": "OK", "data": data, "result": None, "ext": []})


def _error(code: int, words: str) -> Reply:
    return Reply.json({"code": code, "msg": words, "data": None})
