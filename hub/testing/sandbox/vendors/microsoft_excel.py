"""Microsoft Graph's workbook: sessions, tables, ranges and tokens of Entra (learn.microsoft.com/graph)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

BOOK = "/v1.0/drives/{drive}/items/{item}/workbook"
TABLE, RANGE = f"{BOOK}/tables/{{table}}", f"{BOOK}/worksheets/{{sheet}}/range(address='{{cells}}')"
SCOPE = "https://graph.microsoft.com/.default"
IDLE = 300.0  # seconds after which a session ends that nobody uses

_CELLS = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+)")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_STATUSES = {
    "conflict": 409,
    "tooManyRequests": 429,
    "serviceUnavailable": 503,
    "AccessDenied": 403,
    "resourceLocked": 423,
}


class MicrosoftExcel(Vendor):
    """`/microsoft_excel/v1.0/drives/…/workbook/…` and `/microsoft_excel/{tenant}/oauth2/v2.0/token`.

    Settings: `client_id`, `client_secret`, `tables` ({name: {sheet, left, top, columns}}; `top` is the row of the
    header). A new table has one empty row, as in Excel.
    """

    name = "microsoft_excel"
    limits: ClassVar[Mapping[str, Limit]] = {"requests": Limit(1_500, 10.0)}

    def clear(self) -> None:
        """Forget rows, sessions and tokens."""
        self._tokens = Tokens(self.clock, "eyJ0.graph.{}")
        self._sessions: dict[str, float] = {}
        self._rows: dict[str, list[list[Any]]] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check token, limit and session first."""
        if call.path.startswith("/v1.0/"):
            if not self._tokens.valid(call.bearer):
                return self.unauthorized()
            self.spend("requests")
            self._check_session(call.headers.get("workbook-session-id"))
        return super().dispatch(call)

    @route("POST", "/{tenant}/oauth2/v2.0/token")
    def token(self, call: Call) -> Reply:
        """Give a token for the credentials of an app, or for a refresh token, which is replaced."""
        form = call.form()
        for name in ("client_id", "client_secret"):
            if not form.get(name) or self.settings.get(name, form[name]) != form[name]:
                return _grant("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        if SCOPE not in form.get("scope", "").split():
            return _grant(
                "invalid_scope", "AADSTS70011: The provided value for the input parameter scope is not valid."
            )
        said = {"token_type": "Bearer", "expires_in": 3599, "access_token": self._tokens.mint(3599)}
        if form.get("grant_type") == "refresh_token" and form.get("refresh_token"):
            return Reply.json({**said, "refresh_token": f"{form['refresh_token']}+"})
        if form.get("grant_type") != "client_credentials":
            return _grant("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        return Reply.json(said)

    @route("POST", f"{BOOK}/createSession")
    def open(self, call: Call) -> Reply:
        """Open a session."""
        keeps = call.json_object().get("persistChanges", True)
        id_ = f"cluster=sandbox&session={len(self._sessions) + 1}"
        self._sessions[id_] = self.clock.monotonic() + IDLE
        return Reply.json({"id": id_, "persistChanges": keeps}, 201)

    @route("POST", f"{BOOK}/closeSession")
    def close(self, call: Call) -> Reply:
        """Close the session in the header."""
        self._sessions.pop(call.headers.get("workbook-session-id", ""), None)
        return Reply(204)

    @route("GET", f"{TABLE}/columns")
    def columns(self, call: Call) -> Reply:
        """Name the columns."""
        names = self._table(call)["columns"]
        return Reply.json({"value": [{"id": str(at), "index": at, "name": name} for at, name in enumerate(names)]})

    @route("GET", f"{TABLE}/dataBodyRange")
    def body(self, call: Call) -> Reply:
        """Tell where the rows are."""
        table = self._table(call)
        return Reply.json({"address": self._address(call.params["table"], 0, len(table["columns"]) - 1)})

    @route("GET", f"{TABLE}/columns/{{column}}/dataBodyRange")
    def column_body(self, call: Call) -> Reply:
        """Tell where the rows of one column are."""
        names = self._table(call)["columns"]
        if call.params["column"] not in names:
            raise Refused(_missing())
        at = names.index(call.params["column"])
        return Reply.json({"address": self._address(call.params["table"], at, at)})

    @route("POST", f"{TABLE}/rows")
    def append(self, call: Call) -> Reply:
        """Add rows at the end; a repeat adds them again."""
        table, values = self._table(call), call.json_object().get("values")
        width = len(table["columns"])
        if (
            not isinstance(values, list)
            or not values
            or any(not isinstance(r, list) or len(r) != width for r in values)
        ):
            raise Refused(_invalid())
        rows = self._held(call.params["table"])
        first = len(rows)
        rows.extend([["" if cell is None else _entered(cell) for cell in row] for row in values])
        for row in rows[first:]:
            self.created(call, call.params["table"], self._key(table, row))
        return Reply.json({"index": first, "values": rows[first:]}, 201)

    @route("GET", RANGE)
    def read(self, call: Call) -> Reply:
        """Read cells below the header of a table."""
        rows, left, right = self._cells(call)
        return Reply.json({"values": [row[left : right + 1] for row in rows]})

    @route("PATCH", RANGE)
    def write(self, call: Call) -> Reply:
        """Overwrite cells; null leaves one alone."""
        rows, left, right = self._cells(call)
        values = call.json_object().get("values")
        if not isinstance(values, list) or [len(row) for row in values] != [right - left + 1] * len(rows):
            raise Refused(_invalid())
        for row, given in zip(rows, values, strict=True):
            row[left : right + 1] = [
                old if new is None else _entered(new) for old, new in zip(row[left:], given, strict=False)
            ]
            call.note(self._key(self._at(call)[1], row), "repeat")
        return Reply.json({"address": f"{call.params['sheet']}!{call.params['cells']}"})

    @route("POST", f"{RANGE}/delete")
    def delete(self, call: Call) -> Reply:
        """Delete whole rows of a table."""
        rows, _, _ = self._cells(call)
        if call.json_object().get("shift") != "Up":
            raise Refused(_invalid())
        held = self._held(self._at(call)[0])
        held[:] = [row for row in held if not any(row is one for one in rows)]
        return Reply(204)

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the seconds to wait."""
        told = _error(429, "tooManyRequests", "The app or user has been throttled.")
        return Reply(told.status, told.body, {**told.headers, "retry-after": str(math.ceil(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with one of Graph's codes."""
        said = str(code or "serviceUnavailable")
        return _error(_STATUSES.get(said, 400), said, "The service isn't available. Try your request again.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "BadRequest", "Unable to read JSON request payload.")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _missing()

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the rows that are not empty: their table, and values by column."""
        for name, rows in self._rows.items():
            names = self.settings["tables"][name]["columns"]
            yield from ({"table": name, **dict(zip(names, row, strict=True))} for row in rows if any(row))

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add rows: `table`, `values` by column."""
        for item in items:
            names = self.settings["tables"][item["table"]]["columns"]
            self._held(item["table"]).append([item["values"].get(name, "") for name in names])

    def _check_session(self, id_: str | None) -> None:
        if id_ is None:
            return
        if self._sessions.get(id_, 0.0) <= self.clock.monotonic():
            words = "The workbook session was not found or has expired."
            raise Refused(_error(404, "InvalidSessionNotFound", words))
        self._sessions[id_] = self.clock.monotonic() + IDLE

    def _table(self, call: Call) -> Mapping[str, Any]:
        found: Mapping[str, Any] | None = self.settings.get("tables", {}).get(call.params["table"])
        if found is None:
            raise Refused(_missing())
        return found

    def _held(self, table: str) -> list[list[Any]]:
        width = len(self.settings["tables"][table]["columns"])
        return self._rows.setdefault(table, [[""] * width])

    def _at(self, call: Call) -> tuple[str, Mapping[str, Any]]:
        """Return the table that is on a sheet."""
        for name, table in self.settings.get("tables", {}).items():
            if table["sheet"] == call.params["sheet"]:
                return name, table
        raise Refused(_missing())

    def _address(self, name: str, first: int, last: int) -> str:
        table = self.settings["tables"][name]
        left, top = _number(table["left"]), int(table["top"]) + 1
        sheet = "'" + table["sheet"].replace("'", "''") + "'"
        return f"{sheet}!{_letters(left + first)}{top}:{_letters(left + last)}{top + len(self._held(name)) - 1}"

    def _cells(self, call: Call) -> tuple[list[list[Any]], int, int]:
        """Return the rows of a range, and its first and last column counted from the table's own."""
        name, table = self._at(call)
        found = _CELLS.fullmatch(call.params["cells"].replace("$", ""))
        if found is None:
            raise Refused(_invalid())
        left, right = (_number(found[at]) - _number(table["left"]) for at in (1, 3))
        top, bottom = (int(found[at]) - int(table["top"]) - 1 for at in (2, 4))
        held = self._held(name)
        if not (0 <= left <= right < len(table["columns"]) and 0 <= top <= bottom < len(held)):
            raise Refused(_invalid())
        return held[top : bottom + 1], left, right

    def _key(self, table: Mapping[str, Any], row: list[Any]) -> str | None:
        names = table["columns"]
        return str(row[names.index("Lead ID")]) if "Lead ID" in names else None


def _entered(value: Any) -> Any:
    """Return a cell as Excel keeps what is entered: an apostrophe means text, + - = mean numbers and formulas."""
    if not isinstance(value, str):
        return value
    if value.startswith("'"):
        return value[1:]
    if _NUMBER.fullmatch(value):
        return float(value)
    return {"formula": value} if value.startswith(("=", "+", "-")) else value


def _number(letters: str) -> int:
    total = 0
    for letter in letters:
        total = total * 26 + ord(letter) - 64
    return total - 1


def _letters(index: int) -> str:
    return (_letters(index // 26 - 1) if index >= 26 else "") + chr(65 + index % 26)


def _missing() -> Reply:
    return _error(404, "ItemNotFound", "The requested resource doesn't exist.")


def _invalid() -> Reply:
    return _error(400, "InvalidArgument", "The argument is invalid or missing or has an incorrect format.")


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"error": {"code": code, "message": words, "innerError": {"request-id": "sandbox"}}}, status)


def _grant(code: str, words: str, status: int = 400) -> Reply:
    return Reply.json({"error": code, "error_description": words}, status)
