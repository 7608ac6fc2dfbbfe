"""Google Forms v1 with the token endpoint of service accounts (developers.google.com/workspace/forms/api)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import JWT_GRANT, Tokens, claims_of
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_PAGE = 5_000
AUDIENCES = ("https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token")

_FILTER = re.compile(r"timestamp (>=|>) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)")
_STATUSES = {"RESOURCE_EXHAUSTED": 429, "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "UNAUTHENTICATED": 401}
_STATUSES |= {"INTERNAL": 500, "UNAVAILABLE": 503}


class GoogleForms(Vendor):
    """`/google_forms/v1/forms/…` and `/google_forms/token`; setting `public_key` (PEM of the service account)."""

    name = "google_forms"
    limits: ClassVar[Mapping[str, Limit]] = {"read": Limit(180, 60.0)}

    def clear(self) -> None:
        """Forget forms, responses and tokens."""
        self._forms: dict[str, dict[str, dict[str, Any]]] = {}
        self._titles: dict[str, dict[str, str]] = {}
        self._tokens = Tokens(self.clock, "ya29.forms-{}")
        self._scopes: dict[str, str] = {}

    @route("POST", "/token")
    def token(self, call: Call) -> Reply:
        """Give a token for a signed assertion (RS256)."""
        form = call.form()
        if form.get("grant_type") != JWT_GRANT:
            return Reply.json({"error": "unsupported_grant_type", "error_description": "Invalid grant_type"}, 400)
        try:
            now, audiences = self.clock.now().timestamp(), (*AUDIENCES, f"{call.root}/token")
            claims = claims_of(form.get("assertion", ""), now, audiences, self.settings.get("public_key"))
        except ValueError as error:
            return Reply.json({"error": "invalid_grant", "error_description": f"Invalid JWT: {error}"}, 400)
        token = self._tokens.mint(3599)
        self._scopes[token] = str(claims.get("scope", ""))
        return Reply.json({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    @route("GET", "/v1/forms/{form}")
    def form(self, call: Call) -> Reply:
        """Describe a form: its title, and its questions."""
        name = self._allowed(call, "forms.body")
        items = [
            {"itemId": f"i{qid}", "title": title, "questionItem": {"question": {"questionId": qid, "textQuestion": {}}}}
            for qid, title in self._titles[name].items()
        ]
        return Reply.json(
            {"formId": name, "info": {"title": "Sandbox form", "documentTitle": "Sandbox"}, "items": items}
        )

    @route("GET", "/v1/forms/{form}/responses")
    def responses(self, call: Call) -> Reply:
        """List responses of a time, in no order that is promised; an empty list is left out."""
        name = self._allowed(call, "forms.responses")
        asked, size, mark = call.query.get("filter"), call.query.get("pageSize", "0"), call.query.get("pageToken")
        match = _FILTER.fullmatch(asked) if asked else None
        if (asked and not match) or not size.isdigit():
            return _error("INVALID_ARGUMENT", "Request contains an invalid argument.")
        rows = [row for row in self._forms[name].values() if match is None or _fits(row, match)]
        start, _, token_filter = (mark or "0|").partition("|")
        if mark and token_filter != (asked or ""):
            return _error("INVALID_ARGUMENT", "The page token was made for another filter.")
        end = int(start) + min(int(size) or MAX_PAGE, MAX_PAGE)
        page, more = rows[int(start) : end], {"nextPageToken": f"{end}|{asked or ''}"} if end < len(rows) else {}
        return Reply.json({**({"responses": page} if page else {}), **more})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error("UNAUTHENTICATED", "Request had invalid authentication credentials.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests'.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with a Google status by name."""
        return _error(str(code or "UNAVAILABLE"), "The service is currently unavailable.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error("INVALID_ARGUMENT", reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error("NOT_FOUND", "Requested entity was not found.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the responses."""
        for rows in self._forms.values():
            yield from rows.values()

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add responses as the API shows them, with the `titles` of their questions."""
        for item in items:
            row = {name: value for name, value in item.items() if name != "titles"}
            self._forms.setdefault(item["formId"], {})[item["responseId"]] = row
            self._titles.setdefault(item["formId"], {}).update(item["titles"])

    def _allowed(self, call: Call, scope: str) -> str:
        if not self._tokens.valid(call.bearer):
            raise Refused(self.unauthorized())
        self.spend("read", call.bearer or "")
        if scope not in self._scopes[call.bearer or ""]:
            raise Refused(_error("PERMISSION_DENIED", "Request had insufficient authentication scopes."))
        if call.params["form"] not in self._forms:
            raise Refused(self.missing(call))
        return call.params["form"]


def _fits(row: Mapping[str, Any], match: re.Match[str]) -> bool:
    at, bound = datetime.fromisoformat(row["lastSubmittedTime"]), datetime.fromisoformat(match[2])
    return at > bound or (match[1] == ">=" and at == bound)


def _error(status: str, words: str) -> Reply:
    code = _STATUSES.get(status, 400)
    return Reply.json({"error": {"code": code, "message": words, "status": status}}, code)
