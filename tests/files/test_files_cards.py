"""vCards of every version, MECARD and BIZCARD."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadInput
from hub.files import card_fields, is_card
from tests.files.filemaking import Reader

FOLDED = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lin;Mei;;Ms.;\r\nFN:Mei Lin\r\nORG:Example Co;Sales\r\nTITLE:Buyer\r\n"
    "TEL;TYPE=WORK,VOICE:+886 2 1234\r\nTEL;TYPE=CELL:+12025550143\r\nTEL;TYPE=FAX:+886 2 9999\r\n"
    "item1.EMAIL;TYPE=INTERNET:mei.lin@exam\r\n ple.com\r\nitem1.X-ABLabel:Work\r\n"
    "ADR;TYPE=WORK:;;1 Road;Taipei;;100;Taiwan\r\nNOTE:BadgeID=A10293\\; Type=VIP\\nsecond line\r\n"
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n SkZJRg\r\nX-BOOTH:12\r\nUID:u-1\r\nEND:VCARD\r\n"
)


def quoted(text: str, charset: str) -> str:
    return quopri.encodestring(text.encode(charset)).decode().strip()


def test_a_card_of_version_three_is_read_whole(read: Reader) -> None:
    table = read(FOLDED, "cards.vcf")
    assert table.data == [
        {
            "last_name": "Lin",
            "first_name": "Mei",
            "salutation": "Ms.",
            "full_name": "Mei Lin",
            "company": "Example Co",
            "department": "Sales",
            "title": "Buyer",
            "notes": "BadgeID=A10293; Type=VIP\nsecond line",
            "x-booth": "12",
            "uid": "u-1",
            "email": "mei.lin@example.com",
            "phone": "+12025550143",
            "phone_2": "+886 2 1234",
            "fax": "+886 2 9999",
            "street": "1 Road",
            "city": "Taipei",
            "postcode": "100",
            "country": "Taiwan",
        }
    ]


@pytest.mark.parametrize(
    ("charset", "head"),
    [
        ("gbk", ";CHARSET=GBK;ENCODING=QUOTED-PRINTABLE"),
        ("gbk", ";ENCODING=QUOTED-PRINTABLE"),
        ("utf-8", ";QUOTED-PRINTABLE;CHARSET=UTF-8"),
        ("utf-8", ";ENCODING=QUOTED-PRINTABLE"),
    ],
)
def test_quoted_printable_of_version_two_is_read(read: Reader, charset: str, head: str) -> None:
    family, given, company = quoted("张", charset), quoted("伟", charset), quoted("北京科技有限公司", charset)
    card = (
        f"BEGIN:VCARD\nVERSION:2.1\nN{head}:{family};{given};;;\nFN{head}:{family}=\n{given}\nORG{head}:{company}\n"
        "TEL;CELL:13800138000\nTEL;WORK;PREF:+86 10 1234\nEMAIL;INTERNET:z@example.cn\nEND:VCARD\n"
    )
    found = read(card).data[0]
    assert (found["full_name"], found["last_name"], found["first_name"]) == ("张伟", "张", "伟")
    assert (found["company"], found["phone"], found["phone_2"]) == ("北京科技有限公司", "+86 10 1234", "13800138000")


def test_a_card_of_version_four_is_read(read: Reader) -> None:
    card = (
        "BEGIN:VCARD\nVERSION:4.0\nFN:林美\nKIND:individual\nEMAIL:two@example.com\nEMAIL;PREF=1:one@example.com\n"
        'TEL;VALUE=uri;TYPE="work,cell":tel:+1-202-555-0143;ext=12\nLANG:zh-TW\nEND:VCARD\n'
    )
    found = read(card).data[0]
    assert (found["email"], found["email_2"]) == ("one@example.com", "two@example.com")
    assert (found["phone"], found["language"]) == ("+1-202-555-0143;ext=12", "zh-TW")


def test_cards_in_gbk_bytes_are_read(read: Reader) -> None:
    card = "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:张伟\r\nORG:北京科技\r\nEND:VCARD\r\n"
    assert read(card.encode("gbk")).data == [{"full_name": "张伟", "company": "北京科技"}]


def test_a_bad_card_among_many_costs_only_itself(read: Reader) -> None:
    good = "BEGIN:VCARD\nVERSION:3.0\nFN:{}\nEND:VCARD\n"
    content = good.format("Mei") + "BEGIN:VCARD\nnothing\nEND:VCARD\n" + "BEGIN:VCARD\nFN:open\n" + good.format("Ann")
    table = read(content)
    assert table.codes == [[], ["bad_card"], ["bad_card"], []]
    assert (table.data[0], table.data[3]) == ({"full_name": "Mei"}, {"full_name": "Ann"})
    assert table.rows[2].problems[0].message == (
        "Card 3 has no END:VCARD; it could not be read. Correct the file there."
    )


def test_lines_that_are_no_property_do_not_spoil_a_card(read: Reader) -> None:
    picture = "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSk\nZJRgABAQAA\n\n"
    card = f"BEGIN:VCARD\nVERSION:2.1\nFN:Mei\n{picture}garbage\nTEL:1\nEND:VCARD\n"
    assert read(card).data == [{"full_name": "Mei", "phone": "1"}]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "MECARD:N:Lin,Mei;TEL:+12025550143;TEL:123;EMAIL:mei.lin@example.com;ORG:Example Co;"
            "ADR:,,1 Road,Taipei,,100,Taiwan;URL:https\\://example.com;NOTE:A10293;;",
            {
                "last_name": "Lin",
                "first_name": "Mei",
                "phone": "+12025550143",
                "phone_2": "123",
                "email": "mei.lin@example.com",
                "company": "Example Co",
                "street": "1 Road",
                "city": "Taipei",
                "postcode": "100",
                "country": "Taiwan",
                "website": "https://example.com",
                "notes": "A10293",
            },
        ),
        ("mecard:N:张伟;TEL:13800138000;;", {"full_name": "张伟", "phone": "13800138000"}),
        ("MECARD:N:O\\;Neil\\, Jr,Ann\\\\e;URL:https://x.com/a:b;;", {
            "last_name": "O;Neil, Jr", "first_name": "Ann\\e", "website": "https://x.com/a:b"}),
        ("MECARD:N:Mei;ADR:1 Road, Taipei", {"full_name": "Mei", "street": "1 Road, Taipei"}),
        ("MECARD:TEL:1;EMAIL:;X:y;;", {"phone": "1", "x": "y"}),
        (
            "BIZCARD:N:Mei;X:Lin;T:Buyer;C:Example Co;A:1 Road;B:+12025550143;E:mei.lin@example.com;;",
            {
                "first_name": "Mei",
                "last_name": "Lin",
                "title": "Buyer",
                "company": "Example Co",
                "street": "1 Road",
                "phone": "+12025550143",
                "email": "mei.lin@example.com",
            },
        ),
        ("BEGIN:VCARD\\nVERSION:3.0\\nFN:Mei Lin\\nEND:VCARD", {"full_name": "Mei Lin"}),
    ],
)  # fmt: skip
def test_the_text_of_a_badge_is_read(text: str, fields: dict[str, str]) -> None:
    assert card_fields(text) == fields


@pytest.mark.parametrize(
    "text", ["MECARD:;;", "BIZCARD:", "BEGIN:VCARD\nEND:VCARD", "A10293^Mei", "", "MECARD:" + "N:x;" * 9999]
)
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        card_fields(text)


def test_a_file_of_short_cards_is_read_line_by_line(read: Reader) -> None:
    table = read("MECARD:N:Lin,Mei;TEL:1;;\nMECARD:;;\nBIZCARD:N:Ann;;\n")
    assert table.data[0] == {"last_name": "Lin", "first_name": "Mei", "phone": "1"}
    assert table.codes == [[], ["bad_card"], []]


@given(st.text(alphabet=st.sampled_from('BEGINVCARD:;=,\\"\n\r \tMTELQUOTED-PRINTABLE0D张é\0'), max_size=200))
def test_no_text_of_a_badge_raises_anything_but_a_refusal(text: str) -> None:
    for start in ("MECARD:", "BIZCARD:", "BEGIN:VCARD\n"):
        assert is_card(start + text)
        try:
            found = card_fields(start + text)
        except BadInput:
            continue
        assert all(isinstance(value, str) for value in found.values())
