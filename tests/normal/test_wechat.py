"""WeChat ids are told from what people write in their place; small cleaners never break."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.normal.dates import day
from hub.normal.language import language
from hub.normal.numbers import amount, plain_number
from hub.normal.web import ip, website
from hub.normal.wechat import wechat


@pytest.mark.parametrize(
    ("raw", "value", "key"),
    [
        ("AnnNg_88", "AnnNg_88", "annng_88"),
        ("wx: annng_88", "annng_88", "annng_88"),
        ("微信号：AnnNg88", "AnnNg88", "annng88"),
        ("ａｎｎｎｇ８８", "annng88", "annng88"),
        ("13800138000", "13800138000", "13800138000"),
        ("+86 13800138000", "13800138000", "13800138000"),
    ],
)
def test_a_wechat_id_is_recognised(raw, value, key):
    cleaned = wechat(raw)
    assert (cleaned.value, cleaned.valid, cleaned.parts["key"]) == (value, True, key)


@pytest.mark.parametrize("raw", ["同手机号", "微信同号", "wechat", "123456", "ann", "Ann Ng", "张伟"])
def test_what_may_be_no_wechat_id_is_kept_and_never_an_identity(raw):
    cleaned = wechat(raw)
    assert (cleaned.value, cleaned.valid, "key" in cleaned.parts) == (raw, None, False)


@given(st.text(max_size=40))
def test_odd_text_never_breaks_the_smaller_cleaners(raw):
    for clean in (amount, plain_number, day, language, ip, wechat, website):
        value = clean(raw).value
        assert value is None or clean(value).value == value
