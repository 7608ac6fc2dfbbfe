"""Google Sheets: append a row for each lead, and change its row when the lead changes."""

import re
from collections.abc import Iterator, Mapping, Sequence

import httpx
from pydantic import Field

from hub import (
    Columns,
    GoogleCaller,
    HttpBatchSink,
    Lead,
    Outcomes,
    Rejected,
    Request,
    Response,
    Sent,
    Unclear,
    Verdict,
    hookimpl,
    segment,
)

PAGE = 9_000  # rows of the key column in one answer, which so stays below 1 MiB
ROW = re.compile(r"!\$?[A-Z]+\$?(\d+)")
BELOW = re.compile(r"Range .{1,200} exceeds grid limits")
FULL = re.compile(
    r"(Invalid data\[\d+\]: )?(This action would increase the number of cells|Unable to parse range|Range )"
)


class GoogleSheets(GoogleCaller, HttpBatchSink):
    """Rows of one sheet, told apart by the column that holds the lead's id.

    Keep that column: before a repeat and before a change it is read, so that no lead gets two rows. A person who sorts
    or deletes rows in the very second of a change may see it land on another row.
    """

    name = "google_sheets"
    title = "Google Sheets"
    docs_url = "https://developers.google.com/sheets/api/reference/rest/v4/spreadsheets.values/append"
    confirmed = (
        "Appending finds the table in the range and answers with updates.updatedRange.",
        "60 reads and 60 writes a minute for a user, and a service account is one user.",
        "A range that begins below the last row of the grid is refused with 'exceeds grid limits'.",
    )
    unconfirmed = (
        "403 with rateLimitExceeded or userRateLimitExceeded is a quota too, as 429 is.",
        "null in a row leaves the cell as it is.",
    )
    scope = "https://www.googleapis.com/auth/spreadsheets"
    repeatable = True
    searchable = False  # `send` itself looks for the rows before it repeats, for all leads at once
    updates = True
    batch = 100
    rate = 0.9
    concurrency = 1  # two at once could append the same lead twice

    class Config(GoogleCaller.Config, Columns):
        base_url: str = Field("https://sheets.googleapis.com", description="Address of the API.")
        spreadsheet_id: str = Field(description="Id of the spreadsheet, shared with the service account.")
        sheet: str = Field("Leads", description="Name of the sheet (tab).")

    config: Config

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the appending of rows, as they are: nothing in them is taken for a formula."""
        params = {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
        body = {"majorDimension": "ROWS", "values": [self.config.cells(lead) for lead in leads]}
        return self._call("POST", f"/{segment(self._tab('A1'))}:append", params, body)

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return the address of each row, counted from the first one that was written."""
        updates = response.json()["updates"]
        first = ROW.search(updates["updatedRange"])
        if first is None or updates["updatedRows"] != len(leads):
            raise Unclear(f"{updates['updatedRows']} rows were written for {len(leads)} leads.")
        return [self._sent(int(first[1]) + index) for index in range(len(leads))]

    def find(self, lead: Lead, page: int = 0) -> Request:
        """Return the reading of one page of the key column."""
        column, first = self.config.key_column, page * PAGE + 1
        cells = self._tab(f"{column}{first}:{column}{first + PAGE - 1}")
        return self._call("GET", f"/{segment(cells)}", {"majorDimension": "COLUMNS", "prettyPrint": "false"})

    def absent(self, response: Response) -> bool:
        """Return whether the page begins below the last row."""
        return response.status == 400 and bool(BELOW.match(self.refusal(response)))

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a sheet that is full or gone is for a person to mend."""
        broken = response.status == 400 and FULL.match(self.refusal(response))
        return "misconfigured" if broken else super().verdict(response)

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Append what is new, change the rows of later versions, and leave alone what has arrived already."""
        doubtful = [lead for lead in leads if lead.delivery.repeat or lead.delivery.version > 1]
        rows = await self._rows(doubtful, http) if doubtful else {}
        changed = [lead for lead in doubtful if lead.id in rows and lead.delivery.version > 1]
        refused = await self._change(changed, rows, http) if changed else None
        appended = iter(await super().send([lead for lead in leads if lead.id not in rows], http))
        return [
            next(appended) if lead.id not in rows
            else refused if refused and lead in changed
            else self._sent(rows[lead.id])
            for lead in leads
        ]  # fmt: skip

    async def _rows(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> dict[str, int]:
        """Return the rows of those leads that the key column has, reading it page by page."""
        wanted, rows, page = {lead.id for lead in leads}, dict[str, int](), 0
        while column := await self.search(self.find(leads[0], page), http, _column):
            for row, key in enumerate(column, page * PAGE + 1):
                if key in wanted:
                    rows.setdefault(key, row)
            if len(column) < PAGE or len(rows) == len(wanted):
                break
            page += 1
        return rows

    async def _change(self, leads: Sequence[Lead], rows: Mapping[str, int], http: httpx.AsyncClient) -> Rejected | None:
        data = [{"range": self._tab(f"A{rows[lead.id]}"), "values": [self.config.cells(lead)]} for lead in leads]
        request = self._call("POST", ":batchUpdate", {}, {"valueInputOption": "RAW", "data": data})
        answer = self.judge(await self.exchange(request, http))
        return answer if isinstance(answer, Rejected) else None

    def _call(self, method: str, path: str, params: Mapping[str, str], body: object = None) -> Request:
        url = f"/v4/spreadsheets/{segment(self.config.spreadsheet_id)}/values{path}"
        return Request(method, url, params=params, json=body)

    def _tab(self, cells: str) -> str:
        return "'" + self.config.sheet.replace("'", "''") + "'!" + cells

    def _sent(self, row: int) -> Sent:
        return Sent(f"{self.config.sheet}!A{row}")


def _column(response: Response) -> list[str]:
    return [str(key) for key in (response.json().get("values") or [[]])[0]]


@hookimpl
def hub_register() -> Iterator[type[GoogleSheets]]:
    """Register the connector."""
    yield GoogleSheets
