"""What Google's APIs of the sandbox share: tokens by assertion, refresh token or consent, and Google's errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.consent import Consent, Denied
from hub.testing.sandbox.tokens import JWT_GRANT, Tokens, claims_of
from hub.testing.sandbox.vendor import Code, Vendor, route

AUDIENCES = ("https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token")
STATUSES: Mapping[str, int] = {
    "RESOURCE_EXHAUSTED": 429, "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "UNAUTHENTICATED": 401, "INTERNAL": 500,
    "UNAVAILABLE": 503,
}  # fmt: skip


class GoogleApi(Vendor):
    """`/…/token` and `/…/auth`; settings: `public_key`, or `client_id`, `client_secret`, `refresh_token`, `consent`."""

    scope: ClassVar[str] = ""  # without it a token is refused

    def clear(self) -> None:
        """Forget tokens and consents."""
        self._tokens = Tokens(self.clock, "ya29.sandbox-{}")
        self._scopes: dict[str, str] = {}
        self._consent = Consent(self.clock)
        self._asked = ""

    @route("GET", "/auth")
    def auth(self, call: Call) -> Reply:
        """Show the consent page to a person who decides at once."""
        self._asked = call.query.get("scope", "")
        return self._consent.page(call.query, self.settings)

    @route("POST", "/token")
    def token(self, call: Call) -> Reply:
        """Give a token for a signed assertion, a refresh token, or a code."""
        form = call.form()
        try:
            scope, refresh = self._granted(form, call)
        except Denied as error:
            return Reply.json({"error": error.error, "error_description": error.words}, 400)
        token = self._tokens.mint(3599)
        self._scopes[token] = scope
        more = {"refresh_token": refresh} if form.get("grant_type") == "authorization_code" else {}
        return Reply.json({"access_token": token, "expires_in": 3599, "token_type": "Bearer", "scope": scope, **more})

    def _granted(self, form: Mapping[str, str], call: Call) -> tuple[str, str]:
        if form.get("grant_type") != JWT_GRANT:
            return self._asked or self.scope, self._consent.granted(form, self.settings)
        try:
            now, audiences = self.clock.now().timestamp(), (*AUDIENCES, f"{call.root}/token")
            claims = claims_of(form.get("assertion", ""), now, audiences, self.settings.get("public_key"))
        except ValueError as error:
            raise Denied("invalid_grant", f"Invalid JWT: {error}") from error
        return str(claims.get("scope", "")), ""

    def signed_in(self, call: Call) -> str:
        """Return the token; raises Refused unless it is valid and was given for this API."""
        if not self._tokens.valid(call.bearer):
            raise Refused(self.unauthorized())
        if self.scope not in self._scopes[call.bearer or ""].split():
            words = "Request had insufficient authentication scopes."
            raise Refused(google_error("PERMISSION_DENIED", words, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"))
        return call.bearer or ""

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return google_error("UNAUTHENTICATED", "Request had invalid authentication credentials.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return google_error("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with a Google status by name."""
        return google_error(str(code or "UNAVAILABLE"), "The service is currently unavailable.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return google_error("INVALID_ARGUMENT", f"Invalid JSON payload received. {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return google_error("NOT_FOUND", "Requested entity was not found.")


def google_error(status: str, words: str, reason: str = "", *violations: Mapping[str, Any]) -> Reply:
    """Return an error in Google's shape, with its reason and the fields that broke a rule (google.rpc)."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    bad = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": list(violations)}
    details = ([info] if reason else []) + ([bad] if violations else [])
    code = STATUSES.get(status, 400)
    told = {"code": code, "message": words, "status": status, **({"details": details} if details else {})}
    return Reply.json({"error": told}, code)
