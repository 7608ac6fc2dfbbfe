"""Smartsheet: rows of sheets, columns by id, partial success, paging and limits (developers.smartsheet.com)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

SHEET = "/2.0/sheets/{sheet}"
MOST, CELL, FIRST = 500, 4_000, 7_960_873_114_331_012
LIMIT, BAD_TOKEN, FORBIDDEN, NOT_FOUND, UNREADABLE, BAD_VALUE, BAD_COLUMN = 4003, 1002, 1004, 1006, 1008, 1042, 1036

_WORDS = {
    LIMIT: "Rate limit exceeded.",
    BAD_TOKEN: "Your Access Token is invalid.",
    FORBIDDEN: "You are not authorized to perform this action.",
    NOT_FOUND: "Not Found",
    UNREADABLE: "Unable to parse request.",
    4001: "Smartsheet.com is currently offline for system maintenance. Please check back again shortly.",
    4002: "Server timeout exceeded. Request has failed.",
    4004: "An unexpected error has occurred. Please retry your request.",
}
_STATUSES = {LIMIT: 429, BAD_TOKEN: 401, FORBIDDEN: 403, NOT_FOUND: 404, 4001: 503, 4002: 500, 4004: 500}


class Smartsheet(Vendor):
    """`/smartsheet/2.0/sheets/{id}/…`.

    Settings: `token`, `sheets` ({id: {column title: type}}; TEXT_NUMBER, CHECKBOX, DATE, PICKLIST).
    """

    name = "smartsheet"
    limits: ClassVar[Mapping[str, Limit]] = {"requests": Limit(300, 60.0)}

    def clear(self) -> None:
        """Forget the rows."""
        self._sheets: dict[str, Rows] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token and limit first."""
        self.require(call.bearer)
        self.spend("requests", call.bearer or "")
        return super().dispatch(call)

    @route("GET", f"{SHEET}/columns")
    def columns(self, call: Call) -> Reply:
        """List the columns."""
        columns = self._columns(call)
        return Reply.json({"pageNumber": 1, "totalPages": 1, "totalCount": len(columns), "data": columns})

    @route("GET", SHEET)
    def read(self, call: Call) -> Reply:
        """Return a page of rows, with the cells of the columns that are asked for."""
        columns, rows = self._columns(call), list(self._rows(call))
        asked = {int(one) for one in call.query.get("columnIds", "").split(",") if one}
        size, page = int(call.query.get("pageSize", "100")), int(call.query.get("page", "1"))
        shown = [_shown(row, at, asked) for at, row in enumerate(rows, 1)][(page - 1) * size : page * size]
        kept = [one for one in columns if not asked or one["id"] in asked]
        own = {"id": int(call.params["sheet"]), "name": "Leads", "totalRowCount": len(rows)}
        return Reply.json({**own, "columns": kept, "rows": shown})

    @route("POST", f"{SHEET}/rows")
    def add(self, call: Call) -> Reply:
        """Add rows, all at one place; a repeat adds them again."""
        given = self._given(call)
        if any(not (one.get("toBottom") or one.get("toTop")) for one in given):
            raise Refused(_error(1062, "Invalid row location."))
        return self._each(call, given, lambda one: self._rows(call).make(self._values(call, one)), "new")

    @route("PUT", f"{SHEET}/rows")
    def update(self, call: Call) -> Reply:
        """Change cells of rows; the others stay."""
        return self._each(call, self._given(call), lambda one: self._changed(call, one), "repeat")

    @route("DELETE", f"{SHEET}/rows")
    def delete(self, call: Call) -> Reply:
        """Delete rows by their ids."""
        self._columns(call)
        ids, rows = [one for one in call.query.get("ids", "").split(",") if one], self._rows(call)
        unknown = [one for one in ids if rows.get(one) is None]
        if not ids or (unknown and call.query.get("ignoreRowsNotFound") != "true"):
            raise Refused(_error(NOT_FOUND))
        gone = [int(one) for one in ids if rows.drop(one)]
        return Reply.json({"message": "SUCCESS", "resultCode": 0, "result": gone})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(BAD_TOKEN)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the code of the limit."""
        return _error(LIMIT)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with one of Smartsheet's codes."""
        return _error(int(code) if code is not None else 4004)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(UNREADABLE)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(NOT_FOUND)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the rows: sheet, id, and values by the titles of the columns."""
        for sheet, rows in self._sheets.items():
            titles = {str(at): title for at, title in enumerate(self.settings["sheets"][sheet], FIRST)}
            yield from ({"sheet": sheet, "id": row.id, **{titles[k]: v for k, v in row.values.items()}} for row in rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add rows: `sheet`, `values` by the titles of the columns."""
        for item in items:
            ids = {title: str(at) for at, title in enumerate(self.settings["sheets"][item["sheet"]], FIRST)}
            self._of(item["sheet"]).make({ids[title]: value for title, value in item["values"].items()})

    def _columns(self, call: Call) -> list[dict[str, Any]]:
        kinds = self.settings.get("sheets", {}).get(call.params["sheet"])
        if kinds is None:
            raise Refused(_error(NOT_FOUND))
        return [
            {"id": at, "index": at - FIRST, "title": title, "type": kind, **({"primary": True} if at == FIRST else {})}
            for at, (title, kind) in enumerate(kinds.items(), FIRST)
        ]

    def _of(self, sheet: str) -> Rows:
        return self._sheets.setdefault(sheet, Rows(self.clock, str, 7_670_198_317_672_324))

    def _rows(self, call: Call) -> Rows:
        self._columns(call)
        return self._of(call.params["sheet"])

    def _given(self, call: Call) -> list[dict[str, Any]]:
        self._columns(call)
        body = call.json()
        given = body if isinstance(body, list) else [body]
        if not given or len(given) > MOST or any(not isinstance(one, dict) for one in given):
            raise Refused(_error(UNREADABLE))
        return given

    def _each(self, call: Call, given: list[dict[str, Any]], work: Any, seen: Any) -> Reply:
        """Do it row by row; one that is refused refuses all, unless partial success is allowed."""
        partly = call.query.get("allowPartialSuccess") == "true"
        if not partly:
            for one in given:
                self._values(call, one)
        made, failed = list[dict[str, Any]](), list[dict[str, Any]]()
        for index, one in enumerate(given):
            try:
                row = work(one)
            except Refused as refusal:
                failed.append({"index": index, "error": {**_told(refusal), "refId": "sandbox"}})
                continue
            made.append(_shown(row, len(self._rows(call)), set()))
            key = next((str(value) for value in row.values.values() if str(value).startswith("lead_")), row.id)
            if seen == "new":
                self.created(call, call.params["sheet"], key)
            else:
                call.note(key, seen)
        if failed and not made:
            raise Refused(_error(failed[0]["error"]["errorCode"], failed[0]["error"]["message"]))
        said = {"message": "PARTIAL_SUCCESS" if failed else "SUCCESS", "resultCode": 3 if failed else 0, "result": made}
        return Reply.json({**said, **({"failedItems": failed} if failed else {})})

    def _changed(self, call: Call, one: Mapping[str, Any]) -> Row:
        row = self._rows(call).change(str(one.get("id")), self._values(call, one))
        if row is None:
            raise Refused(_error(NOT_FOUND))
        return row

    def _values(self, call: Call, one: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cells of a row by the ids of their columns."""
        kinds = {column["id"]: column["type"] for column in self._columns(call)}
        said: dict[str, Any] = {}
        for cell in one.get("cells", ()):
            id_, value = cell.get("columnId"), cell.get("value")
            if id_ not in kinds:
                raise Refused(_error(BAD_COLUMN, f"The columnId {id_} is invalid."))
            loose = cell.get("strict", True) is False
            wrong = isinstance(value, dict | list) or (
                kinds[id_] == "CHECKBOX" and not isinstance(value, bool) and not loose
            )
            if wrong or len(str(value)) > CELL:
                raise Refused(_error(BAD_VALUE, f"The value for cell in column {id_} did not conform."))
            said[str(id_)] = value
        return said


def _told(refusal: Refused) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(refusal.reply.body)
    return said


def _shown(row: Row, number: int, asked: set[int]) -> dict[str, Any]:
    cells = [{"columnId": int(id_), "value": value, "displayValue": str(value)} for id_, value in row.values.items()]
    kept = [cell for cell in cells if not asked or cell["columnId"] in asked]
    return {"id": int(row.id), "rowNumber": number, "expanded": True, "cells": kept}


def _error(code: int, words: str = "") -> Reply:
    said = {"errorCode": code, "message": words or _WORDS.get(code, "Bad request."), "refId": "sandbox"}
    return Reply.json(said, _STATUSES.get(code, 400))
