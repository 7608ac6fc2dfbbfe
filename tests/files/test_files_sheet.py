"""XLSX workbooks: what is read of them, and what is refused before it can do harm (reliability 76 to 78)."""

from __future__ import annotations

import io
import resource
import struct
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

from hub.errors import BadInput
from hub.files import Layout, open_table
from hub.files.sheet import opened
from hub.files.zipscan import scan
from tests.files.filemaking import Reader, outcome, saved, with_part, workbook

SHEET = "xl/worksheets/sheet1.xml"
ROWS = (["Name", "Phone"], ["Mei", "+886 2 1234"])
XMLNS = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def sheet_xml(rows: bytes) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>' + XMLNS + rows + b"</sheetData></worksheet>"


def test_cells_become_text_as_people_see_them(read: Reader) -> None:
    book = workbook(
        ["Phone", "Zip", "When", "Day", "Hour", "Yes", "Share", "Sum", "Long"],
        [13800138000.0, "00123", datetime(2026, 5, 4, 8, 9, 41), date(2026, 5, 4), time(8, 5), True, 0.1, 1 / 3],
        [8.6138e12, 7, "May", None, timedelta(hours=30), False, 1234.5, -2, 0.30000000000000004],
    )
    table = read(saved(book), "leads.xlsx")
    assert table.data[0] == {
        "Phone": "13800138000",
        "Zip": "00123",
        "When": "2026-05-04T08:09:41",
        "Day": "2026-05-04",
        "Hour": "08:05:00",
        "Yes": "TRUE",
        "Share": "0.1",
        "Sum": "0.333333333333333",
        "Long": "",
    }
    assert list(table.data[1].values()) == ["8613800000000", "7", "May", "", "30:00:00", "FALSE", "1234.5", "-2", "0.3"]
    assert table.codes == [[], []]
    assert table.kind == "XLSX"


def test_a_number_past_fifteen_digits_is_marked(read: Reader) -> None:
    table = read(saved(workbook(["Name", "Id"], ["Mei", 1234567890123456], ["Ann", 123456789012345])))
    assert table.codes == [["precision_lost"], []]
    assert table.rows[0].problems[0].field == "Id"
    assert table.data[1]["Id"] == "123456789012345"


def test_dates_of_the_1904_system_are_right(read: Reader) -> None:
    book = workbook(["Name", "Day"], ["Mei", date(2026, 5, 4)])
    book.epoch = datetime(1904, 1, 1)
    assert read(saved(book)).data[0]["Day"] == "2026-05-04"


def test_titles_above_the_header_and_merged_cells_are_no_rows(read: Reader) -> None:
    book = workbook(
        ["Leads of the fair"],
        [],
        ["Badge", "Name", "Email"],
        ["A1", "Mei", "mei@example.com"],
        ["A2", "Ann", "a@b.com"],
    )
    book.active.merge_cells("A1:C1")
    table = read(saved(book))
    assert table.preamble == ("Leads of the fair",)
    assert [(row.number, row.data["Name"]) for row in table.rows] == [(4, "Mei"), (5, "Ann")]


def test_only_values_are_read_never_formulas(read: Reader) -> None:
    rows = (
        b'<row r="1"><c r="A1" t="str"><v>Name</v></c><c r="B1" t="str"><v>Sum</v></c></row>'
        b'<row r="2"><c r="A2" t="str"><v>Mei</v></c><c r="B2"><f>6*7</f><v>42</v></c></row>'
        b'<row r="3"><c r="A3" t="str"><v>Ann</v></c><c r="B3" t="str"><f>WEBSERVICE("http://x")</f><v>old</v></c></row>'
    )
    table = read(with_part(saved(workbook(*ROWS)), SHEET, sheet_xml(rows)))
    assert [row["Sum"] for row in table.data] == ["42", "old"]


def test_hidden_and_empty_sheets_are_passed_over(read: Reader) -> None:
    book = workbook(["secret", "data"], ["a", "b"], sheet="Hidden")
    book.active.sheet_state = "hidden"
    book.create_sheet("Empty")
    page = book.create_sheet("Leads")
    page.append(["Name", "City"])
    page.append(["Mei", "Taipei"])
    content = saved(book)
    table = read(content)
    assert table.data == [{"Name": "Mei", "City": "Taipei"}]
    assert table.note == "sheet 'Leads'; not read: 'Empty'"
    assert read(content, sheet="Hidden").data == [{"secret": "a", "data": "b"}]
    assert read(content, sheet=3).data == table.data
    with pytest.raises(BadInput, match="no sheet 'None'; it has 'Hidden', 'Empty', 'Leads'"):
        read(content, sheet="None")


def test_columns_far_to_the_right_keep_their_names(read: Reader) -> None:
    book = workbook()
    for row, pair in ((3, ("Name", "City")), (4, ("Mei", "Taipei"))):
        book.active.cell(row, 2, pair[0])
        book.active.cell(row, 3, pair[1])
    assert read(saved(book)).data == [{"Name": "Mei", "City": "Taipei"}]


