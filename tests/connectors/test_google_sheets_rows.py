"""Google Sheets as a source: rows are sorted, moved, edited and deleted by people, and each is taken once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from connectors.lists.google_sheets_rows import GoogleSheetsRows
from hub import BadInput, Misconfigured, Page, Retry
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox
from hub.testing.sandbox.trial import _service_account
from tests.conftest import MakeHub, settled

HEAD = ["Nr", "Name", "E-Mail", "Done"]


class Sheet:
    """A sheet that people work in, and the source that reads it."""

    def __init__(self, sandbox: Sandbox, http: httpx.AsyncClient, clock: HandClock) -> None:
        self.sandbox, self.http, self.clock = sandbox, http, clock
        self.cursor: str | None = None
        self.key = _service_account(f"{sandbox.url}/sheets/token")
        self.fill(HEAD)

    def fill(self, *rows: list[Any]) -> None:
        """Put these rows into the sheet in place of those that are there."""
        vendor: Any = self.sandbox.vendors["sheets"]
        vendor._books = {}
        self.add(*rows)

    def add(self, *rows: list[Any]) -> None:
        self.sandbox.seed("sheets", *({"spreadsheet": "book1", "sheet": "Leads", "values": row} for row in rows))

    def source(self, **settings: Any) -> GoogleSheetsRows:
        known = {"base_url": f"{self.sandbox.url}/sheets", "credentials": self.key, "spreadsheet_id": "book1"}
        return GoogleSheetsRows("sheet", GoogleSheetsRows.Config(**{**known, **settings}), self.clock)

    async def pages(self, **settings: Any) -> list[Page]:
        """Poll from where the last poll ended."""
        source = self.source(**settings)
        pages = [page async for page in source.fetch(self.cursor, self.http)]
        self.cursor = next((page.cursor for page in reversed(pages) if page.cursor is not None), self.cursor)
        return pages

    async def look(self, **settings: Any) -> list[tuple[str | None, dict[str, Any]]]:
        return [(lead.key, dict(lead.data)) for page in await self.pages(**settings) for lead in page.leads]

    async def keys(self, **settings: Any) -> list[str | None]:
        return [key for key, _ in await self.look(**{"key": "Nr", **settings})]


@pytest.fixture
async def sheet(clock: HandClock) -> AsyncIterator[Sheet]:
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        yield Sheet(sandbox, http, clock)


def row(number: int, **more: str) -> list[Any]:
    return [str(number), more.get("name", f"P {number}"), f"p{number}@example.com", more.get("done", "")]


async def test_a_row_is_handed_over_once(sheet: Sheet):
    sheet.add(row(1), row(2))
    assert await sheet.look(key="nr") == [
        ("1", {"Nr": "1", "Name": "P 1", "E-Mail": "p1@example.com"}),
        ("2", {"Nr": "2", "Name": "P 2", "E-Mail": "p2@example.com"}),
    ]
    assert await sheet.keys() == []
    sheet.add(row(3))
    assert await sheet.keys() == ["3"]


@pytest.mark.parametrize(
    "rows",
    [
        [HEAD, row(3), row(2), row(1)],
        [HEAD, row(1), [], row(2), [], [], row(3)],
        [["Leads of the fair"], [], HEAD, row(1), row(2), row(3)],
        [HEAD, row(2)],
        [HEAD, row(1), row(2), HEAD, row(3)],
        [
            ["Name", "Done", "Nr", "Note", "E-Mail"],
            *([f"P {n}", "", str(n), "", f"p{n}@example.com"] for n in (1, 2, 3)),
        ],
    ],
    ids=["sorted", "spread", "under a title", "deleted", "header again", "columns moved and added"],
)
async def test_rows_that_only_moved_are_not_new(rows: list[list[Any]], sheet: Sheet):
    sheet.add(row(1), row(2), row(3))
    await sheet.keys()
    sheet.fill(*rows)
    assert await sheet.keys() == []
    sheet.fill(*rows, row(9))
    assert len(await sheet.keys()) == 1


async def test_a_row_inserted_at_the_top_is_the_only_new_one(sheet: Sheet):
    sheet.add(row(1), row(2))
    await sheet.keys()
    sheet.fill(HEAD, row(7), row(1), row(2))
    assert await sheet.keys() == ["7"]


async def test_an_edited_row_comes_again_under_its_key(sheet: Sheet):
    sheet.add(row(1), row(2))
    await sheet.keys()
    sheet.fill(HEAD, row(1), row(2, name="Ann Ng"))
    assert await sheet.look(key="Nr") == [("2", {"Nr": "2", "Name": "Ann Ng", "E-Mail": "p2@example.com"})]
    assert await sheet.keys() == []


async def test_without_a_key_column_a_row_is_known_by_its_content(sheet: Sheet):
    sheet.add(row(1), row(1), row(2))
    assert [key for key, _ in await sheet.look()] == [None, None]


async def test_a_row_that_is_deleted_and_comes_back_is_told_again(sheet: Sheet):
    sheet.add(row(1), row(2))
    await sheet.keys()
    sheet.fill(HEAD, row(1))
    await sheet.keys()
    sheet.fill(HEAD, row(1), row(2))
    assert await sheet.keys() == ["2"]


async def test_a_row_is_taken_when_its_required_columns_are_filled(sheet: Sheet):
    sheet.add(row(1), row(2, done="x"))
    assert await sheet.keys(required=("done",)) == ["2"]
    sheet.fill(HEAD, row(1, done="x"), row(2, done="x"))
    assert await sheet.keys(required=("done",)) == ["1"]


async def test_rows_of_before_can_be_left_out(sheet: Sheet):
    sheet.add(row(1), row(2))
    assert await sheet.keys(existing="skip") == []
    sheet.add(row(3))
    assert await sheet.keys(existing="skip") == ["3"]


async def test_all_rows_of_an_empty_sheet_come_later_also_where_existing_ones_are_skipped(sheet: Sheet):
    sheet.fill([])
    assert await sheet.keys(existing="skip") == []
    sheet.fill(HEAD, row(1))
    assert await sheet.keys(existing="skip") == ["1"]


async def test_a_long_sheet_is_read_in_parts_and_a_broken_poll_goes_on(sheet: Sheet):
    sheet.add(*(row(n) for n in range(1, 2301)))
    pages = await sheet.pages(key="Nr")
    keys = [lead.key for page in pages for lead in page.leads]
    assert keys == [str(n) for n in range(1, 2301)]
    assert max(len(page.leads) for page in pages) == 500
    sheet.cursor = pages[1].cursor  # what was committed when the poll broke off
    assert await sheet.keys() == keys[1000:]


async def test_rows_of_long_texts_are_asked_for_in_smaller_parts(sheet: Sheet):
    sheet.add(*([*row(n)[:3], "x" * 5_000] for n in range(1, 501)))
    assert await sheet.keys() == [str(n) for n in range(1, 501)]


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"sheet": "Nope"}, Misconfigured, "'Nope' is not there; there are 'Leads'"),
        ({"key": "Id"}, BadInput, "key column 'Id' is not in the file; it has 'Nr'"),
        ({"required": ("Ok",)}, Misconfigured, "column 'Ok' is not in the sheet"),
        ({"header_row": 5000}, BadInput, "has 1000 rows, but header_row is 5000"),
        ({"header_row": 9}, BadInput, "Row 9, which should name the columns, is blank"),
    ],
)
async def test_a_setting_that_names_what_is_not_there_is_told(settings, error, words, sheet: Sheet):
    sheet.add(row(1))
    with pytest.raises(error, match=words):
        await sheet.look(**settings)


async def test_a_sheet_that_is_not_shared_asks_to_share_it(sheet: Sheet):
    sheet.sandbox.configure("sheets", shared_with=["someone@else.com"])
    with pytest.raises(Misconfigured, match="does not have permission"):
        await sheet.look()


async def test_the_quota_asks_for_a_minute(sheet: Sheet):
    sheet.sandbox.configure("sheets", limits={"read": [1, 60.0]})
    with pytest.raises(Retry) as caught:
        await sheet.look()
    assert caught.value.after == 60


CONFIG = """
hub: {{region: CN}}
sources:
  sheet: {{connector: google_sheets_rows, base_url: {url}/sheets, credentials: '{key}', spreadsheet_id: book1, key: Nr}}
sinks:
  crm: {{connector: updating_sink}}
flows:
  - {{name: inbound, from: [sheet], routes: [{{name: all, to: [crm]}}]}}
"""


async def test_an_edit_of_a_row_is_a_later_version_of_its_lead(make_hub: MakeHub, sheet: Sheet):
    config = CONFIG.format(url=sheet.sandbox.url, key=sheet.key)
    hub = await make_hub(config, transport=httpx.AsyncHTTPTransport())
    sheet.add(row(1), row(2))
    assert (await hub.polls.poll("sheet"))["accepted"] == 2
    await settled(hub)
    sheet.fill(HEAD, row(2), row(1, name="Ann Ng"))
    assert (await hub.polls.poll("sheet"))["read"] == 1
    await settled(hub)
    sent = hub.plan.sinks["crm"].sent
    assert sorted((lead.email, lead.version, lead.full_name) for lead in sent) == [
        ("p1@example.com", 1, "P 1"), ("p1@example.com", 2, "Ann Ng"), ("p2@example.com", 1, "P 2")
    ]  # fmt: skip
    assert (await hub.polls.poll("sheet"))["read"] == 0
