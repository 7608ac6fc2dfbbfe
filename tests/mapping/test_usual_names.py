"""Columns are known by their usual names, in several languages and spellings."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.lead import LEAD_FIELDS, TOUCH_FIELDS
from hub.mapping import USUAL_NAMES, by_usual_names, usual_field
from hub.mapping.usual_names import _TABLE, folded


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("姓名", "full_name"),
        ("手机", "phone"),
        ("手机号码", "phone"),
        ("联系电话", "phone"),
        ("公司", "company"),
        ("公司名称", "company"),
        ("职位", "title"),
        ("邮箱", "email"),
        ("微信", "wechat"),
        ("省份", "region"),
        ("城市", "city"),
        ("备注", "notes"),
        ("来源", "utm_source"),
        ("同意", "consent"),
        ("提交时间", "submitted_at"),
        ("E-Mail *", "email"),
        ("EMAIL_ADDRESS", "email"),
        ("emailAddress", "email"),
        ("your-email", "email"),
        ("lead[email]", "email"),
        ("form_fields[phone]", "phone"),
        ("ｅｍａｉｌ", "email"),
        ("First Name", "first_name"),
        ("firstname", "first_name"),
        ("Phone No.", "phone"),
        ("Vorname", "first_name"),
        ("Straße", "street"),
        ("STRASSE", "street"),
        ("Téléphone", "phone"),
        ("Prénom", "first_name"),
        ("Correo electrónico", "email"),
        ("Teléfono móvil", "phone"),
        ("utm_source", "utm_source"),
        ("UTM Source", "utm_source"),
        ("gclid", "gclid"),
        ("company_size", "employees"),
    ],
)
def test_a_usual_name_is_known(name: str, field: str) -> None:
    assert usual_field(name) == field


@pytest.mark.parametrize(
    "name", ["", "*", "foo", "status", "favourite colour", "price", "privacy policy", "[]", "订单号"]
)
def test_other_names_are_left_alone(name: str) -> None:
    assert usual_field(name) is None


@pytest.mark.parametrize("field", [*LEAD_FIELDS, *TOUCH_FIELDS])
def test_every_field_is_known_by_its_own_name(field: str) -> None:
    assert usual_field(field) == field
    assert usual_field(field.upper().replace("_", " ")) == field


def test_no_name_means_two_fields() -> None:
    fields = {(folded(name), field) for field, names in _TABLE.items() for name in names.split(",")}
    assert [name for name, times in Counter(name for name, _ in fields).items() if times > 1] == []


def test_the_first_column_that_holds_something_wins_and_the_other_is_kept() -> None:
    found = by_usual_names().apply({"手机": "", "联系电话": "138", "Mobile": "139"})
    assert (found.fields, found.extra) == ({"phone": "138"}, {"Mobile": "139"})


def test_objects_name_their_fields_together() -> None:
    data = {
        "company": {"name": "Acme", "size": "50"},
        "contact": {"email": "a@b.c", "hobby": "go"},
        "utm": {"source": "x"},
    }
    found = by_usual_names().apply(data)
    assert found.fields == {"company": "Acme", "employees": "50", "email": "a@b.c", "utm_source": "x"}
    assert found.extra == {"contact": {"hobby": "go"}}


def test_an_object_or_a_list_of_objects_is_no_field() -> None:
    data = {"message": {"a": 1}, "email": [{"address": "a@b.c"}], "interest": ["a", "b"]}
    found = by_usual_names().apply(data)
    assert found.fields == {"interest": ["a", "b"]}
    assert found.extra == {"message": {"a": 1}, "email": [{"address": "a@b.c"}]}


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_can_be_a_column(name: str) -> None:
    assert usual_field(name) in {None, *USUAL_NAMES.values()}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=8), st.text(max_size=4) | st.dictionaries(st.text(max_size=4), st.text(), max_size=2)
    )
)
def test_any_data_goes_through(data: dict[str, Any]) -> None:
    found = by_usual_names().apply(data)
    assert found.problems == ()
