"""Google Sheets rows: takes the rows of a sheet as leads, wherever they stand, and their edits as later versions."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Literal

import httpx
from pydantic import Field

from hub import (
    Asking,
    BadInput,
    GoogleCaller,
    KeyColumn,
    Misconfigured,
    Page,
    PollSource,
    RawLead,
    Request,
    TooLong,
    an_object,
    cell_table,
    hookimpl,
    keyed_lead,
    mark_of,
    marks_in,
    marks_text,
    named,
    objects,
    segment,
)

READ = 1_000  # rows asked for at once, halved where they are more than 1 MiB
HANDED = 500  # rows handed over together
MOST = 50_000  # rows of a sheet that are remembered


class GoogleSheetsRows(GoogleCaller, Asking, PollSource):
    """A sheet that people or forms fill, read through a service account it is shared with, for viewing.

    Every look reads the whole sheet and hands over the rows that were not there as they are at the last look. So rows
    may be sorted, moved, inserted and deleted: nothing comes twice, nothing is missed, and what is deleted stays a
    lead. With `key` an edited row is a later version of the same lead. Without it a row is known by its content: an
    edited one is a new submission, which the hub finds to be the same person by the e-mail address or number.
    """

    name = "google_sheets_rows"
    title = "Google Sheets (rows as leads)"
    docs_url = "https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values/get"
    confirmed = (
        "values.get leaves out empty rows and cells at the end of a range, so the number of rows is asked for (docs)",
        "60 reads a minute for a user, and a service account is one; a look costs two, and one per further 1,000 rows",
        "A range that begins below the last row of the grid is refused with 'exceeds grid limits'.",
    )
    unconfirmed = (
        "Cells come as they are shown: a long number that the sheet shows as 4.92E+12 is read so; format it as text",
        "A row that goes back to what it was at first is not told again: the hub takes it for the one it knows",
    )
    scope = "https://www.googleapis.com/auth/spreadsheets.readonly"

    class Config(GoogleCaller.Config, KeyColumn):
        base_url: str = Field("https://sheets.googleapis.com", description="Address of the API.")
        spreadsheet_id: str = Field(description="Id of the spreadsheet, as in its address.")
        sheet: str | None = Field(None, description="Name of the sheet (tab); none: the first one.")
        header_row: int | None = Field(None, ge=1, description="Row that names the columns, from 1; none: found out.")
        required: tuple[str, ...] = Field(
            (), description="Columns that must be filled before a row is taken, so that none is taken half typed."
        )
        existing: Literal["take", "skip"] = Field(
            "take", description="What becomes of the rows that are there at the first look; skip: only later ones come."
        )

    config: Config

    async def fetch(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[Page]:
        leads = {mark_of(lead.key, sorted(lead.data.items())): lead for lead in await self._leads(http)}
        known = set(leads) if cursor is None and self.config.existing == "skip" else marks_in(cursor or "")
        fresh = [mark for mark in leads if mark not in known]
        for start in range(0, len(fresh), HANDED):
            part = fresh[start : start + HANDED]
            known.update(part)
            yield Page(tuple(leads[mark] for mark in part), marks_text(known))
        if cursor is None or known != leads.keys():  # what is gone or changed is not remembered any longer
            yield Page((), marks_text(leads))

    async def _leads(self, http: httpx.AsyncClient) -> list[RawLead]:
        tab, rows = await self._tab(http)
        if rows > MOST:
            raise Misconfigured(
                f"The sheet {tab!r:.100} has {rows:,} rows; up to {MOST:,} are read. Move old ones out."
            )
        cells: list[list[str]] = []
        for first in range(1, rows + 1, READ):
            cells += await self._cells(http, tab, first, min(first + READ - 1, rows))
        table = cell_table(cells, self.config.header_row)
        if not table.columns:
            return []
        key, required = self.config.key_among(table.columns), self._required(table.columns)
        return [keyed_lead(row, key) for row in table.rows if all(name in row.data for name in required)]

    async def _tab(self, http: httpx.AsyncClient) -> tuple[str, int]:
        """Return the sheet's name and how many rows its grid has."""
        said = await self._ask(http, "", {"fields": "sheets.properties(title,gridProperties.rowCount)"})
        sheets = [an_object(one.get("properties")) for one in objects(said.get("sheets"))]
        grids = {str(one.get("title")): an_object(one.get("gridProperties")).get("rowCount") for one in sheets}
        name = self.config.sheet if self.config.sheet is not None else next(iter(grids), "")
        if not isinstance(grids.get(name), int):
            known = ", ".join(map(repr, grids)) or "none"
            raise Misconfigured(f'The sheet {name!r:.100} is not there; there are {known:.300}. Correct "sheet".')
        return name, int(grids[name] or 0)

    async def _cells(self, http: httpx.AsyncClient, tab: str, first: int, last: int) -> list[list[str]]:
        """Return the cells of these rows, each row in its place; half of them at a time where they are too much."""
        cells = segment("'" + tab.replace("'", "''") + f"'!{first}:{last}")
        try:
            said = await self._ask(http, f"/values/{cells}", {"majorDimension": "ROWS", "prettyPrint": "false"})
        except TooLong:
            if first == last:
                raise
            half = (first + last) // 2
            return [*await self._cells(http, tab, first, half), *await self._cells(http, tab, half + 1, last)]
        except BadInput as error:
            if "exceeds grid limits" not in error.reason:
                raise
            return []  # rows were deleted while we read
        given = said.get("values")
        rows = (
            [[str(cell) for cell in row] for row in given if isinstance(row, list)] if isinstance(given, list) else []
        )
        return rows + [[]] * (last - first + 1 - len(rows))

    async def _ask(self, http: httpx.AsyncClient, path: str, params: dict[str, str]) -> dict[str, object]:
        url = f"/v4/spreadsheets/{segment(self.config.spreadsheet_id)}{path}"
        return await self.ask(Request("GET", url, params=params), http)

    def _required(self, columns: Sequence[str]) -> list[str]:
        found = {name: named(name, columns) for name in self.config.required}
        missing = [name for name, column in found.items() if column is None]
        if missing:
            raise Misconfigured(f'The column {missing[0]!r:.100} is not in the sheet. Correct the setting "required".')
        return [column for column in found.values() if column is not None]


@hookimpl
def hub_register() -> Iterator[type[GoogleSheetsRows]]:
    """Register the connector."""
    yield GoogleSheetsRows
