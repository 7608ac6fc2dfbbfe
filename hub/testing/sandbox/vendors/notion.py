"""Notion: pages of data sources with typed properties, queries, trash and limits (developers.notion.com)."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

VERSIONS = ("2025-09-03", "2026-03-11")
PAGE, RUN, RUNS, SHORT, URL = 100, 2_000, 100, 200, 2_000
TEXTS = ("title", "rich_text")

_STATUSES = {"rate_limited": 429, "unauthorized": 401, "restricted_resource": 403, "object_not_found": 404}
_STATUSES |= {"conflict_error": 409, "internal_server_error": 500, "service_unavailable": 503, "service_overload": 529}


class Notion(Vendor):
    """`/notion/v1/…`.

    Settings: `token`, `sources` ({id: {property: kind}}; a page in any other data source is refused).
    """

    name = "notion"
    limits: ClassVar[Mapping[str, Limit]] = {"requests": Limit(180, 60.0)}

    def clear(self) -> None:
        """Forget the pages."""
        self._rows = Rows(self.clock, lambda number: str(uuid.UUID(int=0x59833787 << 96 | number)))

    def dispatch(self, call: Call) -> Reply:
        """Check token, version and limit first."""
        self.require(call.bearer)
        if call.headers.get("notion-version") not in VERSIONS:
            raise Refused(_error(400, "missing_version", "Notion-Version header should be defined"))
        self.spend("requests")
        return super().dispatch(call)

    @route("GET", "/v1/data_sources/{source}")
    def source(self, call: Call) -> Reply:
        """Describe a data source."""
        shown = {
            name: {"name": name, "type": kind, kind: {}} for name, kind in self._source(call.params["source"]).items()
        }
        return Reply.json({"object": "data_source", "id": call.params["source"], "properties": shown})

    @route("POST", "/v1/data_sources/{source}/query")
    def query(self, call: Call) -> Reply:
        """Return pages that fit a filter, oldest first; those in the trash are never among them."""
        kinds, body = self._source(call.params["source"]), call.json_object()
        size, at = body.get("page_size", PAGE), int(body.get("start_cursor") or 0)
        if not isinstance(size, int) or not 0 < size <= PAGE:
            raise Refused(_invalid(f"body.page_size should be ≤ `{PAGE}`"))
        mine = (row for row in self._rows if row.marks["source"] == call.params["source"] and not row.marks["trash"])
        found = [row for row in mine if not body.get("filter") or _fits(row, body["filter"], kinds)]
        more = len(found) > at + size
        shown = [_shown(row) for row in found[at : at + size]]
        told = {"object": "list", "results": shown, "has_more": more, "next_cursor": str(at + size) if more else None}
        return Reply.json(told)

    @route("POST", "/v1/pages")
    def create(self, call: Call) -> Reply:
        """Create a page; a repeat makes another."""
        body = call.json_object()
        parent = body.get("parent")
        source = parent.get("data_source_id") if isinstance(parent, dict) else None
        if not isinstance(source, str):
            raise Refused(_invalid("body.parent.data_source_id should be defined, instead was `undefined`"))
        values = _checked(body.get("properties"), self._source(source))
        row = self._rows.make(values, source=source, trash=False)
        self.created(
            call, source, next((_plain(v) for n, v in values.items() if n.lower() in ("lead id", "hub id")), None)
        )
        return Reply.json(_shown(row))

    @route("GET", "/v1/pages/{page}")
    def read(self, call: Call) -> Reply:
        """Return one page."""
        return Reply.json(_shown(self._page(call)))

    @route("PATCH", "/v1/pages/{page}")
    def update(self, call: Call) -> Reply:
        """Change properties, or move the page to the trash and back."""
        row, body = self._page(call), call.json_object()
        if row.marks["trash"] and body.get("in_trash") is not False:
            raise Refused(_invalid("Can't edit block that is archived. You must unarchive the block before editing."))
        values = _checked(body.get("properties") or {}, self._source(row.marks["source"]))
        self._rows.change(row.id, values)
        row.marks["trash"] = bool(body.get("in_trash", row.marks["trash"]))
        call.note(next((_plain(v) for n, v in row.values.items() if n.lower() == "lead id"), row.id), "repeat")
        return Reply.json(_shown(row))

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "unauthorized", "API token is invalid.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the seconds to wait."""
        told = _error(429, "rate_limited", "You have been rate limited. Please try again in a few minutes.")
        return Reply(told.status, told.body, {**told.headers, "retry-after": str(math.ceil(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with one of Notion's codes."""
        said = str(code or "service_unavailable")
        return _error(_STATUSES.get(said, 400), said, "Something went wrong.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "invalid_json", "Error parsing JSON body.")

    def missing(self, call: Call) -> Reply:
        """Answer 400: the path is not one."""
        return _error(400, "invalid_request_url", "Invalid request URL.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the pages: id, data source, whether in the trash, and plain values."""
        for row in self._rows:
            yield {"id": row.id, **row.marks, **{name: _plain(value) for name, value in row.values.items()}}

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add pages: `source`, `properties` as they are written."""
        for item in items:
            self._rows.make(
                _checked(item["properties"], self._source(item["source"])), source=item["source"], trash=False
            )

    def _source(self, id_: str) -> Mapping[str, str]:
        found: Mapping[str, str] | None = self.settings.get("sources", {}).get(id_)
        if found is None:
            raise Refused(_not_found("database", id_))
        return found

    def _page(self, call: Call) -> Row:
        row = self._rows.get(call.params["page"])
        if row is None:
            raise Refused(_not_found("page", call.params["page"]))
        return row


def _checked(given: Any, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return properties as they are kept: {name: {kind: value}}."""
    if not isinstance(given, dict):
        raise Refused(_invalid("body.properties should be defined, instead was `undefined`"))
    for name, said in given.items():
        if name not in kinds:
            raise Refused(_error(400, "validation_error", f"{name} is not a property that exists."))
        if not isinstance(said, dict) or kinds[name] not in said:
            raise Refused(_error(400, "validation_error", f"{name} is expected to be {kinds[name]}."))
        wrong = _wrong(kinds[name], said[kinds[name]])
        if wrong:
            raise Refused(_invalid(f"body.properties.{name}.{kinds[name]}{wrong}"))
    return {name: {"type": kinds[name], kinds[name]: said[kinds[name]]} for name, said in given.items()}


def _wrong(kind: str, value: Any) -> str:
    """Return what is wrong with a value of this kind; empty when nothing is."""
    if kind in TEXTS:
        fit = isinstance(value, list) and all(isinstance(one.get("text", {}).get("content"), str) for one in value)
        if not fit or len(value) > RUNS:
            return f" should be an array of at most {RUNS}"
        return next(
            (f".text.content.length should be ≤ `{RUN}`" for one in value if len(one["text"]["content"]) > RUN), ""
        )
    if kind in ("email", "phone_number", "url"):
        most = URL if kind == "url" else SHORT
        return "" if value is None or (isinstance(value, str) and 0 < len(value) <= most) else " should be a string"
    if kind == "multi_select":
        return "" if isinstance(value, list) and not any(_no_choice(one) for one in value) else " should be an array"
    if kind in ("select", "status"):
        return "" if value is None or not _no_choice(value) else " should be an option"
    if kind == "date":
        return "" if value is None or _is_date(value) else " should be a valid ISO 8601 date string"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fit = isinstance(value, bool) if kind == "checkbox" else value is None or number
    return "" if fit else f" should be a {kind}"


def _no_choice(value: Any) -> bool:
    name = value.get("name") if isinstance(value, dict) else None
    return not isinstance(name, str) or not 0 < len(name) <= PAGE or "," in name


def _is_date(value: Any) -> bool:
    try:
        return bool(datetime.fromisoformat(value["start"]))
    except (TypeError, KeyError, ValueError):
        return False


def _fits(row: Row, test: Mapping[str, Any], kinds: Mapping[str, str]) -> bool:
    if "timestamp" in test:
        at = row.updated_at if test["timestamp"] == "last_edited_time" else row.created_at
        since = test[test["timestamp"]].get("on_or_after")
        return since is None or at.replace(second=0, microsecond=0) >= datetime.fromisoformat(since)
    name = str(test.get("property"))
    if name not in kinds:
        raise Refused(_error(400, "validation_error", f"Could not find property with name or id: {name}"))
    if kinds[name] not in test:
        words = f"database property {kinds[name]} does not match filter"
        raise Refused(_error(400, "validation_error", words))
    held, wanted = _plain(row.values.get(name)), test[kinds[name]]
    return all(held == value if how == "equals" else str(value) in str(held or "") for how, value in wanted.items())


def _plain(said: Any) -> Any:
    if not isinstance(said, dict):
        return None
    value = said[said["type"]]
    if said["type"] in TEXTS:
        return "".join(one["text"]["content"] for one in value)
    return value["name"] if isinstance(value, dict) and "name" in value else value


def _shown(row: Row) -> dict[str, Any]:
    times = {"created_time": row.created_at, "last_edited_time": row.updated_at.replace(second=0, microsecond=0)}
    stamps = {name: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") for name, at in times.items()}
    parent = {"type": "data_source_id", "data_source_id": row.marks["source"]}
    own = {"object": "page", "id": row.id, "parent": parent, "in_trash": row.marks["trash"], **stamps}
    return {**own, "url": f"https://www.notion.so/{row.id.replace('-', '')}", "properties": dict(row.values)}


def _not_found(what: str, id_: str) -> Reply:
    words = f"Could not find {what} with ID: {id_}. Make sure the relevant pages and databases are shared with your"
    return _error(404, "object_not_found", f"{words} integration.")


def _invalid(words: str) -> Reply:
    return _error(400, "validation_error", f"body failed validation: {words}.")


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"object": "error", "status": status, "code": code, "message": words}, status)
