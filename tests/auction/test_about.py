"""What a buyer is told before it buys never says who the person is, whatever a form put where."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.families.buyer import TOLD, about, price_of
from hub.lead import LEAD_FIELDS, Lead

PERSON = {
    "full_name": "Annabel Quistorp-Ng", "first_name": "Annabel", "last_name": "Quistorp-Ng",
    "email": "annabel.quistorp@acme.example.com", "phone": "+12025550143", "wechat": "quistorp_88",
    "street": "17 Elderberry Lane", "company": "Quistorp Roofing", "external_id": "cust-99417", "birthday": "1980-02-29",
    "website": "https://quistorp.example.com", "message": "Call Annabel", "notes": "knows Annabel",
}  # fmt: skip
SECRETS = (
    "annabel", "quistorp", "2025550143", "202-555-0143", "(202) 555-0143", "+1 202 555 0143", "Elderberry",
    "cust-99417", "ANNABEL", "Ａｎｎａｂｅｌ", "An\u200bnabel", "annabel.quistorp@acme.example.com", "17 Elderberry Lane",
    "quistorp_88", "1980-02-29", "５５５ ０１４３ ２０２", "5550143",
)  # fmt: skip
OPEN = [name for name in TOLD if name in LEAD_FIELDS]
noise = st.text(max_size=30)


@st.composite
def hostile(draw: st.DrawFn) -> Lead:
    """Return a lead whose harmless fields hold parts of the person, in odd wrapping."""
    fields: dict[str, Any] = {
        name: draw(noise) + draw(st.sampled_from(["", " ", ", ", " / "])) + draw(st.sampled_from(SECRETS))
        for name in OPEN
    }
    extra = {"product": draw(st.sampled_from(SECRETS)), "roof": draw(noise) + " " + draw(st.sampled_from(SECRETS))}
    return Lead.blank(**{**PERSON, **fields}, extra=extra, score=50.0)


def compared(text: str) -> str:
    return re.sub(r"[^\w]|_", "", text).casefold()


@given(hostile())
@settings(max_examples=1000, deadline=None)
def test_nothing_of_the_person_is_told_whatever_stands_where(lead: Lead):
    said = about(lead, "web_form", TOLD, ("roof", "no_such"), 4)
    told = compared(json.dumps(said, ensure_ascii=False))
    assert [
        word for word in ("annabel", "quistorp", "5550143", "17elderberry", "99417", "19800229") if word in told
    ] == []
    elsewhere = {name: value for name, value in said.items() if name not in ("country", "region", "city")}
    assert "elderberry" not in compared(json.dumps(elsewhere))
    assert set(said) <= {*TOLD, "roof"}


@given(st.dictionaries(st.sampled_from(sorted(set(LEAD_FIELDS) - {"consent"})), noise), st.dictionaries(noise, noise))
@settings(max_examples=300, deadline=None)
def test_only_what_is_on_the_list_is_told(fields: dict[str, str], extra: dict[str, str]):
    said = about(Lead.blank(**fields, extra=extra), "web_form", TOLD)
    assert set(said) <= set(TOLD)
    assert all(isinstance(value, float) or (len(value) <= 60 and "@" not in value) for value in said.values())


@pytest.mark.parametrize("name", sorted(set(LEAD_FIELDS) - set(TOLD)))
def test_a_field_that_is_not_on_the_list_is_never_told(name: str):
    assert "Zebra" not in json.dumps(about(Lead.blank(**{name: "Zebra"}), "web_form", TOLD))


def test_what_says_nothing_of_the_person_is_told():
    lead = Lead.blank(
        **PERSON, country="US", region="California", city="San Francisco", postcode="94105-1234", industry="Roofing",
        employees="11-50", interest="Solar panels", score=81.5, grade="A", extra={"product": "PV 10", "roof": "flat"},
    )  # fmt: skip
    assert about(lead, "web_form", TOLD, ("roof",)) == {
        "country": "US", "region": "California", "city": "San Francisco", "postcode": "941", "industry": "Roofing",
        "employees": "11-50",
        "interest": "Solar panels", "product": "PV 10", "grade": "A", "roof": "flat", "score": 81.5,
        "source": "web_form",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("postcode", "told"),
    [
        ("94105", "941"), ("SW1A 1AA", "SW1"), ("100080", "100"), ("8001", "800"), ("12", "1"), ("Berlin", None),
        ("2025550143", None), ("", None), ("94105 annabel", None),
    ],
)  # fmt: skip
def test_of_a_postcode_the_beginning_is_told(postcode: str, told: str | None):
    assert about(Lead.blank(**PERSON, postcode=postcode), "web_form", ("postcode",)).get("postcode") == told


def test_a_place_at_the_end_of_a_street_is_told():
    lead = Lead.blank(street="5 Rue Victor Hugo, 69002 Lyon", city="Lyon", postcode="69002", interest="Victor")
    assert about(lead, "x", ("city", "interest", "postcode")) == {"city": "Lyon", "postcode": "690"}


def test_a_name_inside_another_word_is_no_name():
    lead = Lead.blank(full_name="Li An", city="Berlin", interest="Lighting and cleaning")
    assert about(lead, "x", ("city", "interest")) == {"city": "Berlin", "interest": "Lighting and cleaning"}


@pytest.mark.parametrize("region", ["0A2025550143", "x5550143", "5 5 5 0 1 4 3", "202/555", "555-0143"])
def test_six_digits_of_the_phone_in_a_row_are_too_many(region: str):
    told = about(Lead.blank(**PERSON, region=region, employees="1000-5000"), "x", ("region", "employees"))
    assert told == {"employees": "1000-5000"}


def test_a_chinese_name_is_found_within_a_text():
    assert about(Lead.blank(full_name="王小明", interest="王小明的太阳能"), "x", ("interest",)) == {}


@pytest.mark.parametrize("said", ["12.50", 12.5, " 12.5 ", 12.5000000001])
def test_a_price_is_a_number_or_its_text(said: Any):
    assert price_of(said) == pytest.approx(12.5)


@pytest.mark.parametrize(
    "said", [True, None, "", "12,50", "-1", "1e9", "$5", [5], {"a": 1}, float("nan"), float("inf")]
)
def test_anything_else_is_no_price(said: Any):
    with pytest.raises(ValueError, match="no number"):
        price_of(said)
