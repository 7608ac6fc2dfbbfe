"""The Excel sink: one row for each lead, no formulas, and never half a workbook."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from pydantic import ValidationError

from connectors.sheets.xlsx_file import XlsxFile
from hub import Lead, Misconfigured, Retry, Sent, replace_file
from hub.testing.fakes import HandClock

HOSTILE = (
    "=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "＝1+1", "；=1", "#N/A", "#REF!", '=HYPERLINK("http://x","y")',
    "{=1}", "TRUE", "1.38E+10", "3月4日", "00420", "<script>alert(1)</script>",
)  # fmt: skip


def sink(path: Path, **settings: object) -> XlsxFile:
    return XlsxFile("sheet", XlsxFile.Config(path=str(path), **settings), HandClock())


def rows(path: Path, sheet: str = "Leads") -> list[dict[str, object]]:
    header, *others = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in others]


def lead(number: int, **fields: object) -> Lead:
    return Lead(id=f"lead_{number}", full_name=f"Name {number}", **fields)


async def test_a_new_workbook_has_a_header_and_a_row_for_each_lead(tmp_path):
    path = tmp_path / "out" / "leads.xlsx"
    outcomes = await sink(path, columns=("id", "name", "touch.utm_source")).send([lead(1), lead(2)], None)
    assert outcomes == [Sent(path.as_posix())] * 2
    assert rows(path) == [
        {"id": "lead_1", "name": "Name 1", "touch.utm_source": None},
        {"id": "lead_2", "name": "Name 2", "touch.utm_source": None},
    ]


@pytest.mark.parametrize("text", HOSTILE)
async def test_every_cell_is_text_and_reads_as_it_was_written(tmp_path, text):
    path = tmp_path / "leads.xlsx"
    hostile = Lead(id="lead_1", full_name=text, phone=text, company=text, extra={"x": text})
    await sink(path, columns=("id", "name", "phone", "company", "extra.x")).send([hostile], None)
    await sink(path, columns=("id", "name", "phone", "company", "extra.x")).send([lead(2)], None)
    cells = list(openpyxl.load_workbook(path)["Leads"][2])
    assert [cell.value for cell in cells] == ["lead_1", text, text, text, text]
    assert {(cell.data_type, cell.number_format) for cell in cells} == {("s", "@")}


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "@A1", "-1", "＝1"])
async def test_a_cell_that_looks_like_a_formula_stays_text_when_a_person_edits_it(tmp_path, text):
    path = tmp_path / "leads.xlsx"
    await sink(path, columns=("id", "name")).send([Lead(id="lead_1", full_name=text)], None)
    marked, plain = openpyxl.load_workbook(path)["Leads"]["B2"], openpyxl.load_workbook(path)["Leads"]["A2"]
    assert (marked.quotePrefix, plain.quotePrefix) == (True, False)


async def test_phone_numbers_and_numbers_stay_readable(tmp_path):
    path = tmp_path / "leads.xlsx"
    one = Lead(id="lead_1", phone="+8613800138000", score=-5.0, postcode="01067")
    await sink(path, columns=("id", "phone", "score", "postcode")).send([one], None)
    assert rows(path) == [{"id": "lead_1", "phone": "+8613800138000", "score": "-5", "postcode": "01067"}]


async def test_a_repeat_adds_no_row_and_a_later_version_takes_its_place(tmp_path):
    path = tmp_path / "leads.xlsx"
    one = sink(path, columns=("id", "company"))
    await one.send([lead(1), lead(2)], None)
    await one.send([lead(1), lead(1)], None)
    await one.send([lead(1, version=2, company="Acme")], None)
    assert rows(path) == [{"id": "lead_1", "company": "Acme"}, {"id": "lead_2", "company": None}]


async def test_what_people_add_move_and_delete_is_respected(tmp_path):
    path = tmp_path / "leads.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "Leads"
    for row in (("called", "name", "id"), ("yes", "Old Name", "lead_2"), (None, "Name 1", "lead_1")):
        book.active.append(row)
    book.create_sheet("Notes")["A1"] = "kept"
    book.save(path)
    await sink(path, columns=("id", "name")).send([lead(2), lead(3)], None)
    assert rows(path) == [
        {"called": "yes", "name": "Name 2", "id": "lead_2"},
        {"called": None, "name": "Name 1", "id": "lead_1"},
        {"called": None, "name": "Name 3", "id": "lead_3"},
    ]
    assert openpyxl.load_workbook(path)["Notes"]["A1"].value == "kept"


async def test_a_column_that_is_new_in_the_settings_is_added_at_the_right(tmp_path):
    path = tmp_path / "leads.xlsx"
    await sink(path, columns=("id", "name")).send([lead(1)], None)
    await sink(path, columns=("id", "company", "name")).send([lead(2, company="Acme")], None)
    assert rows(path) == [
        {"id": "lead_1", "name": "Name 1", "company": None},
        {"id": "lead_2", "name": "Name 2", "company": "Acme"},
    ]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("a\x00b\x08c\x1b[31m", "abc[31m"),
        ("a\ud800b", "a\ufffdb"),
        ("a\ufffeb\uffffc", "abc"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("x" * 40_000, "x" * 32_767),
        ("👩‍👩‍👧 ﷽ 龘", "👩‍👩‍👧 ﷽ 龘"),
    ],
)
async def test_characters_that_xml_forbids_do_not_stop_the_file(tmp_path, given, read):
    path = tmp_path / "leads.xlsx"
    await sink(path, columns=("id", "message")).send([lead(1, message=given)], None)
    assert rows(path)[0]["message"] == read


async def test_sends_at_the_same_time_lose_and_double_nothing(tmp_path):
    path = tmp_path / "leads.xlsx"
    one, other = sink(path), sink(path)
    await asyncio.gather(*((one, other)[n % 2].send([lead(n), lead(n + 1)], None) for n in range(10)))
    assert sorted(row["id"] for row in rows(path)) == sorted(f"lead_{n}" for n in range(11))


async def test_the_file_has_a_new_name_every_day(tmp_path):
    came = datetime(2026, 5, 3, 20, 0, tzinfo=UTC)
    [outcome] = await sink(tmp_path / "{date}.xlsx", time_zone="Asia/Shanghai").send([lead(1, created_at=came)], None)
    assert outcome == Sent((tmp_path / "2026-05-04.xlsx").as_posix())


async def test_a_full_workbook_stops_the_sink_and_keeps_what_it_has(tmp_path):
    path = tmp_path / "leads.xlsx"
    one = sink(path, max_rows=2, columns=("id",))
    await one.send([lead(1), lead(2)], None)
    [outcome] = await one.send([lead(3)], None)
    assert isinstance(outcome, Misconfigured)
    assert "{date}" in outcome.reason
    assert [row["id"] for row in rows(path)] == ["lead_1", "lead_2"]


async def test_a_file_that_is_no_workbook_stops_the_sink_and_is_left_alone(tmp_path):
    path = tmp_path / "leads.xlsx"
    path.write_bytes(b"PK\x03\x04 broken")
    [outcome] = await sink(path).send([lead(1)], None)
    assert isinstance(outcome, Misconfigured)
    assert path.read_bytes() == b"PK\x03\x04 broken"


async def test_while_somebody_has_the_file_open_in_excel_nothing_is_written(tmp_path):
    path = tmp_path / "leads.xlsx"
    await sink(path).send([lead(1)], None)
    before = path.read_bytes()
    (tmp_path / "~$leads.xlsx").write_bytes(b"owner")
    [outcome] = await sink(path).send([lead(2)], None)
    assert isinstance(outcome, Retry)
    assert path.read_bytes() == before


async def test_what_a_crash_left_beside_the_file_does_no_harm(tmp_path):
    path = tmp_path / "leads.xlsx"
    (tmp_path / ".leads.xlsx.part").write_bytes(b"half a workbook" * 10_000)
    await sink(path).send([lead(1)], None)
    assert [file.name for file in tmp_path.iterdir()] == ["leads.xlsx"]
    assert [row["id"] for row in rows(path)] == ["lead_1"]


def test_a_write_that_fails_half_way_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def half(file):
        file.write(b"ne")
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        replace_file(path, half)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


async def test_a_new_workbook_keeps_the_rights_of_the_old_one(tmp_path):
    path = tmp_path / "leads.xlsx"
    await sink(path).send([lead(1)], None)
    assert path.stat().st_mode & 0o007 == 0
    path.chmod(0o600)
    await sink(path).send([lead(2)], None)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("path", ["leads.xls", "leads.csv", "leads", "out/{day}.xlsx"])
def test_a_path_that_is_no_workbook_is_refused_at_the_start(path):
    with pytest.raises(ValidationError, match="path"):
        XlsxFile.Config(path=path)
