"""Meta Graph API: leads by id, leads of a form, forms of a page, CRM events (developers.facebook.com)."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any, ClassVar
from urllib.parse import urlencode

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

READABLE = 90 * 86_400.0  # seconds a lead can be read
MAX_EVENTS = 1_000
MAX_PAGE = 500
MAX_EVENT_AGE = 7 * 86_400.0
LEAD_DEFAULTS = ("created_time", "id", "field_data")
FORM_DEFAULTS = ("id", "name", "status", "locale")
USAGE = "x-business-use-case-usage"

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GREATER_THAN": lambda a, b: a > b,
    "GREATER_THAN_OR_EQUAL": lambda a, b: a >= b,
    "LESS_THAN": lambda a, b: a < b,
}
_WORDS = {
    1: "An unknown error occurred",
    2: "Service temporarily unavailable",
    4: "(#4) Application request limit reached",
    10: "(#10) This endpoint requires the 'leads_retrieval' permission",
    17: "(#17) User request limit reached",
    32: "(#32) Page request limit reached",
    100: "(#100) Invalid parameter",
    190: "Invalid OAuth access token - Cannot parse access token",
    200: "(#200) Permissions error",
    613: "(#613) Calls to this api have exceeded the rate limit.",
    80005: "(#80005) There have been too many leadgen api calls to this Page account.",
}


class Meta(Vendor):
    """`/meta/v23.0/…`; settings: `token`, `app_secret` (then appsecret_proof is required), `page_id` of seeded leads.

    The vendor's limit is 4,800 calls a day and lead; here it is 4,800 in all.
    """

    name = "meta"
    limits: ClassVar[Mapping[str, Limit]] = {"leadgen": Limit(4_800, 86_400.0)}

    def clear(self) -> None:
        """Forget leads, forms and events."""
        self._leads: dict[str, dict[str, Any]] = {}
        self._forms: dict[str, dict[str, Any]] = {}
        self._events: list[dict[str, Any]] = []
        self._event_keys: set[tuple[str, str]] = set()

    def dispatch(self, call: Call) -> Reply:
        """Check token and proof first; the version in the path does not matter."""
        version = re.match(r"/v\d+\.\d+(?=/)", call.path)
        if version:
            call.root, call.path = call.root + version.group(), call.path[version.end() :]
        token = call.query.get("access_token") or call.bearer or (call.method == "POST" and _posted_token(call))
        if not token:
            return _error(104, "An access token is required to request this resource.")
        self.require(token)
        self._check_proof(call, token)
        self.spend("leadgen")
        return super().dispatch(call)

    @route("GET", "/debug_token")
    def debug_token(self, call: Call) -> Reply:
        """Say when a token ends (setting `expires_at`) and what it may read (`data_access_expires_at`); 0: never."""
        known = {name: int(self.settings.get(name, 0)) for name in ("expires_at", "data_access_expires_at")}
        ended = 0 < known["expires_at"] <= self.clock.now().timestamp()
        error = {"error": {"code": 190, "subcode": 463, "message": "Error validating access token"}} if ended else {}
        return Reply.json({"data": {"type": "PAGE", "is_valid": not ended, **known, **error}})

    @route("GET", "/{id}")
    def read(self, call: Call) -> Reply:
        """Read one lead or form."""
        number = call.params["id"]
        lead = self._leads.get(number)
        if lead and self._readable(lead):
            return Reply.json(_chosen(lead, call, LEAD_DEFAULTS))
        if number in self._forms:
            return Reply.json(_chosen(self._form(number), call, FORM_DEFAULTS))
        return _not_there(number)

    @route("GET", "/{id}/leads")
    def leads(self, call: Call) -> Reply:
        """List the leads of a form or ad, newest first."""
        number = call.params["id"]
        if number not in self._forms and not any(lead.get("ad_id") == number for lead in self._leads.values()):
            return _not_there(number)
        tests = self._filters(call)
        found = [
            lead
            for lead in self._leads.values()
            if number in (lead.get("form_id"), lead.get("ad_id"))
            and self._readable(lead)
            and all(how(_seconds(lead), value) for how, value in tests)
        ]
        found.sort(key=lambda lead: (_seconds(lead), lead["id"]), reverse=True)
        return self._page(call, found, LEAD_DEFAULTS)

    @route("GET", "/{id}/leadgen_forms")
    def forms(self, call: Call) -> Reply:
        """List the forms of a page with how many leads they have."""
        found = [self._form(number) for number, form in self._forms.items() if form["page_id"] == call.params["id"]]
        return self._page(call, found, FORM_DEFAULTS)

    @route("POST", "/{id}/subscribed_apps")
    def subscribe(self, call: Call) -> Reply:
        """Install the app on a page."""
        return Reply.json({"success": True})

    @route("POST", "/{id}/events")
    def events(self, call: Call) -> Reply:
        """Take conversion events; one bad event refuses all."""
        data = call.json_object().get("data")
        if not isinstance(data, list) or not 0 < len(data) <= MAX_EVENTS:
            return _error(100, "(#100) Param data must be a non-empty array of at most 1000 events")
        now = self.clock.now().timestamp()
        for event in data:
            if (
                not event.get("event_name")
                or not isinstance(event.get("event_time"), int)
                or not event.get("user_data")
            ):
                return _error(100, "Invalid parameter", 2804001)
            if not now - MAX_EVENT_AGE <= event["event_time"] <= now + 60:
                return _error(100, "Invalid parameter: event_time is too old or in the future", 2804003)
        for event in data:
            key = str(event.get("event_id") or event["user_data"].get("lead_id"))
            known = (key, event["event_name"]) in self._event_keys
            self._event_keys.add((key, event["event_name"]))
            call.note(key, "repeat" if known and event.get("event_id") else "twin" if known else "new")
            self._events.append({"dataset": call.params["id"], **event})
        return Reply.json({"events_received": len(data), "messages": [], "fbtrace_id": "sandbox"})

    def unauthorized(self) -> Reply:
        """Answer 400 with the code of an invalid token."""
        return _error(190)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 400 with the code of the leadgen limit; the wait is in a header, in minutes."""
        page = self.settings.get("page_id", "0")
        usage = {page: [{"type": "leadgen", "call_count": 100, "estimated_time_to_regain_access": ceil(after / 60)}]}
        reply = _error(80005)
        return replace(reply, headers={**reply.headers, USAGE: json.dumps(usage)})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with an error code: a transient one, 2, when none is given."""
        return _error(int(code) if code is not None else 2)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(100, f"(#100) Invalid JSON: {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer as for a path that does not exist."""
        return _error(2500, "Unknown path components: " + call.path)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads and the events."""
        yield from ({"type": "lead", **lead} for lead in self._leads.values())
        yield from ({"type": "event", **event} for event in self._events)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads as Graph shows them: `id`, `created_time`, `form_id`, `field_data`, and `page_id` of the form."""
        for item in items:
            lead = dict(item)
            page = str(lead.pop("page_id", self.settings.get("page_id", "0")))
            self._leads[str(lead["id"])] = lead
            number = str(lead.get("form_id", "0"))
            form = {"id": number, "name": f"Form {number}", "status": "ACTIVE", "locale": "en_US", "page_id": page}
            questions = [{"key": field["name"], "type": "CUSTOM"} for field in lead.get("field_data", [])]
            self._forms.setdefault(number, {**form, "questions": questions})

    def _form(self, number: str) -> dict[str, Any]:
        count = sum(1 for lead in self._leads.values() if lead.get("form_id") == number)
        return {**self._forms[number], "leads_count": count}

    def _readable(self, lead: Mapping[str, Any]) -> bool:
        return self.clock.now().timestamp() - _seconds(lead) <= READABLE

    def _check_proof(self, call: Call, token: str) -> None:
        secret = self.settings.get("app_secret")
        if not secret:
            return
        proof = call.query.get("appsecret_proof")
        if not proof:
            raise Refused(_error(100, "API calls from the server require an appsecret_proof argument"))
        if not hmac.compare_digest(hmac.digest(secret.encode(), token.encode(), "sha256").hex(), proof):
            raise Refused(_error(100, "Invalid appsecret_proof provided in the API argument"))

    def _filters(self, call: Call) -> list[tuple[Callable[[float, float], bool], float]]:
        try:
            given = json.loads(call.query.get("filtering", "[]"))
            return [(_COMPARISONS[one["operator"]], float(one["value"])) for one in given if _is_time(one["field"])]
        except (ValueError, TypeError, KeyError) as error:
            raise Refused(_error(100, f"(#100) Param filtering is not valid: {error}")) from error

    def _page(self, call: Call, found: list[dict[str, Any]], defaults: tuple[str, ...]) -> Reply:
        """Cut one page; the cursor names a row, so that rows which come in between move nothing."""
        size, ids, after = call.query.get("limit", "25"), [row["id"] for row in found], call.query.get("after")
        if not size.isdigit() or (after and _row_id(after) not in ids):
            return _error(100, "(#100) Invalid limit or cursor")
        limit = min(max(int(size), 1), MAX_PAGE)
        start = ids.index(_row_id(after)) + 1 if after else 0
        page = found[start : start + limit]
        answer: dict[str, Any] = {"data": [_chosen(row, call, defaults) for row in page]}
        if page:
            answer["paging"] = {"cursors": {"before": _cursor(page[0]["id"]), "after": _cursor(page[-1]["id"])}}
        if start + limit < len(found):
            query = {**call.query, "after": _cursor(page[-1]["id"])}
            answer["paging"]["next"] = f"{call.root}{call.path}?{urlencode(query)}"
        return Reply.json(answer)


