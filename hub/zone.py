"""Time zones as settings name them, and the midnights at which vendors' daily limits end."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


def known_zone(name: str) -> str:
    """Return the name when it is a time zone of the IANA database; raises ValueError otherwise."""
    try:
        return str(ZoneInfo(name))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name[:200]!r} is not a time zone such as Europe/Berlin.") from error


TimeZone = Annotated[str, AfterValidator(known_zone)]
"""The type of a setting that holds a time zone."""


def until_midnight(now: datetime, zone: str) -> float:
    """Return the seconds from now until the next midnight in a time zone."""
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), ZoneInfo(zone))
    return (midnight.astimezone(UTC) - now).total_seconds()
