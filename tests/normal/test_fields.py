"""Every field has its cleaner; a field without one is plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lead import LEAD_FIELDS, TOUCH_FIELDS
from hub.normal.fields import lead_field, region_parts, touch_field
from hub.normal.text import NotTextError
from hub.normal.verdicts import CODES


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("full_name", "None", "None"),
        ("last_name", "Null", "Null"),
        ("message", "none", "none"),
        ("company", "N/A", None),
        ("email", "none", None),
        ("phone", "-", None),
        ("city", "无", None),
        ("title", None, None),
        ("title", "", None),
        ("postcode", "01067", "01067"),
        ("postcode", 1067.0, "1067"),
        ("employees", 50.0, "50"),
        ("employees", "51-200", "51-200"),
        ("interest", ["Pricing", "Demo"], "Pricing, Demo"),
        ("phone", 13800138000.0, "+8613800138000"),
        ("phone", 13800138000, "+8613800138000"),
        ("phone", ["13800138000", "13900139000"], "+8613800138000"),
        ("email", ["ann@acme.com", "bob@acme.com"], "ann@acme.com"),
        ("consent", "on", True),
        ("consent", "", False),
        ("country", "中国", "CN"),
        ("birthday", "1990年3月4日", "1990年3月4日"),
        ("budget", "￥1,000", "￥1,000"),
        ("company", "ＡＣＭＥ", "ＡＣＭＥ"),
    ],
)
def test_a_lead_field_is_cleaned_as_what_it_is(field, raw, value):
    assert lead_field(field, raw, ("CN",)).value == value


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("utm_source", " google ", "google"),
        ("cost", "￥1,000.5", "1000.5"),
        ("cost", 12.5, "12.5"),
        ("currency", "cny", "CNY"),
        ("ip", "1.2.3.4:80", "1.2.3.4"),
        ("referrer", "android-app://com.example", "android-app://com.example"),
        ("platform_lead_id", 1234567890123456789, "1234567890123456789"),
        ("campaign", None, None),
    ],
)
def test_a_touch_field_is_always_text(field, raw, value):
    assert touch_field(field, raw).value == value


@pytest.mark.parametrize(
    ("field", "longest"), [("full_name", 200), ("title", 200), ("message", 20_000), ("postcode", 20)]
)
def test_each_field_has_a_sensible_length(field, longest):
    cleaned = lead_field(field, "x" * 100_000)
    assert (len(cleaned.value), cleaned.codes) == (longest, ("text_cut",))


def test_several_values_of_one_field_say_so():
    assert lead_field("phone", ["13800138000", "13900139000"], ("CN",)).codes == ("phone_several",)
    assert lead_field("email", ["ann@acme.com", "bob@acme.com"]).codes == ("email_several",)


def test_a_structure_is_refused():
    with pytest.raises(NotTextError):
        lead_field("company", {"name": "Acme"})
    with pytest.raises(NotTextError):
        touch_field("campaign", [{"id": 1}])


def test_a_region_gets_its_code_only_with_its_country():
    assert region_parts("广东省", "CN") == {"code": "CN-GD"}
    assert (region_parts("广东省", None), region_parts(None, "CN"), region_parts("Narnia", "CN")) == ({}, {}, {})


HOSTILE = st.text(st.characters(), max_size=80) | st.integers() | st.floats() | st.binary(max_size=40) | st.booleans()


@given(st.sampled_from(sorted(LEAD_FIELDS)), HOSTILE)
def test_cleaning_a_lead_field_twice_is_the_same_as_once(field, raw):
    once = lead_field(field, raw, ("CN", "US"))
    assert set(once.codes) <= set(CODES)
    assert lead_field(field, once.value, ("CN", "US")).value == once.value


@given(st.sampled_from(sorted(TOUCH_FIELDS)), HOSTILE)
def test_cleaning_a_touch_field_twice_is_the_same_as_once(field, raw):
    once = touch_field(field, raw).value
    assert once is None or isinstance(once, str)
    assert touch_field(field, once).value == once
