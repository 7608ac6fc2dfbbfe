"""Since when a cap counts: so long ago, or since the hour, day, week or month began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.settings.people import CapSettings, TeamSettings


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


def windows(team: TeamSettings, now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield every moment that a cap of a team counts from, and the beginning of the day."""
    yield beginning("day", now, zone)
    every = (*team.caps, *(cap for member in team.members for cap in member.every_cap))
    for cap in {(cap.within, cap.each): cap for cap in every}.values():  # many reps have one cap
        yield since(cap, now, zone)
