"""Typeform's Responses API (www.typeform.com/developers)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_PAGE = 1_000


class Typeform(Vendor):
    """`/typeform/forms/…`.

    Settings: `token`, `forms` (known ids; none: those with responses), `lag` (seconds until a response is listed),
    `after_descending` (what `after` returns comes newest first).
    """

    name = "typeform"
    limits: ClassVar[Mapping[str, Limit]] = {"second": Limit(2, 1.0)}

    def clear(self) -> None:
        """Forget responses and webhooks."""
        self._responses: dict[str, dict[str, dict[str, Any]]] = {}
        self._webhooks: dict[tuple[str, str], dict[str, Any]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token and limit first."""
        self.spend("second", self.require(call.bearer))
        return super().dispatch(call)

    @route("GET", "/forms")
    def forms(self, call: Call) -> Reply:
        """List the forms."""
        names = self.settings.get("forms") or list(self._responses)
        items = [{"id": name, "title": f"Form {name}"} for name in names]
        return Reply.json({"total_items": len(items), "page_count": 1, "items": items})

    @route("GET", "/forms/{form}")
    def form(self, call: Call) -> Reply:
        """Describe a form by the answers it got."""
        found = self._form(call)
        fields = {a["field"]["ref"]: a["field"] for response in found.values() for a in response.get("answers") or []}
        return Reply.json({"id": call.params["form"], "title": call.params["form"], "fields": list(fields.values())})

    @route("GET", "/forms/{form}/responses")
    def responses(self, call: Call) -> Reply:
        """List responses, newest first, by time or by token."""
        found, size = self._form(call), call.query.get("page_size", "25")
        if not size.isdigit() or not 0 < int(size) <= MAX_PAGE:
            return _error(400, "VALIDATION_ERROR", f"page_size must be between 1 and {MAX_PAGE}")
        if "sort" in call.query and ("after" in call.query or "before" in call.query):
            return _error(400, "VALIDATION_ERROR", "sort cannot be used together with after or before")
        rows = self._chosen(call, sorted(found.values(), key=lambda row: (_at(row["submitted_at"]), row["token"])))
        oldest_first = call.query.get("sort", "").endswith(",asc")
        if "after" in call.query:
            oldest_first = not self.settings.get("after_descending")
        if not oldest_first:
            rows.reverse()
        page = rows[: int(size)]
        return Reply.json({"total_items": len(rows), "page_count": ceil(len(rows) / int(size)), "items": page})

    @route("PUT", "/forms/{form}/webhooks/{tag}")
    def webhook(self, call: Call) -> Reply:
        """Set up a webhook; nothing is sent to it."""
        body, names = call.json_object(), (call.params["form"], call.params["tag"])
        if not str(body.get("url", "")).startswith("https://"):
            return _error(400, "VALIDATION_ERROR", "url must be https")
        self._webhooks[names] = {
            "id": f"sandbox-{len(self._webhooks) + 1}",
            "form_id": names[0],
            "tag": names[1],
            **body,
        }
        return Reply.json({name: value for name, value in self._webhooks[names].items() if name != "secret"})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "AUTHENTICATION_FAILED", "Authentication credentials not found on the Request Headers")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, "TOO_MANY_REQUESTS", "Rate limit exceeded")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500 with a code; Typeform does not hide errors behind 200."""
        return _error(500, str(code or "INTERNAL_ERROR"), "Something went wrong")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "VALIDATION_ERROR", f"the body is not JSON: {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "NOT_FOUND", "not found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the responses with their form."""
        for form, found in self._responses.items():
            yield from ({"form_id": form, **response} for response in found.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add responses: `form_id`, `token`, `submitted_at`, `answers`, `hidden`."""
        for item in items:
            response = {name: value for name, value in item.items() if name != "form_id"}
            token = {"response_id": response["token"], "landing_id": response["token"]}
            self._responses.setdefault(item["form_id"], {})[response["token"]] = {**token, **response}

    def _form(self, call: Call) -> dict[str, dict[str, Any]]:
        name = call.params["form"]
        if name not in (self.settings.get("forms") or self._responses):
            raise Refused(_error(404, "FORM_NOT_FOUND", f"Non existing form with uid {name}"))
        return self._responses.get(name, {})

    def _chosen(self, call: Call, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows a request asks for, oldest first."""
        until = self.clock.now().timestamp() - float(self.settings.get("lag", 0.0))
        rows = [row for row in rows if _at(row["submitted_at"]) <= until]
        tokens = [row["token"] for row in rows]
        if call.query.get("after") in tokens:
            rows = rows[tokens.index(call.query["after"]) + 1 :]
        elif call.query.get("before") in tokens:
            rows = rows[: tokens.index(call.query["before"])]
        if "since" in call.query:
            rows = [row for row in rows if _at(row["submitted_at"]) >= _at(call.query["since"])]
        if "until" in call.query:
            rows = [row for row in rows if _at(row["submitted_at"]) <= _at(call.query["until"])]
        wanted = call.query.get("included_response_ids")
        return [row for row in rows if not wanted or row["token"] in wanted.split(",")]


def _at(text: str) -> float:
    """Return the time of a filter or a response in seconds; raises Refused."""
    if text.isdigit():
        return float(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(_error(400, "VALIDATION_ERROR", f"{text!r} is not a time")) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"code": code, "description": words}, status)
