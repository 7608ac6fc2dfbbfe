"""A lead is recognised by exact keys, and found near by blocking keys."""

from __future__ import annotations

from typing import Any

import pytest

from hub.lead import Lead, Value
from hub.normal.fields import lead_field
from hub.normal.keys import keys
from hub.normal.names import complete


def lead_with(test: bool = False, **raw: Any) -> Lead:
    cleaned = {field: lead_field(field, value, ("CN",)) for field, value in raw.items()}
    values = {f: Value(raw=raw[f], value=c.value, valid=c.valid, parts=dict(c.parts)) for f, c in cleaned.items()}
    plain = {field: one.value for field, one in cleaned.items()}
    names = zip(("full_name", "first_name", "last_name"), _names(plain), strict=True)
    return Lead(**{**plain, **dict(names)}, values=values, test=test)


def _names(plain: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    return complete(plain.get("full_name"), plain.get("first_name"), plain.get("last_name"))


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"email": "Ann+x@Acme.com"}, "email:ann@acme.com"),
        ({"phone": "138 0013 8000"}, "phone:+8613800138000"),
        ({"phone": "010-12345678转801"}, "phone:+861012345678;ext=801"),
        ({"wechat": "AnnNg_88"}, "wechat:annng_88"),
        ({"external_id": "C-77"}, "external:web:C-77"),
    ],
)
def test_each_contact_gives_an_exact_key(fields, key):
    assert keys(lead_with(**fields), "web").exact == (key,)


def test_a_platform_lead_id_is_an_exact_key():
    assert keys(Lead(), "meta", "4417").exact == ("platform:meta:4417",)


@pytest.mark.parametrize(
    "fields",
    [
        {"phone": "+8612345678901"},
        {"phone": "400-820-8820"},
        {"phone": "1.38E+10"},
        {"wechat": "同手机号"},
        {"wechat": "123456"},
        {"email": "no address"},
        {},
    ],
)
def test_what_is_not_sure_or_not_one_persons_is_no_exact_key(fields):
    assert keys(lead_with(**fields), "web").exact == ()


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (
            {"full_name": "张伟", "company": "示例科技有限公司"},
            {"full_name": "Zhang Wei", "company": "示例科技（北京）有限公司"},
            "name+company",
        ),
        (
            {"full_name": "Ann Ng", "email": "a.ng@acme.com"},
            {"first_name": "Ann", "last_name": "Ng", "website": "https://www.acme.com"},
            "name+domain",
        ),
        (
            {"full_name": "张伟", "phone": "13800138000"},
            {"full_name": "Wei Zhang", "phone": "021-5555 8000"},
            "name+phone",
        ),
        (
            {"full_name": "王经理", "company": "Acme Inc"},
            {"full_name": "Wang Xiaoli", "last_name": "Wang", "company": "ACME"},
            "company+family",
        ),
        ({"phone": "+8613800138000"}, {"phone": "+8613800138000", "full_name": "Ann"}, "phone"),
    ],
)
def test_near_matches_share_a_blocking_key(one, other, kind):
    shared = set(keys(lead_with(**one), "web").blocking) & set(keys(lead_with(**other), "other").blocking)
    assert any(key.startswith(f"block:{kind}:") for key in shared)


def test_a_free_mailbox_says_nothing_about_the_company():
    blocking = keys(lead_with(full_name="Ann Ng", email="ann@gmail.com"), "web").blocking
    assert not any(key.startswith("block:name+domain:") for key in blocking)


def test_the_digits_of_a_number_without_a_country_still_point_to_its_owner():
    known = keys(lead_with(phone="+8613800138000"), "web").blocking
    unsure = keys(Lead(), "web", phone_digits="13800138000").blocking
    assert set(known) & set(unsure) == {"block:phone:00138000"}


def test_the_keys_of_a_test_lead_never_meet_a_real_ones():
    fields = {"full_name": "张伟", "email": "ann@acme.com", "phone": "13800138000", "company": "Acme"}
    real, trial = keys(lead_with(**fields), "web", "1"), keys(lead_with(**fields, test=True), "web", "1")
    assert trial.exact == tuple(f"test:{key}" for key in real.exact)
    assert trial.blocking == tuple(f"test:{key}" for key in real.blocking)


def test_a_long_key_fits_an_index_and_stays_its_own():
    one, other = (keys(Lead(external_id="x" * 290 + end), "web").exact[0] for end in "ab")
    assert len(one) == len(other) == 200
    assert one != other


def test_a_lead_with_nothing_has_no_keys():
    assert keys(Lead(), "web") == ((), ())
