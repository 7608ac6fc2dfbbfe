"""TikTok lead generation: files of leads, ordered, made and downloaded; subscriptions (business-api.tiktok.com)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

KEPT = 600.0  # seconds a file can be downloaded
HEADS = ("lead_id", "created_time", "ad_id", "ad_name", "adgroup_id", "adgroup_name", "campaign_id", "campaign_name")
API = "/open_api/v1.3"

_WORDS = {
    40001: "No permission to operate advertiser", 40002: "task not found", 40100: "Too many requests",
    40105: "Access token is incorrect or has been revoked.", 50000: "Internal system error",
}  # fmt: skip


class TikTokLeads(Vendor):
    """`/tiktok_leads/open_api/v1.3/…`.

    Settings: `token`, `advertiser`, `looks` (how often a file is asked for until it is made), `region` (leads are only
    given with this x-lead-region).
    """

    name = "tiktok_leads"
    limits: ClassVar[Mapping[str, Limit]] = {"qps": Limit(5, 1.0)}

    def clear(self) -> None:
        """Forget leads, files and subscriptions."""
        self._leads: list[dict[str, Any]] = []
        self._tasks: dict[str, dict[str, Any]] = {}
        self._subscriptions: list[dict[str, Any]] = []

    def dispatch(self, call: Call) -> Reply:
        """Check the token first; a subscription brings its own."""
        if "/subscription/" not in call.path:
            self.require(call.headers.get("access-token"))
        self.spend("qps")
        return super().dispatch(call)

    @route("POST", f"{API}/page/lead/task/")
    def task(self, call: Call) -> Reply:
        """Order a file, or say how far it is."""
        body = call.json_object()
        if str(body.get("advertiser_id")) != str(self.settings.get("advertiser", body.get("advertiser_id"))):
            return _error(40001)
        if "task_id" not in body:
            if not body.get("page_id") and not body.get("ad_id"):
                return _error(40002, "page_id or ad_id is required")
            number = f"task-{len(self._tasks) + 1}"
            self._tasks[number] = {
                "page": str(body.get("page_id")),
                "left": int(self.settings.get("looks", 1)),
                "at": 0.0,
            }
            return _ok({"task_id": number, "status": "RUNNING"})
        task = self._tasks.get(str(body["task_id"]))
        if task is None:
            return _error(40002)
        task["left"] -= 1
        if task["left"] < 0 and not task["at"]:
            task["at"] = self.clock.monotonic()
        return _ok({"task_id": body["task_id"], "status": "SUCCEED" if task["left"] < 0 else "RUNNING"})

    @route("GET", f"{API}/page/lead/task/download/")
    def download(self, call: Call) -> Reply:
        """Return a file that is made, for ten minutes."""
        task = self._tasks.get(call.query.get("task_id", ""))
        if task is None or task["left"] >= 0 or self.clock.monotonic() - task["at"] > KEPT:
            return _error(40002)
        region = self.settings.get("region")
        mine = [lead for lead in self._leads if str(lead["page_id"]) == task["page"]]
        shown = mine if region is None or call.headers.get("x-lead-region") == region else []
        return Reply(200, _file(shown), {"content-type": "text/csv"})

    @route("POST", f"{API}/subscription/subscribe/")
    def subscribe(self, call: Call) -> Reply:
        """Register a webhook; nothing is sent to it."""
        body = call.json_object()
        self.require(str(body.get("subscription_detail", {}).get("access_token") or ""))
        if body.get("subscribe_entity") != "LEAD" or not str(body.get("callback_url", "")).startswith("https://"):
            return _error(40002, "subscribe_entity or callback_url is not valid")
        self._subscriptions.append({"subscription_id": f"{len(self._subscriptions) + 1}", **body})
        return _ok({"subscription_id": self._subscriptions[-1]["subscription_id"]})

    def unauthorized(self) -> Reply:
        """Answer 200 with the code of a token."""
        return _error(40105)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the code of the rate."""
        return _error(40100)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return _error(int(code) if code is not None else 50000)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 200 with the code of a parameter."""
        return _error(40002, reason)

    def missing(self, call: Call) -> Reply:
        """Answer as for a path without its last slash."""
        return _error(40002, "path not found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return iter(self._leads)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads: `lead_id`, `page_id`, `created_time` (now where it is missing), and answers by their question."""
        now = self.clock.now().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        self._leads += [{"created_time": now, "page_id": "74", "is_test": "false", **item} for item in items]


def _file(leads: list[dict[str, Any]]) -> bytes:
    """Return a CSV file with a byte order mark, ids protected from Excel."""
    asked = sorted({name for lead in leads for name in lead} - {*HEADS, "page_id", "is_test"})
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*HEADS, "page_id", "is_test", *asked])
    for lead in leads:
        known = [
            f"'{lead.get(head, '')}" if head.endswith("_id") and lead.get(head) else lead.get(head, "")
            for head in HEADS
        ]
        writer.writerow([*known, f"'{lead['page_id']}", lead["is_test"], *(lead.get(name, "") for name in asked)])
    return out.getvalue().encode("utf-8-sig")


def _ok(data: Mapping[str, Any]) -> Reply:
    return Reply.json({"code": 0, "message": "OK", "data": data, "request_id": "sandbox"})


def _error(code: int, words: str = "") -> Reply:
    return Reply.json(
        {"code": code, "message": words or _WORDS.get(code, "error"), "request_id": "sandbox", "data": {}}
    )