def test_a_workbook_with_macros_is_read_without_them(read: Reader) -> None:
    content = with_part(saved(workbook(*ROWS)), "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + bytes(5000))
    assert read(content, "leads.xlsm").data == [{"Name": "Mei", "Phone": "+886 2 1234"}]


def test_a_large_workbook_is_read_by_a_child_and_gives_the_same(read: Reader) -> None:
    rows = [["Id", "姓名", "Phone"], *([number, f"张伟{number}", 13800000000 + number] for number in range(40_000))]
    content = saved(workbook(*rows))
    file = io.BytesIO(content)
    assert not scan(file).small
    table = read(content)
    assert len(table.rows) == 40_000
    assert table.data[-1] == {"Id": "39999", "姓名": "张伟39999", "Phone": "13800039999"}
    assert table.rows[-1].number == 40_001


def test_a_large_workbook_can_be_left_half_read(tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(saved(workbook(["Id", "Name"], *([number, "x" * 200] for number in range(20_000)))))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with open_table(path) as table:
        assert next(table.rows).data["Id"] == "0"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > before  # the child has ended and was waited for


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(saved(workbook(["Id", "Name"], *([number, "x" * 200] for number in range(20_000)))))
    with (
        path.open("rb") as file,
        pytest.raises(BadInput, match="takes too much memory or time"),
        opened(file, Layout(), wall=0),
    ):
        pytest.fail("it was opened")


def test_a_bomb_by_ratio_is_refused_before_it_is_opened(read: Reader) -> None:
    content = with_part(saved(workbook(*ROWS)), SHEET, sheet_xml(b" " * 60_000_000))
    assert len(content) < 100_000
    with pytest.raises(BadInput, match="unpacks to more than 100 times its size"):
        read(content)


def test_a_bomb_that_lies_about_its_sizes_is_refused_all_the_same(read: Reader) -> None:
    content = bytearray(with_part(saved(workbook(*ROWS)), SHEET, sheet_xml(b" " * 60_000_000)))
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    content[at + 24 : at + 28] = struct.pack("<I", 100)  # the size when unpacked, as the directory claims it
    with pytest.raises(BadInput, match="unpacks to more than 100 times its size"):
        read(bytes(content))


def test_a_bomb_by_total_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(saved(workbook(*ROWS)))
    noise = Random(1).randbytes(6_000)  # keeps the ratio below the other limit
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/media/image1.bin", "w", force_zip64=True) as part,
    ):
        for _ in range(1_050):
            part.write(noise + bytes(480_000))
    with pytest.raises(BadInput, match="unpacks to more than 500 MB"), open_table(path):
        pytest.fail("it was opened")


def test_more_parts_than_a_workbook_has_are_refused(read: Reader) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for number in range(1001):
            archive.writestr(f"xl/{number}.xml", "")
    with pytest.raises(BadInput, match="has 1,002 parts; at most 1,000"):
        read(out.getvalue())


def test_parts_that_overlap_are_refused(read: Reader) -> None:
    content = bytearray(saved(workbook(*ROWS)))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]  # both say they start at the same place
    with pytest.raises(BadInput, match="overlap, as in a zip bomb"):
        read(bytes(content))


def test_two_cells_far_apart_do_not_fill_the_memory(read: Reader) -> None:
    far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    content = with_part(saved(workbook(*ROWS)), SHEET, sheet_xml(far))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput, match=r"too much memory|rows; at most 1,000,000"):
        read(content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_million_empty_rows_end_cleanly(read: Reader) -> None:
    rows = b"".join(b'<row r="%d" s="1"><c r="A%d" s="1"/></row>' % (number, number) for number in range(1, 1_048_577))
    content = with_part(saved(workbook(*ROWS)), SHEET, sheet_xml(rows))
    with pytest.raises(BadInput, match=r"only blank rows|at most 1,000,000|times its size"):
        read(content)


def test_a_million_shared_strings_end_cleanly(read: Reader) -> None:
    strings = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + b"<si><t>x</t></si>" * 1_000_000
    )
    content = with_part(saved(workbook(*ROWS)), "xl/sharedStrings.xml", strings + b"</sst>")
    with pytest.raises(BadInput, match="times its size"):
        read(content)


@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
        b"<!-- " + b"x" * 70_000 + b' --><!DOCTYPE lolz [<!ENTITY a "x">]>',
    ],
)
@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_xml_that_declares_entities_is_refused(read: Reader, part: str, prolog: bytes) -> None:
    content = with_part(saved(workbook(*ROWS)), part, b'<?xml version="1.0"?>' + prolog + sheet_xml(b""))
    with pytest.raises(BadInput, match="declares entities"):
        read(content)


def test_xml_in_another_encoding_hides_nothing(read: Reader) -> None:
    hidden = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "x">]><worksheet/>'.encode("utf-16")
    with pytest.raises(BadInput, match="not UTF-8"):
        read(with_part(saved(workbook(*ROWS)), SHEET, hidden))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"leads.csv": "Name\nMei"}, "a zip archive and no workbook"),
        ({"mimetype": "x", "content.xml": "x"}, "an OpenDocument file"),
        ({"word/document.xml": "x", "[Content_Types].xml": "x"}, "a Word document"),
        ({"xl/workbook.bin": "x", "[Content_Types].xml": "x"}, "a binary workbook"),
        ({"xl/workbook.xml": "x", "[Content_Types].xml": "x"}, "is damaged"),
    ],
)
def test_other_archives_are_refused_by_name(read: Reader, parts: dict[str, str], words: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    with pytest.raises(BadInput, match=words):
        read(out.getvalue(), "leads.xlsx")


def test_an_encrypted_part_is_refused(read: Reader) -> None:
    content = bytearray(saved(workbook(*ROWS)))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadInput, match="has a password"):
        read(bytes(content))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_that_was_cut_off_is_damaged(read: Reader, share: float) -> None:
    content = saved(workbook(*ROWS))
    with pytest.raises(BadInput, match="damaged"):
        read(content[: int(len(content) * share)])


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes_never_raise_anything_else(read: Reader, seed: int) -> None:
    content = bytearray(saved(workbook(*ROWS)))
    for step in range(5):
        content[(seed * 7919 + step * 104_729) % len(content)] ^= 1 << (seed % 8)
    assert outcome(read, bytes(content)).endswith(".")