def _posted_token(call: Call) -> str | None:
    token = call.json_object().get("access_token") if call.body else None
    return str(token) if token else None


def _is_time(name: str) -> bool:
    if name != "time_created":
        raise ValueError(f"unknown field {name}")
    return True


def _chosen(row: Mapping[str, Any], call: Call, defaults: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields asked for, and the id, which always comes."""
    asked = call.query.get("fields")
    names = ["id", *asked.split(",")] if asked else defaults
    return {name: row[name] for name in names if name in row}


def _seconds(lead: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(str(lead["created_time"])).timestamp()


def _cursor(number: str) -> str:
    return base64.urlsafe_b64encode(number.encode()).decode()


def _row_id(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor).decode()
    except ValueError:
        return ""


def _not_there(number: str) -> Reply:
    words = f"Unsupported get request. Object with ID '{number}' does not exist, cannot be loaded due to missing"
    return _error(100, f"{words} permissions, or does not support this operation.", 33, "GraphMethodException")


def _error(code: int, words: str = "", subcode: int | None = None, kind: str = "OAuthException") -> Reply:
    told = {"message": words or _WORDS.get(code, "error"), "type": kind, "code": code, "fbtrace_id": "sandbox"}
    told |= {"error_subcode": subcode} if subcode else {}
    told |= {"is_transient": True} if code in (1, 2) else {}
    return Reply.json({"error": told}, 500 if code in (1, 2) else 400)
