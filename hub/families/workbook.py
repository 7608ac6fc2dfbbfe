"""Calls a workbook in OneDrive or SharePoint through Microsoft Graph: sessions, ranges and cells that stay text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar, NamedTuple

import httpx
from pydantic import Field

from hub.errors import Misconfigured, Retry, Unclear
from hub.families.entra import EntraCaller
from hub.http import Request, Response, Verdict, readable, segment
from hub.strictjson import an_object

MAX_CELL = 32_767  # characters
Cell = str | int | float | bool | None
_PLACE = re.compile(r"'?(.+?)'?!\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?")


class Area(NamedTuple):
    """Cells of a sheet, from the first column and row to the last ones."""

    sheet: str
    left: str
    top: int
    right: str
    bottom: int


class WorkbookCaller(EntraCaller):
    """A connector to one workbook; what it calls between `opened` and `closed` is in one session."""

    scope = "https://graph.microsoft.com/.default"
    statuses: ClassVar[Mapping[int, Verdict]] = {409: "retry"}
    _session: str | None = None

    class Config(EntraCaller.Config):
        """Where the workbook is."""

        base_url: str = Field("https://graph.microsoft.com", description="Address of the API.")
        drive_id: str = Field(min_length=1, description="Id of the drive the workbook is in.")
        item_id: str = Field(min_length=1, description="Id of the workbook (.xlsx) in that drive.")

    config: Config

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Request:
        """Return a request for what is at a path below the workbook."""
        headers = {"workbook-session-id": self._session} if self._session else {}
        where = f"/v1.0/drives/{segment(self.config.drive_id)}/items/{segment(self.config.item_id)}/workbook"
        return Request(method, where + path, headers=headers, json=body)

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a session that ended is made anew by the next try."""
        ended = response.status in (400, 404) and "session" in self.refusal(response).lower()
        return "retry" if ended else super().verdict(response)

    def refusal(self, response: Response) -> str:
        """Return Graph's code and words."""
        error = an_object(an_object(readable(response)).get("error"))
        return f"{error['code']}: {error.get('message')}"[:300] if "code" in error else super().refusal(response)

    async def opened(self, http: httpx.AsyncClient) -> None:
        """Open a session whose changes are kept; raises Retry and Misconfigured."""
        self._session = None
        request = self.call("POST", "/createSession", {"persistChanges": True})
        try:
            answer = self.judge(await self.exchange(request, http))
        except Unclear as error:
            raise Retry(f"session: {error.reason}") from error
        if not isinstance(answer, Response):
            raise Misconfigured(f"no session: {answer.reason}. Check `drive_id` and `item_id`.")
        try:
            self._session = str(answer.json()["id"])
        except Exception as error:
            raise Retry(f"no session in the answer: {answer.excerpt()}.") from error

    async def closed(self, http: httpx.AsyncClient) -> None:
        """Close the session, which else ends by itself after some minutes."""
        if self._session is not None:
            with suppress(Retry, Unclear, Misconfigured):
                await self.exchange(self.call("POST", "/closeSession", {}), http)
            self._session = None

    @staticmethod
    def area_in(response: Response) -> Area:
        """Return the area in an answer with an `address`, such as 'My Leads'!A2:F90; raises Unclear."""
        found = _PLACE.fullmatch(response.json()["address"])
        if found is None:
            raise Unclear(f"an address that cannot be read: {response.excerpt()}.")
        sheet, left, top, right, bottom = found.groups()
        return Area(sheet.replace("''", "'"), left, int(top), right or left, int(bottom or top))

    @staticmethod
    def cells(sheet: str, cells: str) -> str:
        """Return the path of a range of a sheet, such as A2:F2."""
        return f"/worksheets/{segment(sheet)}/range(address='{cells}')"

    @staticmethod
    def text_cell(value: Cell) -> Cell:
        """Return a cell as it is written: before text an apostrophe, or Excel makes numbers and formulas of it."""
        return f"'{value[: MAX_CELL - 1]}" if isinstance(value, str) else value
