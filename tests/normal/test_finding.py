"""What leads are found by, and what typed texts look for: in any script, any spelling, any way to write a number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.normal.finding import ASKED, LONGEST, MOST, matches, question_of, words_of

MAX = ("Max Müller", "Muster GmbH & Co. KG", "max.mueller@muster-gmbh.co.uk", "+4915112345678")
LI = ("李伟", "华东机械有限公司", "li.wei@qq.com", "+8613812345678")
YAMADA = ("ヤマダ太郎", "株式会社ガンダム", None, "+81312345678")
KIM = ("김민수", "한국전자", "kim@example.kr", None)
LOUD = ("ŁUKASZ ØRSTED-Æsir", "Straße & Söhne", None, None)


@pytest.mark.parametrize(
    ("who", "typed"),
    [
        (MAX, "max"), (MAX, "MÜLLER"), (MAX, "muller"), (MAX, "Mueller"), (MAX, "mu"), (MAX, "must max"),
        (MAX, "max.mueller@muster-gmbh.co.uk"), (MAX, "@muster"), (MAX, "muster-gmbh.co.uk"),
        (MAX, "https://www.muster-gmbh.co.uk"), (MAX, "+49 151 12345678"), (MAX, "0049 (0)151 123456"),
        (MAX, "0151 12345678"), (MAX, "0151/1234-5678"), (MAX, "5678"), (MAX, "max 5678"), (MAX, "Ｍａｘ"),
        (LI, "李"), (LI, "伟"), (LI, "李伟"), (LI, "机械"), (LI, "华东机械"), (LI, "有限公司 李"), (LI, "li wei"),
        (LI, "138 1234 5678"), (LI, "138-1234"), (LI, "１３８１２３４５６７８"), (LI, "8613812345678"), (LI, "李 5678"),
        (YAMADA, "ガンダム"), (YAMADA, "ｶﾞﾝﾀﾞﾑ"), (YAMADA, "がんだむ"), (YAMADA, "太郎"), (YAMADA, "03-1234-5678"),
        (KIM, "민수"), (KIM, "한국"), (KIM, "kim@exa"), (LOUD, "lukasz"), (LOUD, "orsted"), (LOUD, "oersted"),
        (LOUD, "æsir"), (LOUD, "strasse"), (LOUD, "soehne"), (LOUD, "sohne"),
    ],
)  # fmt: skip
def test_a_lead_is_found_by(who, typed):
    assert matches(question_of(typed, "86"), words_of(*who))


@pytest.mark.parametrize(
    ("who", "typed"),
    [
        (MAX, "maxi"), (MAX, "ueller"), (MAX, "max schmidt"), (MAX, "+86 151 12345678"), (MAX, "1234"), (MAX, "李"),
        (LI, "伟李"), (LI, "华机"), (LI, "138 1234 5679"), (KIM, "수민"), (LOUD, "ukasz"),
    ],
)  # fmt: skip
def test_a_lead_is_not_found_by(who, typed):
    assert not matches(question_of(typed, "86"), words_of(*who))


@pytest.mark.parametrize("typed", ["", "   ", "...", "@", "☃", "\x00", "'\"%_\\", "-", "+"])
def test_what_has_no_word_looks_for_nothing(typed):
    assert question_of(typed) == ()


def test_nobody_has_no_words():
    assert words_of(None, "", None, None) == frozenset()


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_people_send_makes_a_few_short_words(name, company, email, phone):
    found = words_of(name, company, email, phone)
    assert len(found) <= MOST
    assert all(0 < len(word) <= LONGEST and not word.isspace() and "\x00" not in word for word in found)
    "".join(found).encode()


@given(st.text(max_size=2_000), st.sampled_from(["", "86", "49"]))
def test_whatever_people_type_is_a_few_short_words(typed, code):
    asked = question_of(typed, code)
    assert len(asked) <= ASKED
    assert all(0 < len(one) <= LONGEST for beginnings in asked for one in beginnings)


@given(st.text(alphabet="abcüöß李伟华東ガが한国 -.'", min_size=1, max_size=30))
def test_everybody_is_found_by_their_whole_name(name):
    assert matches(question_of(name), words_of(name, None, None, None))
