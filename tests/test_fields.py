"""Reading a lead by path, and writing what was read as text and as JSON."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from hub import DEFAULT_COLUMNS, FieldPath, Lead, fill, iso, lead_dict, pick, text, to_json
from hub.families.record import Record
from hub.families.table import Columns, letters
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS, Delivery, Touch
from hub.zone import until_midnight

MOMENT = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
LEAD = Lead(
    id="lead_1", email="max@example.com", full_name="Max Muster", score=12.0, owner="ann", submitted_at=MOMENT,
    extra={"a.b": 1, "c": {"d": {"e": 2}}, "list": ["x", "y"]}, tags={"party": "first", "utm.x": "t"},
    touch=Touch(fields={"utm_source": "baidu"}, tags={"booth": "4"}, source="expo", at=MOMENT),
    first_touch=Touch(fields={"gclid": "g1"}), delivery=Delivery(key="abcd-1", sentence="It is hot.", version=2),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "lead_1"), ("email", "max@example.com"), ("phone", None), ("name", "Max Muster"), ("score", 12.0),
        ("owner", "ann"), ("grade", None), ("submitted_at", "2026-05-04T08:09:41Z"), ("updated_at", None),
        ("touch.utm_source", "baidu"), ("touch.gclid", None), ("first_touch.gclid", "g1"), ("touch.tags.booth", "4"),
        ("touch.source", "expo"), ("touch.at", "2026-05-04T08:09:41Z"), ("first_touch.at", None),
        ("tags.party", "first"), ("tags.utm.x", "t"), ("tags.none", None), ("extra.a.b", 1), ("extra.c.d.e", 2),
        ("extra.c.x.y", None), ("extra.list", ["x", "y"]), ("extra.list.x", None), ("delivery.short", "#L-ABCD"),
        ("delivery.sentence", "It is hot."), ("delivery.version", 2), ("=Hot", "Hot"), ("=", ""), ("=a.b", "a.b"),
    ],
)  # fmt: skip
def test_a_path_leads_to_a_value(path, value):
    assert pick(LEAD, path) == value


@pytest.mark.parametrize("path", [*LEAD_FIELDS, *(f"touch.{name}" for name in TOUCH_FIELDS), *DEFAULT_COLUMNS])
def test_every_documented_field_can_be_picked_from_the_barest_lead(path):
    assert text(pick(Lead(), path)) in ("", "lead_0")


@pytest.mark.parametrize(
    ("path", "offer"),
    [
        ("emial", "Did you mean 'email'?"), ("utm_source", "Did you mean 'touch.utm_source'?"),
        ("touch.utmsource", "Did you mean 'touch.utm_source'?"), ("tags", "extra.NAME"), ("values.email", "extra.NAME"),
        ("delivery.fence", "delivery.sentence"), ("__class__", "extra.NAME"), ("model_config", "extra.NAME"),
        ("", "extra.NAME"),
    ],
)  # fmt: skip
def test_a_path_that_no_lead_has_is_refused_with_an_offer(path, offer):
    with pytest.raises(ValueError, match="No lead has a field") as error:
        pick(LEAD, path)
    assert offer in str(error.value)


def test_a_setting_refuses_such_a_path_when_it_is_read():
    class Settings(BaseModel):
        path: FieldPath

    with pytest.raises(ValidationError, match="Did you mean 'email'"):
        Settings(path="emial")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""), ("a\nb", "a\nb"), (True, "true"), (False, "false"), (12, "12"), (12.0, "12"), (12.5, "12.5"),
        (1e300, "1e+300"), (float("nan"), "nan"), (["a", None, 2.0], "a, , 2"), ({"a": [1]}, '{"a":[1]}'),
        (MOMENT, "2026-05-04T08:09:41Z"), (date(2026, 5, 4), "2026-05-04"),
    ],
)  # fmt: skip
def test_a_value_becomes_text(value, written):
    assert text(value) == written


@pytest.mark.parametrize(
    "moment",
    [
        MOMENT,
        MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=8))),
        MOMENT.replace(microsecond=9),
    ],
)
def test_a_time_is_written_in_utc(moment):
    assert iso(moment) == "2026-05-04T08:09:41Z"


def test_a_lead_as_json_has_every_field_by_its_fixed_name():
    said = json.loads(to_json(lead_dict(LEAD)))
    assert set(LEAD_FIELDS) < set(said)
    assert said["phone"] is None
    assert said["touch"] == {
        "source": "expo",
        "at": "2026-05-04T08:09:41Z",
        "utm_source": "baidu",
        "tags": {"booth": "4"},
    }
    assert said["extra"] == {"a.b": 1, "c": {"d": {"e": 2}}, "list": ["x", "y"]}
    assert not {"values", "problems", "delivery"} & set(said)


@given(JSON)
def test_any_value_becomes_json_that_others_can_read(value):
    json.loads(to_json(value).decode("utf-8", "strict"))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("\ud800", '"\ufffd"'), (2**64, '"18446744073709551616"'), (float("inf"), "null"), ({1: {2}}, '{"1":[2]}'),
        (MOMENT, '"2026-05-04T08:09:41Z"'), ({"t": MOMENT, "s": "\ud800"}, '{"t":"2026-05-04T08:09:41Z","s":"\ufffd"}'),
        (date(2026, 5, 4), '"2026-05-04"'), (object, "\"<class 'object'>\""),
    ],
)  # fmt: skip
def test_what_json_cannot_hold_becomes_the_nearest_it_can(value, written):
    assert to_json(value).decode() == written


def test_filling_leaves_out_what_is_not_known_and_what_has_no_path():
    assert fill(LEAD, {"Mail": "email", "Phone": "phone", "None": None, "Kind": "=Lead"}) == {
        "Mail": "max@example.com",
        "Kind": "Lead",
    }


def test_a_record_has_the_standard_fields_the_settings_and_the_owner():
    settings = Record(fields={"Name": None, "Rating": "=Hot"}, owners={"ann": "77"})
    assert settings.record(LEAD, {"Name": "name", "Mail": "email"}, owner="OwnerId") == {
        "Mail": "max@example.com",
        "Rating": "Hot",
        "OwnerId": "77",
    }


def test_a_record_of_an_owner_without_an_id_names_none():
    assert Record(owners={"bob": "1"}).record(LEAD, {}, owner="OwnerId") == {}


@pytest.mark.parametrize(("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")])
def test_columns_are_named_as_spreadsheets_do(index, name):
    assert letters(index) == name


def test_a_table_always_has_the_column_that_tells_leads_apart():
    assert Columns(columns=("email",)).columns == ("id", "email")
    assert Columns(columns=("email", "id")).key_column == "B"


def test_a_row_keeps_numbers_and_leaves_nothing_empty():
    columns = Columns(columns=("id", "score", "phone", "extra.list", "consent"))
    assert columns.cells(LEAD.with_fields(consent=True)) == ["lead_1", 12.0, None, "x, y", True]


@pytest.mark.parametrize(
    ("zone", "seconds"),
    [("UTC", 57_019), ("Asia/Shanghai", 28_219), ("America/New_York", 71_419), ("Europe/Berlin", 49_819)],
)
def test_midnight_is_the_zones_own(zone, seconds):
    assert until_midnight(MOMENT, zone) == seconds


def test_midnight_counts_the_hour_that_is_skipped_in_spring():
    assert until_midnight(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "Europe/Berlin") == 22.5 * 3600
