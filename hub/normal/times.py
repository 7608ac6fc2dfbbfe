"""Makes sure of the time a lead was submitted: a zone is stated, and it lies in the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCK_SKEW = timedelta(minutes=5)


def submitted(said: datetime | None, received: datetime, zone: tzinfo) -> tuple[datetime, tuple[str, ...]]:
    """Return when the lead was submitted, in UTC, and codes for what had to be assumed.

    A time without a zone is read in `zone`. One that cannot be right, or lies ahead of the receipt by more than a
    clock may be wrong, gives way to the time of receipt; one that is ahead by less is simply the time of receipt.
    """
    if said is None:
        return received, ()
    codes: tuple[str, ...] = ()
    if said.tzinfo is None:
        codes = ("time_zone_assumed", "time_in_gap") if _in_gap(said, zone) else ("time_zone_assumed",)
        said = said.replace(tzinfo=zone)
    try:
        moment = said.astimezone(UTC)
    except (OverflowError, ValueError):
        return received, (*codes, "time_impossible")
    if moment < _EARLIEST:
        return received, (*codes, "time_impossible")
    if moment > received + _CLOCK_SKEW:
        return received, (*codes, "time_in_future")
    return min(moment, received), codes


def _in_gap(said: datetime, zone: tzinfo) -> bool:
    """Return whether the clocks of the zone never showed that time."""
    try:
        return said.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != said.replace(fold=0)
    except (OverflowError, ValueError):
        return False
