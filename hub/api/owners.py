"""Who has which lead: pools, and leads that are claimed, handed on, given back and taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from hub import explain
from hub.api import mine
from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body, Limit, listed
from hub.api.problems import ApiError
from hub.app import Hub
from hub.people.reps import known
from hub.store import leads as lead_store
from hub.store import ownership as store
from hub.store.ownership import Moved

router = APIRouter(prefix="/api", tags=["people"], route_class=Masked)

MOST = 10_000  # leads that one call hands on

Reason = Annotated[str | None, Field(max_length=500, description="Why, for whoever looks at it later.")]


class Claim(Body):
    """Who takes a lead out of its pool."""

    rep: str | None = Field(None, max_length=200, description="The rep; none: the one who calls.")


class Transfer(Body):
    """Who gets a lead."""

    to: str = Field(min_length=1, max_length=200, description="The rep.")
    team: str | None = Field(None, max_length=200, description="In which of their teams; none: the lead's.")
    reason: Reason = None


class Transfers(Transfer):
    """Which leads go to whom: those named, or all open ones of a rep."""

    leads: tuple[str, ...] = Field((), max_length=MOST, description="The ids of the leads.")
    owner: str | None = Field(None, max_length=200, description="Instead: all open leads of this rep.")
    dry_run: bool = Field(False, description="Only say what it would be.")


class Return(Body):
    """Why a lead is given back."""

    reason: str = Field(min_length=1, max_length=500, description="Why, in your own words.")
    pool: str | None = Field(None, max_length=200, description="The pool; none: where the team falls back to.")


class Deal(Body):
    """Why a lead is dealt anew."""

    reason: str = Field("by hand", min_length=1, max_length=500, description="Why, in your own words.")


class Recycle(Deal):
    """Why a lead is taken from its rep, and where it goes."""

    pool: str | None = Field(None, max_length=200, description="The pool; none: where the team falls back to.")


@router.get("/pools", dependencies=[needs("viewer", rep=True)])
async def pools(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """List the pools with their rules and how many leads wait in each; to a rep, those they may take leads out of."""
    found, names = await hub.responding.pools.listed(), mine.reps(hub, caller)
    if names is not None:
        seen = {pool for name in names for pool in hub.responding.pools.open_to(name)}
        found = [row for row in found if row["pool"] in seen]
    return listed(found, None)


@router.get("/pools/{pool}/leads", dependencies=[needs("viewer", rep=True)])
async def pool_leads(
    hub: HubDep, caller: CallerDep, pool: str, limit: Limit = 50,
    after: Annotated[int | None, Query(ge=0, lt=10**18)] = None,
) -> dict[str, Any]:  # fmt: skip
    """List the leads that wait in a pool, newest first; reps do not see who they are where the pool masks them."""
    names, pools = mine.reps(hub, caller), hub.responding.pools
    if names is None:
        there = await pools.there(pool)
    else:
        there = any(pool in pools.open_to(name) for name in names)
    if not there:
        raise ApiError(404, f"There is no pool {pool[:64]!r}.")
    rounds, following = await hub.responding.pools.waiting(pool, limit, after)
    people = await hub.db.read(lead_store.load, [care["lead"] for care in rounds])
    rows = [
        {
            "id": care["lead"], **mine.waiting(care),
            "lead": mine.person(hub, people[care["lead"]], pool, rep=names is not None),
        }
        for care in rounds
        if care["lead"] in people
    ]  # fmt: skip
    return listed(rows, str(following) if following is not None else None)


@router.get("/leads/{lead}/ownership", dependencies=[needs("viewer", rep=True)])
async def ownership(hub: HubDep, caller: CallerDep, lead: str, language: Literal["en", "zh"] = "en") -> dict[str, Any]:
    """Show who had a lead and why it changed hands, oldest first, each with a sentence, and where it stands now."""
    await mine.own(hub, caller, lead)
    rows = await hub.db.read(store.history, lead)
    care = (await hub.responding.handing.rounds([lead])).get(lead)
    if not rows and care is None:
        raise ApiError(404, f"There is no lead {lead[:64]!r} that somebody has, or had.")
    return {"items": [{**row, "says": explain.moved(row, language)} for row in rows], "now": care, "next": None}


@router.post("/leads/transfer", dependencies=[needs("operator")])
async def transfer_many(hub: HubDep, caller: CallerDep, body: Transfers) -> dict[str, Any]:
    """Hand many leads to a rep; `dry_run` says how many, and from whom. One that cannot go does not stop the others."""
    if bool(body.leads) == bool(body.owner):
        raise ApiError(422, "Name either `leads` or an `owner`.")
    _known(hub, body.to)
    if body.owner:
        rounds = {row["lead"]: row for row in await hub.responding.handing.of(body.owner)}
    else:
        rounds = await hub.responding.handing.rounds(body.leads)
    wanted = list(dict.fromkeys(body.leads or rounds))
    told = {"dry_run": body.dry_run, "to": body.to, "from": _from(rounds), "leads": len(wanted)}
    missing = {lead: "It has no owner or pool to change." for lead in wanted if lead not in rounds}
    go = [lead for lead in wanted if lead in rounds and rounds[lead]["owner"] != body.to]
    if body.dry_run:
        return {**told, "moved": len(go), "failed": missing}
    handed = await hub.responding.handing.transfer(go, body.to, team=body.team, reason=body.reason, by=caller.actor)
    return {**told, "moved": handed.moved, "failed": {**missing, **handed.failed}}


def _from(rounds: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    return dict(Counter(row["owner"] or f"pool {row['pool']}" for row in rounds.values()))


@router.post("/leads/{lead}/claim", dependencies=[needs("operator", rep=True)])
async def claim(hub: HubDep, caller: CallerDep, lead: str, body: Claim | None = None) -> dict[str, Any]:
    """Take a lead out of its pool, by the rules of the pool; the first click wins, every other gets 409."""
    rep = mine.acting(hub, caller, body.rep if body else None)
    moved = await hub.responding.pools.claim(lead, rep, by=caller.actor)
    return {**_moved(moved), "person": moved.lead.model_dump(mode="json", exclude_none=True)}


@router.post("/leads/{lead}/transfer", dependencies=[needs("operator", rep=True)])
async def transfer(hub: HubDep, caller: CallerDep, lead: str, body: Transfer) -> dict[str, Any]:
    """Hand a lead to a rep, whoever has it; a rep hands on their own."""
    await mine.own(hub, caller, lead)
    _known(hub, body.to)
    return _moved(
        await hub.responding.desk.transfer(lead, body.to, team=body.team, reason=body.reason, by=caller.actor)
    )


@router.post("/leads/{lead}/return", dependencies=[needs("operator", rep=True)])
async def give_back(hub: HubDep, caller: CallerDep, lead: str, body: Return) -> dict[str, Any]:
    """Put a lead of a rep into a pool, with a reason; it does not count as theirs any more."""
    await mine.own(hub, caller, lead)
    return _moved(await hub.responding.desk.give_back(lead, body.reason, pool=body.pool, by=caller.actor))


@router.post("/leads/{lead}/reassign", dependencies=[needs("operator")])
async def reassign(hub: HubDep, caller: CallerDep, lead: str, body: Deal | None = None) -> dict[str, Any]:
    """Deal a lead anew in its team: to somebody who did not have it before."""
    moved = await hub.responding.desk.reassign(lead, (body or Deal()).reason, by=caller.actor)
    return _moved(moved)


@router.post("/leads/{lead}/recycle", dependencies=[needs("operator")])
async def recycle(hub: HubDep, caller: CallerDep, lead: str, body: Recycle | None = None) -> dict[str, Any]:
    """Take a lead from its rep and put it into a pool, or where its team falls back to."""
    said = body or Recycle()
    return _moved(await hub.responding.desk.recycle(lead, said.pool, said.reason, by=caller.actor))


def _known(hub: Hub, rep: str) -> None:
    if rep not in known(hub.plan.settings):
        raise ApiError(422, f"There is no rep {rep[:64]!r} in any team.")


def _moved(moved: Moved | None) -> dict[str, Any]:
    """Return where a lead went; only a timer moves one that had moved before."""
    assert moved is not None
    after, before = moved.care, moved.before
    return {
        "lead": moved.lead.id, "owner": after["owner"], "team": after["team"], "pool": after["pool"],
        "since": after["since"], "former": before["owner"], "former_pool": before["pool"],
        "embargo_until": after["embargo_until"], "protected_until": after["protected_until"],
    }  # fmt: skip
