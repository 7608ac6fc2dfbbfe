"""Google Sheets v4 with the token endpoint of service accounts (developers.google.com/sheets/api)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import JWT_GRANT, Tokens, claims_of
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route
from hub.testing.sandbox.vendors.sheets_grid import BadRange, Grid, Range, entered

BOOK = "/v4/spreadsheets/{book}"
KEY_COLUMNS = ("_hub_id", "hub_id")
AUDIENCES = ("https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token")

_STATUSES = {"RESOURCE_EXHAUSTED": 429, "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "UNAUTHENTICATED": 401}
_STATUSES |= {"INTERNAL": 500, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504, "INVALID_ARGUMENT": 400}


class Sheets(Vendor):
    """`/sheets/v4/…` and `/sheets/token`.

    Settings: `client_email`, `public_key` (PEM of the service account), `spreadsheets` ({id: [sheet names]}; none: any
    exists), `shared_with` (accounts), `key_column`.
    """

    name = "sheets"
    limits: ClassVar[Mapping[str, Limit]] = {"read": Limit(60, 60.0), "write": Limit(60, 60.0)}

    def clear(self) -> None:
        """Forget cells and tokens."""
        self._books: dict[str, dict[str, Grid]] = {}
        self._tokens = Tokens(self.clock, "ya29.sandbox-{}")
        self._accounts: dict[str, str] = {}

    @route("POST", "/token")
    def token(self, call: Call) -> Reply:
        """Give a token for a signed assertion (RS256), or for a refresh token."""
        form = call.form()
        if form.get("grant_type") == "refresh_token":
            return self._minted("") if form.get("refresh_token") else _grant_error("Bad Request")
        if form.get("grant_type") != JWT_GRANT:
            return Reply.json({"error": "unsupported_grant_type", "error_description": "Invalid grant_type"}, 400)
        try:
            audiences = (*AUDIENCES, f"{call.root}/token")
            now, key = self.clock.now().timestamp(), self.settings.get("public_key")
            claims = claims_of(form.get("assertion", ""), now, audiences, key)
        except ValueError as error:
            return _grant_error(f"Invalid JWT: {error}")
        if "spreadsheets" not in claims.get("scope", ""):
            return Reply.json({"error": "invalid_scope", "error_description": "Invalid OAuth scope."}, 400)
        if self.settings.get("client_email", claims["iss"]) != claims["iss"]:
            return _grant_error("Invalid grant: account not found")
        return self._minted(claims["iss"])

    @route("GET", BOOK)
    def book(self, call: Call) -> Reply:
        """Describe a spreadsheet."""
        self._allow(call, "read")
        sheets = [{"properties": _properties(i, name, grid)} for i, (name, grid) in enumerate(self._book(call).items())]
        return Reply.json({"spreadsheetId": call.params["book"], "sheets": sheets})

    @route("POST", f"{BOOK}/values/{{range}}:append")
    def append(self, call: Call) -> Reply:
        """Add rows after the table that the range touches."""
        self._allow(call, "write")
        sheet, where, grid = self._grid(call, call.params["range"])
        rows = self._rows(call.json_object(), call.query.get("valueInputOption"))
        insert = call.query.get("insertDataOption") == "INSERT_ROWS"
        table, at = grid.append(where, rows, insert)
        self._note(call, sheet, grid, rows)
        written = {"spreadsheetId": call.params["book"], **_updated(sheet, at, rows)}
        told = {"spreadsheetId": call.params["book"], "updates": written}
        return Reply.json({**told, **({"tableRange": table.text(sheet)} if table else {})})

    @route("GET", f"{BOOK}/values/{{range}}")
    def values(self, call: Call) -> Reply:
        """Read a range; empty rows and cells at its end are left out."""
        self._allow(call, "read")
        return Reply.json(self._read(call, call.params["range"]))

    @route("GET", f"{BOOK}/values:batchGet")
    def values_batch(self, call: Call) -> Reply:
        """Read one range given as `ranges`."""
        self._allow(call, "read")
        read = self._read(call, call.query.get("ranges", ""))
        return Reply.json({"spreadsheetId": call.params["book"], "valueRanges": [read]})

    @route("PUT", f"{BOOK}/values/{{range}}")
    def write(self, call: Call) -> Reply:
        """Overwrite a range."""
        self._allow(call, "write")
        sheet, where, grid = self._grid(call, call.params["range"])
        rows = self._rows(call.json_object(), call.query.get("valueInputOption"))
        grid.write(where, rows)
        self._note(call, sheet, grid, rows, "repeat")
        return Reply.json({"spreadsheetId": call.params["book"], **_updated(sheet, where, rows)})

    @route("POST", f"{BOOK}/values:batchUpdate")
    def write_batch(self, call: Call) -> Reply:
        """Overwrite several ranges."""
        self._allow(call, "write")
        body, responses = call.json_object(), []
        for part in body.get("data", []):
            sheet, where, grid = self._grid(call, str(part.get("range", "")))
            rows = self._rows(part, body.get("valueInputOption"))
            grid.write(where, rows)
            self._note(call, sheet, grid, rows, "repeat")
            responses.append({"spreadsheetId": call.params["book"], **_updated(sheet, where, rows)})
        return Reply.json({"spreadsheetId": call.params["book"], "responses": responses})

    @route("POST", f"{BOOK}:batchUpdate")
    def change(self, call: Call) -> Reply:
        """Add sheets; other requests are refused."""
        self._allow(call, "write")
        book, replies = self._book(call), []
        for request in call.json_object().get("requests", []):
            title = request.get("addSheet", {}).get("properties", {}).get("title")
            if not title or title in book:
                raise Refused(_error("INVALID_ARGUMENT", f"Invalid requests: the sandbox cannot do {list(request)}"))
            book[title] = Grid()
            replies.append({"addSheet": {"properties": {"sheetId": len(book) - 1, "title": title}}})
        return Reply.json({"spreadsheetId": call.params["book"], "replies": replies})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error("UNAUTHENTICATED", "Request had invalid authentication credentials.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the status of a quota."""
        kind = "Read" if limit == "read" else "Write"
        quota = f"Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute per user'"
        return _error("RESOURCE_EXHAUSTED", f"{quota} of service 'sheets.googleapis.com'.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with a Google status by name; Google does not hide errors behind 200."""
        status = str(code or "UNAVAILABLE")
        return _error(status, "The service is currently unavailable." if status == "UNAVAILABLE" else status)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error("INVALID_ARGUMENT", f"Invalid JSON payload received. {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error("NOT_FOUND", "Requested entity was not found.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the rows: spreadsheet, sheet, row (from 1), values."""
        for book, sheets in self._books.items():
            for sheet, grid in sheets.items():
                for number, values in enumerate(grid.rows, 1):
                    yield {"spreadsheet": book, "sheet": sheet, "row": number, "values": values}

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add rows: `spreadsheet`, `sheet`, `values`."""
        for item in items:
            book = self._books.setdefault(item["spreadsheet"], {})
            book.setdefault(item["sheet"], Grid()).rows.append(list(item["values"]))

    def _minted(self, account: str) -> Reply:
        token = self._tokens.mint(3599)
        self._accounts[token] = account
        return Reply.json({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _allow(self, call: Call, limit: str) -> None:
        if not self._tokens.valid(call.bearer):
            raise Refused(self.unauthorized())
        account, shared = self._accounts[call.bearer or ""], self.settings.get("shared_with")
        if shared is not None and account not in shared:
            raise Refused(_error("PERMISSION_DENIED", "The caller does not have permission"))
        self.spend(limit, account)

    def _book(self, call: Call) -> dict[str, Grid]:
        known = self.settings.get("spreadsheets")
        if known is not None and call.params["book"] not in known:
            raise Refused(_error("NOT_FOUND", "Requested entity was not found."))
        names = ["Sheet1"] if known is None else known[call.params["book"]]
        return self._books.setdefault(call.params["book"], {name: Grid() for name in names})

    def _grid(self, call: Call, text: str) -> tuple[str, Range, Grid]:
        book = self._book(call)
        try:
            sheet, where = Range.parse(text, next(iter(book)))
        except BadRange as error:
            raise Refused(_error("INVALID_ARGUMENT", f"Unable to parse range: {text}")) from error
        if sheet not in book and self.settings.get("spreadsheets") is not None:
            raise Refused(_error("INVALID_ARGUMENT", f"Unable to parse range: {text}"))
        return sheet, where, book.setdefault(sheet, Grid())

    def _rows(self, body: Mapping[str, Any], option: str | None) -> list[list[Any]]:
        if option not in ("RAW", "USER_ENTERED"):
            raise Refused(_error("INVALID_ARGUMENT", "'valueInputOption' is required but not specified"))
        rows = body.get("values")
        flat = isinstance(rows, list) and all(isinstance(row, list) for row in rows)
        if not flat or any(isinstance(cell, dict | list) for row in rows or [] for cell in row):
            raise Refused(_error("INVALID_ARGUMENT", "Invalid values[0][0]: struct_value { }"))
        return [[entered(cell) if option == "USER_ENTERED" else cell for cell in row] for row in rows or []]

    def _read(self, call: Call, text: str) -> dict[str, Any]:
        sheet, where, grid = self._grid(call, text)
        values = grid.read(where)
        told = {"range": where.text(sheet), "majorDimension": call.query.get("majorDimension", "ROWS")}
        if told["majorDimension"] == "COLUMNS":
            values = [
                [row[i] if i < len(row) else "" for row in values] for i in range(max(map(len, values), default=0))
            ]
        return {**told, "values": values} if values else told

    def _note(self, call: Call, sheet: str, grid: Grid, rows: list[list[Any]], seen: Any = None) -> None:
        """Note each row by its key column, or the request by its own key where there is no such column."""
        names = [self.settings["key_column"]] if "key_column" in self.settings else KEY_COLUMNS
        head = grid.rows[0] if grid.rows else []
        column = next((head.index(name) for name in names if name in head), None)
        keys: list[str | None] = [
            str(row[column]) for row in rows if column is not None and len(row) > column and row != head
        ]
        for key in keys or [call.key]:
            if seen:
                call.note(key, seen)
            else:
                self.created(call, f"{call.params['book']}/{sheet}", key)


def _updated(sheet: str, where: Range, rows: list[list[Any]]) -> dict[str, Any]:
    width = max(map(len, rows), default=0)
    written = where.sized(len(rows), width)
    cells = sum(map(len, rows))
    return {
        "updatedRange": written.text(sheet),
        "updatedRows": len(rows),
        "updatedColumns": width,
        "updatedCells": cells,
    }


def _properties(number: int, title: str, grid: Grid) -> dict[str, Any]:
    size = {"rowCount": max(1000, len(grid.rows)), "columnCount": max(26, *map(len, grid.rows or [[]]))}
    return {"sheetId": number, "title": title, "index": number, "sheetType": "GRID", "gridProperties": size}


def _error(status: str, words: str) -> Reply:
    code = _STATUSES.get(status, 400)
    return Reply.json({"error": {"code": code, "message": words, "status": status}}, code)


def _grant_error(words: str) -> Reply:
    return Reply.json({"error": "invalid_grant", "error_description": words}, 400)
