"""Jinshuju 金数据: the fields and entries of forms (github.com/jinshuju/open-doc, docs/api_v1)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

PAGE = 50
BEIJING = ZoneInfo("Asia/Shanghai")
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


class Jinshuju(Vendor):
    """`/jinshuju/forms/…`, Basic auth. Settings: `token` (`KEY:SECRET`), `plan` (false: the plan has no API)."""

    name = "jinshuju"
    limits: ClassVar[Mapping[str, Limit]] = {"hour": Limit(20_000, 3600.0)}

    def clear(self) -> None:
        """Forget forms and entries."""
        self._fields: dict[str, dict[str, str]] = {}
        self._entries: dict[str, dict[int, dict[str, Any]]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check key, plan and limit first."""
        self.require(_pair(call.headers.get("authorization", "")))
        if self.settings.get("plan") is False:
            return _error(402, "当前套餐不支持 V1 API")
        self.spend("hour")
        return super().dispatch(call)

    @route("GET", "/forms/{form}")
    def form(self, call: Call) -> Reply:
        """Describe a form: a list of objects with one field each."""
        fields = self._fields.get(call.params["form"])
        if fields is None:
            return self.missing(call)
        said = [{name: {"label": label, "type": "single_line_text", "notes": ""}} for name, label in fields.items()]
        return Reply.json({"name": call.params["form"], "description": "", "fields": said})

    @route("GET", "/forms/{form}/entries")
    def entries(self, call: Call) -> Reply:
        """List entries by serial number, after the one that `next` names."""
        held = self._entries.get(call.params["form"])
        if held is None:
            return self.missing(call)
        since, after = _since(call.query.get("created_at")), call.query.get("next") or "0"
        if not after.isdigit():
            return _error(400, "next is invalid")
        rows = [
            row
            for number, row in sorted(held.items())
            if number > int(after) and (since is None or datetime.fromisoformat(row["created_at"]) >= since)
        ]
        page = rows[:PAGE]
        mark = page[-1]["serial_number"] if len(rows) > PAGE else None
        return Reply.json({"total": len(held), "count": len(page), "data": page, "next": mark})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "Unauthorized")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return _error(429, "Rate limit exceeded")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 500; errors are told by the status."""
        return _error(500, str(code or "Internal Server Error"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, reason)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "Not Found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the entries with their form."""
        for form, held in self._entries.items():
            yield from ({"form": form, **row} for row in held.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add entries: `form`, `fields` (key to label) and `entry` as it is listed."""
        for item in items:
            self._fields.setdefault(item["form"], {}).update(item["fields"])
            entry = dict(item["entry"])
            self._entries.setdefault(item["form"], {})[int(entry["serial_number"])] = entry


def _pair(header: str) -> str | None:
    scheme, _, value = header.partition(" ")
    try:
        return base64.b64decode(value, validate=True).decode() if scheme == "Basic" else None
    except ValueError:
        return None


def _since(text: str | None) -> datetime | None:
    """Return the time of a filter, which is Beijing's; raises Refused for what has a zone or another shape."""
    for shape in _FORMATS if text else ():
        try:
            return datetime.strptime(text or "", shape).replace(tzinfo=BEIJING)
        except ValueError:
            continue
    if text:
        raise Refused(_error(400, "created_at is invalid"))
    return None


def _error(status: int, words: str) -> Reply:
    return Reply.json({"error_description": words}, status)
