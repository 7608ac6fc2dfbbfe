"""Days are read where only one can be meant; the time of submission is made sure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.normal import times
from hub.normal.dates import day

RECEIVED = datetime(2026, 5, 4, 8, 10, tzinfo=UTC)
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("1990-03-04", "1990-03-04"),
        ("1990/3/4", "1990-03-04"),
        ("1990年3月4日", "1990-03-04"),
        ("19900304", "1990-03-04"),
        ("31.12.1980", "1980-12-31"),
        ("01.02.1980", "1980-02-01"),
        ("12/31/1980", "1980-12-31"),
        ("31/12/1980", "1980-12-31"),
        ("05/05/1980", "1980-05-05"),
        ("1990-03-04T00:00:00Z", "1990-03-04"),
        ("１９９０-03-04", "1990-03-04"),
    ],
)
def test_a_day_is_read_where_only_one_can_be_meant(raw, iso):
    cleaned = day(raw)
    assert (cleaned.value, cleaned.valid, cleaned.parts["date"], cleaned.codes) == (raw, True, iso, ())


@pytest.mark.parametrize(
    ("raw", "valid", "code"),
    [
        ("3月4日", None, "date_unclear"),
        ("01/02/03", None, "date_unclear"),
        ("01/02/1980", None, "date_unclear"),
        ("45000", None, "date_unclear"),
        ("1700000000000", None, "date_unclear"),
        ("24:00", None, "date_unclear"),
        ("9999-12-31", None, "date_unclear"),
        ("1000-01-01", None, "date_unclear"),
        ("0000-01-01", False, "date_impossible"),
        ("2024-02-30", False, "date_impossible"),
        ("2023-02-29", False, "date_impossible"),
        ("32.01.1990", False, "date_impossible"),
    ],
)
def test_a_day_that_is_unclear_or_impossible_stays_text_with_a_flag(raw, valid, code):
    assert day(raw) == (raw, valid, {}, (code,))


@pytest.mark.parametrize(
    ("said", "zone", "moment", "codes"),
    [
        (None, UTC, RECEIVED, ()),
        (datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC), UTC, datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC), ()),
        (
            datetime(2026, 5, 4, 16, 9, tzinfo=timezone(timedelta(hours=8))),
            UTC,
            datetime(2026, 5, 4, 8, 9, tzinfo=UTC),
            (),
        ),
        (datetime(2026, 5, 4, 16, 9), SHANGHAI, datetime(2026, 5, 4, 8, 9, tzinfo=UTC), ("time_zone_assumed",)),
        (
            datetime(2026, 3, 8, 2, 30),
            NEW_YORK,
            datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
            ("time_zone_assumed", "time_in_gap"),
        ),
        (datetime(2025, 11, 2, 1, 30), NEW_YORK, datetime(2025, 11, 2, 5, 30, tzinfo=UTC), ("time_zone_assumed",)),
        (RECEIVED + timedelta(minutes=2), UTC, RECEIVED, ()),
        (RECEIVED + timedelta(days=2), UTC, RECEIVED, ("time_in_future",)),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))), UTC, RECEIVED, ("time_impossible",)),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), UTC, RECEIVED, ("time_impossible",)),
        (datetime(1, 1, 1), SHANGHAI, RECEIVED, ("time_zone_assumed", "time_impossible")),
        (datetime(1899, 12, 30, tzinfo=UTC), UTC, RECEIVED, ("time_impossible",)),
    ],
)
def test_the_time_of_submission_is_made_sure(said, zone, moment, codes):
    assert times.submitted(said, RECEIVED, zone) == (moment, codes)


@given(st.datetimes(timezones=st.none() | st.timezones()), st.sampled_from([UTC, SHANGHAI, NEW_YORK]))
def test_no_time_is_too_odd_and_none_lies_after_its_receipt(said, zone):
    moment, _ = times.submitted(said, RECEIVED, zone)
    assert moment <= RECEIVED
    assert moment.utcoffset() == timedelta(0)
    assert times.submitted(moment, RECEIVED, zone) == (moment, ())
