"""Reads the times of strangers: ISO 8601 text and seconds, milliseconds or microseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Any

_FIRST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_LAST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_NUMBER = re.compile(r"[0-9]{9,17}(\.[0-9]{1,9})?")


def instant(value: Any, zone: tzinfo | None = UTC) -> datetime | None:
    """Return a time in UTC from ISO 8601 text, or a count since 1970 whose unit its size tells; None for anything else.

    `zone` is where text without an offset was written; None leaves such a time without one, for the hub to read in
    the zone of its source. Times before 1990 and after 2100 are no one's, so None.
    """
    if isinstance(value, datetime):
        found: datetime | None = value if value.tzinfo else value.replace(tzinfo=zone)
    elif isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    elif _NUMBER.fullmatch(text := str(value).strip()):
        return _counted(float(text))
    else:
        found = _written(text, zone)
    if found is None:
        return None
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not _FIRST <= moment.timestamp() < _LAST:
        return None
    return moment.astimezone(UTC) if found.tzinfo else found


def _counted(count: float) -> datetime | None:
    for unit in (1, 1e3, 1e6):
        if _FIRST <= count / unit < _LAST:
            return datetime.fromtimestamp(count / unit, UTC)
    return None


def _written(text: str, zone: tzinfo | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None
