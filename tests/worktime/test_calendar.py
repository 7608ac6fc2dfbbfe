"""Working time in tables: weekends, nights, changes of clocks, days that are different."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from hub.errors import ConfigError
from hub.worktime import Calendar, NeverOpen, parse
from hub.worktime.calendar import Yearly

OFFICE = "Mon-Fri 09:00-18:00"


def at(zone: str, text: str, fold: int = 0) -> datetime:
    """Return a moment in its zone. In an hour that comes twice Python calls it unlike any other: compare it in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def days(*texts: str) -> Yearly:
    known = [date.fromisoformat(text) for text in texts]
    return lambda year: [day for day in known if day.year == year]


def made(zone: str, hours: str, free: Iterable[str] = (), worked: Iterable[str] = ()) -> Calendar:
    return Calendar(zone, parse(hours), days(*free), days(*worked))


@pytest.mark.parametrize(
    ("hours", "start", "hours_passed", "due"),
    [
        (OFFICE, "2026-05-02T15:00", 1, "2026-05-04T10:00"),  # Saturday to Monday
        (OFFICE, "2026-05-01T17:30", 1, "2026-05-04T09:30"),
        (OFFICE, "2026-05-01T17:00", 1, "2026-05-01T18:00"),  # the end, not the next beginning
        (OFFICE, "2026-05-01T18:00", 1, "2026-05-04T10:00"),
        (OFFICE, "2026-05-04T08:59:59.5", 1, "2026-05-04T10:00"),
        (OFFICE, "2026-05-04T10:00:00.25", 9, "2026-05-05T10:00:00.25"),
        (OFFICE, "2026-05-04T10:00", 45, "2026-05-11T10:00"),
        (OFFICE, "2026-05-02T15:00", 0, "2026-05-02T15:00"),
        ("Mon-Fri 09:00-12:00,13:30-18:00", "2026-05-04T11:30", 1, "2026-05-04T14:00"),
        ("Mon-Fri 09:00-12:00,12:00-18:00", "2026-05-04T11:30", 1, "2026-05-04T12:30"),
        ("Fri 22:00-06:00", "2026-05-01T12:00", 7, "2026-05-02T05:00"),  # the night of Friday ends on Saturday
        ("Fri 22:00-06:00", "2026-05-02T05:00", 2, "2026-05-08T23:00"),
        ("Sat 22:00-24:00; Sun 00:00-02:00", "2026-05-02T23:00", 2, "2026-05-03T01:00"),
        ("24/7", "2026-05-02T15:00", 1000, "2026-06-13T07:00"),
        ("Tue 09:00-10:00", "2026-05-05T09:00", 200, "2030-02-26T10:00"),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/Phoenix", "Asia/Kathmandu"])
def test_working_time_passes_only_while_open(zone: str, hours: str, start: str, hours_passed: float, due: str):
    calendar = made(zone, hours)
    found = calendar.after(at(zone, start), hours_passed * 3600)
    assert found == at(zone, due)
    assert found.tzinfo is UTC
    assert calendar.between(at(zone, start), found) == hours_passed * 3600
    assert calendar.between(found, at(zone, start)) == -hours_passed * 3600


@pytest.mark.parametrize(
    ("zone", "hours", "day", "real"),
    [
        ("Europe/Berlin", "daily 01:00-03:00", "2026-03-28", 2.0),
        ("Europe/Berlin", "daily 01:00-03:00", "2026-03-29", 1.0),  # 02:00 to 03:00 is skipped
        ("Europe/Berlin", "daily 01:00-03:00", "2026-10-25", 3.0),  # and comes twice
        ("Europe/Berlin", "daily 02:00-03:00", "2026-03-29", 0.0),
        ("Europe/Berlin", "daily 02:30-03:30", "2026-03-29", 0.5),
        ("Europe/Berlin", "daily 01:30-02:30", "2026-03-29", 0.5),
        ("Europe/Berlin", "daily 01:00-02:30", "2026-10-25", 2.0),
        ("Europe/Berlin", "daily 02:30-04:00", "2026-10-25", 2.0),
        ("Europe/Berlin", "daily 22:00-06:00", "2026-03-28", 7.0),
        ("Europe/Berlin", "daily 22:00-06:00", "2026-10-24", 9.0),
        ("Europe/Berlin", "24/7", "2026-03-29", 23.0),
        ("Europe/Berlin", "24/7", "2026-10-25", 25.0),
        ("Europe/Berlin", "daily 09:00-18:00", "2026-03-29", 9.0),
        ("America/New_York", "daily 01:00-03:00", "2026-03-08", 1.0),
        ("America/New_York", "daily 01:00-03:00", "2026-11-01", 3.0),
        ("America/New_York", "24/7", "2026-11-01", 25.0),
        ("Asia/Shanghai", "daily 01:00-03:00", "2026-03-29", 2.0),
        ("Asia/Shanghai", "24/7", "2026-10-25", 24.0),
        ("Australia/Lord_Howe", "daily 01:00-03:00", "2026-10-04", 1.5),
        ("Australia/Lord_Howe", "daily 01:00-03:00", "2026-04-05", 2.5),
        ("Australia/Lord_Howe", "24/7", "2026-10-04", 23.5),
        ("America/Havana", "24/7", "2026-03-08", 23.0),  # its clock skips midnight itself
        ("America/Sao_Paulo", "daily 00:00-02:00", "2017-10-15", 1.0),
        ("Pacific/Apia", "24/7", "2011-12-30", 0.0),  # a day that never was
    ],
)
def test_a_block_lasts_as_long_as_the_wall_clock_shows_it(zone: str, hours: str, day: str, real: float):
    calendar = made(zone, hours)
    blocks = calendar.hours_of(date.fromisoformat(day))
    assert sum((end - start).total_seconds() for start, end in blocks) == real * 3600
    assert [calendar.between(start, end) for start, end in blocks] == [
        (end - start).total_seconds() for start, end in blocks
    ]


@pytest.mark.parametrize(
    ("zone", "hours", "day", "blocks"),
    [
        ("Europe/Berlin", OFFICE, "2026-05-04", ["2026-05-04T07:00 2026-05-04T16:00"]),
        ("Europe/Berlin", OFFICE, "2026-01-05", ["2026-01-05T08:00 2026-01-05T17:00"]),
        ("Europe/Berlin", OFFICE, "2026-05-03", []),
        ("Asia/Shanghai", "Mon 06:00-09:00,10:00-12:00", "2026-05-04", ["2026-05-03T22:00 2026-05-04T01:00", "2026-05-04T02:00 2026-05-04T04:00"]),
        ("Europe/Berlin", "Sat 22:00-06:00", "2026-10-24", ["2026-10-24T20:00 2026-10-25T05:00"]),
        ("Europe/Berlin", "Sun 01:00-02:30", "2026-10-25", ["2026-10-24T23:00 2026-10-25T00:30", "2026-10-25T01:00 2026-10-25T01:30"]),
    ],
)  # fmt: skip
def test_the_hours_of_a_day_are_told_in_utc(zone: str, hours: str, day: str, blocks: list[str]):
    found = made(zone, hours).hours_of(date.fromisoformat(day))
    assert [f"{start:%Y-%m-%dT%H:%M} {end:%Y-%m-%dT%H:%M}" for start, end in found] == blocks
    assert {moment.tzinfo for block in found for moment in block} <= {UTC}


@pytest.mark.parametrize(
    ("moment", "is_open", "opens"),
    [
        ("2026-05-04T08:59:59.999999", False, "2026-05-04T09:00"),
        ("2026-05-04T09:00", True, "2026-05-04T09:00"),
        ("2026-05-04T12:34:56.789", True, "2026-05-04T12:34:56.789"),
        ("2026-05-04T17:59:59.999999", True, "2026-05-04T17:59:59.999999"),
        ("2026-05-04T18:00", False, "2026-05-05T09:00"),
        ("2026-05-01T18:00", False, "2026-05-04T09:00"),
        ("2026-12-31T20:00", False, "2027-01-01T09:00"),
        ("2027-12-31T20:00", False, "2028-01-03T09:00"),
    ],
)
def test_a_moment_is_open_or_tells_when_it_opens(moment: str, is_open: bool, opens: str):
    calendar = made("Asia/Shanghai", OFFICE)
    assert calendar.is_open(at("Asia/Shanghai", moment)) is is_open
    assert calendar.next_open(at("Asia/Shanghai", moment)) == at("Asia/Shanghai", opens)


def test_the_hour_that_comes_twice_is_told_apart_by_its_moment():
    calendar = made("Europe/Berlin", "Sun 01:00-02:30")
    both = [at("Europe/Berlin", "2026-10-25T02:45", fold) for fold in (0, 1)]
    assert [calendar.is_open(moment) for moment in both] == [False, False]
    assert calendar.next_open(both[0]) == at("Europe/Berlin", "2026-10-25T02:00", 1).astimezone(UTC)
    assert calendar.next_open(both[1]) == at("Europe/Berlin", "2026-11-01T01:00")


def test_any_zone_may_ask():
    calendar = made("Asia/Shanghai", OFFICE)
    here = at("Asia/Shanghai", "2026-05-04T10:00")
    asked = [here.astimezone(zone) for zone in (UTC, ZoneInfo("America/New_York"), timezone(timedelta(hours=-7)))]
    assert {calendar.after(moment, 60) for moment in asked} == {here + timedelta(seconds=60)}


@pytest.mark.parametrize(
    ("free", "worked", "day", "hours"),
    [
        (["2026-05-04"], [], "2026-05-04", 0),
        (["2026-05-04"], ["2026-05-04"], "2026-05-04", 9),  # worked wins
        ([], ["2026-05-09"], "2026-05-09", 9),  # Saturday, as Monday
        ([], ["2026-05-10"], "2026-05-10", 9),
        ([], [], "2026-05-09", 0),
        ([], ["2026-05-08"], "2026-05-08", 9),  # Friday is short by itself
        ([], [], "2026-05-08", 6),
    ],
)
def test_single_days_are_free_or_worked(free: list[str], worked: list[str], day: str, hours: float):
    calendar = made("Asia/Shanghai", "Mon-Thu 09:00-18:00; Fri 09:00-15:00", free, worked)
    start = at("Asia/Shanghai", day)
    assert calendar.between(start, start + timedelta(days=1)) == hours * 3600


def test_a_night_belongs_to_the_day_it_begins_on():
    calendar = made("Asia/Shanghai", "Mon-Fri 22:00-06:00", free=["2026-05-05"])
    assert calendar.is_open(at("Asia/Shanghai", "2026-05-05T05:59"))
    assert not calendar.is_open(at("Asia/Shanghai", "2026-05-05T22:00"))
    assert not calendar.is_open(at("Asia/Shanghai", "2026-05-06T05:59"))


def test_a_night_into_a_day_made_up_is_not_counted_twice():
    calendar = made("UTC", "Mon 00:00-09:00; Fri 22:00-06:00", worked=["2026-05-09"])
    assert calendar.between(at("UTC", "2026-05-08T12:00"), at("UTC", "2026-05-10T00:00")) == 11 * 3600


def test_a_night_over_new_year_is_whole():
    calendar = made("Asia/Shanghai", "daily 22:00-10:00")
    assert calendar.between(at("UTC", "2026-12-31T12:00"), at("UTC", "2027-01-01T12:00")) == 12 * 3600
    assert calendar.after(at("UTC", "2026-12-31T14:00"), 12 * 3600) == at("UTC", "2027-01-01T02:00")


def whole(first: int, last: int) -> Yearly:
    """Return every day of some years."""
    return lambda year: [date(year, 1, 1) + timedelta(number) for number in range(366)] if first <= year <= last else []


@pytest.mark.parametrize("ask", [lambda c, t: c.next_open(t), lambda c, t: c.after(t, 1), lambda c, t: c.after(t, 1e9)])
def test_a_calendar_that_never_opens_says_so(ask):
    calendar = Calendar("Asia/Shanghai", parse(OFFICE), whole(1970, 2300))
    with pytest.raises(NeverOpen, match="is not open once in the 5 years after 2026-05-04") as caught:
        ask(calendar, at("Asia/Shanghai", "2026-05-04T10:00"))
    assert isinstance(caught.value, ConfigError)
    assert not calendar.is_open(at("Asia/Shanghai", "2026-05-04T10:00"))
    assert calendar.between(at("UTC", "2026-05-04"), at("UTC", "2036-05-04")) == 0


def test_a_calendar_that_is_closed_for_years_opens_again():
    calendar = Calendar("UTC", parse(OFFICE), whole(2026, 2029))
    assert calendar.next_open(at("UTC", "2026-05-04")) == at("UTC", "2030-01-01T09:00")
    assert calendar.after(at("UTC", "2025-12-31T17:00"), 7200) == at("UTC", "2030-01-01T10:00")


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda c: c.after(datetime(2026, 5, 4), 1), "has no time zone"),
        (lambda c: c.is_open(datetime(2026, 5, 4)), "has no time zone"),
        (lambda c: c.after(datetime(2026, 5, 4, tzinfo=UTC), -1), "-1 is no working time"),
        (lambda c: c.after(datetime(2026, 5, 4, tzinfo=UTC), float("nan")), "nan is no working time"),
        (lambda c: c.after(datetime(2026, 5, 4, tzinfo=UTC), float("inf")), "inf is no working time"),
        (lambda c: c.after(datetime(2199, 5, 4, tzinfo=UTC), 1e9), "from 1970 to 2200, and this leads to 2201"),
        (lambda c: c.is_open(datetime(1812, 5, 4, tzinfo=UTC)), "this leads to 1812"),
    ],
)
def test_what_cannot_be_answered_is_refused(ask, says: str):
    with pytest.raises(ValueError, match=says):
        ask(made("UTC", OFFICE))
