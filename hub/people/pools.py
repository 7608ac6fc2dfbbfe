"""Pools: which there are, whose members may take leads out of each, what speaks against it, how long a lead waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.settings import Settings
from hub.settings.people import UNASSIGNED, PoolSettings

_UNASSIGNED = PoolSettings()


@dataclass(frozen=True, slots=True)
class Taker:
    """What is known of a rep who wants a lead of a pool: their teams, and what they took and have."""

    rep: str
    teams: frozenset[str] = frozenset()
    taken: int = 0  # leads they took out of this pool today
    last: datetime | None = None  # when they took the last one out of it
    open: int = 0  # leads they have that are not done


def pools_of(settings: Settings) -> dict[str, PoolSettings]:
    """Return every pool by name; the one of leads that nobody could take is always there."""
    return {UNASSIGNED: _UNASSIGNED, **settings.pools}


def embargo(settings: Settings, pool: str | None, now: datetime) -> datetime | None:
    """Return until when nobody may claim a lead that comes into a pool now, None when somebody may at once."""
    found = settings.pools.get(pool or "")
    return now + timedelta(seconds=found.embargo) if found and found.embargo else None


def protection(pool: PoolSettings, now: datetime) -> datetime | None:
    """Return until when a lead that is taken out of a pool now is not recycled."""
    return now + timedelta(seconds=pool.protect) if pool.protect else None


def open_to(pool: PoolSettings, teams: frozenset[str]) -> bool:
    """Return whether members of these teams may look into a pool and take leads out of it."""
    return bool(pool.claim and teams and (not pool.teams or teams & set(pool.teams)))


def masks(pool: PoolSettings) -> bool:
    """Return whether a list of a pool hides who its leads are; where views are counted, a list is no way round it."""
    return pool.mask or pool.views_a_day is not None


def refusal(name: str, pool: PoolSettings, taker: Taker, care: Mapping[str, Any], now: datetime) -> str | None:
    """Return why a rep may not take a lead out of its pool now, as a sentence; None when they may."""
    if not pool.claim:
        return f"Leads of pool {name} are handed out by a manager."
    if not open_to(pool, taker.teams):
        return f"{taker.rep} is in no team that may take leads of pool {name}."
    if care["embargo_until"] is not None and care["embargo_until"] > now:
        return f"Nobody may take the lead {care['lead']} before {_when(care['embargo_until'])}."
    cool = _cooled(pool, taker.rep, care)
    if cool is not None and cool > now:
        return f"{taker.rep} had the lead {care['lead']} before and may take it again from {_when(cool)}."
    if pool.claims_a_day is not None and taker.taken >= pool.claims_a_day:
        return f"{taker.rep} took {taker.taken} leads of pool {name} today, the most for a day."
    again = taker.last + timedelta(seconds=pool.between_claims) if pool.between_claims and taker.last else None
    if again is not None and again > now:
        return f"{taker.rep} may take the next lead of pool {name} from {_when(again)}."
    if pool.hold is not None and taker.open >= pool.hold:
        return f"{taker.rep} has {taker.open} open leads; pool {name} is for those with fewer than {pool.hold}."
    return None


def _cooled(pool: PoolSettings, rep: str, care: Mapping[str, Any]) -> datetime | None:
    lost = (care["former"] or {}).get(rep)
    return datetime.fromisoformat(lost) + timedelta(seconds=pool.cool_down) if pool.cool_down and lost else None


def _when(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
