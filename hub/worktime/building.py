"""Makes a calendar of what settings say."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from hub.worktime.calendar import Calendar, no_days
from hub.worktime.freedays import Year, year_of
from hub.worktime.hours import parse
from hub.worktime.icalfile import closed_days


class Said(Protocol):
    """What settings say of working time."""

    @property
    def time_zone(self) -> str:
        """The time zone of the hours."""

    @property
    def hours(self) -> str:
        """The working hours, as text."""

    @property
    def holidays(self) -> str | None:
        """The country or part of one whose holidays are free."""

    @property
    def closed(self) -> Collection[date]:
        """Further days nobody works."""

    @property
    def open(self) -> Collection[date]:
        """Days that are worked all the same."""

    @property
    def ical(self) -> str | None:
        """The file whose days are closed."""


def build(settings: Said, folder: Path) -> Calendar:
    """Return the calendar; an ical file is read once, from the folder. Raises ValueError and ConfigError.

    What is said day by day wins over the country, and `open` over all. An open day has its weekday's own hours when
    there are any, else those of a working day, which a weekend that the country makes up always has.
    """
    hours = parse(settings.hours)
    ical = closed_days(folder / settings.ical, ZoneInfo(settings.time_zone)) if settings.ical else no_days
    closed, opened = frozenset(settings.closed), frozenset(settings.open)
    called_in = frozenset(day for day in opened if not hours.week[day.weekday()])

    def country(year: int) -> Year:
        return year_of(settings.holidays, year) if settings.holidays else Year(frozenset(), frozenset())

    def free(year: int) -> Collection[date]:
        return (country(year).free | closed.union(ical(year))) - opened

    def worked(year: int) -> Collection[date]:
        return (country(year).worked - (closed.union(ical(year)) - opened)) | called_in

    return Calendar(settings.time_zone, hours, free, worked)
