"""Tables that cannot upsert, against their vendors played: a lead has one row, whatever is repeated, changed or moved."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from connectors.sheets.airtable import Airtable
from connectors.sheets.microsoft_excel import MicrosoftExcel
from connectors.sheets.notion import Notion
from connectors.sheets.smartsheet import Smartsheet
from hub import Lead, Misconfigured, Rejected, Retry, Sent, Sink, Unclear
from hub.lead import Delivery
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

FIELDS = {"Name": "name", "Phone": "phone", "Company": "company"}
NAMES = ["Called", "Name", "Phone", "Lead ID", "Company"]
SOURCE = "248104cd-477e-80af-bc30-000bd28de8f9"
SETTINGS: dict[str, Any] = {
    "airtable": {"token": "t", "tables": {"Leads": dict.fromkeys(NAMES, "text")}},
    "microsoft_excel": {"tables": {"Leads": {"sheet": "My Lead's", "left": "Y", "top": 3, "columns": NAMES}}},
    "notion": {"token": "t", "sources": {SOURCE: {**dict.fromkeys(NAMES, "rich_text"), "Name": "title"}}},
    "smartsheet": {"token": "t", "sheets": {"7": dict.fromkeys(NAMES, "TEXT_NUMBER")}},
}
APP = {"client_id": "a", "client_secret": "s", "tenant_id": "acme", "drive_id": "b!1", "item_id": "01"}
CONFIGS: dict[type[Sink], dict[str, Any]] = {
    Airtable: {"token": "t", "base_id": "appX"},
    MicrosoftExcel: {**APP, "token_url": "{url}/acme/oauth2/v2.0/token"},
    Notion: {"token": "t", "data_source_id": SOURCE, "kinds": {"Name": "title"}},
    Smartsheet: {"token": "t", "sheet_id": "7"},
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=HandClock(), settings=SETTINGS) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def made(cls: type[Any], sandbox: Sandbox, **more: Any) -> Any:
    url = f"{sandbox.url}/{cls.name}"
    said = {
        name: value.replace("{url}", url) if isinstance(value, str) else value for name, value in CONFIGS[cls].items()
    }
    return cls("table", cls.Config(**{"base_url": url, "fields": FIELDS, **said, **more}), HandClock())


def lead(number: int, *, attempt: int = 1, version: int = 1, **fields: Any) -> Lead:
    delivery = Delivery(key=f"{number}-{version}", attempt=attempt, version=version)
    return Lead(id=f"lead_{number}", version=version, **{"full_name": f"Name {number}", **fields}, delivery=delivery)


def rows(sandbox: Sandbox, cls: type[Any]) -> list[tuple[Any, ...]]:
    shown = [row for row in sandbox.records(cls.name) if not row.get("trash")]
    return [tuple(row.get(name) or None for name in ("Lead ID", "Name", "Phone", "Company", "Called")) for row in shown]


every = pytest.mark.parametrize("cls", CONFIGS)


@every
async def test_a_repeat_adds_no_row_and_a_later_version_changes_it(sandbox, http, cls):
    sink = made(cls, sandbox)
    first = await sink.send([lead(1), lead(2)], http)
    later = [lead(1, version=2, company="Acme"), lead(3)]
    again = await sink.send(later, http)
    assert [type(said) for said in (*first, *again)] == [Sent] * 4
    assert again[0].ref == first[0].ref
    assert rows(sandbox, cls) == [
        ("lead_1", "Name 1", None, "Acme", None),
        ("lead_2", "Name 2", None, None, None),
        ("lead_3", "Name 3", None, None, None),
    ]


@pytest.mark.parametrize("cls", [MicrosoftExcel, Smartsheet])
async def test_what_may_have_arrived_is_looked_for_before_it_is_repeated(sandbox, http, cls):
    await made(cls, sandbox).send([lead(number) for number in range(5)], http)
    said = await made(cls, sandbox).send([lead(3, attempt=2), lead(9, attempt=2), lead(0, attempt=3)], http)
    assert [type(one) for one in said] == [Sent] * 3
    assert [row[0] for row in rows(sandbox, cls)] == [*(f"lead_{number}" for number in range(5)), "lead_9"]


@pytest.mark.parametrize(
    ("cls", "path"), [(MicrosoftExcel, "/microsoft_excel/*/rows"), (Smartsheet, "/smartsheet/2.0/sheets/7/rows")]
)
async def test_an_answer_that_got_lost_makes_no_second_row(sandbox, http, cls, path):
    sink = made(cls, sandbox)
    sandbox.script(path, [{"reset": "after"}])
    with pytest.raises(Unclear):
        await sink.send([lead(1), lead(2)], http)
    assert [type(one) for one in await sink.send([lead(1, attempt=2), lead(2, attempt=2)], http)] == [Sent, Sent]
    assert [row[0] for row in rows(sandbox, cls)] == ["lead_1", "lead_2"]


@pytest.mark.parametrize(
    ("cls", "seed"),
    [
        (MicrosoftExcel, {"table": "Leads", "values": {"Lead ID": "lead_1", "Called": "yes", "Name": "typed"}}),
        (Smartsheet, {"sheet": "7", "values": {"Lead ID": "lead_1", "Called": "yes", "Name": "typed"}}),
        (
            Airtable,
            {"base": "appX", "table": "Leads", "fields": {"Lead ID": "lead_1", "Called": "yes", "Name": "typed"}},
        ),
    ],
)
async def test_what_a_person_typed_beside_a_lead_stays(sandbox, http, cls, seed):
    sandbox.seed(cls.name, seed)
    await made(cls, sandbox).send([lead(1, version=2, company="Acme")], http)
    assert rows(sandbox, cls) == [("lead_1", "Name 1", None, "Acme", "yes")]


@every
async def test_text_that_looks_like_a_formula_or_a_number_stays_text(sandbox, http, cls):
    await made(cls, sandbox).send([lead(1, full_name="=1+1", phone="+4915112345678", company="007")], http)
    assert rows(sandbox, cls) == [("lead_1", "=1+1", "+4915112345678", "007", None)]


@every
async def test_an_erased_person_has_no_row(sandbox, http, cls):
    sink = made(cls, sandbox)
    [_, second] = [(await sink.send([lead(number)], http))[0] for number in (1, 2)]
    assert isinstance(await sink.forget(Lead.blank(id="lead_2"), second.ref, http), Sent)
    assert [row[0] for row in rows(sandbox, cls)] == ["lead_1"]


@every
async def test_a_column_that_is_missing_stops_the_sink(sandbox, http, cls):
    sink = made(cls, sandbox, fields={**FIELDS, "Budget": "budget"})
    with pytest.raises(Misconfigured, match="Budget"):
        await sink.send([lead(1, budget="10k")], http)
    assert rows(sandbox, cls) == []


@pytest.mark.parametrize("cls", [MicrosoftExcel, Smartsheet])
async def test_two_later_versions_in_one_batch_are_written_one_after_the_other(sandbox, http, cls):
    sink = made(cls, sandbox)
    await sink.send([lead(1)], http)
    said = await sink.send([lead(1, version=2, company="Old"), lead(1, version=3, company="New")], http)
    assert [type(one) for one in said] == [Sent, Retry]
    assert rows(sandbox, cls) == [("lead_1", "Name 1", None, "Old", None)]


async def test_a_session_of_a_workbook_that_ended_is_tried_again(sandbox, http):
    sink = made(MicrosoftExcel, sandbox)
    sandbox.script("/microsoft_excel/v1.0/*/rows", [{"body_error": "InvalidSessionNotFound"}])
    with pytest.raises(Retry):
        await sink.send([lead(1)], http)
    assert [type(one) for one in await sink.send([lead(1, attempt=2)], http)] == [Sent]


async def test_a_base_that_was_asked_too_often_is_left_alone_for_half_a_minute(sandbox, http):
    sandbox.configure("airtable", limits={"base": [1, 1.0]})
    sink = made(Airtable, sandbox)
    await sink.send([lead(1)], http)
    with pytest.raises(Retry) as told:
        await sink.send([lead(2)], http)
    assert told.value.after == 30.0


async def test_two_records_of_one_lead_hold_up_nobody_else(sandbox, http):
    twin = {"base": "appX", "table": "Leads", "fields": {"Lead ID": "lead_2"}}
    sandbox.seed("airtable", twin, twin)
    sandbox.configure("airtable", limits=False)
    said = await made(Airtable, sandbox).send([lead(number) for number in range(1, 5)], http)
    assert [type(one) for one in said] == [Sent, Rejected, Sent, Sent]


async def test_a_key_column_is_read_page_by_page(sandbox, http):
    for number in range(1_500):
        sandbox.seed("smartsheet", {"sheet": "7", "values": {"Lead ID": f"old_{number}"}})
    sink = made(Smartsheet, sandbox)
    [first] = await sink.send([lead(1)], http)
    assert await sink.send([lead(1, attempt=2)], http) == [first]
