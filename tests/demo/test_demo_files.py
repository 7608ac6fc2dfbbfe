"""The demo's files: lists, badge scans, cards and mails in the forms and encodings that were promised."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import vobject  # type: ignore[import-untyped, unused-ignore]
from openpyxl import load_workbook  # type: ignore[import-untyped, unused-ignore]

from hub.demo.generate import generate

LISTS, EXPO = "inbox/lists", "inbox/expo"


@pytest.fixture(scope="module", name="demo")
def _demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate the data once; no test changes it."""
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, 7, datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC))
    return folder


def truth(demo: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((demo / "truth.csv").read_text("utf-8"))))


def cells(demo: Path, path: str, encoding: str, delimiter: str = ",") -> list[dict[str, str]]:
    text = (demo / path).read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def test_the_chinese_list_is_gb18030_with_semicolons_and_not_utf8(demo: Path) -> None:
    rows = cells(demo, f"{LISTS}/east-china.csv", "gb18030", ";")
    assert list(rows[0])[:4] == ["编号", "姓名", "手机", "邮箱"]
    assert known_keys(demo, "east-china.csv") == {row["编号"] for row in rows}
    with pytest.raises(UnicodeDecodeError):
        (demo / LISTS / "east-china.csv").read_text("utf-8")


def test_the_fair_list_is_utf16_with_tabs(demo: Path) -> None:
    assert (demo / LISTS / "fair-visitors.tsv").read_bytes().startswith(b"\xff\xfe")
    rows = cells(demo, f"{LISTS}/fair-visitors.tsv", "utf-16", "\t")
    assert list(rows[0])[:2] == ["First Name", "Last Name"]
    assert len(known_keys(demo, "fair-visitors.tsv")) == len(rows)


def test_the_crm_export_starts_with_a_byte_order_mark(demo: Path) -> None:
    assert (demo / LISTS / "old-crm.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = cells(demo, f"{LISTS}/old-crm.csv", "utf-8-sig")
    assert known_keys(demo, "old-crm.csv") == {row["Record ID"] for row in rows}


def test_the_directory_is_one_json_object_a_line(demo: Path) -> None:
    rows = [json.loads(line) for line in (demo / LISTS / "directory.jsonl").read_text("utf-8").splitlines()]
    assert known_keys(demo, "directory.jsonl") == {row["id"] for row in rows}


def known_keys(demo: Path, file: str) -> set[str]:
    return {row["key"] for row in truth(demo) if row["file"] == f"{LISTS}/{file}"}


def workbook(demo: Path) -> list[tuple[Any, ...]]:
    page = load_workbook(demo / LISTS / "data-vendor.xlsx").active
    return [tuple(row) for row in page.iter_rows()]


def test_the_workbook_has_numbers_as_spreadsheets_make_them(demo: Path) -> None:
    head, *rows = workbook(demo)
    phones = [row[[cell.value for cell in head].index("Mobile")] for row in rows]
    kinds = {type(cell.value) for cell in phones if cell.value is not None}
    assert kinds == {str, int, float} or kinds == {str, int}
    assert len(known_keys(demo, "data-vendor.xlsx")) == len(rows)


def test_no_cell_of_the_workbook_is_a_formula(demo: Path) -> None:
    assert [cell.value for row in workbook(demo) for cell in row if cell.data_type == "f"] == []


def test_a_shortened_number_stays_in_the_text_lists(demo: Path) -> None:
    shortened = [row for row in truth(demo) if "phone_scientific" in row["damage"].split()]
    east = {row["编号"]: row["手机"] for row in cells(demo, f"{LISTS}/east-china.csv", "gb18030", ";")}
    found = [east[row["key"]] for row in shortened if row["key"] in east]
    assert found
    assert {text.endswith("E+10") for text in found} == {True}


def test_lines_in_truth_point_at_the_row(demo: Path) -> None:
    text = (demo / LISTS / "east-china.csv").read_bytes().decode("gb18030")
    lines = text.splitlines()
    rows = [row for row in truth(demo) if row["file"] == f"{LISTS}/east-china.csv"]
    assert [lines[int(row["line"]) - 1].split(";")[0] for row in rows] == [row["key"] for row in rows]


def test_the_second_sync_sends_known_scans_again_with_more(demo: Path) -> None:
    first = {row["Scan ID"]: row for row in cells(demo, f"{EXPO}/scans.csv", "utf-8-sig")}
    second = {row["Scan ID"]: row for row in cells(demo, f"{EXPO}/scans-resync.csv", "utf-8-sig")}
    assert set(second) == {row["key"] for row in truth(demo) if "second_sync" in row["damage"].split()}
    assert set(second) < set(first)
    assert [key for key, row in second.items() if len(row["Notes"]) <= len(first[key]["Notes"])] == []
    released = [key for key in second if first[key]["Badge"].startswith("A1")]
    assert {second[key]["Badge"].split(":")[0] for key in released} == {"MECARD", "BEGIN"}


def test_badges_carry_vcards_mecards_and_bare_ids(demo: Path) -> None:
    badges = [row["Badge"] for row in cells(demo, f"{EXPO}/scans.csv", "utf-8-sig")]
    kinds = Counter(badge[:6] for badge in badges)
    assert min(kinds["BEGIN:"], kinds["MECARD"], len(badges) - kinds["BEGIN:"] - kinds["MECARD"]) >= 5


def test_scans_were_made_while_the_fair_was_open(demo: Path) -> None:
    times = [datetime.fromisoformat(row["Scan Time"]) for row in cells(demo, f"{EXPO}/scans.csv", "utf-8-sig")]
    assert {9 <= time.hour < 18 for time in times} == {True}
    assert len({time.date() for time in times}) == 3


def test_every_card_parses_and_is_known_by_its_uid(demo: Path) -> None:
    cards = list(vobject.readComponents((demo / EXPO / "cards.vcf").read_bytes().decode(), allowQP=True))
    uids = {card.uid.value for card in cards}
    assert uids == {row["key"] for row in truth(demo) if row["file"] == f"{EXPO}/cards.vcf"}
    assert {card.version.value for card in cards} == {"2.1", "3.0", "4.0"}


def test_no_line_of_a_card_is_longer_than_its_standard_allows(demo: Path) -> None:
    lines = (demo / EXPO / "cards.vcf").read_bytes().split(b"\r\n")
    assert [line for line in lines if len(line) > 75 and b"QUOTED-PRINTABLE" not in line] == []


def parsed(demo: Path) -> dict[str, Any]:
    paths = sorted((demo / "mails").glob("*.eml"))
    mails = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]
    return {str(mail["Message-ID"]): mail for mail in mails}


