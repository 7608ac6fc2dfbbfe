"""What waits for people: the live queue of unanswered leads, a rep's own, and what may be taken out of a pool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from hub.api import mine
from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Limit, listed
from hub.api.problems import ApiError
from hub.app import Hub
from hub.store import queue as store
from hub.store.queue import Wanted

router = APIRouter(prefix="/api", tags=["people"], route_class=Masked)

SOON = timedelta(minutes=15)
"""A lead that is due within this is due soon."""

Name = Annotated[str | None, Query(max_length=200)]


@router.get("/queue", dependencies=[needs("viewer", rep=True)])
async def queue(
    hub: HubDep, caller: CallerDep, team: Name = None, rep: Name = None, limit: Limit = 50, after: After = None
) -> dict[str, Any]:
    """List the leads whose prospects wait for the first answer, what is due first; to a rep, their own."""
    wanted = _wanted(hub, caller, team, rep)
    rows, following = await hub.db.read(store.waiting, wanted, limit, after)
    return listed([shown(hub, row) for row in rows], following)


@router.get("/queue/count", dependencies=[needs("viewer", rep=True)])
async def count(hub: HubDep, caller: CallerDep, team: Name = None, rep: Name = None) -> dict[str, Any]:
    """Count the leads that wait: overdue, due soon, later, and without a target; each up to a thousand."""
    now = hub.clock.now()
    found = await hub.db.read(store.standing, _wanted(hub, caller, team, rep), now, now + SOON)
    return {**found, "most": store.MOST_COUNTED}


@router.get("/reps/{rep}/leads", dependencies=[needs("viewer", rep=True)])
async def of_rep(
    hub: HubDep, caller: CallerDep, rep: str, state: Literal["waiting", "answered"] = "waiting", limit: Limit = 50,
    after: After = None,
) -> dict[str, Any]:  # fmt: skip
    """List a rep's open leads: those whose prospects wait, what is due first, or those nobody touched for longest."""
    theirs(hub, caller, rep)
    if state == "waiting":
        rows, following = await hub.db.read(store.waiting, Wanted(owner=rep), limit, after)
    else:
        rows, following = await hub.db.read(store.worked_on, rep, limit, after)
    steps = await hub.db.read(store.next_steps, [row["lead"] for row in rows])
    return listed([{**shown(hub, row), "next_step": steps.get(row["lead"])} for row in rows], following)


@router.get("/pools/{pool}/allowance", dependencies=[needs("viewer", rep=True)])
async def allowance(hub: HubDep, caller: CallerDep, pool: str, rep: Name = None) -> dict[str, Any]:
    """Say how many leads a rep may still take out of a pool today, and what is against taking one now."""
    name = mine.acting(hub, caller, rep)
    hub.responding.reps.member(name)
    pools = hub.responding.pools
    there = await pools.there(pool) if mine.reps(hub, caller) is None else pool in pools.open_to(name)
    if not there:
        raise ApiError(404, f"There is no pool {pool[:64]!r}.")
    return await pools.allowance(name, pool)


def theirs(hub: Hub, caller: Caller, rep: str) -> None:
    """Raise ApiError for a rep who asks for somebody else's, and 404 for a rep that is in no team."""
    if mine.reps(hub, caller) is not None:
        mine.acting(hub, caller, rep)
    hub.responding.reps.member(rep)


def shown(hub: Hub, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a round with how urgent it is: `left` are the seconds until it is due, below zero when it is overdue.

    `left_working` are those of them that are working time of its calendar; None where all hours count.
    """
    now, due = hub.clock.now(), row["due_at"]
    if row["responded_at"] is not None:
        return {**row, "urgency": "answered", "left": None, "left_working": None}
    if due is None:
        return {**row, "urgency": "no target", "left": None, "left_working": None}
    left, working = (due - now).total_seconds(), None
    if row["calendar"] is not None:
        calendar = hub.plan.working(row["calendar"])
        working = calendar.between(now, due) if left > 0 else -calendar.between(due, now)
    urgency = "overdue" if left < 0 else "due soon" if left <= SOON.total_seconds() else "waiting"
    return {**row, "urgency": urgency, "left": left, "left_working": working}


def _wanted(hub: Hub, caller: Caller, team: str | None, rep: str | None) -> Wanted:
    if mine.reps(hub, caller) is not None:
        rep = mine.acting(hub, caller, rep)
    return Wanted(team, rep)
