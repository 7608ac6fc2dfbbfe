"""CSV, TSV and their kin, also damaged ones (reliability 71 to 74, 80)."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from hub.errors import BadInput
from hub.files import open_table
from tests.files.filemaking import Reader

HEADER = "Name,Email,City\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_without_a_last_line_end_has_all_its_rows(read: Reader, end: str) -> None:
    table = read(f"Name,City{end}Mei,Taipei{end}Ann,Bonn")
    assert table.data == [{"Name": "Mei", "City": "Taipei"}, {"Name": "Ann", "City": "Bonn"}]


def test_mixed_line_ends_are_read(read: Reader) -> None:
    assert [row["Name"] for row in read("Name,City\r\nMei,A\nAnn,B\rLi,C\r\n").data] == ["Mei", "Ann", "Li"]


@pytest.mark.parametrize("content", ["Name,Email,City", "Name,Email,City\r\n", "\ufeffName,Email,City\n\n\n"])
def test_a_header_without_rows_says_so(read: Reader, content: str) -> None:
    with pytest.raises(BadInput, match="has a header and no rows below it"):
        read(content)


def test_a_field_past_the_limit_is_an_error_of_its_row_and_the_rest_goes_on(read: Reader) -> None:
    table = read(f"{HEADER}Mei,m@x.com,A\nBig,{'x' * 131_073},B\nAnn,a@x.com,C\n")
    assert table.codes == [[], ["field_too_long"], []]
    assert "line 3 has a field longer than 131,072 characters" in table.rows[1].problems[0].message
    assert len(table.data[1]["text"]) == 2000
    assert table.data[2]["Name"] == "Ann"


def test_a_field_at_the_limit_is_read(read: Reader) -> None:
    assert len(read(f"{HEADER}Mei,{'x' * 131_072},A\n").data[0]["Email"]) == 131_072


def test_a_quoted_field_past_the_limit_over_many_lines_costs_only_its_row(read: Reader) -> None:
    note = "word word\n" * 20_000
    table = read(f'{HEADER}Mei,m@x.com,A\nBig,"{note}",B\nAnn,a@x.com,C\n')
    assert [row.get("Name") for row in table.data] == ["Mei", None, "Ann"]
    assert table.codes[1] == ["unclosed_quote"]


def test_a_line_past_a_megabyte_is_an_error_of_its_row(read: Reader) -> None:
    table = read(HEADER + "Mei,m@x.com,A\n" + "a" * 3_000_000 + "\nAnn,a@x.com,C\n")
    assert table.codes == [[], ["row_too_long"], []]
    assert table.data[2]["Name"] == "Ann"


def test_a_first_line_past_a_megabyte_is_refused(read: Reader) -> None:
    with pytest.raises(BadInput, match="The header in line 1 is longer than"):
        read("a" * 3_000_000 + "\nMei,m@x.com\n", header_row=1)


def test_a_quote_that_is_never_closed_swallows_no_row(read: Reader) -> None:
    rows = [f"Mei {number},m{number}@x.com,A" for number in range(100)]
    rows[10] = 'Bad,"bad@x.com,A'
    table = read(HEADER + "\n".join(rows) + "\n")
    assert len(table.rows) == 100
    assert [number for number, codes in enumerate(table.codes) if codes] == [10]
    problem = table.rows[10].problems[0]
    assert problem.code == "unclosed_quote"
    assert problem.message.startswith("The row in line 12 opens a quote that is not closed rightly; line 12 could not")


def test_a_quote_left_open_at_the_very_end_is_an_error_with_its_row(read: Reader) -> None:
    table = read(f'{HEADER}Mei,m@x.com,A\nAnn,"a@x.com,B')
    assert table.codes == [[], ["unclosed_quote"]]
    assert table.data[1] == {"text": 'Ann,"a@x.com,B'}


def test_an_open_quote_before_a_quoted_row_costs_one_row(read: Reader) -> None:
    table = read(f'{HEADER}"Open,m@x.com,A\n"Ann","a@x.com","B"\nLi,l@x.com,C\n')
    assert [row.get("Name") for row in table.data] == [None, "Ann", "Li"]


def test_a_quote_in_the_wrong_place_is_an_error_of_its_row(read: Reader) -> None:
    table = read(f'{HEADER}"5" pipe",m@x.com,A\nAnn,a@x.com,B\n')
    assert table.codes == [["bad_quotes"], []]


def test_quoted_commas_quotes_and_line_ends_are_read(read: Reader) -> None:
    table = read('Name,Note\r\n"Lin, Mei","says ""hi""\r\nand more"\r\nAnn,x\r\n')
    assert table.data[0] == {"Name": "Lin, Mei", "Note": 'says "hi"\r\nand more'}
    assert [row.number for row in table.rows] == [2, 4]


def test_nul_bytes_are_taken_out_and_told(read: Reader) -> None:
    table = read("Name,City\nMe\0i,Bonn\nAnn,Köln\n")
    assert table.data[0]["Name"] == "Mei"
    assert table.codes == [["nul"], []]


@pytest.mark.parametrize(
    ("delimiter", "kind", "shown"),
    [(",", "CSV", "commas"), (";", "CSV", "semicolons"), ("\t", "TSV", "tabs"), ("|", "CSV", "bars")],
)
def test_the_delimiter_is_found(read: Reader, delimiter: str, kind: str, shown: str) -> None:
    rows = [["Name", "Company", "Budget"], ["Mei", "Lin; Co, Ltd", "1,5"], ["Ann", "Muster | Sons", "2,5"]]
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in rows]
    table = read("\n".join(delimiter.join(row) for row in quoted))
    assert table.data[0] == {"Name": "Mei", "Company": "Lin; Co, Ltd", "Budget": "1,5"}
    assert (table.kind, shown in table.note) == (kind, True)


@pytest.mark.parametrize("hint", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_in_which_excel_names_the_delimiter_is_no_row(read: Reader, hint: str) -> None:
    assert read(f"{hint}\r\nName;City\r\nMei;A,B,C\r\n").data == [{"Name": "Mei", "City": "A,B,C"}]


def test_a_delimiter_can_be_set(read: Reader) -> None:
    assert read("Name^City\nMei^Bonn\n", delimiter="^").data == [{"Name": "Mei", "City": "Bonn"}]


def test_one_column_is_a_table_too(read: Reader) -> None:
    assert read("Email\na@example.com\nb@example.com\n").data == [
        {"Email": "a@example.com"},
        {"Email": "b@example.com"},
    ]


def test_a_short_or_long_row_is_kept_and_told(read: Reader) -> None:
    table = read(HEADER + "Mei,m@x.com\nAnn,a@x.com,Bonn,extra\nLi,l@x.com,Rome,,\n")
    assert table.data[0] == {"Name": "Mei", "Email": "m@x.com", "City": ""}
    assert table.data[1]["column 4"] == "extra"
    assert table.data[2] == {"Name": "Li", "Email": "l@x.com", "City": "Rome"}
    assert table.codes == [["ragged_row"], ["ragged_row"], []]


def test_repeated_and_blank_headers_get_names_of_their_own(read: Reader) -> None:
    table = read("Email,Email,,email, Name \nx@x.com,y@x.com,z,w,Mei\nx@x.com,,,,Ann\n")
    assert table.columns == ("Email", "Email (2)", "column 3", "email", "Name")
    assert table.data[0]["column 3"] == "z"
    assert "column 3" not in table.data[1]


def test_more_columns_than_a_spreadsheet_holds_are_refused(read: Reader) -> None:
    header = ",".join(f"c{number}" for number in range(16_385))
    with pytest.raises(BadInput, match="has 16,385 columns; at most 16,384"):
        read(f"{header}\n1,2\n")


def test_as_many_columns_as_a_spreadsheet_holds_are_read(read: Reader) -> None:
    header = ",".join(f"c{number}" for number in range(16_384))
    assert len(read(f"{header}\n{header.replace('c', 'v')}\n").data[0]) == 16_384


def test_lines_above_the_header_of_a_scanner_export_are_no_rows(read: Reader) -> None:
    table = read(
        "Lead Export\nEvent:,Expo 2026,,,\nExported,2026-05-04 18:00\n\n"
        "Badge ID,First Name,Last Name,Email,Notes\nA1,Mei,Lin,mei@example.com,\nA2,Ann,Ng,ann@example.com,call\n"
        "A3,Li,Wei,li@example.com,\n"
    )
    assert table.preamble == ("Lead Export", "Event: Expo 2026", "Exported 2026-05-04 18:00")
    assert [row["Badge ID"] for row in table.data] == ["A1", "A2", "A3"]
    assert table.rows[0].number == 6


def test_a_list_without_a_header_loses_no_lead(read: Reader) -> None:
    content = "Mei Lin,mei@example.com,Taipei\nAnn Ng,ann@example.com,Bonn\n"
    with pytest.raises(BadInput, match=r"row 1 holds an e-mail address.*header_row"):
        read(content)
    assert read(content, header_row=0).data[0] == {
        "column 1": "Mei Lin",
        "column 2": "mei@example.com",
        "column 3": "Taipei",
    }


def test_a_phone_number_is_no_header_either(read: Reader) -> None:
    with pytest.raises(BadInput, match="row 1 holds a phone number"):
        read("张伟,13800138000\n王芳,13900139000\n")


def test_the_row_of_the_header_can_be_set(read: Reader) -> None:
    table = read("a,b\nc,d\nName,City\nMei,Bonn\n", header_row=3)
    assert table.data == [{"Name": "Mei", "City": "Bonn"}]
    with pytest.raises(BadInput, match="has 4 rows, but header_row is 9"):
        read("a,b\nc,d\nName,City\nMei,Bonn\n", header_row=9)


def test_blank_rows_and_repeated_headers_are_left_out(read: Reader) -> None:
    assert len(read(f"{HEADER}Mei,m@x.com,A\n,,\n\n   ,\t,\n{HEADER}Ann,a@x.com,B\n").rows) == 2


def test_numbers_that_a_spreadsheet_shortened_are_told_apart(read: Reader) -> None:
    table = read("Name,Phone\nMei,1.38E+10\nAnn,13800138000\nLi,C2E+10\n")
    assert table.codes == [["number_shortened"], [], []]
    assert (table.rows[0].problems[0].field, table.data[0]["Phone"]) == ("Phone", "1.38E+10")


@pytest.mark.parametrize("cell", ['="0012"', '"=""0012"""', "'0012"])
def test_the_guards_of_spreadsheet_programs_are_taken_off(read: Reader, cell: str) -> None:
    assert read(f"Name,Postcode\nMei,{cell}\nAnn,1\n").data[0]["Postcode"] == "0012"


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "'hello", "=1+1", "O'Brien", "'", "="])
def test_other_text_stays_as_it_is(read: Reader, cell: str) -> None:
    assert read(f"Name;City\nMei;{cell}\nAnn;x\n").data[0]["City"] == cell


def test_two_hundred_thousand_rows_pass_through_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("Id,姓名,Email,Note\n")
        file.writelines(f'{number},张伟{number},u{number}@example.com,"a, b"\n' for number in range(200_000))
    tracemalloc.start()
    with open_table(path) as table:
        count = sum(1 for _ in table.rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 200_000
    assert peak < 10_000_000
