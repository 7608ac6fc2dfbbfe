"""Since when something counts: so long ago, since an hour, day, week or month began, or since a typed moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.errors import BadInput
from hub.instant import instant
from hub.settings.people import CapSettings, TeamSettings
from hub.settings.shapes import duration


def since(cap: CapSettings, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment from which leads count for a cap."""
    return now - timedelta(seconds=cap.within) if cap.within else beginning(str(cap.each), now, zone)


def beginning(each: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the hour, day, week (Monday) or month of a zone began."""
    local = now.astimezone(zone)
    if each == "hour":
        return (now - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)).astimezone(
            now.tzinfo
        )
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    back = {"day": 0, "week": day.weekday(), "month": day.day - 1}[each]
    first = day.replace(tzinfo=None) - timedelta(days=back)
    return first.replace(tzinfo=zone).astimezone(now.tzinfo)


def moment(said: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment that `7d` ago, 2026-05-01 or a whole time stands for; raises BadInput."""
    found = instant(said, zone)
    if found is not None:
        return found
    try:
        seconds = duration(said)
    except ValueError:
        seconds = None
    if not isinstance(seconds, int | float) or not 0 < seconds < 100 * 366 * 86_400:
        raise BadInput(f"{said[:64]!r} is no time; write it as 7d, or as 2026-05-01.", status=422)
    return now - timedelta(seconds=seconds)


def windows(team: TeamSettings, now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield every moment that a cap of a team counts from, and the beginning of the day."""
    yield beginning("day", now, zone)
    every = (*team.caps, *(cap for member in team.members for cap in member.every_cap))
    for cap in {(cap.within, cap.each): cap for cap in every}.values():  # many reps have one cap
        yield since(cap, now, zone)
