"""The functions of the mapping language, by example."""

from __future__ import annotations

from contextlib import suppress
from types import NoneType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.mapping import FUNCTIONS


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("text", 13800138000.0, "13800138000"),
        ("text", 1.5, "1.5"),
        ("text", True, "true"),
        ("lower", "ÄB", "äb"),
        ("upper", "äb", "ÄB"),
        ("strip", " a\u3000", "a"),
        ("digits", "+86 (138) ００", "8613800"),
        ("digits", 138, "138"),
        ("number", "1,234.50 USD", "1234.50"),
        ("number", "about -5", "-5"),
        ("join", ["a", None, "b", ""], "a, b"),
        ("join", "a", "a"),
        ("join_words", ["Ann ", "Ng"], "Ann Ng"),
        ("join_lines", ["a", 2], "a\n2"),
        ("first", ["", "b", "c"], "b"),
        ("first", [], None),
        ("last", ["b", "c", None], "c"),
        ("split_comma", "a, b；c、d,", ["a", "b", "c", "d"]),
        ("epoch_s", 1767225600, "2026-01-01T00:00:00Z"),
        ("epoch_s", "1767225600", "2026-01-01T00:00:00Z"),
        ("epoch_ms", 1767225600500, "2026-01-01T00:00:00.500000Z"),
        ("iso_time", "2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z"),
        ("iso_time", 1767225600000, "2026-01-01T00:00:00Z"),
        ("bool", "Yes", True),
        ("bool", " 是 ", True),
        ("bool", "on", True),
        ("bool", 1, True),
        ("bool", "否", False),
        ("bool", "0", False),
        ("bool", "false", False),
        ("bool", False, False),
        ("html_unescape", "M&uuml;ller &amp; Co", "Müller & Co"),
        ("html_text", "<p>Hi<br/>there &lt;3</p>", "Hi\nthere <3"),
        ("url_decode", "a%20b+c", "a b c"),
        ("url_host", "https://www.Acme.com:8443/x?y", "acme.com"),
        ("url_host", "acme.com/x", "acme.com"),
        ("name_part", '"Ng, Ann" <ann@acme.com>', "Ng, Ann"),
        ("email_part", "Ann <ann@acme.com>", "ann@acme.com"),
        ("email_part", "ann@acme.com", "ann@acme.com"),
        ("no_prefix", "mailto:ann@acme.com", "ann@acme.com"),
        ("no_prefix", "tel: +49 30", "+49 30"),
        ("no_prefix", "https://acme.com", "https://acme.com"),
    ],
)
def test_a_function_does_what_its_sentence_says(name: str, value: Any, expected: Any) -> None:
    assert FUNCTIONS[name](value) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bool", "perhaps"),
        ("bool", ""),
        ("lower", ["a"]),
        ("text", {"a": 1}),
        ("number", "none"),
        ("epoch_s", "yesterday"),
        ("epoch_ms", 5),
        ("iso_time", "3月4日"),
        ("iso_time", "9999-01-01"),
    ],
)
def test_a_function_refuses_what_it_cannot_read(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        FUNCTIONS[name](value)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_a_sentence(name: str) -> None:
    assert (FUNCTIONS[name].__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@settings(deadline=None)
@given(value=st.text() | st.integers() | st.floats() | st.booleans() | st.lists(st.text() | st.none(), max_size=3))
def test_a_function_gives_a_value_or_refuses_it_as_a_value(name: str, value: Any) -> None:
    with suppress(ValueError, OverflowError):
        assert isinstance(FUNCTIONS[name](value), (str, bool, int, float, list, NoneType))
