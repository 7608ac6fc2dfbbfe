"""Consent is read from an explicit list of answers; whatever is not on it is unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.normal.consent import consent, is_wording

TCPA = "I agree to receive calls and texts from Acme. Consent is not a condition of purchase."


@pytest.mark.parametrize(
    "raw",
    [
        True,
        1,
        "yes",
        "Yes",
        "YES.",
        "y",
        "1",
        "on",
        "true",
        "TRUE",
        "checked",
        "agree",
        "是",
        "同意",
        "我同意",
        "ja",
        "oui",
        ["on"],
        ["I agree to be called"],
        "I agree to be called",
        TCPA,
        "Yes, I agree",
        "Yes, please call me",
        "I have read and agree to the terms",
        "我已阅读并同意隐私政策",
        "我同意，如不同意请勿提交",
        "本人同意",
        1.0,
    ],
)
def test_an_explicit_yes_is_consent(raw):
    assert consent(raw) == (True, True, {}, ())


@pytest.mark.parametrize(
    "raw",
    [
        False,
        0,
        "no",
        "No",
        "n",
        "0",
        "off",
        "false",
        "FALSE",
        "",
        "   ",
        "\u3000",
        [],
        "否",
        "不同意",
        "我不同意",
        "拒绝",
        "nein",
        "I do not agree",
        "I don't agree to be called",
        "No, thanks",
        "I disagree",
        "我已阅读隐私政策，不同意",
        0.0,
        ["no"],
    ],
)
def test_an_explicit_no_or_an_empty_answer_is_none_given(raw):
    assert consent(raw) == (False, True, {}, ())


@pytest.mark.parametrize(
    "raw", ["maybe", "2", "later", "??", {"agreed": True}, ["a", {"b": 1}], "privacy policy", -1, "agreement"]
)
def test_anything_else_is_unknown_and_said_to_be(raw):
    assert consent(raw) == (None, None, {}, ("consent_unclear",))


def test_no_answer_at_all_is_unknown_without_a_problem():
    assert consent(None) == (None, None, {}, ())


@pytest.mark.parametrize(
    ("raw", "wording"), [(TCPA, True), ("我已阅读并同意本网站的隐私政策和条款", True), ("yes", False), ("", False)]
)
def test_an_answer_may_be_the_wording_itself(raw, wording):
    assert is_wording(raw) is wording


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=40),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_nothing_is_too_hostile_to_be_an_answer(raw):
    assert consent(raw).value in (True, False, None)
