"""What a table of attribution stands on: its span, until when outcomes count, what divides it, and which models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.attribution.models import Model
from hub.attribution.money import Money
from hub.errors import BadInput
from hub.lead import TOUCH_FIELDS
from hub.people.windows import beginning, moment
from hub.settings.campaigns import CostSettings

Key = tuple[str | None, ...]

DAYS = 90  # a report looks back where nobody says since when
PLAIN = ("campaign", "source", "medium", "origin")
_QUARTER = 900  # seconds: every zone is off by whole quarters of an hour

BASIS = (
    "Leads count by when the prospect first submitted, from since up to until (until is not in it), costs by their "
    "day, in the time zone {zone}. Touches and outcomes count up to {upto}. Test leads are left out; joined leads "
    "count once; returned, invalid and duplicate leads are left out of leads, qualified and won."
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is asked: leads first seen in a span, what was heard up to a moment, divided by some of their touches."""

    since: datetime
    until: datetime
    upto: datetime
    now: datetime
    zone: ZoneInfo
    by: tuple[str, ...] = ("campaign",)
    models: Mapping[str, Model] = field(default_factory=dict)
    money: Money = field(default_factory=Money)
    prices: Mapping[str, CostSettings] = field(default_factory=dict)
    only: Key | None = None  # whose course over time is told; none: that of all
    stepped: str = ""  # in which steps; none: by the length of the span

    @property
    def whole(self) -> bool:
        """Return whether touches need their fields and tags."""
        return any(name not in PLAIN for name in self.by)

    @property
    def days(self) -> tuple[date, date]:
        """Return the first and the last day of the span, in the hub's zone."""
        last = (self.until - timedelta(microseconds=1)).astimezone(self.zone).date()
        return self.since.astimezone(self.zone).date(), last

    @property
    def each(self) -> str:
        """Return in which steps its course is told: day, week or month."""
        days = (self.until - self.since).days
        if self.stepped:
            return self.stepped
        return "day" if days <= 45 else "week" if days <= 300 else "month"


def divided(by: str | None) -> tuple[str, ...]:
    """Return what to divide by; raises BadInput. A tag is `tag:party`, a field of the touch goes by its name."""
    names = tuple(dict.fromkeys(part.strip() for part in (by or "campaign").split(",") if part.strip()))
    for name in names:
        if name not in PLAIN and name not in TOUCH_FIELDS and not (name.startswith("tag:") and len(name) > 4):
            can = ", ".join(PLAIN)
            said = f"Attribution cannot be divided by {name[:64]!r}."
            raise BadInput(f"{said} It can by {can}, tag:NAME, or a field of the touch such as ad_group.", status=422)
    return names or ("campaign",)


def keyed(by: Sequence[str]) -> Callable[[Any], Key]:
    """Return the function that gives the group of a touch."""
    if len(by) == 1 and by[0] in PLAIN:
        place = by[0]
        return lambda touch: (getattr(touch, place) or None,)
    return lambda touch: tuple(_part(touch, name) for name in by)


def _part(touch: Any, name: str) -> str | None:
    if name in PLAIN:
        return getattr(touch, name) or None
    if name.startswith("tag:"):
        return (touch.tags or {}).get(name[4:]) or None
    return (touch.fields or {}).get(name) or None


def steps(each: str, zone: ZoneInfo) -> Callable[[float], str]:
    """Return the function that tells the day, or the first day of the week or month, in which a moment lies."""
    known: dict[int, str] = {}

    def step(seconds: float) -> str:
        quarter = int(seconds // _QUARTER)
        found = known.get(quarter)
        if found is None:
            found = known[quarter] = step_of(datetime.fromtimestamp(quarter * _QUARTER, zone).date(), each)
        return found

    return step


def step_of(day: date, each: str) -> str:
    """Return the day, or the first day of its week or month."""
    back = {"day": 0, "week": day.weekday(), "month": day.day - 1}[each]
    return (day - timedelta(days=back)).isoformat()


def span_of(
    since: str | None, until: str | None, upto: str | None, now: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime, datetime]:
    """Return the span that is asked for, and until when outcomes count; raises BadInput."""
    end = moment(until, now, zone) if until else now
    start = moment(since, now, zone) if since else beginning("day", end - timedelta(days=DAYS), zone)
    heard = min(moment(upto, now, zone), now) if upto else now
    if start >= end:
        raise BadInput(f"since ({start.isoformat()}) is not before until ({end.isoformat()}).", status=422)
    if heard <= start:
        raise BadInput(f"outcomes ({heard.isoformat()}) end before since ({start.isoformat()}).", status=422)
    return start, end, heard
