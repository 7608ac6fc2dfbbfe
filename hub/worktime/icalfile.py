"""Reads an iCalendar file for the days it closes: the days its events cover whole, with those that come again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hub.errors import ConfigError
from hub.worktime.calendar import Yearly

_DAY = timedelta(days=1)
_ALMOST = timedelta(minutes=1)  # some write 23:59 for the end of a day
_LONGEST = timedelta(days=366)  # an event longer than that is read from its start in the year before at the earliest


class _Event:
    """One event: when it starts by the wall clock, how many days it closes, and when it comes again."""

    def __init__(self, event: Any, zone: ZoneInfo, instead: set[datetime]) -> None:
        start, end = _local(event.start, zone), _local(event.end, zone)
        first = start.date() if start.time() == time() else start.date() + _DAY
        self.shift = first - start.date()
        self.days = ((end + _ALMOST).date() - first).days
        self.starts = {start, *(_local(_begun(again), zone) for again in event.rdates)}
        self.except_for = {_local(day, zone) for day in event.exdates} | instead
        self.rules = [_rule(rule, start, zone) for rule in event.rrules]

    def days_in(self, year: int) -> Iterator[date]:
        """Yield the days of a year that it closes."""
        since, until = datetime(year, 1, 1) - _LONGEST, datetime(year, 12, 31, 23, 59)
        starts = self.starts.union(*(rule.between(since, until, inc=True) for rule in self.rules))
        for start in starts - self.except_for:
            days = (start.date() + self.shift + number * _DAY for number in range(self.days))
            yield from (day for day in days if day.year == year)


def closed_days(path: Path, zone: ZoneInfo) -> Yearly:
    """Return the days, year by year, that the events of a file close; raises ConfigError when it cannot be read.

    An event counts for the days it covers from midnight to midnight, by the wall clock of the zone where it names no
    other; a part of a day closes nothing. Events that were called off do not count.
    """
    events = _read(path, zone)

    @lru_cache(maxsize=32)
    def of(year: int) -> frozenset[date]:
        return frozenset(day for event in events for day in event.days_in(year))

    return of


def _read(path: Path, zone: ZoneInfo) -> list[_Event]:
    import icalendar  # takes a tenth of a second, and few calendars have a file

    try:
        files = icalendar.Calendar.from_ical(path.read_bytes(), multiple=True)
    except FileNotFoundError:
        raise ConfigError(f"The iCalendar file {str(path)!r} is not there. Put it there, or take out `ical`.") from None
    except OSError as error:
        raise ConfigError(f"The iCalendar file {str(path)!r} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        said = f"{str(path)!r} is not an iCalendar file ({str(error)[:200]!r}). Export it anew, as .ics."
        raise ConfigError(said) from error
    if not any(file.name == "VCALENDAR" for file in files):
        raise ConfigError(f"{str(path)!r} is not an iCalendar file: no VCALENDAR is in it. Export it anew, as .ics.")
    events = [event for file in files for event in file.walk("VEVENT")]
    instead: dict[str, set[datetime]] = {}
    for event in events:
        if event.get("RECURRENCE-ID") is not None:
            moved = _guarded(event, path, lambda event: _local(event.get("RECURRENCE-ID").dt, zone))
            instead.setdefault(str(event.get("UID")), set()).add(moved)
    return [
        _guarded(event, path, lambda event: _Event(event, zone, _replaced(event, instead)))
        for event in events
        if str(event.get("STATUS", "")).upper() != "CANCELLED"
    ]


def _replaced(event: Any, instead: dict[str, set[datetime]]) -> set[datetime]:
    """Return the times of a series that other events stand in for."""
    return instead.get(str(event.get("UID")), set()) if event.get("RECURRENCE-ID") is None else set()


def _guarded(event: Any, path: Path, read: Any) -> Any:
    """Return what is read of an event; raises ConfigError, which names it."""
    try:
        return read(event)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        name = str(event.get("SUMMARY") or event.get("UID") or "without a name")[:200]
        said = f"The event {name!r} in {str(path)!r} cannot be read ({str(error)[:200]!r}). Mend it, or take it out."
        raise ConfigError(said) from error


def _local(at: Any, zone: tzinfo) -> datetime:
    """Return a day or a time as the wall clock of a zone shows it."""
    if isinstance(at, datetime):
        return at.astimezone(zone).replace(tzinfo=None) if at.tzinfo else at
    if isinstance(at, date):
        return datetime.combine(at, time())
    raise ValueError(f"{at!r} is no day")


def _begun(again: Any) -> Any:
    """Return the start of a further date, which may be a stretch."""
    return again[0] if isinstance(again, tuple) else again


def _rule(rule: Any, start: datetime, zone: tzinfo) -> Any:
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

    plain = {key: values for key, values in rule.items() if key != "UNTIL"}
    until = "".join(f";UNTIL={_local(at, zone):%Y%m%dT%H%M%S}" for at in rule.get("UNTIL", ()))
    return rrulestr(type(rule)(plain).to_ical().decode() + until, dtstart=start, cache=True)
