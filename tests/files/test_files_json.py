"""JSON as lines, as an array and one after the other (reliability 81)."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from hub.errors import BadInput
from hub.files import open_table
from tests.files.filemaking import Reader

MEI = {"name": "Mei", "phone": "13800138000"}
ANN = {"name": "Ann", "tags": ["a", {"b": None}]}


def test_one_object_a_line_is_read_with_its_line_numbers(read: Reader) -> None:
    table = read(f"{json.dumps(MEI)}\r\n\n{json.dumps(ANN)}", "leads.jsonl")
    assert table.data == [MEI, ANN]
    assert [row.number for row in table.rows] == [1, 3]
    assert table.kind == "JSONL"


def test_one_bad_line_is_an_error_of_its_row_and_the_rest_goes_on(read: Reader) -> None:
    table = read(f'{json.dumps(MEI)}\n{{"name": "Li", }}\n[1, 2]\nnull\n{json.dumps(ANN)}\n')
    assert table.codes == [[], ["bad_json"], ["bad_json"], ["bad_json"], []]
    assert table.rows[1].problems[0].message.startswith("Line 2 could not be read: The body is not JSON")
    assert table.data[1] == {"text": '{"name": "Li", }'}


def test_a_first_line_that_is_cut_off_does_not_hide_the_rest(read: Reader) -> None:
    table = read(f'{{"name": "Li"\n{json.dumps(MEI)}\n{json.dumps(ANN)}\n')
    assert table.codes == [["bad_json"], [], []]
    assert table.data[1:] == [MEI, ANN]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("gap", ["", " ", "\n", ",\n"])
def test_objects_one_after_the_other_are_read(read: Reader, indent: int | None, gap: str) -> None:
    assert read(gap.join(json.dumps(one, indent=indent) for one in (MEI, ANN, MEI))).data == [MEI, ANN, MEI]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_an_array_of_objects_is_read(read: Reader, indent: int | None, encoding: str) -> None:
    leads = [{"姓名": "张伟"}, ANN]
    assert read(json.dumps(leads, indent=indent, ensure_ascii=False).encode(encoding)).data == leads


def test_a_bad_object_in_an_array_costs_only_itself(read: Reader) -> None:
    table = read(f'[{json.dumps(MEI)}, {{"name": "Li" "x": 1}}, {json.dumps(ANN)}, 7]')
    assert table.codes == [[], ["bad_json"], [], ["bad_json"]]
    assert table.data[2] == ANN


def test_an_array_that_is_cut_off_gives_what_is_whole(read: Reader) -> None:
    table = read(f'[{json.dumps(MEI)}, {json.dumps(ANN)}, {{"name": "L')
    assert table.data[:2] == [MEI, ANN]
    assert table.codes == [[], [], ["bad_json"]]


def test_long_numbers_keep_their_digits(read: Reader) -> None:
    assert read('{"id": 12345678901234567890, "phone": 8.613800138000e12}\n').data == [
        {"id": "12345678901234567890", "phone": "8613800138000"}
    ]


@pytest.mark.parametrize("bad", ['{"a": NaN}', '{"a": ' + "9" * 5000 + ', "b": Infinity}', '{"a": ' + "[" * 100_000])
def test_what_is_no_json_number_or_too_deep_is_an_error_of_its_row(read: Reader, bad: str) -> None:
    table = read(f"{json.dumps(MEI)}\n{bad}\n{json.dumps(ANN)}\n")
    assert table.codes == [[], ["bad_json"], []]


def test_a_bad_byte_marks_its_row(read: Reader) -> None:
    table = read('{"name": "张伟"}\n{"name": "王'.encode() + b"\xff" + '芳"}\n'.encode())
    assert table.codes == [[], ["damaged_text"]]


def test_a_line_past_a_megabyte_is_an_error_of_its_row(read: Reader) -> None:
    table = read(f'{json.dumps(MEI)}\n{{"a": "{"x" * 2_000_000}"}}\n{json.dumps(ANN)}\n')
    assert table.codes == [[], ["row_too_long"], []]


@pytest.mark.parametrize("content", ["[]", "[ ]", "[\n]\n"])
def test_an_array_without_objects_says_so(read: Reader, content: str) -> None:
    with pytest.raises(BadInput, match="no objects in it"):
        read(content)


def test_a_long_array_in_one_line_passes_through_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "leads.json"
    path.write_text("[" + ",".join(json.dumps({**MEI, "number": number}) for number in range(100_000)) + "]")
    tracemalloc.start()
    with open_table(path) as table:
        numbers = [row.data["number"] for row in table.rows if row.number % 25_000 == 0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert numbers == [24_999, 49_999, 74_999, 99_999]
    assert peak < 5_000_000
