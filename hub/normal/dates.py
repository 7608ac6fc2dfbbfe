"""Reads days where their writing leaves no doubt; the text itself stays as given."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from hub.normal import text
from hub.normal.verdicts import EMPTY, Cleaned

_YEAR_FIRST = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?(?:[T ].*)?")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})\s*([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{4})(?:[T ].*)?")
_FIRST_YEAR = 1900


@lru_cache(maxsize=4_000)
def day(raw: str) -> Cleaned:
    """Return the text as given, with the part `date` (ISO 8601) when only one day can be meant."""
    shown = text.line(raw, 100)
    if shown.value is None:
        return shown
    said = text.ascii_width(shown.value)
    found = _YEAR_FIRST.fullmatch(said) or _COMPACT.fullmatch(said)
    if found:
        return _made(shown, int(found[1]), int(found[2]), int(found[3]))
    found = _YEAR_LAST.fullmatch(said)
    if found:
        return _turned(shown, int(found[1]), int(found[3]), int(found[4]), found[2])
    return shown._replace(codes=(*shown.codes, "date_unclear"))


def _turned(shown: Cleaned, one: int, two: int, year: int, mark: str) -> Cleaned:
    """Tell day from month: by a number over 12, by equality, or by the dots of continental Europe."""
    if mark == "." or one > 12 or one == two:
        return _made(shown, year, two, one)
    return _made(shown, year, one, two) if two > 12 else shown._replace(codes=(*shown.codes, "date_unclear"))


def _made(shown: Cleaned, year: int, month: int, dayof: int) -> Cleaned:
    try:
        found = date(year, month, dayof)
    except ValueError:
        return Cleaned(shown.value, False, EMPTY.parts, (*shown.codes, "date_impossible"))
    if year < _FIRST_YEAR or year > 2100:
        return Cleaned(shown.value, None, EMPTY.parts, (*shown.codes, "date_unclear"))
    return Cleaned(shown.value, True, {"date": found.isoformat()}, shown.codes)
