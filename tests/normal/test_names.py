"""Names are split and joined in the order of their script, and never altered."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.normal import names


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("张伟", "伟", "张"),
        ("张小明", "小明", "张"),
        ("欧阳娜娜", "娜娜", "欧阳"),
        ("司马光", "光", "司马"),
        ("诸葛亮", "亮", "诸葛"),
        ("歐陽修", "修", "歐陽"),
        ("劉德華", "德華", "劉"),
        ("张 伟", "伟", "张"),
        ("张伟先生", "伟", "张"),
        ("张女士", None, "张"),
        ("王经理", None, "王"),
        ("李总", None, "李"),
        ("欧阳总", None, "欧阳"),
        ("刘总经理", None, "刘"),
        ("陈董", None, "陈"),
        ("尼古拉·特斯拉", "尼古拉", "特斯拉"),
        ("阿卜杜拉·买买提", "阿卜杜拉", "买买提"),
        ("山田 太郎", "太郎", "山田"),
        ("田中さくら子", None, None),
        ("やまだ", None, None),
        ("김민준", "민준", "김"),
        ("남궁민수", "민수", "남궁"),
        ("David 张", "David", "张"),
        ("张 David", "David", "张"),
        ("彁彁", None, None),
        ("北京示例科技有限公司", None, None),
        ("Zhang Wei", "Zhang", "Wei"),
        ("Ann Ng", "Ann", "Ng"),
        ("ann ng", "ann", "ng"),
        ("King Wong", "King", "Wong"),
        ("Master Li", "Master", "Li"),
        ("O'Brien", "O'Brien", None),
        ("Sinéad O’Connor", "Sinéad", "O’Connor"),
        ("Jean-Claude Van Damme", "Jean-Claude", "Van Damme"),
        ("Juan Q. Xavier de la Vega III", "Juan", "de la Vega"),
        ("Smith, Ann", "Ann", "Smith"),
        ("Mr. Smith", None, "Smith"),
        ("Dr. Ann Ng", "Ann", "Ng"),
        ("Prof. Dr. Müller", None, "Müller"),
        ("Ann Smith Jr.", "Ann", "Smith"),
        ("Ann Esq", "Ann", None),
        ("de Bruyne", None, "de Bruyne"),
        ("Null", "Null", None),
        ("None", "None", None),
        ("true", "true", None),
        ("NaN", "NaN", None),
        ("undefined", "undefined", None),
        ("x", "x", None),
        ("﷽", "﷽", None),
        ("R2 D2", "R2", "D2"),
        ("Mr", None, None),
        ("", None, None),
        ("one two three four five six seven eight nine", None, None),
    ],
)
def test_a_whole_name_is_split(full, first, last):
    assert names.split(full)[:2] == (first, last)


@pytest.mark.parametrize(
    ("full", "part", "value"),
    [
        ("王经理", "honorific", "经理"),
        ("李总", "honorific", "总"),
        ("Dr. Ann Ng", "honorific", "Dr."),
        ("Juan Q. de la Vega III", "suffix", "III"),
        ("Juan Q. de la Vega III", "middle", "Q."),
    ],
)
def test_what_is_neither_name_is_kept_as_a_part(full, part, value):
    assert names.split(full).parts[part] == value


@pytest.mark.parametrize(
    ("first", "last", "full"),
    [
        ("伟", "张", "张伟"),
        ("민준", "김", "김민준"),
        ("太郎", "山田", "山田太郎"),
        ("Ann", "Ng", "Ann Ng"),
        ("David", "张", "David 张"),
    ],
)
def test_two_names_are_joined_in_the_order_of_their_script(first, last, full):
    assert names.join(first, last) == full


@pytest.mark.parametrize(
    ("given_parts", "completed"),
    [
        ((None, None, None), (None, None, None)),
        ((None, "Ann", "Ng"), ("Ann Ng", "Ann", "Ng")),
        ((None, "张伟", None), ("张伟", "张伟", None)),
        ((None, None, "Ng"), ("Ng", None, "Ng")),
        (("Ann Ng", None, None), ("Ann Ng", "Ann", "Ng")),
        (("Ann Ng", "Annie", "Ng"), ("Ann Ng", "Annie", "Ng")),
        (("Zhang Wei", "Wei", None), ("Zhang Wei", "Wei", "Zhang")),
        (("张伟", "伟", None), ("张伟", "伟", "张")),
        (("张伟", None, "张"), ("张伟", "伟", "张")),
        (("Ann Ng", "Bob", None), ("Ann Ng", "Bob", None)),
        (("Ann", "Ann", None), ("Ann", "Ann", None)),
    ],
)
def test_missing_names_are_made_from_the_others_where_that_is_sure(given_parts, completed):
    assert names.complete(*given_parts) == completed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张伟", "Zhang Wei"),
        ("张伟", "Wei Zhang"),
        ("张伟", "ZHANG, WEI"),
        ("张伟先生", "张伟"),
        ("张小明", "Zhang Xiao Ming"),
        ("张小明", "Xiaoming Zhang"),
        ("欧阳娜娜", "Ouyang Nana"),
        ("曾国藩", "Zeng Guofan"),
        ("单田芳", "Shan Tianfang"),
        ("尉迟恭", "Yuchi Gong"),
        ("吕布", "Lu Bu"),
        ("張偉", "张伟"),
        ("Müller, Jörg", "Jorg Muller"),
        ("Mary Ann Lee", "Maryann Lee"),
        ("Ｚｈａｎｇ Ｗｅｉ", "zhang wei"),
    ],
)
def test_spellings_of_one_name_share_a_key(one, other):
    assert names.key(one, None, None) == names.key(other, None, None)


def test_the_key_does_not_care_which_fields_hold_the_name():
    assert names.key(None, "伟", "张") == names.key("Zhang Wei", None, None) == names.key("张伟", "伟", "张")


@pytest.mark.parametrize(("one", "other"), [("张伟", "张华"), ("Ann Ng", "Bob Ng"), ("김민준", "김민서")])
def test_different_names_do_not_share_a_key(one, other):
    assert names.key(one, None, None) != names.key(other, None, None)


@pytest.mark.parametrize(
    ("full", "last", "family"),
    [("张伟", None, "zhang"), (None, "曾", "zeng"), ("Ann Ng", "Ng", "ng"), ("O'Brien", None, ""), (None, None, "")],
)
def test_the_family_name_is_given_in_latin_letters(full, last, family):
    assert names.family(full, last) == family


HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(HOSTILE)
@example("(((((((((")
@example(",,,,,,")
@example("Dr. Dr. Dr. Mr.")
@example("张" * 200)
@example("' OR 1=1 --")
@example("\u0301\u0301")
def test_no_text_is_too_hostile_to_be_a_name(full):
    first, last, _ = names.split(full)
    assert first != ""
    assert last != ""
    assert isinstance(names.key(full, first, last), str)
    assert isinstance(names.family(full, last), str)


@given(HOSTILE, st.none() | HOSTILE, st.none() | HOSTILE)
def test_completing_a_name_twice_is_the_same_as_once(full, first, last):
    once = names.complete(full or None, first or None, last or None)
    assert names.complete(*once) == once


@given(st.from_regex(r"[A-Z][a-z]{1,8} [A-Z][a-z]{1,8}", fullmatch=True))
def test_the_key_of_a_plain_name_does_not_depend_on_its_order(full):
    turned = " ".join(reversed(full.split()))
    assert sorted(names.key(full, None, None)) == sorted(names.key(turned, None, None))
