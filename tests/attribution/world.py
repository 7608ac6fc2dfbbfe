"""Small worlds of touches, outcomes and joins: written into a database, and reckoned by brute force."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from hub.store import bulk
from hub.store.columns import ACTIVITY, LEAD, MERGE, TOUCH

START = datetime(2026, 3, 1, tzinfo=UTC)
CAMPAIGNS = ("spring", "Spring", "webinar", "brand", None)
SOURCES = ("website", "ads", "lists")
WORDS = (
    "contacted", "no_answer", "qualified", "opportunity", "won", "lost", "returned", "invalid", "duplicate", "unknown",
    None,
)  # fmt: skip
NETTED = ("returned", "invalid", "duplicate")


@dataclass
class World:
    """Rows of a database."""

    leads: list[dict[str, Any]] = field(default_factory=list)
    touches: list[dict[str, Any]] = field(default_factory=list)
    acts: list[dict[str, Any]] = field(default_factory=list)
    merges: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, *, session) -> None:
        """Write it all down."""
        bulk.insert(LEAD, self.leads, session=session)
        bulk.insert(TOUCH, self.touches, session=session)
        bulk.insert(ACTIVITY, self.acts, session=session)
        for row in self.merges:
            session.execute(sa.insert(MERGE).values(**row))


def touch(lead: str, at: datetime, number: int, campaign: str | None = "spring", **more: Any) -> dict[str, Any]:
    """Return a row of a touch."""
    return {
        "submission": f"sub_{number:05}", "lead": lead, "source": "website", "at": at, "campaign": campaign,
        "medium": None, "origin": "website", "cost": None, "currency": None, "test": False, "fields": {}, "tags": {},
        **more,
    }  # fmt: skip


def act(lead: str, at: datetime, number: int, disposition: str | None, **more: Any) -> dict[str, Any]:
    """Return a row of an activity."""
    return {
        "lead": lead, "sink": "crm", "key": f"k{number}", "kind": "status", "at": at, "heard_at": at, "human": False,
        "disposition": disposition, "value": None, "currency": None, "reason": None, **more,
    }  # fmt: skip


def lead(id_: str, at: datetime) -> dict[str, Any]:
    """Return a row of a lead."""
    return {
        "id": id_, "version": 1, "state": "open", "source": "website", "test": False, "created_at": at,
        "updated_at": at, "body": "{}",
    }  # fmt: skip


def random_world(seed: int, leads: int = 40) -> World:
    """Return a world with ties, tests, joins within joins, undone joins, and outcomes before touches."""
    rng, world, number = random.Random(seed), World(), 0
    for place in range(leads):
        id_ = f"lead_{place:04}"
        world.leads.append(lead(id_, START + timedelta(hours=rng.randrange(2000))))
        for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
            number += 1
            cost = rng.choice((None, None, 1.5, 0.1))
            world.touches.append(touch(
                id_, START + timedelta(hours=rng.randrange(0, 2000, 50)), number, rng.choice(CAMPAIGNS),
                source=rng.choice(SOURCES), test=rng.random() < 0.1, cost=cost,
                currency=rng.choice((None, "EUR", "USD")) if cost else None, medium=rng.choice((None, "cpc")),
                tags={"party": rng.choice(("first", "third"))}, fields={"ad_group": rng.choice(("g1", "g2"))},
            ))  # fmt: skip
        for _ in range(rng.choice((0, 1, 2, 4))):
            number += 1
            word = rng.choice(WORDS)
            at = START + timedelta(hours=rng.randrange(2600), minutes=number % 50)
            worth = rng.choice((None, 100.0, 33.3)) if word == "won" else None
            world.acts.append(act(id_, at, number, word, value=worth, currency="EUR" if worth else None))
    for place in range(0, leads - 3, 4):  # some are joined, one of them into one that is joined itself
        if rng.random() < 0.6:
            _join(world, f"lead_{place + 1:04}", f"lead_{place:04}", undone=rng.random() < 0.3)
        if rng.random() < 0.3:
            _join(world, f"lead_{place:04}", f"lead_{place + 2:04}")
    return world


def _join(world: World, other: str, into: str, *, undone: bool = False) -> None:
    world.merges.append({
        "lead": into, "other": other, "at": START, "moved": [], "undone_at": START if undone else None,
    })  # fmt: skip
    for row in world.touches:
        if row["lead"] == other and not undone:
            row["lead"] = into


@dataclass
class Sums:
    """What brute force finds for a group."""

    leads: Fraction = Fraction(0)
    qualified: Fraction = Fraction(0)
    won: Fraction = Fraction(0)
    netted: Fraction = Fraction(0)
    value: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    cost: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))


def survivor(world: World, id_: str) -> str:
    """Return the lead that a lead is part of."""
    into = {row["other"]: row["lead"] for row in world.merges if row["undone_at"] is None}
    while id_ in into:
        id_ = into[id_]
    return id_


def brute(world: World, since: datetime, until: datetime, upto: datetime, key: Any, weigh: Any) -> dict[Any, Sums]:
    """Return the sums by group: `weigh(number of touches)` is the model, which only looks at how many there are."""
    found: dict[Any, Sums] = defaultdict(Sums)
    for id_ in sorted({row["lead"] for row in world.touches}):
        its = [row for row in world.touches if row["lead"] == id_ and not row["test"] and row["at"] < upto]
        its.sort(key=lambda row: (row["at"], row["submission"]))
        for row in its:
            if row["cost"] is not None and since <= row["at"] < until:
                found[key(row)].cost[row["currency"] or ""] += Fraction(str(row["cost"]))
        if its and since <= its[0]["at"] < until:
            _credit(found, its, _news(world, id_, upto), key, weigh)
    return found


def _news(world: World, id_: str, upto: datetime) -> list[dict[str, Any]]:
    mine = [row for row in world.acts if survivor(world, row["lead"]) == id_ and row["at"] < upto]
    return sorted(mine, key=lambda row: row["at"])


def _credit(found: dict[Any, Sums], its: list[Any], news: list[Any], key: Any, weigh: Any) -> None:
    words = [row["disposition"] for row in news if row["disposition"] not in (None, "unknown")]
    when = [row["at"] for row in news if row["disposition"] not in (None, "unknown")]
    for row, weight in zip(its, weigh(len(its)), strict=True):
        if words and words[-1] in NETTED:
            found[key(row)].netted += weight
        else:
            found[key(row)].leads += weight
    if words and words[-1] in NETTED:
        return
    qualified = [at for word, at in zip(words, when, strict=True) if word in ("qualified", "opportunity", "won")]
    ends = [at for word, at in zip(words, when, strict=True) if word in ("won", "lost", "unqualified", *NETTED)]
    last_end = [word for word in words if word in ("won", "lost", "unqualified", *NETTED)][-1:]
    if qualified:
        for row, weight in _before(its, min(qualified), weigh):
            found[key(row)].qualified += weight
    if last_end == ["won"]:
        streak = []
        for word, at in zip(words, when, strict=True):
            if word == "won":
                streak.append(at)
            elif at in ends:
                streak = []
        worth = [row for row in news if row["value"] is not None][-1:]
        for row, weight in _before(its, streak[0], weigh):
            found[key(row)].won += weight
            for deal in worth:
                found[key(row)].value[deal["currency"]] += weight * Fraction(str(deal["value"]))


def _before(its: list[Any], moment: datetime, weigh: Any) -> list[tuple[Any, Fraction]]:
    able = [row for row in its if row["at"] <= moment] or its[:1]
    return list(zip(able, weigh(len(able)), strict=True))
