"""Baidu Marketing 百度营销: leads of an account by kind and time, marks, rotating tokens (dev2.baidu.com)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Limit, route
from hub.testing.sandbox.vendors.ad_platform import ACCESS, REFRESH, AdPlatform

MAX_PAGE, WIDEST = 5_000, timedelta(days=30)
KINDS = ("phone", "consult", "form", "wechat", "callback", "follow")
SERVICE = "/json/sms/service"


class BaiduLeads(AdPlatform):
    """`/baidu_leads/json/sms/service/…` and `/oauth/refreshToken`; the setting `account` is the account's name."""

    name = "baidu_leads"
    limits: ClassVar[Mapping[str, Limit]] = {"daily": Limit(50_000, 86_400.0)}
    account, made_at = "userName", "commitTime"
    codes: ClassVar[Mapping[str, int]] = {
        "token": 8302, "refresh": 40107, "rate": 8501, "parameter": 8202, "permission": 8204, "system": 3,
    }  # fmt: skip
    words: ClassVar[Mapping[int, str]] = {
        8302: "access token expired", 40107: "refreshToken is invalid", 8501: "quota is used up", 3: "system failure",
        8204: "no permission",
    }  # fmt: skip

    @route("POST", "/oauth/refreshToken")
    def refresh(self, call: Call) -> Reply:
        """Give a new pair; the old one ends."""
        body = call.json_object()
        if not isinstance(body.get("userId"), int):
            return Reply.json({"code": 8202, "message": "userId must be a number"})
        access, refresh = self.renewed(body.get("appId"), body.get("secretKey"), body.get("refreshToken"))
        lasts = {"expiresIn": ACCESS, "refreshExpiresIn": REFRESH, "userId": body["userId"]}
        return self.ok({"accessToken": access, "refreshToken": refresh, **lasts})

    @route("POST", f"{SERVICE}/LeadsNoticeService/getNoticeList")
    def leads(self, call: Call) -> Reply:
        """List the leads of one kind, newest first."""
        user, body = self._entered(call)
        kind, size, number = body.get("solutionType"), body.get("pageSize"), body.get("pageNo")
        start, end = (self.instant(body.get(name)) for name in ("startDate", "endDate"))
        if kind not in KINDS or not start <= end <= start + WIDEST:
            return self.error("parameter", "solutionType, startDate or endDate is not valid")
        rows = [lead for lead in self.between(user, start, end) if lead.get("solutionType", "form") == kind]
        page, info = self.paged(rows, number, size, MAX_PAGE)
        told = {"totalNum": info["total_number"], "rowNumber": len(page), "noticeDetailList": page}
        return self.ok([told], desc="success")

    @route("POST", f"{SERVICE}/FmLeadsUpdateService/addMark")
    def mark(self, call: Call) -> Reply:
        """Note what became of leads; each item has its own code."""
        told = []
        for one in self._entered(call)[1].get("data", []):
            found = [lead for lead in self._leads if lead["clueId"] == one.get("clueId")]
            for lead in found:
                lead["markType"] = one.get("markType")
            told.append({"clueId": one.get("clueId"), "errorCode": 0 if found else 1})
        return self.ok(told, desc="success")

    def ok(self, data: Any, desc: str = "") -> Reply:
        """Return what was asked for: tokens flat, all else under a header."""
        if not desc:
            return Reply.json({"code": 0, "message": "success", "data": data})
        head = {
            "desc": desc,
            "status": 0,
            "failures": [],
            "quota": 1,
            "rquota": self.left("daily"),
            "traceid": "sandbox",
        }
        return Reply.json({"header": head, "body": {"data": data}})

    def coded(self, code: int, words: str = "") -> Reply:
        """Return an error: one of the refresh flat, all else as a failure in the header."""
        said = words or self.words.get(code, "error")
        if code == self.codes["refresh"]:
            return Reply.json({"code": code, "message": said})
        failures = [] if code == self.codes["system"] else [{"code": code, "field": "", "message": said}]
        head = {"desc": said, "status": 3 if code == self.codes["system"] else 2, "failures": failures}
        return Reply.json({"header": {**head, "traceid": "sandbox"}, "body": {}})

    def _entered(self, call: Call) -> tuple[str, dict[str, Any]]:
        """Return the account and the body of a call whose token is good."""
        said = call.json_object()
        head, body = said.get("header"), said.get("body")
        head, body = head if isinstance(head, dict) else {}, body if isinstance(body, dict) else {}
        self.signed_in(head.get("accessToken"))
        self.spend("daily")
        return str(head.get("userName", "")), body
