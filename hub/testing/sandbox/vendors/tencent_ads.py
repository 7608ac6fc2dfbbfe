"""Tencent Ads 腾讯广告: leads of an account by time, write-back, rotating tokens (developers.e.qq.com)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Limit, route
from hub.testing.sandbox.vendors.ad_platform import ACCESS, REFRESH, AdPlatform

MAX_PAGE, DEEPEST, SKEW, YEAR = 200, 5_000, 300, 366 * 86_400
MAX_STATUSES = 50
STATUSES = {
    f"LEADS_CONVERT_STATUS_{word}"
    for word in ("DEPRECATED", "POTENTIAL_CUSTOMER", "HIGH_INTENTION_CUSTOMER", "TRANS_COMPLETED")
}
TIMES = {"TIME_TYPE_CREATED_TIME": "leads_create_time", "TIME_TYPE_ACTION_TIME": "leads_action_time"}


class TencentAds(AdPlatform):
    """`/tencent_ads/v3.0/…` and `/oauth/token`; a nonce may be used once."""

    name = "tencent_ads"
    limits: ClassVar[Mapping[str, Limit]] = {"minute": Limit(600, 60.0)}
    account, made_at = "account_id", "leads_create_time"
    codes: ClassVar[Mapping[str, int]] = {
        "token": 11000, "refresh": 11012, "rate": 11017, "parameter": 11013, "permission": 11004, "system": 10000,
        "value": 30000,
    }  # fmt: skip
    words: ClassVar[Mapping[int, str]] = {
        11000: "access_token is expired", 11012: "refresh_token is expired", 11017: "too many requests per minute",
        11004: "client is not allowed", 10000: "the system is busy", 12000: "access_token, timestamp or nonce missing",
    }  # fmt: skip

    def clear(self) -> None:
        """Forget leads, tokens and nonces."""
        super().clear()
        self._nonces: set[str] = set()

    def dispatch(self, call: Call) -> Reply:
        """Check token, time and nonce first."""
        if call.path == "/oauth/token":
            return super().dispatch(call)
        stamp, nonce = call.query.get("timestamp", ""), call.query.get("nonce", "")
        if not call.query.get("access_token") or not stamp.isdigit() or not 0 < len(nonce) <= 32:
            return self.coded(12000)
        if abs(int(stamp) - self.clock.now().timestamp()) > SKEW or nonce in self._nonces:
            return self.error("parameter", "timestamp is too far off, or nonce was used before")
        self._nonces.add(nonce)
        self.signed_in(call.query["access_token"])
        self.spend("minute")
        return super().dispatch(call)

    @route("GET", "/oauth/token")
    def refresh(self, call: Call) -> Reply:
        """Give a new pair; the old one ends."""
        query = call.query
        if query.get("grant_type") != "refresh_token":
            return self.error("parameter", "grant_type is not supported")
        access, refresh = self.renewed(query.get("client_id"), query.get("client_secret"), query.get("refresh_token"))
        lasts = {"access_token_expires_in": ACCESS, "refresh_token_expires_in": REFRESH}
        return self.ok({"access_token": access, "refresh_token": refresh, **lasts})

    @route("GET", "/v3.0/leads_list/get")
    def leads(self, call: Call) -> Reply:
        """List leads, newest first; past 5,000 of one question pages are not given by number."""
        query = call.query
        span, field = _object(query.get("time_range", "")), TIMES.get(query.get("time_type", ""))
        start, end = span.get("start_time"), span.get("end_time")
        if not isinstance(start, int) or not isinstance(end, int) or field is None or not start <= end <= start + YEAR:
            return self.error("parameter", "time_range or time_type is not valid")
        found = self.between(
            query.get("account_id"), datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
        )
        page, info = self.paged(found, query.get("page", "1"), query.get("page_size", "10"), MAX_PAGE)
        if info["page"] * info["page_size"] > DEEPEST:
            return self.error("parameter", "last_search_after_values is required past 5000 rows")
        return self.ok({"leads_info": page, "page_info": info})

    @route("POST", "/v3.0/leads_status/update")
    def status(self, call: Call) -> Reply:
        """Note what became of leads; those not known are named by their place."""
        body = call.json_object()
        given = body.get("leads_conversion_status_list")
        if not isinstance(given, list) or not 0 < len(given) <= MAX_STATUSES or body.get("match_type") != "LEADSID":
            return self.error("value", "leads_conversion_status_list or match_type is not valid")
        if any(
            one.get("leads_convert_type") not in STATUSES or not isinstance(one.get("leads_id"), int) for one in given
        ):
            return self.error("value", "leads_id or leads_convert_type is not valid")
        mine = {lead["leads_id"] for lead in self._leads if str(lead[self.account]) == str(body.get("account_id"))}
        for one in given:
            if one["leads_id"] in mine:
                self.told(call, str(one["leads_id"]), one)
        failed = [{"index": index} for index, one in enumerate(given) if one["leads_id"] not in mine]
        return self.ok({"fail_leads_list": failed})


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
