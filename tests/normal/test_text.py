"""Any text becomes one form that people can read, compare and store."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.normal import text
from hub.normal.text import NotTextError
from hub.normal.verdicts import CODES, problem

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates included
FAMILY = "👨\u200d👩\u200d👧"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("raw", "value", "codes"),
    [
        ("plain", "plain", ()),
        ("  two   words ", "two words", ()),
        ("a\tb\nc", "a b c", ()),
        ("a\u00a0b\u3000c\u2003d", "a b c d", ()),
        ("", None, ()),
        ("   ", None, ()),
        ("\u00a0\u3000\u2009", None, ()),
        ("\u3164\u2800", None, ()),
        ("Zu\u0308rich", "Zürich", ()),
        ("Zürich", "Zürich", ()),
        ("ＡＣＭＥ", "ＡＣＭＥ", ()),
        ("a\x00b", "ab", ("text_control",)),
        ("\x1b[31mred\x07", "[31mred", ("text_control",)),
        ("a\x9bb", "ab", ("text_control",)),
        ("evil\u202etxt.exe", "eviltxt.exe", ("text_hidden",)),
        ("\u2066a\u2069", "a", ("text_hidden",)),
        ("a\u200bb\u2060c\u00ad", "abc", ("text_hidden",)),
        ("\ufeffa", "a", ()),
        ("pay\u200dpal", "paypal", ("text_hidden",)),
        ("张\u200d伟", "张伟", ("text_hidden",)),
        (FAMILY, FAMILY, ()),
        ("می\u200cخواهم", "می\u200cخواهم", ()),
        (ENGLAND, ENGLAND, ()),
        ("hi\U000e0068\U000e0069", "hi", ("text_hidden",)),
        ("葛\U000e0100城", "葛\U000e0100城", ()),
        ("\ud800x", "\ufffdx", ("text_broken",)),
        ("x\ufffd", "x\ufffd", ("text_broken",)),
        ("ä½\u00a0å¥½", "ä½ å¥½", ("text_mojibake",)),
        ("MÃ¼ller", "MÃ¼ller", ("text_mojibake",)),
        ("Müller, Škoda, Ærø", "Müller, Škoda, Ærø", ()),
        ("🇩🇪🇨🇳", "🇩🇪🇨🇳", ()),
        ("﷽", "﷽", ()),
    ],
)
def test_a_line_of_text_is_cleaned(raw, value, codes):
    cleaned = text.line(raw)
    assert (cleaned.value, cleaned.codes) == (value, codes)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("one\ntwo", "one\ntwo"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\u2028two\x85three", "one\ntwo\nthree"),
        ("  one  \n\n\n\n  two  ", "one\n\ntwo"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("\n\n", None),
        ("a  b\nc", "a b\nc"),
        ("你好\n世界", "你好\n世界"),
    ],
)
def test_longer_text_keeps_its_line_breaks(raw, value):
    assert text.lines(raw).value == value


def test_text_past_the_limit_is_cut_and_says_so():
    cleaned = text.line("x" * 2_000)
    assert (len(cleaned.value), cleaned.codes) == (500, ("text_cut",))


@pytest.mark.parametrize("limit", range(1, 12))
def test_a_cut_never_tears_an_emoji_an_accent_or_a_flag(limit):
    for whole in (FAMILY * 3, "🇩🇪" * 6, "e\u0323\u0302" * 6):
        kept = text.cut(whole, limit)
        assert whole.startswith(kept)
        assert len(kept) <= limit
        assert kept == "" or not unicodedata.combining(whole[len(kept)])


@pytest.mark.parametrize(("limit", "kept"), [(1, ""), (2, "🇩🇪"), (3, "🇩🇪"), (4, "🇩🇪🇨🇳")])
def test_a_flag_is_kept_whole_or_not_at_all(limit, kept):
    assert text.cut("🇩🇪🇨🇳", limit) == kept


def test_a_grapheme_longer_than_any_real_one_is_cut_through():
    assert len(text.cut("a" + "\u0301" * 500, 200)) == 200


def test_piles_of_accents_are_cut_to_what_a_script_needs():
    cleaned = text.line("a" + "\u0301" * 10_000 + "b")
    assert len(cleaned.value) < 20
    assert "text_cut" in cleaned.codes


def test_a_megabyte_of_one_word_ends_quickly_and_short():
    assert len(text.line("w" * 1_000_000).value) == 500
    assert len(text.lines("é" * 5_000_000).value) == 20_000


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, None),
        ("x", "x"),
        (True, "true"),
        (7, "7"),
        (50.0, "50"),
        (1.5, "1.5"),
        (13800138000.0, "13800138000"),
        (float("nan"), None),
        (float("inf"), None),
        (Decimal("8.613800138000E+12"), "8613800138000"),
        (Decimal("1E+1000000"), "1E+1000000"),
        (Decimal("sNaN"), None),
        (b"caf\xc3\xa9", "café"),
        (b"\xff", "\ufffd"),
        (date(2026, 5, 4), "2026-05-04"),
        (datetime(2026, 5, 4, 8, tzinfo=UTC), "2026-05-04T08:00:00+00:00"),
        (["Pricing", "Demo"], "Pricing, Demo"),
        (("a", None, " ", 3), "a, 3"),
        ([], None),
        ([["a", "b"], "c"], "a, b, c"),
    ],
)
def test_values_of_any_type_become_text(raw, said):
    assert text.as_text(raw) == said


def test_a_number_too_long_for_text_is_still_text():
    assert text.as_text(10**5_000).startswith("0x")


def test_a_structure_is_not_text():
    with pytest.raises(NotTextError):
        text.as_text({"a": 1})
    with pytest.raises(NotTextError):
        text.as_text(["a", {"b": 1}])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MULLER"),
        ("Zu\u0308rich", "zürich"),
        ("ﬁne", "FINE"),
        ("ＡＣＭＥ　１", "acme 1"),
        ("O'Brien", "obrien"),
        ("が", "か\u3099"),
        ("İstanbul", "istanbul"),
    ],
)
def test_two_spellings_share_a_key(one, other):
    assert text.key(one) == text.key(other)


def test_different_words_do_not_share_a_key():
    assert len({text.key(word) for word in ("北京", "南京", "Acme", "Acne", "か", "が")}) == 6


@pytest.mark.parametrize("word", ["N/A", "#N/A", "null", "None", "-", "--", "无", "暂无", " nil "])
def test_words_for_nothing_are_known(word):
    assert text.is_blank_word(word)


@pytest.mark.parametrize("word", ["no", "0", "nobody", "Nullmann", "无锡", ""])
def test_other_words_are_not_taken_for_nothing(word):
    assert not text.is_blank_word(word)


def test_extra_values_become_storable_and_keep_their_shape():
    given_value = {
        "a\x00": ["x\x00\ud800", 1, None, True],
        "n": {"deep": float("nan")},
        "big": 2**70,
        "d": date(2026, 5, 4),
    }
    assert text.storable(given_value) == {
        "a": ["x\ufffd", 1, None, True],
        "n": {"deep": None},
        "big": str(2**70),
        "d": "2026-05-04",
    }


def test_endless_nesting_in_extra_is_flattened():
    deep: list[object] = []
    deep.append(deep)
    assert "..." in str(text.storable(deep))


@given(ANY_TEXT)
@example("\u212a\u200db")
@example("e\u200d\u0301")
@example("a" + "\u0344" * 8)
@example("a" + "\u0301" * 8 + "\u200b" + "\u0301" * 8)
@example("\U0001f3f4\u202e\U000e0067\U000e007f")
@example("é\u200d\u200da\u202e\u200d张")
def test_cleaning_twice_is_the_same_as_once(raw):
    once = text.line(raw).value
    twice = text.line(once or "").value
    assert twice == once
    block = text.lines(raw).value
    assert text.lines(block or "").value == block


@given(ANY_TEXT)
def test_clean_text_can_be_stored_anywhere(raw):
    for cleaned in (text.line(raw), text.lines(raw)):
        value = cleaned.value or ""
        assert value.encode("utf-8").decode("utf-8") == value
        assert "\x00" not in value
        assert unicodedata.is_normalized("NFC", value)
        assert set(cleaned.codes) <= set(CODES)


@given(
    st.text(st.sampled_from("a é张👨👩\u200d\u0301\u200b🇩🇪\U0001f3f4\U000e0067\U000e007f"), max_size=80),
    st.integers(1, 40),
)
def test_a_cut_is_a_prefix_no_longer_than_asked(raw, limit):
    kept = text.cut(raw, limit)
    assert len(kept) <= limit
    assert raw.startswith(kept)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.binary(), st.lists))
def test_any_plain_value_becomes_text_or_nothing(raw):
    assert isinstance(text.as_text(raw), str | None)


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | ANY_TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    )
)
def test_extra_is_storable_whatever_it_holds(raw):
    stored = text.storable(raw)
    assert text.storable(stored) == stored
    assert "\x00" not in repr(stored)


def test_every_code_speaks_english_and_chinese():
    for code, saying in CODES.items():
        assert saying.english.endswith((".",)), code
        assert saying.chinese.endswith("。"), code
        assert problem("email", code).message == saying.english


def test_a_code_of_a_plugin_speaks_for_itself():
    assert problem("email", "acme_blocked").message == "acme_blocked"
