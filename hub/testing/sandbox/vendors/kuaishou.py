"""Kuaishou 快手磁力引擎: leads of an advertiser by time, marks, rotating tokens (developers.e.kuaishou.com)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Limit, route
from hub.testing.sandbox.vendors.ad_platform import ACCESS, REFRESH, AdPlatform

MAX_PAGE = 100
CLUES = "/rest/openapi/v2/gemini/crm/clue"


class Kuaishou(AdPlatform):
    """`/kuaishou/rest/openapi/…`."""

    name = "kuaishou"
    limits: ClassVar[Mapping[str, Limit]] = {"qps": Limit(10, 1.0)}
    account = "account_id"
    codes: ClassVar[Mapping[str, int]] = {
        "token": 402000, "refresh": 401000, "rate": 500010, "parameter": 400000, "permission": 403000, "system": 500000,
    }  # fmt: skip
    words: ClassVar[Mapping[int, str]] = {
        402000: "access_token expired", 401000: "refresh_token invalid", 500010: "请求过于频繁", 403000: "无权限",
        500000: "系统繁忙",
    }  # fmt: skip

    @route("POST", "/rest/openapi/oauth2/authorize/refresh_token")
    def refresh(self, call: Call) -> Reply:
        """Give a new pair; the old one ends."""
        body = call.json_object()
        if not isinstance(body.get("app_id"), int):
            return self.error("parameter", "app_id must be a number")
        access, refresh = self.renewed(body["app_id"], body.get("secret"), body.get("refresh_token"))
        lasts = {"access_token_expires_in": ACCESS, "refresh_token_expires_in": REFRESH}
        return self.ok({"access_token": access, "refresh_token": refresh, **lasts})

    @route("POST", f"{CLUES}/list")
    def leads(self, call: Call) -> Reply:
        """List leads, newest first."""
        self._entered(call)
        body = call.json_object()
        if not isinstance(body.get("advertiser_id"), int):
            return self.error("parameter", "advertiser_id must be a number")
        start, end = (self.instant(body.get(name)) for name in ("start_time", "end_time"))
        rows = [
            lead
            for lead in self.between(body["advertiser_id"], start, end)
            if body.get("phone") in (None, lead.get("phone"))
        ]
        page, info = self.paged(rows, body.get("page", 1), body.get("page_size", 10), MAX_PAGE)
        return self.ok({"total_count": info["total_number"], "details": page})

    @route("POST", f"{CLUES}/clue_mark/update")
    def mark(self, call: Call) -> Reply:
        """Note what became of a lead."""
        self._entered(call)
        body = call.json_object()
        found = [lead for lead in self._leads if str(lead["id"]) == str(body.get("clue_id"))]
        if not found:
            return self.error("parameter", "clue_id is not known")
        found[0]["schedule"] = {"schedule_id": body.get("schedule_id")}
        return self.ok({"id": found[0]["id"]})

    def _entered(self, call: Call) -> None:
        self.signed_in(call.headers.get("access-token"))
        self.spend("qps")
