"""Swapcard's Leads API: one GraphQL endpoint with the connections of an exhibitor (swapcard.dev/leads-api)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MOST, DEFAULT = 100, 20
_PERSON = ("id", "firstName", "lastName", "email", "organization", "jobTitle")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "myLeads": ("nodes", "pageInfo"),
    "nodes": ("id", "connectedAt", "isScanned", "rating", "note", "target"),
    "pageInfo": ("hasNextPage", "endCursor"),
    "Contact": _PERSON,
    "EventPerson": _PERSON,
    "target": ("... on Contact", "... on EventPerson"),
}
_TOKEN = re.compile(r"\.\.\.\s*on\s+(?P<on>\w+)|(?P<name>\w+)\s*(?:\([^)]*\))?|(?P<brace>[{}])")
Selection = dict[str, Any]


class Swapcard(Vendor):
    """`/swapcard/exhibitor/graphql`; settings: `token`, `exhibitor`."""

    name = "swapcard"
    limits: ClassVar[Mapping[str, Limit]] = {"minute": Limit(120, 60.0)}  # 60,000 points, some 500 a page

    def clear(self) -> None:
        """Forget the connections."""
        self._leads: dict[str, dict[str, Any]] = {}

    @route("POST", "/exhibitor/graphql")
    def graphql(self, call: Call) -> Reply:
        """Answer a query of the leads of a booth."""
        token = self.require(call.headers.get("authorization"))
        self.spend("minute", token)
        body = call.json_object()
        asked = selected(str(body.get("query") or ""))
        variables = body.get("variables") if isinstance(body.get("variables"), dict) else {}
        if set(asked) != {"myLeads"}:
            return _errors(
                400, "GRAPHQL_VALIDATION_FAILED", f'Cannot query field "{next(iter(asked), "")}" on type "Query".'
            )
        return Reply.json({"data": {"myLeads": self._connection(asked["myLeads"], variables or {})}})

    def unauthorized(self) -> Reply:
        """Answer 401; a token with Bearer before it is unknown, too."""
        return _errors(401, "UNAUTHENTICATED", "You must be authenticated to access this resource.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _errors(429, "RATE_LIMITED", "You have exceeded the allowed number of points.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with an error, as GraphQL does."""
        return _errors(200, str(code or "INTERNAL_SERVER_ERROR"), "Internal server error")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _errors(400, "GRAPHQL_PARSE_FAILED", f"Syntax Error: {reason}")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the connections."""
        return iter(self._leads.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add connections: `event`, `exhibitor`, `type` of the target (EventPerson, Contact) and what the API shows."""
        for item in items:
            blank = {"exhibitor": self.settings.get("exhibitor"), "type": "EventPerson", "rating": None, "note": None}
            self._leads[str(item["id"])] = {**blank, "isScanned": True, **item}

    def _connection(self, asked: Selection, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of connections, in the order they were made."""
        event, exhibitor = variables.get("eventId"), variables.get("exhibitorId")
        if not event or not exhibitor:
            words = 'Variable "$eventId" of required type "ID!" was not provided.'
            raise Refused(_errors(400, "BAD_USER_INPUT", words))
        if exhibitor != self.settings.get("exhibitor", exhibitor):
            raise Refused(_errors(200, "FORBIDDEN", "You don't have access to this exhibitor."))
        mine = [one for one in self._leads.values() if (one["event"], one["exhibitor"]) == (event, exhibitor)]
        first, after = variables.get("first") or DEFAULT, str(variables.get("after") or "")
        ids = [str(one["id"]) for one in mine]
        start = ids.index(after) + 1 if after in ids else 0
        page = mine[start : start + min(int(first), MOST)]
        end = {"hasNextPage": start + len(page) < len(mine), "endCursor": str(page[-1]["id"]) if page else None}
        shown = [_chosen(one, asked.get("nodes") or {}) for one in page]
        return {"nodes": shown, "pageInfo": {name: end[name] for name in asked.get("pageInfo") or {}}}


def selected(query: str) -> Selection:
    """Return the fields a query selects, as nested objects; raises Refused for one the schema does not have."""
    _, _, inner = query.partition("{")
    top: Selection = {}
    stack, last = [("", top)], ""
    for found in _TOKEN.finditer(inner):
        if found["brace"] == "}":
            stack.pop()
            if not stack:
                return top
        elif found["brace"]:
            stack.append((last.removeprefix("... on "), stack[-1][1][last] if last else {}))
        else:
            last = found["name"] or f"... on {found['on']}"
            kind, fields = stack[-1]
            if kind and last not in _FIELDS.get(kind, ()):
                words = f'Cannot query field "{last}" on type "{kind}".'
                raise Refused(_errors(400, "GRAPHQL_VALIDATION_FAILED", words))
            fields[last] = {}
    raise Refused(_errors(400, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."))


def _chosen(one: Mapping[str, Any], asked: Selection) -> dict[str, Any]:
    plain = {name: one.get(name) for name in asked if name != "target"}
    if "target" not in asked:
        return plain
    wanted = asked["target"].get(f"... on {one['type']}", {})
    return {**plain, "target": {name: one["target"].get(name) for name in wanted}}


def _errors(status: int, code: str, words: str) -> Reply:
    return Reply.json({"errors": [{"message": words, "extensions": {"code": code}}], "data": None}, status)
