"""Public holidays and made-up working days, against what the State Council announced."""

from __future__ import annotations

from datetime import date

import pytest

from hub.worktime.freedays import checked, known_until, year_of

MADE_UP = {
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}
FREE = {
    2024: "01-01 02-12 02-15 02-16 04-04 04-05 05-01 05-03 06-10 09-16 09-17 10-01 10-04 10-07",
    2025: "01-01 01-28 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-03 10-06 10-07 10-08",
    2026: "01-01 01-02 02-16 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 10-07",
}


def in_year(year: int, days: str) -> set[date]:
    return {date.fromisoformat(f"{year}-{day}") for day in days.split()}


@pytest.mark.parametrize("year", MADE_UP)
def test_the_weekends_china_works_are_those_of_the_notices(year: int):
    assert year_of("CN", year).worked == in_year(year, MADE_UP[year])


@pytest.mark.parametrize("year", FREE)
def test_the_days_china_has_off_are_those_of_the_notices(year: int):
    assert in_year(year, FREE[year]) <= year_of("CN", year).free
    assert not year_of("CN", year).free & year_of("CN", year).worked


def test_new_year_is_made_up_in_the_december_before():
    assert date(2006, 12, 30) in year_of("CN", 2006).worked
    assert date(2006, 12, 30) not in year_of("CN", 2007).worked


def test_every_day_is_told_with_its_own_year():
    assert {day.year for year in (2021, 2022) for day in year_of("US", year).free} == {2021, 2022}
    assert date(2021, 12, 31) in year_of("US", 2021).free  # New Year's Day of 2022, a Saturday


@pytest.mark.parametrize(
    ("code", "day", "free"),
    [
        ("DE", date(2026, 1, 6), False),
        ("DE-BY", date(2026, 1, 6), True),
        ("DE-BY", date(2026, 10, 3), True),
        ("US", date(2026, 11, 26), True),
        ("GB-SCT", date(2026, 11, 30), True),
    ],
)
def test_a_part_of_a_country_has_its_own_days(code: str, day: date, free: bool):
    assert (day in year_of(code, day.year).free) is free


def test_a_year_without_a_notice_has_its_statutory_days_and_no_weekend_made_up():
    known = known_until("CN")
    assert known is not None
    assert known >= 2026
    assert year_of("CN", known).worked
    assert not year_of("CN", known + 2).worked
    assert date(known + 2, 10, 1) in year_of("CN", known + 2).free


def test_a_special_holiday_is_no_moved_day():
    assert known_until("BG") == 2016  # the last Saturday it made up; single days off came later


@pytest.mark.parametrize("code", ["DE", "DE-BY", "US", "GB"])
def test_a_country_that_moves_no_days_is_known_for_ever(code: str):
    assert known_until(code) is None


@pytest.mark.parametrize("code", ["CN", "DE", "DE-BY", "US-CA", "GB-SCT", "UK"])
def test_a_code_that_is_known_stays_as_it_is(code: str):
    assert checked(code) == code


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("cn", "'cn' is no country whose public holidays are known; write CN"),
        ("CHN", "write CN"),
        ("China", "write CN"),
        ("united states", "write US"),
        ("XX", "'XX' is no country whose public holidays are known; write its two letters, such as CN, or DE-BY"),
        ("", "'' is no country"),
        ("DE-by", "'DE-by' is no part of DE whose public holidays are known; write DE-BY"),
        ("DE-Bayern", "write DE-BY"),
        ("DE-XX", "its parts are BB, BE, BW, BY, HB"),
        ("CN-BJ", "it has none, so write CN"),
        ("DE-", "'DE-' is no part of DE"),
    ],
)
def test_a_wrong_code_is_named_with_the_right_one(code: str, says: str):
    with pytest.raises(ValueError) as caught:
        checked(code)
    assert says in str(caught.value)
