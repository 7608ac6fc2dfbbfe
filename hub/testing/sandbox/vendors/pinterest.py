"""Pinterest lead ads: exports, ordered, made and downloaded; subscriptions; tokens (developers.pinterest.com)."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, timedelta
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

ACCESS = 2_592_000
KEPT = timedelta(days=30)
ACCOUNT = "/v5/ad_accounts/{account}"
KEY = base64.b64encode(b"sandbox sandbox sandbox sandbox ").decode()


class Pinterest(Vendor):
    """`/pinterest/v5/…`: `client_id`, `client_secret`, `refresh_token`, `token`, `looks` (until a file is made)."""

    name = "pinterest"
    limits: ClassVar[Mapping[str, Limit]] = {"minute": Limit(300, 60.0)}

    def clear(self) -> None:
        """Forget leads, exports, subscriptions and tokens."""
        self._leads: list[dict[str, Any]] = []
        self._exports: dict[str, dict[str, Any]] = {}
        self._subscriptions: dict[str, dict[str, Any]] = {}
        self._tokens = Tokens(self.clock, "pina_sandbox{:06d}")

    def dispatch(self, call: Call) -> Reply:
        """Check the token first; a file has its own address."""
        if not call.path.startswith("/v5/ad_accounts"):
            return super().dispatch(call)
        if not self._tokens.valid(call.bearer) and (not call.bearer or call.bearer != self.settings.get("token")):
            return self.unauthorized()
        self.spend("minute")
        return super().dispatch(call)

    @route("POST", "/v5/oauth/token")
    def token(self, call: Call) -> Reply:
        """Give an access token for a refresh token; the app proves itself in the header."""
        app = f"{self.settings.get('client_id', 'app')}:{self.settings.get('client_secret', '')}"
        if call.headers.get("authorization") != "Basic " + base64.b64encode(app.encode()).decode():
            return _error(401, 2, "Authentication failed.")
        form = call.form()
        known = self.settings.get("refresh_token", form.get("refresh_token"))
        if form.get("grant_type") != "refresh_token" or not known or form.get("refresh_token") != known:
            return _error(400, 283, "The refresh token is invalid.")
        told = {"access_token": self._tokens.mint(ACCESS), "token_type": "bearer", "expires_in": ACCESS}
        return Reply.json({**told, "scope": "ads:read"})

    @route("POST", f"{ACCOUNT}/leads_export")
    def order(self, call: Call) -> Reply:
        """Order the leads of an ad, of some days of the last 30."""
        body = call.json_object()
        days = [body.get("start_date"), body.get("end_date")]
        if not body.get("ad_id") or not all(re.fullmatch(r"\d{4}-\d\d-\d\d", str(day)) for day in days):
            return _error(400, 1, "ad_id, start_date and end_date are required")
        first = self.clock.now().astimezone(UTC).date() - KEPT
        if date.fromisoformat(str(days[0])) < first or str(days[0]) > str(days[1]):
            return _error(400, 1, "Leads are kept for 30 days")
        number = str(7000 + len(self._exports))
        self._exports[number] = {"ad": str(body["ad_id"]), "days": days, "left": int(self.settings.get("looks", 1))}
        return Reply.json({"leads_export_id": number})

    @route("GET", f"{ACCOUNT}/leads_export/{{export}}")
    def state(self, call: Call) -> Reply:
        """Say how far an export is, and where its file is."""
        export = self._exports.get(call.params["export"])
        if export is None:
            return _error(404, 4184, "Leads export not found")
        export["left"] -= 1
        done = export["left"] < 0
        address = f"{call.root}/files/{call.params['export']}"
        return Reply.json(
            {"export_status": "FINISHED" if done else "IN_PROGRESS", "download_url": address if done else None}
        )

    @route("GET", "/files/{export}")
    def file(self, call: Call) -> Reply:
        """Return the file of an export that is made."""
        export = self._exports.get(call.params["export"])
        if export is None or export["left"] >= 0:
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", {"content-type": "application/xml"})
        first, last = export["days"]
        mine = [
            lead for lead in self._leads if lead["ad_id"] == export["ad"] and first <= lead["Created Time"][:10] <= last
        ]
        heads = [
            "Lead ID",
            "Created Time",
            *sorted({name for lead in mine for name in lead} - {"Lead ID", "Created Time", "ad_id"}),
        ]
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(heads)
        writer.writerows([lead.get(head, "") for head in heads] for lead in mine)
        return Reply(200, out.getvalue().encode(), {"content-type": "text/csv"})

    @route("POST", f"{ACCOUNT}/leads/subscriptions")
    def subscribe(self, call: Call) -> Reply:
        """Register a webhook and give its key; nothing is sent to it."""
        body = call.json_object()
        if not str(body.get("webhook_url", "")).startswith("https://"):
            return _error(400, 1, "webhook_url must be https")
        number = str(len(self._subscriptions) + 1)
        key = {"cryptographic_key": KEY, "cryptographic_algorithm": "AES-256-GCM"}
        self._subscriptions[number] = {"id": number, "ad_account_id": call.params["account"], **body, **key}
        return Reply.json(self._subscriptions[number])

    @route("DELETE", f"{ACCOUNT}/leads/subscriptions/{{id}}")
    def unsubscribe(self, call: Call) -> Reply:
        """Remove a webhook."""
        return (
            Reply(204)
            if self._subscriptions.pop(call.params["id"], None)
            else _error(404, 4182, "Subscription not found")
        )

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, 2, "Authentication failed.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, 8, "This request exceeded a rate limit.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, int(code) if code is not None else 11, "Something went wrong on our end.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, 1, f"Invalid request: {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, 0, "Not found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return iter(self._leads)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads as rows of an export: `Lead ID`, `Created Time` (now where it is missing), `ad_id`, answers."""
        now = self.clock.now().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        self._leads += [{"Created Time": now, "ad_id": "687", **item} for item in items]


def _error(status: int, code: int, words: str) -> Reply:
    return Reply.json({"code": code, "message": words}, status)
