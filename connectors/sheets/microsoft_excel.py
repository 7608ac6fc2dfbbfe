"""Microsoft Excel: append a row to a table of a workbook in OneDrive or SharePoint, and change it with its lead."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import httpx
from pydantic import Field

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
    WorkbookCaller,
    hookimpl,
    segment,
)

PAGE = 9_000  # rows of the key column in one answer, which so stays below 1 MiB


class MicrosoftExcel(WorkbookCaller, LookingTable):
    """Rows of one table of a workbook, told apart by a column that holds the lead's id."""

    name = "microsoft_excel"
    title = "Microsoft Excel (Microsoft 365)"
    docs_url = "https://learn.microsoft.com/en-us/graph/api/table-post-rows"
    confirmed = (
        "POST /workbook/tables/NAME/rows appends rows; a session is made by createSession and named in the header "
        "workbook-session-id (learn.microsoft.com/graph/workbook-best-practice).",
        "null in a row leaves its cell alone (vendor docs: Blank and null values in Excel add-ins).",
        "429 and 503 carry Retry-After; 409 is a conflict (learn.microsoft.com/graph/workbook-error-handling).",
    )
    unconfirmed = (
        "Microsoft's pages call an app's own permissions unsupported; others use Files.ReadWrite.All that way "
        "(github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8691). Else set `refresh_token`.",
        "An apostrophe before a text keeps Excel from taking it for a number, a date or a formula, and is not shown.",
        "How an ended session is worded; 400 and 404 that speak of a session are tried again.",
        "A row that a person moves in the very second of a change may be written by mistake.",
    )
    batch = 100
    rate = 1.0

    class Config(WorkbookCaller.Config, LookingTable.Config, TableFields):
        base_url: str = Field("https://graph.microsoft.com", description="Address of the API.")
        table: str = Field("Leads", min_length=1, description="Name of the table: Table Design, Table Name.")

    config: Config

    def ready(self) -> None:
        """Take the columns of the settings until the table is asked for its own."""
        self._heads: tuple[str, ...] = tuple(dict.fromkeys((self.config.id_field, *self.config.fields)))

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the appending of rows, each value under the column of its name."""
        body = {"index": None, "values": [self._row(lead) for lead in leads]}
        return self.call("POST", f"{self._table()}/rows", body)

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return the leads as sent; the index that is told changes whenever somebody sorts."""
        int(response.json()["index"])
        return [self.sent(lead.id, "") for lead in leads]

    def sent(self, lead: str, place: str) -> Sent:
        """Return the table and the id, by which the row is found again."""
        return Sent(f"{self.config.table}/{lead}")

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Write the leads in one session of the workbook."""
        try:
            return await super().send(leads, http)
        finally:
            await self.closed(http)

    async def prepare(self, http: httpx.AsyncClient) -> None:
        """Open a session, and read the names of the columns as they are now."""
        await self.opened(http)
        named = self.call("GET", f"{self._table()}/columns?$select=name")
        heads = await self.search(named, http, lambda answer: [str(one["name"]) for one in answer.json()["value"]])
        self._heads = tuple(heads or ())
        self.config.check_columns(self._heads)

    async def places(self, wanted: Collection[str], http: httpx.AsyncClient) -> Mapping[str, str]:
        """Return the rows of these leads, reading the key column page by page."""
        column = f"{self._table()}/columns/{segment(self.config.id_field)}"
        body, keys = [
            await self.search(self.call("GET", f"{what}/dataBodyRange?$select=address"), http, self.area_in)
            for what in (self._table(), column)
        ]
        found = dict[str, str]()
        if body is None or keys is None:
            return found
        for first in range(body.top, body.bottom + 1, PAGE):
            cells = f"{keys.left}{first}:{keys.left}{min(first + PAGE - 1, body.bottom)}"
            page = self.call("GET", f"{self.cells(body.sheet, cells)}?$select=values")
            for at, key in enumerate(await self.search(page, http, _column) or (), first):
                if key in wanted:
                    found.setdefault(key, self.cells(body.sheet, f"{body.left}{at}:{body.right}{at}"))
        return found

    async def change(
        self, leads: Sequence[Lead], places: Mapping[str, str], http: httpx.AsyncClient
    ) -> Sequence[Outcome]:
        """Overwrite the cells that the leads have a value for."""
        said: Outcomes = []
        for lead in leads:
            request = self.call("PATCH", places[lead.id], {"values": [self._row(lead)]})
            answer = self.judge(await self.exchange(request, http))
            said.append(answer if isinstance(answer, Rejected) else self.sent(lead.id, ""))
        return said

    def removal(self, place: str) -> Request:
        """Return the deletion of the cells of a row; those below move up."""
        return self.call("POST", f"{place}/delete", {"shift": "Up"})

    def _row(self, lead: Lead) -> list[str | int | float | bool | None]:
        said, key = self.config.values(lead), self.config.id_field
        return [said.get(name) if name == key else self.text_cell(said.get(name)) for name in self._heads]

    def _table(self) -> str:
        return f"/tables/{segment(self.config.table)}"


def _column(response: Response) -> list[str]:
    return [str(row[0]).removeprefix("'") for row in response.json()["values"]]


@hookimpl
def hub_register() -> Iterator[type[MicrosoftExcel]]:
    """Register the connector."""
    yield MicrosoftExcel
