"""Cvent's attendees and booth leads, REST API (cvent/rest-sdks, openapi.yaml)."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

TOKEN_LIFE = 3_600.0
MOST, DEFAULT = 200, 100
_FILTER = re.compile(r"(event\.id|exhibitor\.id|deleted|status) eq '([^']*)'")


class Cvent(Vendor):
    """`/cvent/ea/…`; settings: `client_id`, `client_secret`."""

    name = "cvent"
    limits: ClassVar[Mapping[str, Limit]] = {"second": Limit(10, 1.0), "day": Limit(15_000, 86_400.0)}

    def clear(self) -> None:
        """Forget people and tokens."""
        self._rows: dict[str, dict[str, dict[str, Any]]] = {"attendees": {}, "leads": {}}
        self._tokens = Tokens(self.clock, "eyJraWQiOiJzYW5kYm94{:06d}")
        self._pages: dict[str, tuple[list[dict[str, Any]], int, int]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token and limits first."""
        if call.path != "/ea/oauth2/token":
            if not self._tokens.valid(call.bearer):
                return self.unauthorized()
            self.spend("second")
            self.spend("day")
        return super().dispatch(call)

    @route("POST", "/ea/oauth2/token")
    def token(self, call: Call) -> Reply:
        """Give a token for the credentials of an app."""
        form, known = (
            call.form(),
            f"{self.settings.get('client_id', 'app')}:{self.settings.get('client_secret', 's3cret')}",
        )
        if form.get("grant_type") != "client_credentials" or not form.get("client_id"):
            return Reply.json({"error": "invalid_request"}, 400)
        if call.headers.get("authorization") != "Basic " + base64.b64encode(known.encode()).decode():
            return Reply.json({"error": "invalid_client"}, 400)
        told = {"access_token": self._tokens.mint(TOKEN_LIFE), "token_type": "Bearer", "expires_in": int(TOKEN_LIFE)}
        return Reply.json(told)

    @route("GET", "/ea/attendees")
    def attendees(self, call: Call) -> Reply:
        """List attendees; questions come with their words where these are asked for."""
        return self._listed("attendees", call)

    @route("GET", "/ea/leads")
    def leads(self, call: Call) -> Reply:
        """List the leads of exhibitors."""
        return self._listed("leads", call)

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "Unauthorized")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, "Limit Exceeded")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500."""
        return _error(500, str(code or "Internal Server Error"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, f"Bad Request: {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "Not Found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield attendees and leads with their kind."""
        for kind, rows in self._rows.items():
            yield from ({"kind": kind, **row} for row in rows.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add rows: `kind` (attendees, leads) and what the API shows of one."""
        for item in items:
            row = {name: value for name, value in item.items() if name != "kind"}
            row.setdefault("lastModified", row.get("created"))
            self._rows[item.get("kind", "attendees")][str(row["id"])] = row

    def _listed(self, kind: str, call: Call) -> Reply:
        """Return a page; a token stands for the whole question, and for where it is."""
        mark, limit = call.query.get("token"), call.query.get("limit", str(DEFAULT))
        if mark is not None:
            if mark not in self._pages:
                return _error(400, "Bad Request: the token is not valid")
            found, start, size = self._pages[mark]
        elif not limit.isdigit() or not 0 < int(limit) <= MOST:
            return _error(400, f"Bad Request: limit must be between 1 and {MOST}")
        else:
            found, start, size = self._found(kind, call), 0, int(limit)
        page, more = found[start : start + size], start + size < len(found)
        paging = {"limit": size, "totalCount": len(found), "currentToken": mark or str(uuid.UUID(int=1)), "_links": {}}
        if more:
            paging["nextToken"] = str(uuid.UUID(int=len(self._pages) + 2))
            self._pages[str(paging["nextToken"])] = (found, start + size, size)
        worded = "answers.question" in call.query.get("expand", "")
        return Reply.json({"paging": paging, "data": [_shown(one, worded) for one in page]})

    def _found(self, kind: str, call: Call) -> list[dict[str, Any]]:
        """Return what changed after that time and fits the filter, in the order it was made."""
        after, wanted = _time(call.query.get("after", "1990-01-01T00:00:00Z")), call.query.get("filter", "")
        terms = _FILTER.findall(wanted)
        if wanted and not terms:
            raise Refused(_error(400, "Bad Request: the filter is not valid"))
        rows = [row for row in self._rows[kind].values() if _time(row["lastModified"]) > after]
        return [row for row in rows if all(str(_at(row, path)) == value for path, value in terms)]


def _shown(one: Mapping[str, Any], worded: bool) -> dict[str, Any]:
    answers = [
        {**answer, "question": {"id": answer["question"]["id"], **(answer["question"] if worded else {})}}
        for answer in one.get("answers", ())
    ]
    return {**one, **({"answers": answers} if answers else {})}


def _at(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _time(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise Refused(_error(400, "Bad Request: a time is not valid")) from error


def _error(status: int, words: str) -> Reply:
    return Reply.json({"code": status, "message": words}, status)
