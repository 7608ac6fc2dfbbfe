"""Chanjet T+ 畅捷通: partners with unique codes, refresh tokens that are replaced at each use (open.chanjet.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Vendor, route

PARTNER = "/tplus/api/v2/partner"
LIFE = 6 * 86_400.0
BAD_TOKEN, BAD_SETTINGS, FAILED = "4007", "50003", "EXSV0001"


class Chanjet(Vendor):
    """`/chanjet/…`.

    Settings: `app_key`, `app_secret`, `refresh_token` (the first one), `classes` (codes of partner classes that are
    known; 01), `token` (a fixed one).
    """

    name = "chanjet"

    def clear(self) -> None:
        """Forget partners and tokens."""
        self._rows = Rows(self.clock, first=101)
        self._tokens = Tokens(self.clock, "chanjet-sandbox-{}")
        self._refresh = 0

    def dispatch(self, call: Call) -> Reply:
        """Check the app first, then its token."""
        wanted = {"appkey": "app_key", "appsecret": "app_secret"}
        for header, setting in wanted.items():
            given = call.headers.get(header)
            if not given or self.settings.get(setting, given) != given:
                return _error(500, BAD_SETTINGS, "应用信息不正确")
        if call.path.startswith("/tplus/"):
            token = call.headers.get("opentoken")
            if not self._tokens.valid(token) and (token is None or token != self.settings.get("token")):
                return self.unauthorized()
        return super().dispatch(call)

    @route("GET", "/auth/v2/refreshToken")
    def token(self, call: Call) -> Reply:
        """Give a token for six days, and a refresh token in place of the one used."""
        given, first = call.query.get("refreshToken"), self.settings.get("refresh_token")
        wanted = f"chanjet-refresh-{self._refresh}" if self._refresh else first or given
        if call.query.get("grantType") != "refresh_token" or not given or given != wanted:
            return Reply.json({"code": "40001", "message": "refreshToken无效"})
        self._refresh += 1
        told = {"access_token": self._tokens.mint(LIFE), "refresh_token": f"chanjet-refresh-{self._refresh}"}
        return Reply.json({"code": "200", "result": {**told, "expires_in": int(LIFE), "org_id": "9001"}})

    @route("POST", f"{PARTNER}/Create")
    def create(self, call: Call) -> Reply:
        """Make a partner, whose code must be new; the answer is its bare id."""
        dto = self._dto(call)
        if not dto.get("Name") or not isinstance(dto.get("PartnerType"), dict):
            raise Refused(_error(500, FAILED, "名称、性质不能为空"))
        if self._rows.where(Code=dto["Code"]):
            raise Refused(_error(500, "EXSV0003", "往来单位编码重复"))
        row = self._rows.make(dto)
        call.note(dto["Code"], "new")
        return Reply.json(row.id)

    @route("POST", f"{PARTNER}/Update")
    def change(self, call: Call) -> Reply:
        """Change a partner by its code."""
        dto = self._dto(call)
        self._rows.change(self._row(dto).id, dto)
        call.note(dto["Code"], "repeat")
        return Reply.json(None)

    @route("POST", f"{PARTNER}/Delete")
    def delete(self, call: Call) -> Reply:
        """Delete a partner by its code."""
        self._rows.drop(self._row(self._dto(call)).id)
        return Reply.json(None)

    @route("POST", f"{PARTNER}/Query")
    def query(self, call: Call) -> Reply:
        """Return the partners with this code or name as a bare list."""
        param = call.json_object().get("param")
        if not isinstance(param, dict):
            return _error(500, FAILED, "param不能为空")
        equal = {name: param[name] for name in ("Code", "Name") if param.get(name)}
        return Reply.json([_shown(row) for row in self._rows.where(**equal)])

    def unauthorized(self) -> Reply:
        """Answer 401 with the code of a token that has ended."""
        return _error(401, BAD_TOKEN, "token已过期")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return Reply(429, b"", {"retry-after": str(int(after) + 1)})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500 with a business code."""
        return _error(500, str(code or FAILED), "业务异常")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 500 as for a body that cannot be read."""
        return _error(500, FAILED, "参数格式错误")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the partners."""
        return map(_shown, self._rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add partners."""
        for item in items:
            self._rows.make(item)

    def _dto(self, call: Call) -> dict[str, Any]:
        dto = call.json_object().get("dto")
        if not isinstance(dto, dict) or not dto.get("Code"):
            raise Refused(_error(500, FAILED, "编码不能为空"))
        known = self.settings.get("classes", ("01",))
        if "PartnerClass" in dto and (dto["PartnerClass"] or {}).get("Code") not in known:
            raise Refused(_error(500, "EXSV0002", "往来单位分类不存在"))
        return dto

    def _row(self, dto: Mapping[str, Any]) -> Row:
        found = self._rows.where(Code=dto["Code"])
        if not found:
            raise Refused(_error(500, "EXSV0004", "往来单位不存在"))
        return found[0]


def _shown(row: Row) -> dict[str, Any]:
    return {**row.values, "ID": int(row.id)}


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"code": code, "message": words}, status)
