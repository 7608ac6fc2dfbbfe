"""Ocean Engine 巨量引擎: leads of an advertiser by time, write-back, rotating tokens (open.oceanengine.com)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Limit, route
from hub.testing.sandbox.vendors.ad_platform import ACCESS, REFRESH, AdPlatform

MAX_PAGE, MAX_ACCOUNTS = 100, 50
NOT_VALID = 10_000
STATES = (194, 195, 196, 527, 285, NOT_VALID)


class OceanEngine(AdPlatform):
    """`/ocean_engine/open_api/…`; leads may be seeded with `clue_source: 4`, which are previews."""

    name = "ocean_engine"
    limits: ClassVar[Mapping[str, Limit]] = {"qps": Limit(10, 1.0)}
    codes: ClassVar[Mapping[str, int]] = {
        "token": 40105, "refresh": 40107, "rate": 40100, "parameter": 40001, "permission": 40002, "system": 51010,
    }  # fmt: skip
    words: ClassVar[Mapping[int, str]] = {
        40105: "access_token已过期", 40107: "refresh_token已失效", 40100: "请求过于频繁", 40002: "没有权限进行相关操作",
        51010: "系统错误",
    }  # fmt: skip

    def dispatch(self, call: Call) -> Reply:
        """Check the token first."""
        if "/oauth2/" not in call.path:
            self.signed_in(call.headers.get("access-token"))
            self.spend("qps")
        return super().dispatch(call)

    @route("POST", "/open_api/oauth2/refresh_token/")
    def refresh(self, call: Call) -> Reply:
        """Give a new pair; the old one ends."""
        body = call.json_object()
        if body.get("grant_type") != "refresh_token" or not isinstance(body.get("app_id"), int):
            return self.error("parameter", "app_id or grant_type is wrong")
        access, refresh = self.renewed(body["app_id"], body.get("secret"), body.get("refresh_token"))
        lasts = {"expires_in": ACCESS, "refresh_token_expires_in": REFRESH}
        return self.ok({"access_token": access, "refresh_token": refresh, **lasts})

    @route("GET", "/open_api/2/tools/clue/get/")
    def leads(self, call: Call) -> Reply:
        """List leads, newest first."""
        query = call.query
        start, end = (self.instant(query.get(name)) for name in ("start_time", "end_time"))
        accounts = _accounts(self, query.get("advertiser_ids", ""))
        found = [lead for account in accounts for lead in self.between(account, start, end)]
        page, info = self.paged(found, query.get("page", "1"), query.get("page_size", "10"), MAX_PAGE)
        return self.ok({"list": page, "page_info": info})

    @route("GET", "/open_api/2/tools/clue_info/get/")
    def one(self, call: Call) -> Reply:
        """Read leads by id."""
        wanted = [str(one) for one in json.loads(call.query.get("clue_ids", "[]"))]
        return self.ok({"list": [lead for lead in self._leads if str(lead["clue_id"]) in wanted]})

    @route("POST", "/open_api/2/tools/clue/callback/")
    def callback(self, call: Call) -> Reply:
        """Note what became of a lead, known by its id or its click."""
        body = call.json_object()
        state, reason = body.get("clue_convert_state"), (body.get("event_data") or {}).get("reason_code")
        if not isinstance(body.get("advertiser_ids"), list) or body.get("source") not in (0, 1):
            return self.error("parameter", "advertiser_ids or source is missing")
        if state not in STATES or (state == NOT_VALID and not reason):
            return self.error("parameter", "clue_convert_state is not valid, or its reason_code is missing")
        known = {str(lead["clue_id"]) for lead in self._leads}
        lead, click = str(body.get("clue_id") or ""), str(body.get("click_id") or "")
        if not (lead in known or (click and not lead)):
            return self.error("parameter", "clue_id is not known")
        self.told(call, lead or click, {"clue_convert_state": state, "reason_code": reason})
        return self.ok({})


def _accounts(vendor: AdPlatform, text: str) -> list[Any]:
    try:
        accounts = json.loads(text)
    except ValueError:
        accounts = None
    if not isinstance(accounts, list) or not 0 < len(accounts) <= MAX_ACCOUNTS:
        raise Refused(vendor.error("parameter", "advertiser_ids must be a list of numbers"))
    return accounts
