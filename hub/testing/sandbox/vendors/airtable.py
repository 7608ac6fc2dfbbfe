"""Airtable: records of tables, upsert, paging, five requests a second, half a minute's lock (airtable.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

TABLE = "/v0/{base}/{table}"
MOST, PAGE, LOCK = 10, 100, 30.0
WORDS = {"text", "email", "phone", "url", "select"}
MERGED = WORDS | {"number", "date"}

_DENIED = "Invalid permissions, or the requested model was not found. Check that both your user and your token have"


class Airtable(Vendor):
    """`/airtable/v0/{base}/{table}`.

    Settings: `token`, `bases` (ids; none: any), `tables` ({name: {field: text email phone url select number checkbox
    date}}; none: any table, any field).
    """

    name = "airtable"
    limits: ClassVar[Mapping[str, Limit]] = {"base": Limit(5, 1.0)}

    def clear(self) -> None:
        """Forget the records."""
        self._tables: dict[tuple[str, str], Rows] = {}
        self._locked: dict[str, float] = {}

    def dispatch(self, call: Call) -> Reply:
        """Check the token first."""
        self.require(call.bearer)
        return super().dispatch(call)

    @route("PATCH", TABLE)
    def update(self, call: Call) -> Reply:
        """Change or upsert at most ten records; one that cannot be written refuses them all."""
        return self._write(call, clear=False)

    @route("PUT", TABLE)
    def replace(self, call: Call) -> Reply:
        """Do as PATCH does, and blank the other fields."""
        return self._write(call, clear=True)

    @route("POST", TABLE)
    def create(self, call: Call) -> Reply:
        """Create at most ten records; a repeat makes others."""
        rows, fields, body = *self._open(call), call.json_object()
        checked = [self._checked(fields, one, bool(body.get("typecast"))) for one in self._given(body)]
        made = [rows.make(values) for values in checked]
        for _ in made:
            self.created(call, call.params["table"])
        return Reply.json({"records": [_shown(row) for row in made]})

    @route("GET", TABLE)
    def listing(self, call: Call) -> Reply:
        """Return a page of records in the order they were made."""
        rows, _ = self._open(call)
        size, offset = int(call.query.get("pageSize") or PAGE), call.query.get("offset", "itr0/0").rpartition("/")[2]
        found = list(rows)
        at = int(offset)
        more = {"offset": f"itr{at + size}/{at + size}"} if at + size < len(found) else {}
        return Reply.json({"records": [_shown(row) for row in found[at : at + size]], **more})

    @route("GET", f"{TABLE}/{{record}}")
    def read(self, call: Call) -> Reply:
        """Return one record."""
        rows, _ = self._open(call)
        return Reply.json(_shown(_there(rows, call.params["record"])))

    @route("DELETE", f"{TABLE}/{{record}}")
    def delete(self, call: Call) -> Reply:
        """Delete one record."""
        rows, _ = self._open(call)
        row = _there(rows, call.params["record"])
        rows.drop(row.id)
        return Reply.json({"id": row.id, "deleted": True})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "AUTHENTICATION_REQUIRED", "Authentication required")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429, without a time to wait."""
        told = {"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}
        return Reply.json({"errors": [told]}, 429)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with a status, or 422 with a type."""
        if isinstance(code, int) and code >= 400:
            return _error(code, "SERVER_ERROR", "The server encountered an unexpected condition")
        return _error(422, str(code or "INVALID_REQUEST_UNKNOWN"), "Invalid request")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 422."""
        return _error(422, "INVALID_REQUEST_BODY", "Could not parse request body")

    def missing(self, call: Call) -> Reply:
        """Answer 404 with a bare word."""
        return Reply.json({"error": "NOT_FOUND"}, 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the records: base, table, id and fields."""
        for (base, table), rows in self._tables.items():
            for row in rows:
                yield {"base": base, "table": table, "id": row.id, **row.values}

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add records: `base`, `table`, `fields`."""
        for item in items:
            self._rows(item["base"], item["table"]).make(item["fields"])

    def _open(self, call: Call) -> tuple[Rows, Mapping[str, str] | None]:
        """Return the records of a table and its fields, None for any; a base that is asked too often is locked."""
        base, table, now = call.params["base"], call.params["table"], self.clock.monotonic()
        if self._locked.get(base, 0.0) > now:
            raise Refused(self.throttled(self._locked[base] - now))
        try:
            self.spend("base", base)
        except Refused:
            self._locked[base] = now + LOCK
            raise
        bases, tables = self.settings.get("bases"), self.settings.get("tables")
        if (bases is not None and base not in bases) or (tables is not None and table not in tables):
            raise Refused(_error(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", _DENIED))
        return self._rows(base, table), None if tables is None else tables[table]

    def _rows(self, base: str, table: str) -> Rows:
        return self._tables.setdefault((base, table), Rows(self.clock, lambda number: f"rec{number:014d}"))

    def _write(self, call: Call, *, clear: bool) -> Reply:
        (rows, fields), body = self._open(call), call.json_object()
        merge = body.get("performUpsert", {}).get("fieldsToMergeOn")
        if merge is not None and not (isinstance(merge, list) and 0 < len(merge) <= 3):
            raise Refused(_invalid())
        said = []
        for one in self._given(body):
            values = self._checked(fields, one, bool(body.get("typecast")))
            said.append((self._held(rows, fields, one, values, merge), values))
        created, updated, shown = [], [], []
        for row, values in said:
            if row is None:
                row = rows.make(values)
                created.append(row.id)
            else:
                rows.change(row.id, {**(dict.fromkeys(row.values) if clear else {}), **values})
                updated.append(row.id)
            call.note(str(values.get(merge[0])) if merge else row.id, "new" if row.id in created else "repeat")
            shown.append(_shown(row))
        return Reply.json(
            {"records": shown, **({"createdRecords": created, "updatedRecords": updated} if merge else {})}
        )

    def _given(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        given = body.get("records")
        fit = isinstance(given, list) and 0 < len(given) <= MOST and all(isinstance(one, dict) for one in given)
        if not fit or any(not isinstance(one.get("fields"), dict) for one in given or ()):
            words = (
                'You must provide an array of up to 10 record objects, each with an "id" ID field and a "fields" object'
            )
            raise Refused(_error(422, "INVALID_RECORDS", words))
        return list(given or ())

    def _held(
        self, rows: Rows, fields: Any, one: Mapping[str, Any], values: Mapping[str, Any], merge: list[str] | None
    ) -> Row | None:
        """Return the record that is meant; None where it is to be made."""
        if one.get("id"):
            return _there(rows, str(one["id"]))
        if merge is None or any(values.get(name) in (None, "") for name in merge):
            raise Refused(_invalid())
        if fields is not None and any(fields[name] not in MERGED for name in merge):
            raise Refused(_invalid())
        found = rows.where(**{name: values[name] for name in merge})
        if len(found) > 1:
            raise Refused(_error(422, "INVALID_REQUEST_UNKNOWN", "Invalid request: several records match."))
        return found[0] if found else None

    def _checked(self, fields: Mapping[str, str] | None, one: Mapping[str, Any], typecast: bool) -> dict[str, Any]:
        """Return the values as the fields keep them; unchecked where no fields are known."""
        if fields is None:
            return dict(one["fields"])
        unknown = [name for name in one["fields"] if name not in fields]
        if unknown:
            raise Refused(_error(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{unknown[0]}"'))
        return {name: _kept(name, value, fields[name], typecast) for name, value in one["fields"].items()}


def _kept(name: str, value: Any, kind: str, typecast: bool) -> Any:
    wanted: Any = {"number": (int, float), "checkbox": bool}.get(kind, str)
    if value is None or (isinstance(value, wanted) and isinstance(value, bool) == (kind == "checkbox")):
        return value
    try:
        if not typecast:
            raise ValueError
        return float(value) if kind == "number" else bool(value) if kind == "checkbox" else str(value)
    except (ValueError, TypeError):
        words = f'Field "{name}" cannot accept the provided value'
        raise Refused(_error(422, "INVALID_VALUE_FOR_COLUMN", words)) from None


def _there(rows: Rows, id_: str) -> Row:
    row = rows.get(id_)
    if row is None:
        raise Refused(_error(404, "MODEL_ID_NOT_FOUND", "Record not found"))
    return row


def _shown(row: Row) -> dict[str, Any]:
    """Return a record as it is read: without fields that are empty."""
    made = row.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {name: value for name, value in row.values.items() if value not in (None, "", False)}
    return {"id": row.id, "createdTime": made, "fields": fields}


def _invalid() -> Reply:
    words = "Invalid request: parameter validation failed. Check your request data."
    return _error(422, "INVALID_REQUEST_UNKNOWN", words)


def _error(status: int, kind: str, words: str) -> Reply:
    return Reply.json({"error": {"type": kind, "message": words}}, status)
