"""Times of strangers: what counts as one, and what is left alone."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import instant

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-04T08:09:41Z",
        "2026-05-04T08:09:41+0000",
        "2026-05-04 16:09:41+08:00",
        "20260504T080941Z",
        "2026-05-04T08:09:41",
        " 2026-05-04T08:09:41.000000Z ",
        1777882181,
        "1777882181",
        1777882181.0,
        1777882181000,
        "1777882181000",
        1777882181000000,
        NOW.replace(tzinfo=None),
        NOW.astimezone(timezone(timedelta(hours=8))),
    ],
)
def test_a_time_is_read_however_it_is_written(value):
    found = instant(value)
    assert found == NOW
    assert found.tzinfo is UTC


def test_text_without_an_offset_was_written_in_the_given_zone():
    assert instant("2026-05-04T16:09:41", ZoneInfo("Asia/Shanghai")) == NOW


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-05-04T16:09:41", datetime(2026, 5, 4, 16, 9, 41)),
        (datetime(2026, 5, 4, 16, 9, 41), datetime(2026, 5, 4, 16, 9, 41)),
        ("2026-05-04T16:09:41+08:00", NOW),
        (1777882181, NOW),
        ("1900-01-01", None),
        ("2200-01-01", None),
    ],
)
def test_text_without_an_offset_stays_without_one_where_its_zone_is_not_known_here(value, found):
    assert (got := instant(value, None)) == found
    assert getattr(got, "tzinfo", None) is getattr(found, "tzinfo", None)


@pytest.mark.parametrize(
    "value",
    [
        None, True, "", "soon", "2024-02-30", "2026-05-04T24:01:00", "0000-00-00", "1900-01-01", "2200-01-01",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", 0, -1777882181, 42, 10**30, float("nan"),
        float("inf"), "1e9", "20260504080941", "\u0661\u0667\u0667\u0667\u0668\u0668\u0662\u0661\u0668\u0661", [1], {},
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(value):
    assert instant(value) is None


@given(st.one_of(st.text(), st.floats(), st.integers(), st.datetimes()), st.sampled_from([UTC, None]))
def test_nothing_crashes_it(value, zone):
    found = instant(value, zone)
    assert found is None or 1989 <= found.year <= 2100
