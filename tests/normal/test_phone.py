"""Phone numbers become E.164 where that is sure, and say what is missing where it is not."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.normal.phone import carrier_of, digits_of, phone, region_of
from hub.normal.verdicts import CODES

CN = ("CN",)


@pytest.mark.parametrize(
    ("raw", "regions", "value"),
    [
        ("+86 138-0013-8000", (), "+8613800138000"),
        ("0086 138 0013 8000", (), "+8613800138000"),
        ("008613800138000", ("US",), "+8613800138000"),
        ("13800138000", CN, "+8613800138000"),
        ("8613800138000", CN, "+8613800138000"),
        ("１３８００１３８０００", CN, "+8613800138000"),
        ("＋８６ １３８ ００１３ ８０００", (), "+8613800138000"),
        ("١٣٨٠٠١٣٨٠٠٠", CN, "+8613800138000"),
        ("(+86) 138 0013 8000", (), "+8613800138000"),
        ("\u202a+86 138 0013 8000\u202c", (), "+8613800138000"),
        ("tel:+86-138-0013-8000", (), "+8613800138000"),
        ("13800138000.0", CN, "+8613800138000"),
        ("1.3800138000E+10", CN, "+8613800138000"),
        ("1.3800138123e10", CN, "+8613800138123"),
        ("010-12345678", CN, "+861012345678"),
        ("2112345678", CN, "+862112345678"),
        ("400-820-8820", CN, "+864008208820"),
        ("(415) 555-2671", ("US",), "+14155552671"),
        ("+1 202 555 0143", (), "+12025550143"),
        ("+44 (0)20 7946 0018", (), "+442079460018"),
        ("07911 123456", ("GB",), "+447911123456"),
        ("7911123456", ("GB",), "+447911123456"),
        ("089/1234567", ("DE",), "+49891234567"),
        ("+390612345678", (), "+390612345678"),
        ("090-1234-5678", ("JP",), "+819012345678"),
    ],
)
def test_a_sure_number_becomes_e164(raw, regions, value):
    cleaned = phone(raw, regions)
    assert (cleaned.value, cleaned.valid, cleaned.codes) == (value, True, ())


@pytest.mark.parametrize(
    ("raw", "regions", "value", "valid", "codes"),
    [
        ("13800138000", (), None, None, ("phone_no_country",)),
        ("415-555-2671", (), None, None, ("phone_no_country",)),
        ("1.38E+10", CN, None, False, ("phone_excel_damaged",)),
        ("8.61380E+12", CN, None, False, ("phone_excel_damaged",)),
        ("1,38E+10", CN, None, False, ("phone_excel_damaged",)),
        ("612345678", ("IT",), "+390612345678", True, ("phone_zero_restored",)),
        ("110", CN, None, False, ("phone_invalid",)),
        ("911", ("US",), None, False, ("phone_invalid",)),
        ("123", (), None, False, ("phone_invalid",)),
        ("abc", CN, None, False, ("phone_invalid",)),
        ("138oo138000", CN, None, False, ("phone_invalid",)),
        ("1" * 40, CN, None, False, ("phone_invalid",)),
        ("+++", CN, None, False, ("phone_invalid",)),
        ("12345678901", CN, None, False, ("phone_invalid",)),
        ("+1 (555) 0100", (), None, None, ("phone_no_area",)),
        ("555-2671", ("US",), None, None, ("phone_no_area",)),
        ("+8612345678901", (), "+8612345678901", None, ("phone_doubtful",)),
        ("13800138000 / 13900139000", CN, "+8613800138000", True, ("phone_several",)),
        ("13800138000、13900139000", CN, "+8613800138000", True, ("phone_several",)),
        ("13800138000\n13900139000", CN, "+8613800138000", True, ("phone_several",)),
        ("13800138000 13900139000", CN, "+8613800138000", True, ("phone_several",)),
        ("1380013800 / 13900139000", CN, "+8613900139000", True, ("phone_several",)),
        ("415-555-2671 or 212-555-0123", ("US",), "+14155552671", True, ("phone_several",)),
        ("13800138000 (office)", CN, "+8613800138000", True, ("phone_letters",)),
        ("手机：13800138000", CN, "+8613800138000", True, ("phone_letters",)),
        ("1-800-FLOWERS", ("US",), "+18003569377", True, ("phone_letters",)),
        ("+1 900 555 0123", (), "+19005550123", True, ("phone_premium",)),
        ("415-555-2671", ("CN", "US"), "+864155552671", True, ("phone_ambiguous",)),
        ("", CN, None, None, ()),
        ("\u3000", CN, None, None, ()),
    ],
)
def test_what_is_odd_about_a_number_is_said(raw, regions, value, valid, codes):
    cleaned = phone(raw, regions)
    assert (cleaned.value, cleaned.valid, cleaned.codes) == (value, valid, codes)


def test_a_country_is_never_guessed():
    for digits in ("13800138000", "8613800138000", "4155552671", "02079460018"):
        assert phone(digits).value is None


@pytest.mark.parametrize(
    ("raw", "extension"),
    [
        ("010-12345678 ext. 123", "123"),
        ("010-12345678 x123", "123"),
        ("010-12345678转123", "123"),
        ("010-12345678 分机：123", "123"),
        ("010-12345678-801", "801"),
        ("010-12345678#9", "9"),
        ("010-12345678;ext=12", "12"),
        ("010-12345678", None),
    ],
)
def test_an_extension_is_kept_apart(raw, extension):
    cleaned = phone(raw, CN)
    assert (cleaned.value, cleaned.parts["extension"]) == ("+861012345678", extension)


@pytest.mark.parametrize(
    ("raw", "kind", "region"),
    [
        ("+8613800138000", "mobile", "CN"),
        ("+862112345678", "fixed", "CN"),
        ("+14155552671", "fixed_or_mobile", "US"),
        ("+18003569377", "toll_free", "US"),
        ("+4930123456", "fixed", "DE"),
    ],
)
def test_type_and_country_are_told(raw, kind, region):
    assert (phone(raw).parts["type"], phone(raw).parts["region"]) == (kind, region)


def test_an_assumed_country_is_told_and_a_stated_one_is_not_assumed():
    assert phone("13800138000", CN).parts["assumed"] == "CN"
    assert phone("+8613800138000", CN).parts["assumed"] is None


def test_the_likeliest_country_is_tried_first():
    assert phone("07911123456", ("GB", "CN")).value == "+447911123456"
    assert phone("13800138000", ("GB", "CN")).value == "+8613800138000"


def test_country_and_carrier_of_a_number():
    assert region_of("+8613912345678") == "CN"
    assert carrier_of("+8613912345678") == "China Mobile"
    assert carrier_of("+8613912345678", "zh") == "中国移动"
    assert carrier_of("+14155552671") is None
    assert (region_of("nonsense"), carrier_of("nonsense")) == (None, None)


def test_digits_are_read_where_no_number_can_be():
    assert digits_of("（０２１）1234-5678") == "02112345678"


def test_answers_are_remembered():
    phone("13512345678", CN)
    before = phone.cache_info().hits
    phone("13512345678", CN)
    assert phone.cache_info().hits == before + 1


NUMBERS = st.text(st.sampled_from("0123456789+-() ./,;x#eE转\n０９٣\u202a"), max_size=40)
REGIONS = st.sampled_from([(), CN, ("US", "CN"), ("IT",), ("XX",), ("DE", "GB", "JP")])


@given(NUMBERS | st.text(max_size=60), REGIONS)
@example("+" * 300, CN)
@example("1" * 2_000, CN)
@example("9" * 19 + ".0", CN)
@example("1.38E+99", ())
@example("²²²²²²²²", CN)
@example("0" * 60, ("IT",))
def test_no_text_is_too_hostile_to_be_a_number(raw, regions):
    cleaned = phone(raw, regions)
    assert set(cleaned.codes) <= set(CODES)
    assert cleaned.value is None or (cleaned.value[0] == "+" and cleaned.value[1:].isdigit())
    assert cleaned.value is None or phone(cleaned.value, regions).value == cleaned.value


@settings(max_examples=60)
@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_an_example_number_of_any_country_is_read_nationally_and_internationally(region):
    number = phonenumbers.example_number(region)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert phone(national, (region,)).value == e164
    assert phone(international).value == e164
