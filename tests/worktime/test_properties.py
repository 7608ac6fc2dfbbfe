"""What holds for working time whatever the hours, the zone and the moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.worktime import Calendar, parse

MINUTE = timedelta(minutes=1)
HOURS = (
    "Mon-Fri 09:00-18:00",
    "Mon-Fri 09:00-12:00,13:30-18:00; Sat 10:00-14:00",
    "Sun-Thu 22:00-06:00",
    "Sat,Sun 00:30-02:30",
    "Sun 01:59-02:21,02:59-03:21",
    "daily 23:30-00:30",
    "Wed 10:00-11:00",
    "24/7",
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/Havana")
JUMPS = ("2025-03-09T06", "2025-03-30T00", "2025-04-05T14", "2025-10-04T15", "2025-10-26T00", "2025-11-02T05")

dates = st.dates(date(2025, 1, 1), date(2025, 12, 31))
closed = st.frozensets(dates, max_size=40)
calendars = st.builds(
    lambda zone, hours, free, worked: Calendar(zone, parse(hours), lambda _: free, lambda _: worked),
    st.sampled_from(ZONES),
    st.sampled_from(HOURS),
    closed,
    closed,
)
near_jumps = st.builds(
    lambda jump, minutes: datetime.fromisoformat(f"{jump}:00+00:00") + timedelta(minutes=minutes),
    st.sampled_from(JUMPS),
    st.floats(-600, 600, allow_nan=False),
)
moments = st.datetimes(datetime(2024, 12, 1), datetime(2026, 1, 31), timezones=st.just(UTC)) | near_jumps
lengths = st.integers(0, 2 * 86_400 * 10**6).map(lambda micros: micros / 10**6) | st.sampled_from((0.0, 1e-6, 60.0))


@given(calendars, moments, lengths)
def test_so_much_working_time_passes_until_so_much_has_passed(calendar: Calendar, start: datetime, seconds: float):
    due = calendar.after(start, seconds)
    assert calendar.between(start, due) == seconds
    assert due >= start
    assert due.tzinfo is UTC


@given(calendars, moments, st.floats(1e-5, 1e5))
def test_what_is_due_is_the_first_moment_at_which_it_is(calendar: Calendar, start: datetime, seconds: float):
    due = calendar.after(start, seconds)
    assert calendar.between(start, due - timedelta(microseconds=1)) < calendar.between(start, due)
    assert calendar.is_open(due - timedelta(microseconds=1))


@given(calendars, moments, moments)
def test_the_moment_after_the_time_between_is_the_end_or_the_last_open_one_before(
    calendar: Calendar, one: datetime, other: datetime
):
    start, end = sorted((one, other))
    passed = calendar.between(start, end)
    back = calendar.after(start, passed)
    assert back <= end
    assert calendar.between(back, end) == 0


@given(calendars, moments, lengths, lengths)
def test_two_times_one_after_the_other_are_their_sum(calendar: Calendar, start: datetime, one: float, other: float):
    micros = round(one * 10**6) + round(other * 10**6)
    assert calendar.after(calendar.after(start, one), other) == calendar.after(start, micros / 10**6)


@given(calendars, moments, moments, moments)
def test_times_between_add_up(calendar: Calendar, one: datetime, other: datetime, third: datetime):
    whole = calendar.between(one, third)
    assert round(whole * 10**6) == sum(
        round(calendar.between(*pair) * 10**6) for pair in ((one, other), (other, third))
    )
    assert calendar.between(third, one) == -whole


@given(calendars, moments, moments, lengths, lengths)
def test_later_is_never_due_earlier(calendar: Calendar, one: datetime, other: datetime, less: float, more: float):
    first, last = sorted((one, other))
    least, most = sorted((less, more))
    assert calendar.after(first, least) <= calendar.after(last, least)
    assert calendar.after(first, least) <= calendar.after(first, most)
    assert calendar.between(first, last) <= (last - first).total_seconds()


@given(calendars, moments)
def test_no_working_time_passes_until_it_opens(calendar: Calendar, start: datetime):
    opens = calendar.next_open(start)
    assert calendar.is_open(opens)
    assert calendar.between(start, opens) == 0
    assert (opens == start) is calendar.is_open(start)


@given(calendars, dates)
def test_the_hours_of_a_day_are_open(calendar: Calendar, day: date):
    for start, end in calendar.hours_of(day):
        assert calendar.between(start, end) == (end - start).total_seconds() > 0
        assert start.astimezone(calendar.zone).date() == day


def on_the_wall(text: str, free: frozenset[date], worked: frozenset[date], shown: datetime) -> bool:
    """Return whether the wall clock shows working time, by hand, for hours of which every day's are the same."""
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    minute, today = shown.hour * 60 + shown.minute, shown.date()
    yesterday = today - timedelta(days=1)
    if begin < end:
        return begin <= minute < end and (today not in free or today in worked)
    if minute >= begin:
        return today not in free or today in worked
    return minute < end and (yesterday not in free or yesterday in worked)


@settings(max_examples=60)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(("01:00-03:00", "02:00-03:00", "01:30-02:30", "22:00-06:00", "23:59-02:15", "00:00-24:00")),
    closed,
    closed,
    st.sampled_from(JUMPS).map(lambda jump: datetime.fromisoformat(f"{jump}:00+00:00")),
    st.integers(-2_000, 1_000),
    st.integers(0, 3_000),
)
def test_the_time_between_is_the_minutes_of_utc_in_which_the_wall_clock_shows_working_time(
    zone: str, hours: str, free: frozenset[date], worked: frozenset[date], jump: datetime, first: int, number: int
):
    calendar = Calendar(zone, parse(f"daily {hours}"), lambda _: free, lambda _: worked)
    start = jump + first * MINUTE
    steps = [start + step * MINUTE for step in range(number)]
    counted = [on_the_wall(hours, free, worked, step.astimezone(ZoneInfo(zone))) for step in steps]
    assert calendar.between(start, start + number * MINUTE) == 60 * sum(counted)
    assert [calendar.is_open(step) for step in steps] == counted
