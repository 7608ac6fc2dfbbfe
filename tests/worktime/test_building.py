"""From the text of hub.yaml to a calendar, and to an error that names the line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub import yamlfile
from hub.errors import ConfigError
from hub.settings import parse_settings
from hub.worktime import Calendar, build

SHANGHAI = ZoneInfo("Asia/Shanghai")


def made(folder: Path, *lines: str) -> Calendar:
    text = "\n  ".join(("calendars:", "cn:", *(f"  {line}" for line in lines)))
    settings, _ = parse_settings(yamlfile.loads(text, "hub.yaml"))
    return build(settings.calendars["cn"], folder)


CHINA = ("time_zone: Asia/Shanghai", "holidays: CN", "hours: Mon-Thu 09:00-18:00; Fri 09:00-15:00; Sat 10:00-14:00")


def hours(calendar: Calendar, day: str) -> str:
    found = calendar.hours_of(date.fromisoformat(day))
    return ",".join(f"{a.astimezone(calendar.zone):%H:%M}-{b.astimezone(calendar.zone):%H:%M}" for a, b in found)


@pytest.mark.parametrize(
    ("more", "day", "expected"),
    [
        ((), "2025-02-07", "09:00-15:00"),
        ((), "2025-01-25", "10:00-14:00"),  # a Saturday like any other
        ((), "2025-02-08", "09:00-18:00"),  # a Saturday that is made up
        ((), "2025-01-26", "09:00-18:00"),
        ((), "2025-01-28", ""),
        (("closed: [2025-02-07, 2025-02-08]",), "2025-02-07", ""),
        (("closed: [2025-02-07, 2025-02-08]",), "2025-02-08", ""),
        (("open: [2025-01-31]",), "2025-01-31", "09:00-15:00"),  # a Friday has its own hours
        (("open: [2025-02-16]",), "2025-02-16", "09:00-18:00"),  # a Sunday has none
        (("ical: off.ics",), "2025-02-08", ""),
        (("ical: off.ics", "open: [2025-02-08]"), "2025-02-08", "09:00-18:00"),
        (("ical: off.ics", "open: [2025-02-15]"), "2025-02-15", "10:00-14:00"),
        (("ical: off.ics",), "2025-02-15", ""),
    ],
)
def test_single_days_win_over_the_country_and_open_ones_over_all(
    tmp_path: Path, more: tuple[str, ...], day: str, expected: str
):
    (tmp_path / "off.ics").write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20250208\nRRULE:FREQ=WEEKLY\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    assert hours(made(tmp_path, *CHINA, *more), day) == expected


def test_a_response_is_due_after_the_holidays_and_on_a_weekend_that_is_made_up(tmp_path: Path):
    calendar = made(tmp_path, "time_zone: Asia/Shanghai", "holidays: CN")
    asked = datetime(2025, 1, 27, 17, 30, tzinfo=SHANGHAI)
    assert calendar.after(asked, 3600) == datetime(2025, 2, 5, 9, 30, tzinfo=SHANGHAI)
    assert calendar.after(asked, 3600 * (0.5 + 3 * 9 + 1)) == datetime(2025, 2, 8, 10, tzinfo=SHANGHAI)


def test_a_calendar_of_which_nothing_is_said_is_the_office_in_utc(tmp_path: Path):
    assert made(tmp_path, "closed: []").next_open(datetime(2026, 5, 2, tzinfo=UTC)) == datetime(
        2026, 5, 4, 9, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            "hours: Mon-Fri 9-18",
            """hub.yaml:4: Calendar "cn": setting "hours": '9-18' is not a stretch of time; write""",
        ),
        ("holidays: China", """hub.yaml:4: Calendar "cn": setting "holidays": 'China' is no country"""),
        ("holidays: China", "write CN."),
        ("holidays: DE-Bayern", "write DE-BY."),
        ("{closed: [2026-05-04], open: [2026-05-04]}", "2026-05-04 is in `closed` and in `open`; take it out of one."),
    ],
)
def test_a_slip_is_an_error_with_its_line(tmp_path: Path, wrong: str, says: str):
    with pytest.raises(ConfigError) as caught:
        made(tmp_path, *([wrong] if wrong.startswith("{") else ["time_zone: Asia/Shanghai", wrong]))
    assert says in str(caught.value)


def test_a_missing_ical_file_is_an_error_of_the_configuration(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"The iCalendar file '.*off\.ics' is not there\."):
        made(tmp_path, "ical: off.ics")