def test_truth_covers_every_mail_by_its_message_id(demo: Path) -> None:
    assert set(parsed(demo)) == {row["key"] for row in truth(demo) if row["source"] == "mailbox"}


def test_auto_replies_say_so_and_are_nobody(demo: Path) -> None:
    automatic = {key for key, mail in parsed(demo).items() if str(mail.get("Auto-Submitted", "")).startswith("auto-")}
    assert automatic == {row["key"] for row in truth(demo) if row["kind"] == "noise"}
    assert {row["person"] for row in truth(demo) if row["kind"] == "noise"} == {""}


def test_chinese_mails_declare_less_than_they_use(demo: Path) -> None:
    narrow = [mail for mail in parsed(demo).values() if mail.get_content_charset() == "gb2312"]
    assert len(narrow) >= 2
    assert {"姓名：" in mail.get_payload(decode=True).decode("gb18030") for mail in narrow} == {True}


def test_no_header_of_a_mail_has_what_a_hostile_address_brought(demo: Path) -> None:
    assert [mail for mail in parsed(demo).values() if mail["Bcc"]] == []


def test_unreachable_rows_have_neither_address_nor_number(demo: Path) -> None:
    east = {row["编号"]: row for row in cells(demo, f"{LISTS}/east-china.csv", "gb18030", ";")}
    bare = [east[row["key"]] for row in truth(demo) if row["kind"] == "unreachable" and row["key"] in east]
    assert bare
    assert {(row["手机"], row["邮箱"]) for row in bare} == {("", "")}


def test_lines_in_truth_point_at_the_scan_although_badges_have_many_lines(demo: Path) -> None:
    lines = (demo / EXPO / "scans.csv").read_bytes().decode("utf-8-sig").splitlines()
    rows = [row for row in truth(demo) if row["file"] == f"{EXPO}/scans.csv"]
    assert [lines[int(row["line"]) - 1].split(",")[0] for row in rows] == [row["key"] for row in rows]


def test_rows_that_stand_twice_are_marked(demo: Path) -> None:
    keys = Counter(row["Record ID"] for row in cells(demo, f"{LISTS}/old-crm.csv", "utf-8-sig"))
    marked = {row["key"] for row in truth(demo) if "duplicate_row" in row["damage"].split()}
    assert {key for key, count in keys.items() if count == 2} == marked & set(keys)
    assert len(marked & set(keys)) == 2
