"""YonBIP 用友: tokens by signature, leads with unique names, and their list (open.yonyoucloud.com)."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

REQUIRED = ("systemSource", "code", "name", "source_code", "clueType_code", "org_code", "_status")
NO_TOKEN, BAD_TOKEN, NO_APP, LIMIT, UNKNOWN, NOT_JSON, FAILED = (
    "310001", "310036", "10018", "310046", "310404", "310002", 999,
)  # fmt: skip
SKEW = 600_000  # milliseconds; the vendor does not publish how far a timestamp may be off
_ZONE = ZoneInfo("Asia/Shanghai")
_TESTS = {"eq": "__eq__", "gt": "__gt__", "egt": "__ge__", "lt": "__lt__", "elt": "__le__"}
_MOBILE = re.compile(r"1[3-9]\d{9}")


class YonBIP(Vendor):
    """`/yonbip/iuap-api-auth/…` and `/yonbip/iuap-api-gateway/…`; refusals are HTTP 200 but for unknown paths.

    Settings: `app_key`, `app_secret`, `org_codes`, `source_codes` (that are known), `token` (a fixed one).
    """

    name = "yonbip"
    limits: ClassVar[Mapping[str, Limit]] = {"interface": Limit(60, 60.0)}

    def clear(self) -> None:
        """Forget leads and tokens."""
        self._rows = Rows(self.clock, lambda number: str(2_284_203_307_962_624 + number))
        self._tokens = Tokens(self.clock, "yht_access_token+sandbox/{}=")

    def dispatch(self, call: Call) -> Reply:
        """Find the path first, then check the token and the limit, as the gateway does."""
        call.path = call.path.replace("/iuap-api-gateway", "", 1)
        known = any(found.pattern.match(call.path) and found.method == call.method for found in self.routes)
        if not known or "/getAccessToken" in call.path:
            return super().dispatch(call)
        token = call.query.get("access_token")
        if not token:
            return _error(NO_TOKEN, "access_token不能为空。")
        if not self._tokens.valid(token) and token != self.settings.get("token"):
            return self.unauthorized()
        self.spend("interface", call.path)
        return super().dispatch(call)

    @route("GET", "/open-auth/dataCenter/getGatewayAddress")
    def centre(self, call: Call) -> Reply:
        """Name the addresses of a tenant's data centre."""
        data = {"gatewayUrl": f"{call.root}/iuap-api-gateway", "tokenUrl": f"{call.root}/iuap-api-auth"}
        return Reply.json({"code": "00000", "message": "成功！", "data": data})

    @route(
        "GET",
        "/iuap-api-auth/open-auth/selfAppAuth/base/v1/getAccessToken",
        "/iuap-api-auth/open-auth/selfAppAuth/getAccessToken",
    )
    def token(self, call: Call) -> Reply:
        """Give a token for two hours to whoever signs with the app's secret."""
        key, stamp = call.query.get("appKey", ""), call.query.get("timestamp", "")
        secret = self.settings.get("app_secret", "")
        if not key or self.settings.get("app_key", key) != key:
            return _error(NO_APP, "应用不存在或appKey已停用")
        own = hmac.new(secret.encode(), f"appKey{key}timestamp{stamp}".encode(), hashlib.sha256).digest()
        late = abs(int(stamp or 0) - self.clock.now().timestamp() * 1000) > SKEW
        if late or not hmac.compare_digest(b64encode(own).decode(), call.query.get("signature", "")):
            return _error("10020", "签名不正确")
        data = {"access_token": self._tokens.mint(7200.0), "expire": 7200}
        return Reply.json({"code": "00000", "message": "成功！", "data": data})

    @route("POST", "/yonbip/crm/bill/save")
    def save(self, call: Call) -> Reply:
        """Make a lead, whose name and code must be new."""
        body = call.json_object()
        data = body.get("data")
        if body.get("billnum") != "sfa_cluecard" or not isinstance(data, dict):
            return _error(FAILED, "单据编号不正确")
        missing = [name for name in REQUIRED if not data.get(name)]
        if missing or data["_status"] != "Insert":
            return _error(FAILED, f"{', '.join(missing) or '_status'}不能为空")
        for name, setting in (("org_code", "org_codes"), ("source_code", "source_codes")):
            if data[name] not in self.settings.get(setting, (data[name],)):
                return _error(FAILED, f"{name}翻译失败")
        if data.get("cellPhone") and not _MOBILE.fullmatch(str(data["cellPhone"])):
            return _error(FAILED, "手机格式不正确")
        for name, label in (("name", "线索名称"), ("code", "线索编码")):
            if self._rows.where(**{name: data[name]}):
                return _error(FAILED, f"{label} ({data[name]})已经存在")
        row = self._rows.make({**data, "status": int(data.get("status", 1)), "creator": "hub"})
        call.note(data["code"], "new")
        return Reply.json({"code": 200, "message": "操作成功", "data": {**_shown(row), "id": int(row.id)}})

    @route("POST", "/yonbip/crm/clue/bill/list")
    def listing(self, call: Call) -> Reply:
        """Return a page of leads, the newest first."""
        body = call.json_object()
        index, size = body.get("pageIndex"), body.get("pageSize")
        if not isinstance(index, int) or not isinstance(size, int):
            return _error(FAILED, "pageIndex、pageSize不能为空")
        found = [row for row in map(_shown, self._rows) if _fits(row, body)]
        found.reverse()
        pages = -(-len(found) // size)
        data = {"pageIndex": index, "pageSize": size, "recordCount": len(found), "pageCount": pages}
        page = found[(index - 1) * size : index * size]
        return Reply.json({"code": 200, "message": "操作成功", "data": {**data, "recordList": page}})

    @route("GET", "/yonbip/crm/clue/getbyid")
    def read(self, call: Call) -> Reply:
        """Read a lead."""
        row = self._rows.get(call.query.get("id", ""))
        return Reply.json({"code": 200, "data": _shown(row)}) if row else _error(1002, "数据不存在")

    def unauthorized(self) -> Reply:
        """Answer 200 with the code of a bad token."""
        return _error(BAD_TOKEN, "非法token")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of the interface's limit."""
        return _error(LIMIT, "API调用超过限流")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return _error(code if code is not None else FAILED, "业务异常")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 200 with the code of a body that is not JSON."""
        return _error(NOT_JSON, "请求体不是JSON")

    def missing(self, call: Call) -> Reply:
        """Answer 404 for a path the gateway does not know."""
        return Reply.json({"code": UNKNOWN, "message": f"网关上没有注册此API[{call.path}]，请确认后重新调用"}, 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return map(_shown, self._rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads."""
        for item in items:
            self._rows.make({"status": 1, "creator": "hub", **item})


def _shown(row: Row) -> dict[str, Any]:
    """Return a lead as the list shows it: its id as text, times of Beijing without an offset."""
    times = {"createTime": row.created_at, "pubts": row.updated_at}
    stamps = {name: at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S") for name, at in times.items()}
    return {**row.values, **stamps, "id": row.id, "recentFollower_Name": row.values.get("recentFollower_Name", "hub")}


def _fits(row: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Return whether a lead meets the fixed conditions and those in simpleVOs."""
    if any(body.get(name) and row.get(name) != body[name] for name in ("code", "name", "companyName")):
        return False
    fields = {"createTime": "createTime", "modifyTime": "pubts"}
    for test in body.get("simpleVOs") or []:
        held, first = str(row.get(fields.get(test.get("field"), ""), "")), test.get("value1", "")
        if test.get("op") == "between":
            if not first <= held <= test.get("value2", ""):
                return False
        elif getattr(held, _TESTS.get(test.get("op"), "__eq__"))(first) is not True:
            return False
    return True


def _error(code: int | str, words: str) -> Reply:
    return Reply.json({"code": code, "message": words})
