"""Days that an iCalendar file closes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.errors import ConfigError
from hub.worktime.icalfile import closed_days

SHANGHAI = ZoneInfo("Asia/Shanghai")


def file(folder: Path, *events: str) -> Path:
    """Write a file whose events have these lines."""
    whole = [f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT" for number, event in enumerate(events)]
    text = "\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *whole, "END:VCALENDAR", ""))
    path = folder / "days.ics"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    return path


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("DTSTART;VALUE=DATE:20261224", "12-24"),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227", "12-24 12-25 12-26"),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P2D", "12-24 12-25"),
        ("DTSTART;VALUE=DATE:20251231\nDTEND;VALUE=DATE:20260103", "01-01 01-02"),
        ("DTSTART;VALUE=DATE:20261224\nTRANSP:TRANSPARENT", "12-24"),
        ("DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED", ""),
        ("DTSTART:20261224T000000\nDTEND:20261225T000000", "12-24"),
        ("DTSTART:20261224T000000\nDTEND:20261224T235900", "12-24"),
        ("DTSTART:20261224T120000\nDTEND:20261224T180000", ""),
        ("DTSTART:20261224T120000\nDTEND:20261226T120000", "12-25"),
        ("DTSTART:20261223T160000Z\nDTEND:20261224T160000Z", "12-24"),  # midnight to midnight in Shanghai
        ("DTSTART:20261224T000000Z\nDTEND:20261225T000000Z", ""),
        ("DTSTART;TZID=Asia/Shanghai:20261224T000000\nDTEND;TZID=Asia/Shanghai:20261225T000000", "12-24"),
        ("DTSTART;VALUE=DATE:20201224\nRRULE:FREQ=YEARLY", "12-24"),
        ("DTSTART;VALUE=DATE:20201224\nRRULE:FREQ=YEARLY;UNTIL=20251231", ""),
        ("DTSTART;VALUE=DATE:20201224\nRRULE:FREQ=YEARLY;UNTIL=20261224T000000Z", "12-24"),
        ("DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=WEEKLY;COUNT=3", "12-01 12-08 12-15"),
        ("DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20261208", "12-01 12-15"),
        ("DTSTART;VALUE=DATE:20261201\nRDATE;VALUE=DATE:20261203,20261205", "12-01 12-03 12-05"),
        ("DTSTART;VALUE=DATE:20241231\nDTEND;VALUE=DATE:20250102\nRRULE:FREQ=YEARLY", "01-01 12-31"),
        ("DTSTART:20201223T160000Z\nDTEND:20201224T160000Z\nRRULE:FREQ=YEARLY;UNTIL=20301223T160000Z", "12-24"),
    ],
)
def test_an_event_closes_the_days_it_covers_whole(tmp_path: Path, event: str, days: str):
    assert closed_days(file(tmp_path, event), SHANGHAI)(2026) == {
        date.fromisoformat(f"2026-{day}") for day in days.split()
    }


@pytest.mark.parametrize(("status", "days"), [("CONFIRMED", {1, 9, 15}), ("CANCELLED", {1, 15})])
def test_one_day_of_a_series_may_be_moved_or_called_off(tmp_path: Path, status: str, days: set[int]):
    series = "DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=WEEKLY;COUNT=3"
    moved = f"DTSTART;VALUE=DATE:20261209\nRECURRENCE-ID;VALUE=DATE:20261208\nSTATUS:{status}"
    path = file(tmp_path, series, moved)
    path.write_bytes(path.read_bytes().replace(b"UID:1", b"UID:0"))
    assert {day.day for day in closed_days(path, SHANGHAI)(2026)} == days


def test_a_file_may_begin_with_a_mark_of_its_encoding(tmp_path: Path):
    path = file(tmp_path, "DTSTART;VALUE=DATE:20261224")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert closed_days(path, SHANGHAI)(2026) == {date(2026, 12, 24)}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not an iCalendar file: no VCALENDAR is in it. Export it anew, as .ics."),
        (b"hello", "is not an iCalendar file"),
        (b"\xff\xfe\x00", "is not an iCalendar file"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260101\r\n", "is not an iCalendar file"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Party\nEND:VEVENT\nEND:VCALENDAR\n", "The event 'Party' in "),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:7\nDTSTART:foo\nEND:VEVENT\nEND:VCALENDAR\n", "The event '7' in "),
        (
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:7\nDTSTART:20260101\nRRULE:FREQ=OFTEN\nEND:VEVENT\nEND:VCALENDAR\n",
            "The event '7' in ",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_of_the_configuration(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "days.ics"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        closed_days(path, SHANGHAI)
    assert says in str(caught.value)


def test_a_file_that_is_missing_is_an_error_of_the_configuration(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"The iCalendar file '.*gone\.ics' is not there\."):
        closed_days(tmp_path / "gone.ics", SHANGHAI)
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        closed_days(tmp_path, SHANGHAI)
