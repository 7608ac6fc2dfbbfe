"""Reads dates and times as scanners, spreadsheets and forms write them, in local time and without a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_NAMED = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(?:([a-z]{3,9})\.?\s+(\d{1,2})|(\d{1,2})[\s-]+([a-z]{3,9})\.?),?[\s-]+(\d{4})", re.I
)
_TIME = re.compile(
    r"(?:[T,\s]|\bat\b)*(上午|下午|晚上)?\s*(\d{1,2})[:：时点](\d{1,2})(?:[:：分](\d{1,2})(?:[.,]\d{1,9})?)?[分秒]?\s*"
    r"([ap])?\.?(?:m\.?)?\s*(Z|UTC|GMT|(?:UTC|GMT)?([+-])([01]\d):?([0-5]\d))?",
    re.I,
)
_COUNT = re.compile(r"\d{9,10}|\d{13}")


def local_time(text: str, day_first: bool | None = None) -> datetime | None:
    """Return the time a text tells, with a zone only where the text has one; None when it is not sure.

    `01/02/2026` is sure only when `day_first` says which it is; `25/02/2026` and `25.02.2026` always are.
    A count of seconds or milliseconds since 1970 is in UTC.
    """
    text = text.strip()
    if _COUNT.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    date, rest = _date(text, day_first)
    if date is None:
        return None
    if not rest.strip(" ,T"):
        return date
    found = _TIME.fullmatch(rest)
    if found is None:
        return None
    clock = _clock(found)
    return None if clock is None else date.replace(hour=clock[0], minute=clock[1], second=clock[2], tzinfo=_zone(found))


def _date(text: str, day_first: bool | None) -> tuple[datetime | None, str]:
    if found := _YEAR_FIRST.match(text):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    elif found := _YEAR_LAST.match(text):
        order = _order(int(found[1]), int(found[3]), True if found[2] == "." else day_first)
        if order is None:
            return None, ""
        (day, month), year = order, int(found[4])
    elif found := _NAMED.match(text):
        word = (found[1] or found[4]).lower()[:3]
        month = _MONTHS.index(word) + 1 if word in _MONTHS else 0
        day, year = int(found[2] or found[3]), int(found[5])
    else:
        return None, ""
    try:
        return datetime(year, month, day), text[found.end() :]
    except ValueError:
        return None, ""


def _order(one: int, two: int, day_first: bool | None) -> tuple[int, int] | None:
    """Return day and month of two numbers; None when they could be either way round."""
    if one > 12 or two > 12 or one == two:
        return (two, one) if two > 12 else (one, two)
    if day_first is None:
        return None
    return (one, two) if day_first else (two, one)


def _clock(found: re.Match[str]) -> tuple[int, int, int] | None:
    hour, minute, second = int(found[2]), int(found[3]), int(found[4] or 0)
    later = found[1] in ("下午", "晚上") or (found[5] or "").lower() == "p"
    half = bool(found[1] or found[5])
    if hour > 23 or minute > 59 or second > 59 or (half and found[5] and not 1 <= hour <= 12):
        return None
    if later and hour < 12:
        hour += 12
    elif half and not later and hour == 12:
        hour = 0
    return hour, minute, second


def _zone(found: re.Match[str]) -> timezone | None:
    if not found[6]:
        return None
    if not found[7]:
        return UTC
    offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
    return timezone(offset if found[7] == "+" else -offset)
