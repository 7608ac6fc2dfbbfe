"""Encodings of text files (reliability 47, 75) and what is no text at all (78)."""

from __future__ import annotations

import pytest

from hub.errors import BadInput
from hub.files.row import Layout
from hub.files.script import guess
from hub.files.text import codec
from tests.files.filemaking import Reader

CHINESE = "姓名,手机\r\n张伟,13800138000\r\n"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_the_encoding_is_found_and_shown(read: Reader, encoding: str, found: str) -> None:
    table = read(CHINESE.encode(encoding))
    assert table.data == [{"姓名": "张伟", "手机": "13800138000"}]
    assert found in table.note


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("張小姐,臺北市", "cp950"),
        ("山田太郎,株式会社", "cp932"),
        ("김민수,서울", "cp949"),
        ("José,Müller", "cp1252"),
        ("l’été,Crème brûlée", "cp1252"),
        ("Иванов,Москва", "cp1251"),
        ("欧阳娜娜", "gb18030"),
        ("诸葛亮", "gb18030"),
    ],
)
def test_legacy_text_is_told_by_its_usual_letters(text: str, encoding: str) -> None:
    assert guess(text.encode(encoding)) == encoding


def test_the_setting_wins_over_the_guess(read: Reader) -> None:
    polish = "Name,City\nWałęsa,Gdańsk\n".encode("cp1250")
    assert read(polish, encoding="cp1250").data == [{"Name": "Wałęsa", "City": "Gdańsk"}]


def test_one_bad_byte_in_utf8_marks_its_row_only(read: Reader) -> None:
    content = "Name,City\n张伟,北京\n王芳,上".encode() + b"\xff" + "海\n李娜,广州\n".encode()
    table = read(content)
    assert [row["City"] for row in table.data] == ["北京", "上\ufffd海", "广州"]
    assert table.codes == [[], ["damaged_text"], []]
    assert table.rows[1].problems[0].field == "City"


def test_a_bad_byte_far_into_a_plain_file_is_found(read: Reader) -> None:
    content = b"Name,City\n" + b"Ann,Bonn\n" * 20_000 + "José,Köln\n".encode("cp1252")
    assert read(content).data[-1] == {"Name": "José", "City": "Köln"}


@pytest.mark.parametrize(
    ("declared", "taken"),
    [
        ("gb2312", "gb18030"),
        ("ISO-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("shift-jis", "cp932"),
        ("utf8", "utf-8"),
    ],
)
def test_a_declared_charset_gives_the_one_that_people_mean(declared: str, taken: str) -> None:
    assert codec(declared) == taken


@pytest.mark.parametrize("name", ["nonsense", "utf-7", "base64", "unicode_escape", "a\0b", "x" * 5000, ""])
def test_an_unknown_or_dangerous_charset_is_none(name: str) -> None:
    assert codec(name) is None


@pytest.mark.parametrize(
    "setting", [{"encoding": "nonsense"}, {"delimiter": "ab"}, {"delimiter": '"'}, {"header_row": -1}, {"max_mb": 0}]
)
def test_a_wrong_setting_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        Layout.model_validate(setting)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes"),
        (b"\xef\xbb\xbf", "a byte order mark and nothing else"),
        (b"\xff\xfe", "a byte order mark and nothing else"),
        (b"\r\n \n\t\n", "has no text"),
        (b"<!DOCTYPE html><html><table><tr><td>Name</td></tr></table>", "a web page .HTML., whatever its name says"),
        ("<html><body>".encode("utf-16"), "a web page"),
        (b'<?xml version="1.0"?><Workbook/>', "is XML"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x1f\x8b\x08abc", "a gzip archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"\x89PNG\r\n", "an image"),
        (b"-----BEGIN PGP MESSAGE-----", "encrypted file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "a password"),
        (bytes(range(1, 32)) * 20, "neither text nor a workbook"),
    ],
)
def test_what_is_no_list_is_refused_by_name(read: Reader, content: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read(content)
