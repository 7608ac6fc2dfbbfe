"""Smartsheet: add a row to a sheet for each lead, and change it when the lead changes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    Lead,
    LookingTable,
    Outcome,
    Outcomes,
    Rejected,
    Request,
    Response,
    Sent,
    TableFields,
    Unclear,
    Verdict,
    an_object,
    bearer,
    cut,
    hookimpl,
    objects,
    readable,
)

CELL = 4_000  # characters
PAGE = 1_000  # rows of the key column in one answer
PAUSE = 60.0  # seconds; the limit is counted by the minute
CODES: Mapping[str, Verdict] = MappingProxyType(
    {
        "1001": "misconfigured", "1002": "misconfigured", "1003": "misconfigured", "1004": "misconfigured",
        "1006": "misconfigured", "4001": "retry", "4002": "unclear", "4003": "retry", "4004": "unclear",
    }
)  # fmt: skip


class Smartsheet(LookingTable):
    """Rows of one sheet, told apart by a text column that holds the lead's id."""

    name = "smartsheet"
    title = "Smartsheet"
    docs_url = "https://developers.smartsheet.com/api/smartsheet/openapi/rows"
    confirmed = (
        "POST and PUT /sheets/ID/rows?allowPartialSuccess=true answer with result and failedItems, whose index is the "
        "row's place in the request (vendor's SDK).",
        "Errors have errorCode: 4001 maintenance, 4002 time-out, 4003 rate limit and 4004 pass, others do not "
        "(developers.smartsheet.com, rate limits and error handling).",
        "At most 500 rows in a request and 4,000 characters in a cell (developers.smartsheet.com, Limitations).",
    )
    unconfirmed = (
        "300 requests a minute for a token; 1001 to 1004 and 1006 as codes of tokens, rights and sheets.",
        "The search of Smartsheet lags behind; so the column of ids is read instead, a thousand rows at a time.",
        "A text that starts with = stays text, as formulas have a field of their own.",
    )
    batch = 100
    rate = 1.0

    class Config(LookingTable.Config, TableFields):
        base_url: str = Field(
            "https://api.smartsheet.com", description="Address of the API; api.smartsheet.eu for the region Europe."
        )
        token: SecretStr = Field(description="Access token: Account, Personal Settings, API Access.")
        sheet_id: str = Field(pattern=r"^\d+$", description="Id of the sheet: File, Properties.")

    config: Config

    def ready(self) -> None:
        """Start without knowing the ids of the columns."""
        self._columns: dict[str, int] = {}

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the adding of rows at the bottom of the sheet; columns whose id is not known yet are left out."""
        return self._write("POST", [{"toBottom": True, "cells": self._cells(lead)} for lead in leads])

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return the id of each row, or why it was refused."""
        said = response.json()
        failed = {int(item["index"]): item["error"] for item in said.get("failedItems") or ()}
        rows = iter(said["result"])
        if len(said["result"]) + len(failed) != len(leads):
            raise Unclear(f"{len(said['result'])} rows and {len(failed)} errors came back for {len(leads)} leads.")
        return [_refused(failed[at]) if at in failed else Sent(str(next(rows)["id"])) for at in range(len(leads))]

    async def prepare(self, http: httpx.AsyncClient) -> None:
        """Read the ids of the columns as they are now."""
        listing = self._call("GET", "/columns", {"includeAll": "true"})
        found = await self.search(listing, http, lambda answer: objects(answer.json()["data"]))
        self._columns = {str(one["title"]): int(one["id"]) for one in found or ()}
        self.config.check_columns(self._columns)

    async def places(self, wanted: Collection[str], http: httpx.AsyncClient) -> Mapping[str, str]:
        """Return the ids of the rows of these leads, reading the key column page by page."""
        found, page, more = dict[str, str](), 1, True
        key = str(self._columns[self.config.id_field])
        while more and len(found) < len(wanted):
            asked = self._call("GET", "", {"columnIds": key, "page": str(page), "pageSize": str(PAGE)})
            rows = await self.search(asked, http, lambda answer: objects(answer.json()["rows"])) or []
            for row in rows:
                keys = [str(cell.get("value")) for cell in objects(row.get("cells"))]
                if keys and keys[0] in wanted:
                    found.setdefault(keys[0], str(row["id"]))
            page, more = page + 1, len(rows) == PAGE
        return found

    async def change(
        self, leads: Sequence[Lead], places: Mapping[str, str], http: httpx.AsyncClient
    ) -> Sequence[Outcome]:
        """Overwrite the cells that the leads have a value for."""
        rows = [{"id": int(places[lead.id]), "cells": self._cells(lead)} for lead in leads]
        return self.outcome(await self.exchange(self._write("PUT", rows), http), leads)

    def removal(self, place: str) -> Request:
        """Return the deletion of a row."""
        return self._call("DELETE", "/rows", {"ids": place, "ignoreRowsNotFound": "true"})

    def verdict(self, response: Response) -> Verdict:
        """Return what the vendor's code means; the status says it where the code is not known."""
        code = str(an_object(readable(response)).get("errorCode"))
        return CODES.get(code) or super().verdict(response)

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait: those of the header, else a minute."""
        return super().wait(response) or PAUSE

    def _cells(self, lead: Lead) -> list[dict[str, Any]]:
        said = {name: value for name, value in self.config.values(lead).items() if name in self._columns}
        kept = {name: cut(value, CELL) if isinstance(value, str) else value for name, value in said.items()}
        return [{"columnId": self._columns[name], "value": value, "strict": False} for name, value in kept.items()]

    def _write(self, method: str, rows: list[dict[str, Any]]) -> Request:
        return self._call(method, "/rows", {"allowPartialSuccess": "true"}, rows)

    def _call(self, method: str, path: str, params: Mapping[str, str], body: Any = None) -> Request:
        headers = {"Authorization": bearer(self.config.token)}
        return Request(method, f"/2.0/sheets/{self.config.sheet_id}{path}", headers=headers, params=params, json=body)


def _refused(error: Mapping[str, Any]) -> Rejected:
    return Rejected(f"{error.get('errorCode')}: {error.get('message')}"[:300], code=str(error.get("errorCode")))


@hookimpl
def hub_register() -> Iterator[type[Smartsheet]]:
    """Register the connector."""
    yield Smartsheet
