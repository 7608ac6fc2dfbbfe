"""A company is recognised behind its legal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.normal.company import match_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("示例科技", "示例科技"),
        ("示例科技有限公司", "示例科技"),
        ("示例科技（北京）有限公司", "示例科技"),
        ("示例科技(北京)有限责任公司", "示例科技"),
        ("示例科技股份有限公司", "示例科技"),
        ("示例集团", "示例"),
        ("示例集团股份有限公司", "示例"),
        ("株式会社トヨタ", "トヨタ"),
        ("㈱日立", "日立"),
        ("삼성전자 주식회사", "삼성전자"),
        ("Acme", "acme"),
        ("ACME, Inc.", "acme"),
        ("Acme LLC", "acme"),
        ("Acme L.L.C.", "acme"),
        ("Acme Ltd", "acme"),
        ("Acme Co., Ltd.", "acme"),
        ("Acme GmbH & Co. KG", "acme"),
        ("Acme AG", "acme"),
        ("Acme S.A.", "acme"),
        ("Acme B.V.", "acme"),
        ("Acme Pty Ltd", "acme"),
        ("Acme K.K.", "acme"),
        ("The Acme Group", "acme"),
        ("ＡＣＭＥ　Ｉｎｃ", "acme"),
        ("Müller GmbH", "muller"),
        ("Procter & Gamble", "proctergamble"),
        ("Procter and Gamble", "proctergamble"),
        ("McDonald's", "mcdonalds"),
        ("AT&T Inc", "att"),
        ("S.A.", "sa"),
        ("有限公司", "有限公司"),
        ("Group Ltd", "groupltd"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_the_key_leaves_out_what_says_only_the_kind_of_company(name, key):
    assert match_key(name) == key


def test_different_companies_do_not_share_a_key():
    assert (
        len(
            {
                match_key(name)
                for name in ("示例科技有限公司", "样例科技有限公司", "Acme Inc", "Acne Inc", "Limited Brands")
            }
        )
        == 5
    )


@given(st.text(max_size=120))
def test_no_text_is_too_hostile_to_be_a_company(name):
    key = match_key(name)
    assert match_key(key) in (key, match_key(match_key(key)))
    assert key == "" or key.isalnum()
