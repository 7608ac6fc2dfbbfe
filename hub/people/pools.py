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


AGAINST: Mapping[str, str] = {
    "handed_out": "Leads of pool {pool} are handed out by a manager.",
    "no_team": "{rep} is in no team that may take leads of pool {pool}.",
    "embargo": "Nobody may take the lead {lead} before {at}.",
    "cool_down": "{rep} had the lead {lead} before and may take it again from {at}.",
    "claims_a_day": "{rep} took {taken} leads of pool {pool} today, the most for a day.",
    "between_claims": "{rep} may take the next lead of pool {pool} from {at}.",
    "hold": "{rep} has {open} open leads; pool {pool} is for those with fewer than {most}.",
    "faster": "{owner} took the lead {lead} first.",
    "gone": "The lead {lead} waits in no pool.",
    "closed": "The lead {lead} is closed; nobody needs to take it.",
}
"""What can speak against a claim, with its sentence."""


@dataclass(frozen=True, slots=True)
class Against:
    """What speaks against a claim: one of AGAINST, and what its sentence names."""

    why: str
    given: Mapping[str, Any]

    def __str__(self) -> str:
        """Return the sentence."""
        plain = {name: _when(value) if isinstance(value, datetime) else value for name, value in self.given.items()}
        return AGAINST[self.why].format(**plain)


def refusal(
    name: str, pool: PoolSettings, taker: Taker, care: Mapping[str, Any] | None, now: datetime
) -> Against | None:
    """Return why a rep may not take a lead out of its pool now, None when they may; without a lead, any at all."""
    said = {"pool": name, "rep": taker.rep}
    if not pool.claim:
        return Against("handed_out", said)
    if not open_to(pool, taker.teams):
        return Against("no_team", said)
    if care is not None and (kept := _kept(pool, taker.rep, care, now)) is not None:
        return kept
    if pool.claims_a_day is not None and taker.taken >= pool.claims_a_day:
        return Against("claims_a_day", {**said, "taken": taker.taken})
    again = taker.last + timedelta(seconds=pool.between_claims) if pool.between_claims and taker.last else None
    if again is not None and again > now:
        return Against("between_claims", {**said, "at": again})
    if pool.hold is not None and taker.open >= pool.hold:
        return Against("hold", {**said, "open": taker.open, "most": pool.hold})
    return None


def _kept(pool: PoolSettings, rep: str, care: Mapping[str, Any], now: datetime) -> Against | None:
    """Return why this lead may not be taken yet: by anybody, or by who had it before."""
    said = {"rep": rep, "lead": care["lead"]}
    if care["embargo_until"] is not None and care["embargo_until"] > now:
        return Against("embargo", {**said, "at": care["embargo_until"]})
    lost = (care["former"] or {}).get(rep)
    cool = datetime.fromisoformat(lost) + timedelta(seconds=pool.cool_down) if pool.cool_down and lost else None
    return Against("cool_down", {**said, "at": cool}) if cool is not None and cool > now else None


def _when(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
