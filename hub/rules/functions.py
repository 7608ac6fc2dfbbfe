"""The functions rules may call beside the standard ones; pure, and every refusal is silent about the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic_core import SchemaValidator, core_schema

MAX_TEXT = 1_000_000  # characters a function may make

_NUMBER = re.compile(r"(-?[0-9]+(?:[,'\u00a0 ][0-9]{3})*(?:\.[0-9]+)?)\s?(千|万|亿|[kK]\b)?")
_UNITS: Mapping[str, float] = MappingProxyType({"千": 1e3, "k": 1e3, "K": 1e3, "万": 1e4, "亿": 1e8})


def lower(text: Any) -> str:
    """Return the text in lower case."""
    return _text(text).lower()


def upper(text: Any) -> str:
    """Return the text in upper case."""
    return _text(text).upper()


def trim(text: Any) -> str:
    """Return the text without spaces at its ends."""
    return _text(text).strip()


def split(text: Any, separator: Any) -> list[str]:
    """Return the parts of a text between separators."""
    return _text(text).split(_text(separator))


def replace(text: Any, old: Any, new: Any) -> str:
    """Return the text with every `old` replaced by `new`."""
    whole, was, becomes = _text(text), _text(old), _text(new)
    if not was:
        raise ValueError("the text to replace is empty")
    if len(whole) + whole.count(was) * (len(becomes) - len(was)) > MAX_TEXT:
        raise ValueError("the result would be too long")
    return whole.replace(was, becomes)


def length(value: Any) -> int:
    """Return the number of characters of a text, or of items of a list or object."""
    if isinstance(value, (str, list, dict)):
        return len(value)
    raise ValueError("it takes a text or a list")


def domain(text: Any) -> str:
    """Return the domain of an e-mail or web address, in lower case and without `www.`; empty when there is none."""
    whole = _text(text).strip().lower()
    if "@" in whole and "//" not in whole:
        return whole.rpartition("@")[2]
    address = whole if "//" in whole else f"//{whole}"
    return (urlsplit(address).hostname or "").removeprefix("www.")


def contains_any(value: Any, wanted: Any) -> bool:
    """Return whether a text contains one of these texts, or a list has one of these items; case does not count."""
    words = [_folded(word) for word in _list(wanted)]
    if isinstance(value, list):
        return any(_folded(item) in words for item in value)
    whole = _text(value).casefold()
    return any(isinstance(word, str) and word in whole for word in words)


def one_of(value: Any, wanted: Any) -> bool:
    """Return whether the value is one of these; case does not count."""
    return _folded(value) in [_folded(item) for item in _list(wanted)]


def number(value: Any) -> float:
    """Return the first number in a text: 1200 of `1,200 people`, 200000 of `20万`, 5000 of `5k`."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    found = _NUMBER.search(_text(value))
    if found is None:
        raise ValueError("there is no number in the text")
    return float(re.sub("[,'\u00a0 ]", "", found[1])) * _UNITS.get(found[2], 1)


def fits(text: Any, pattern: str) -> bool:
    """Return whether a pattern is found in the text; takes the place of `matches`, which reads it anew each time."""
    return _pattern(pattern).isinstance_python(_text(text))


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> SchemaValidator:
    # The engine of pydantic-core is the one CEL's `matches` stands on: the same syntax, and time linear in the text.
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def hour(moment: Any, zone: Any) -> int:
    """Return the hour, 0 to 23, that a time has in a time zone."""
    return _moment(moment).astimezone(ZoneInfo(_text(zone))).hour


def weekday(moment: Any, zone: Any) -> int:
    """Return the day of the week, 1 (Monday) to 7 (Sunday), that a time has in a time zone."""
    return _moment(moment).astimezone(ZoneInfo(_text(zone))).isoweekday()


def days_between(now: datetime, moment: Any) -> float:
    """Return how many days have passed since a time; part days count."""
    return (now - _moment(moment)).total_seconds() / 86_400


FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            lower,
            upper,
            trim,
            split,
            replace,
            length,
            domain,
            contains_any,
            one_of,
            number,
            hour,
            weekday,
        )
    }
)
"""Our functions by name; `days_since(time)` comes with the facts, because it asks for now."""

STAND_INS: Mapping[str, Callable[..., Any]] = MappingProxyType({"fits": fits})
"""What takes the place of standard functions; a rule may not call these by name."""

METHODS = frozenset({"contains", "startsWith", "endsWith", "matches"})
TIME_PARTS = frozenset(
    {
        "getFullYear",
        "getMonth",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getHours",
        "getMinutes",
        "getSeconds",
        "getMilliseconds",
    }
)
CASTS = frozenset({"int", "uint", "double", "string", "timestamp", "duration", "type", "dyn", "size"})
KNOWN = METHODS | TIME_PARTS | CASTS | FUNCTIONS.keys() | {"days_since"}
"""Every function a rule may call, standard ones included."""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ValueError("it takes a text")


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise ValueError("it takes a list, such as ['a', 'b']")


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    raise ValueError("it takes a time, such as now or lead.submitted_at")


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
