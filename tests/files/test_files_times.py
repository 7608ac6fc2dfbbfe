"""Times as scanners, spreadsheets and forms write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.files import local_time

NOON = datetime(2026, 5, 4, 16, 9, 41)
MINUTE = NOON.replace(second=0)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-05-04 16:09:41", NOON),
        ("2026-05-04T16:09:41.123", NOON),
        ("2026/5/4 16:09", MINUTE),
        ("2026年5月4日 16:09", MINUTE),
        ("2026年05月04日 下午4点09分", MINUTE),
        ("2026.05.04 4:09:41 PM", NOON),
        ("04.05.2026 16:09", MINUTE),
        ("04.05.2026, 16:09:41", NOON),
        ("May 4, 2026 4:09 PM", MINUTE),
        ("Monday, May 4, 2026 at 4:09 p.m.", MINUTE),
        ("4 May 2026 16:09", MINUTE),
        ("04-May-2026 16:09:41", NOON),
        ("25/12/2026", datetime(2026, 12, 25)),
        ("12/25/2026 12:00 AM", datetime(2026, 12, 25)),
        ("12/25/2026 12:30 PM", datetime(2026, 12, 25, 12, 30)),
        ("05/05/2026", datetime(2026, 5, 5)),
        ("2026-05-04", datetime(2026, 5, 4)),
    ],
)
def test_a_time_without_a_zone_stays_without(text: str, time: datetime) -> None:
    assert local_time(text) == time


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-05-04T16:09:41Z", NOON.replace(tzinfo=UTC)),
        ("2026-05-04 16:09:41 UTC", NOON.replace(tzinfo=UTC)),
        ("2026-05-04T16:09:41+08:00", NOON.replace(tzinfo=timezone(timedelta(hours=8)))),
        ("2026-05-04 16:09 GMT-0530", MINUTE.replace(tzinfo=timezone(-timedelta(hours=5, minutes=30)))),
        ("1777910981", NOON.replace(tzinfo=UTC)),
        ("1777910981000", NOON.replace(tzinfo=UTC)),
    ],
)
def test_a_zone_that_is_written_is_kept(text: str, time: datetime) -> None:
    found = local_time(text)
    assert found == time
    assert found.utcoffset() == time.utcoffset()


@pytest.mark.parametrize(("day_first", "month"), [(True, 2), (False, 1), (None, None)])
def test_a_date_that_could_be_either_way_round_needs_the_setting(day_first: bool | None, month: int | None) -> None:
    found = local_time("01/02/2026 10:00", day_first)
    assert (found and found.month) == month


UNSURE = ["", "soon", "5-2", "43567", "3月4日", "2026-05-04 about noon", "2026-05-04T16:09+99:00"]
IMPOSSIBLE = ["2024-02-30", "2026-13-01", "2026-05-04 24:00", "2026-05-04 16:60", "2026-05-04 13:00 PM", "0000-01-01"]


@pytest.mark.parametrize("text", [*UNSURE, *IMPOSSIBLE, "0/0/2026", "99 May 2026", "4 Foo 2026"])
def test_what_is_not_sure_is_none(text: str) -> None:
    assert local_time(text) is None
