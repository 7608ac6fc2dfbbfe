"""LinkedIn Lead Sync: form responses by id and owner, subscriptions, refresh tokens (learn.microsoft.com)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

ACCESS, REFRESH = 5_184_000, 31_536_000
READABLE_MS = 365 * 86_400_000
MAX_PAGE, MAX_SUBSCRIPTIONS = 100, 1_500
LEAD_TYPES = ("SPONSORED", "EVENT", "COMPANY", "ORGANIZATION_PRODUCT")
_OWNER = re.compile(r"\((sponsoredAccount|organization):(urn(?:%3A|:)li(?:%3A|:)\1(?:%3A|:)[0-9]+)\)", re.IGNORECASE)
_RANGE = re.compile(r"\(start:([0-9]{13})(?:,end:([0-9]{13}))?\)")


class LinkedInLeadSync(Vendor):
    """`/linkedin_lead_sync/rest/…` and `/oauth/v2/accessToken`.

    Settings: `token` (a fixed access token), `client_secret`, `refresh_token`, `owner` (urn of seeded leads),
    `sunset` (versions before this one are refused).
    """

    name = "linkedin_lead_sync"
    limits: ClassVar[Mapping[str, Limit]] = {"daily": Limit(100_000, 86_400.0)}

    def clear(self) -> None:
        """Forget responses, subscriptions and tokens."""
        self._leads: dict[str, dict[str, Any]] = {}
        self._subscriptions: dict[str, dict[str, Any]] = {}
        self._tokens = Tokens(self.clock, "AQXsandbox{:06d}")

    def dispatch(self, call: Call) -> Reply:
        """Check version, protocol and token first."""
        if not call.path.startswith("/rest/"):
            return super().dispatch(call)
        if not call.bearer or not (self._tokens.valid(call.bearer) or call.bearer == self.settings.get("token")):
            return self.unauthorized()
        version = call.headers.get("linkedin-version", "")
        if not re.fullmatch(r"20[0-9]{4}", version):
            return _error(
                400,
                "VERSION_MISSING",
                "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
            )
        if version < str(self.settings.get("sunset", "202511")):
            return _error(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active")
        if call.headers.get("x-restli-protocol-version") != "2.0.0":
            return _error(400, "ILLEGAL_ARGUMENT", "Syntax exception in path variables")
        self.spend("daily")
        return super().dispatch(call)

    @route("POST", "/oauth/v2/accessToken")
    def token(self, call: Call) -> Reply:
        """Give an access token for a refresh token, which stays the same."""
        form = call.form()
        if form.get("grant_type") != "refresh_token" or not form.get("refresh_token") or not form.get("client_id"):
            return Reply.json({"error": "invalid_request", "error_description": "A required parameter is missing"}, 400)
        if form.get("client_secret") != self.settings.get("client_secret", form.get("client_secret")):
            return Reply.json({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        if form["refresh_token"] != self.settings.get("refresh_token", form["refresh_token"]):
            words = "The provided authorization grant or refresh token is invalid, expired or revoked"
            return Reply.json({"error": "invalid_grant", "error_description": words}, 400)
        told = {"access_token": self._tokens.mint(ACCESS), "expires_in": ACCESS, "refresh_token": form["refresh_token"]}
        return Reply.json({**told, "refresh_token_expires_in": REFRESH, "scope": "r_marketing_leadgen_automation"})

    @route("GET", "/rest/leadFormResponses/{id}")
    def read(self, call: Call) -> Reply:
        """Read one response; one that the member withdrew is not there."""
        lead = self._leads.get(call.params["id"])
        if lead is None:
            return _error(404, "NOT_FOUND", "Entity not found")
        return Reply.json(_chosen(lead, call))

    @route("GET", "/rest/leadFormResponses")
    def find(self, call: Call) -> Reply:
        """Find responses by owner, type and submit time, newest first, by offset."""
        start, count = call.query.get("start", "0"), call.query.get("count", "10")
        if (
            call.query.get("q") != "owner"
            or not start.isdigit()
            or not count.isdigit()
            or not 0 < int(count) <= MAX_PAGE
        ):
            return _error(400, "ILLEGAL_ARGUMENT", "Invalid finder, start or count")
        found = sorted(self._found(call), key=lambda one: (one["submittedAt"], one["id"]), reverse=True)
        page = found[int(start) : int(start) + int(count)]
        paging = {"start": int(start), "count": int(count), "total": len(found), "links": []}
        return Reply.json({"paging": paging, "elements": [_chosen(one, call) for one in page]})

    @route("POST", "/rest/leadNotifications")
    def subscribe(self, call: Call) -> Reply:
        """Register a webhook; nothing is sent to it."""
        body = call.json_object()
        if not str(body.get("webhook", "")).startswith("https://") or body.get("leadType") not in LEAD_TYPES:
            return _error(400, "ILLEGAL_ARGUMENT", "webhook must be https, leadType must be known")
        mine = [one for one in self._subscriptions.values() if one.get("owner") == body.get("owner")]
        if len(mine) >= MAX_SUBSCRIPTIONS:
            return _error(400, "ILLEGAL_ARGUMENT", "The owner has too many subscriptions")
        number = str(len(self._subscriptions) + 1)
        self._subscriptions[number] = {"id": number, **body}
        return Reply(201, b"", {"x-restli-id": number})

    @route("DELETE", "/rest/leadNotifications/{id}")
    def unsubscribe(self, call: Call) -> Reply:
        """Remove a webhook."""
        gone = self._subscriptions.pop(call.params["id"], None)
        return Reply(204) if gone else _error(404, "NOT_FOUND", "Entity not found")

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 without saying when."""
        return _error(
            429, "TOO_MANY_REQUESTS", "Resource level throttle DAILY limit for calls to this resource is reached."
        )

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500 with a code."""
        return _error(500, str(code or "INTERNAL_SERVER_ERROR"), "Internal Server Error")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "ILLEGAL_ARGUMENT", f"Could not parse JSON: {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "RESOURCE_NOT_FOUND", "No virtual resource found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the responses."""
        return iter(self._leads.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add responses as the API shows them; `withdrawn: true` removes the one of that id."""
        for item in items:
            lead = {"testLead": False, "owner": self.settings.get("owner"), "leadType": "SPONSORED", **item}
            self._leads[lead["id"]] = lead
            if lead.get("withdrawn"):
                del self._leads[lead["id"]]

    def _found(self, call: Call) -> list[dict[str, Any]]:
        owner = _OWNER.fullmatch(call.query.get("owner", ""))
        kind = re.fullmatch(r"\(leadType:([A-Z_]+)\)", call.query.get("leadType", ""))
        span = _RANGE.fullmatch(call.query.get("submittedAtTimeRange", ""))
        if owner is None or kind is None or kind[1] not in LEAD_TYPES or span is None:
            raise Refused(_error(400, "ILLEGAL_ARGUMENT", "Invalid owner, leadType or submittedAtTimeRange"))
        now = int(self.clock.now().timestamp() * 1000)
        first, last = int(span[1]), int(span[2] or now)
        if first < now - READABLE_MS:
            raise Refused(_error(400, "ILLEGAL_ARGUMENT", "submittedAtTimeRange must lie within the past year"))
        urn = owner[2].replace("%3A", ":").replace("%3a", ":")
        tests = call.query.get("limitedToTestLeads") == "true"
        return [
            one
            for one in self._leads.values()
            if one["leadType"] == kind[1] and first <= one["submittedAt"] <= last and (one["testLead"] or not tests)
            and urn in (one["owner"] or {urn: urn}).values()
        ]  # fmt: skip


def _chosen(lead: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Return the fields asked for, one level deep."""
    names = set(re.sub(r":\([^)]*\)", "", call.query.get("fields", "")).split(",")) - {""}
    return {name: value for name, value in lead.items() if not names or name in names or f"{name}Info" in names}


def _error(status: int, code: str, words: str, service: int | None = None) -> Reply:
    told = {"status": status, "code": code, "message": words}
    return Reply.json({**told, **({"serviceErrorCode": service} if service else {})}, status)
