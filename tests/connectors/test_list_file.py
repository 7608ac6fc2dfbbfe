"""Lists: keys, problems and the promise that the same row is the same lead (reliability 80)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.lists.list_file import ListFile
from hub import BadInput, RawLead

CSV = "Id,Name,Email\n1,Mei,mei@example.com\n2,Ann,ann@example.com\n"


def leads(folder: Path, content: str | bytes, **settings: Any) -> list[RawLead]:
    path = folder / "list.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(ListFile("lists", ListFile.Config(**settings)).read(path))


def test_a_list_is_of_a_third_party() -> None:
    assert ListFile.party == "third"


def test_the_key_column_is_the_leads_key(tmp_path: Path) -> None:
    assert [lead.key for lead in leads(tmp_path, CSV, key="Id")] == ["1", "2"]
    assert [lead.key for lead in leads(tmp_path, CSV, key=" id")] == ["1", "2"]
    assert [lead.key for lead in leads(tmp_path, CSV)] == [None, None]


def test_a_key_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="key column 'Nr' is not in the file; it has 'Id', 'Name', 'Email'"):
        leads(tmp_path, CSV, key="Nr")


def test_of_several_key_columns_the_first_that_a_file_has_counts(tmp_path: Path) -> None:
    assert [lead.key for lead in leads(tmp_path, CSV, key=("Nr", "Email", "Id"))] == [
        "mei@example.com",
        "ann@example.com",
    ]
    assert [lead.key for lead in leads(tmp_path, CSV, key=("Nr",))] == [None, None]


def test_a_row_without_its_id_is_kept_and_told(tmp_path: Path) -> None:
    found = leads(tmp_path, "Id,Name\n1,Mei\n ,Ann\n", key="Id")
    assert [(lead.key, [problem.code for problem in lead.problems]) for lead in found] == [
        ("1", []),
        (None, ["key_missing"]),
    ]


def test_the_same_rows_in_another_order_are_the_same_leads(tmp_path: Path) -> None:
    head, *rows = CSV.splitlines(keepends=True)
    there, back = leads(tmp_path, CSV), leads(tmp_path, head + "".join(reversed(rows)))
    assert [lead.data for lead in there] == [lead.data for lead in reversed(back)]
    assert leads(tmp_path, CSV) == there


def test_a_row_is_the_same_in_csv_and_in_xlsx(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Name", "Phone", "Zip"], ["Mei", 13800138000.0, 7], ["Ann", "+49 30 1", None]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    text = "Name,Phone,Zip\nMei,13800138000,7\nAnn,+49 30 1,\n"
    assert leads(tmp_path, buffer.getvalue()) == leads(tmp_path, text)


def test_every_row_is_either_read_or_says_what_is_wrong(tmp_path: Path) -> None:
    content = f'Id,Name,Email\n1,Mei\n2,{"x" * 140_000},b@x.com\n3,Ann,a\0@x.com\n4,Li,l@x.com\n5,"Bo,b@x.com'
    found = leads(tmp_path, content, key="Id")
    assert [[problem.code for problem in lead.problems] for lead in found] == [
        ["ragged_row"],
        ["field_too_long"],
        ["nul"],
        [],
        ["unclosed_quote"],
    ]
    assert [lead.key for lead in found] == ["1", None, "3", "4", None]
    assert all(problem.message.endswith(".") for lead in found for problem in lead.problems)


def test_settings_of_the_layout_count(tmp_path: Path) -> None:
    content = "Mei^Łódź\n".encode("cp1250")
    found = leads(tmp_path, content, delimiter="^", encoding="cp1250", header_row=0)
    assert found[0].data == {"column 1": "Mei", "column 2": "Łódź"}
