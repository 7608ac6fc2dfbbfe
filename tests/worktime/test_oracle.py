"""A few thousand of the cases that the benchmark runs by the million: the calendar says what the wall clock says."""

from __future__ import annotations

import random
from datetime import date

import pytest

from tests.worktime.cases import Stretch, Tally, compare

AROUND = (
    ("Europe/Berlin", date(2026, 2, 20)),
    ("America/New_York", date(2025, 10, 10)),
    ("Asia/Shanghai", date(2025, 1, 10)),
    ("Australia/Lord_Howe", date(2026, 3, 20)),
    ("Antarctica/Troll", date(2026, 3, 1)),
    ("America/Havana", date(2025, 10, 10)),
    ("America/Sao_Paulo", date(2017, 9, 20)),
    ("Africa/Casablanca", date(2026, 2, 1)),
    ("Pacific/Apia", date(2011, 12, 1)),
)


@pytest.mark.parametrize(("zone", "since"), AROUND)
def test_the_calendar_says_what_the_wall_clock_says(zone: str, since: date):
    tally = Tally()
    compare(random.Random(zone), Stretch.of(zone, since, 60), 8, 100, tally)
    assert tally.cases == 800
    assert tally.wrong == []
