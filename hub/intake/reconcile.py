"""Counts our leads against a platform's, reads again what is missing, and counts once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import CURSOR, SUBMISSION, TOUCH

SETTLE = timedelta(minutes=5)  # what was submitted since is still on its way to one side or the other
RESTED = timedelta(hours=6)  # a night that failed is tried again after that time


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many leads of a time a platform holds, how many we do, and how many of ours it took another look to get."""

    platform: int
    ours: int
    filled: int
    since: datetime
    until: datetime

    @property
    def missing(self) -> int:
        """Return how many we do not hold."""
        return max(0, self.platform - self.ours)

    @property
    def says(self) -> str:
        """Return it in words."""
        said = f"The platform says {self.platform}, we hold {self.ours}"
        return f"{said}; {self.filled} of them were missing and came in now." if self.filled else f"{said}."


def night_of(at: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the last time it was that time of day."""
    hour, minute = (int(part) for part in at.split(":"))
    there = now.astimezone(zone)
    night = there.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return night if night <= there else night - timedelta(days=1)


def counted_at(source: str, *, session: Session) -> datetime | None:
    """Return when a source's leads were last counted."""
    at: datetime | None = session.execute(sa.select(CURSOR.c.counted_at).where(CURSOR.c.source == source)).scalar()
    return at


def held(source: str, since: datetime, until: datetime, *, session: Session) -> int:
    """Return how many leads of that submit time we hold, each id once; an erased person's has lost id and time."""
    at = sa.func.coalesce(TOUCH.c.at, SUBMISSION.c.received_at)
    erased = SUBMISSION.c.body == b""
    query = sa.select(sa.func.count()).select_from(
        SUBMISSION.outerjoin(TOUCH, TOUCH.c.submission == SUBMISSION.c.id)
    ).where(
        SUBMISSION.c.source == source, SUBMISSION.c.received_at >= since, SUBMISSION.c.state != "duplicate",
        sa.or_(erased, sa.and_(SUBMISSION.c.key.is_not(None), at.between(since, until))),
    )  # fmt: skip
    return int(session.execute(query).scalar_one())


def note(source: str, platform: int, ours: int, now: datetime, *, session: Session) -> None:
    """Remember what was counted."""
    values = {"platform_count": platform, "our_count": ours, "counted_at": now}
    done = session.execute(sa.update(CURSOR).where(CURSOR.c.source == source).values(**values))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(sa.insert(CURSOR).values(source=source, seen=0, new=0, **values))
