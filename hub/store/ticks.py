"""The ticks of schedules: whoever takes one does the work, whatever number of processes ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import TICK


@dataclass(frozen=True, slots=True)
class Taken:
    """The tick is this process's: it does the work, and names the fence when it is done."""

    fence: int


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else has it; ask again after `until`, or at the next tick when that is None."""

    until: datetime | None = None


def take(
    schedule: str, tick: datetime, now: datetime, lease_until: datetime, node: str, *, soon: bool, anew: bool = False,
    session: Session,
) -> Taken | Held:  # fmt: skip
    """Take a tick, unless it is done, or one of that schedule is being worked on; a dead taker's is taken again.

    A schedule that was never seen before begins with this tick when it starts `soon`, else with the next one. `anew`
    is for the start of the only process of a database: whoever worked on one is gone, and one that is done may be done
    again.
    """
    if session.get_bind().dialect.name == "postgresql":  # two at once, at the border of two ticks
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"tick {schedule}", 0))))
    query = sa.select(TICK).where(TICK.c.schedule == schedule).order_by(TICK.c.tick.desc()).limit(1)
    last = session.execute(query).mappings().first()
    if last is not None and not anew:
        if last["done_at"] is None and last["lease_until"] > now:
            return Held(last["lease_until"])
        if last["tick"] > tick or (last["tick"] == tick and last["done_at"] is not None):
            return Held()
    mine = {"node": node, "taken_at": now, "lease_until": lease_until}
    if last is not None and last["tick"] == tick:
        fence = last["fence"] + 1
        same = (TICK.c.schedule == schedule, TICK.c.tick == tick)
        session.execute(sa.update(TICK).where(*same).values(**mine, fence=fence, done_at=None))
        return Taken(fence)
    begins = last is None and not soon
    session.execute(sa.insert(TICK).values(schedule=schedule, tick=tick, done_at=now if begins else None, **mine))
    session.execute(sa.delete(TICK).where(TICK.c.schedule == schedule, TICK.c.tick < tick))
    return Held() if begins else Taken(1)


def renew(schedule: str, tick: datetime, fence: int, until: datetime, *, session: Session) -> bool:
    """Keep a tick that is being worked on; returns whether it is still ours."""
    ours = (TICK.c.schedule == schedule, TICK.c.tick == tick, TICK.c.fence == fence)
    done = session.execute(sa.update(TICK).where(*ours).values(lease_until=until))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def let_go(schedule: str, tick: datetime, fence: int, *, session: Session) -> None:
    """Give back a tick whose work was broken off, as if nobody had taken it."""
    ours = (TICK.c.schedule == schedule, TICK.c.tick == tick, TICK.c.fence == fence, TICK.c.done_at.is_(None))
    session.execute(sa.update(TICK).where(*ours).values(lease_until=TICK.c.taken_at))


def free_leases(*, session: Session) -> None:
    """Let go of what a former process was at; only for a database of one process."""
    session.execute(sa.update(TICK).where(TICK.c.done_at.is_(None)).values(lease_until=TICK.c.taken_at))


def finish(schedule: str, tick: datetime, fence: int, now: datetime, *, session: Session) -> None:
    """Note that the work of a tick is done."""
    ours = (TICK.c.schedule == schedule, TICK.c.tick == tick, TICK.c.fence == fence)
    session.execute(sa.update(TICK).where(*ours).values(done_at=now))
