"""Teams and reps: the ledger of fair turns, credits by hand, who is away, and who leaves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from hub import explain
from hub.api import mine
from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Body, Limit
from hub.api.problems import ApiError

router = APIRouter(prefix="/api", tags=["people"], route_class=Masked)

_END = datetime.max.replace(tzinfo=UTC)


class Credit(Body):
    """What a member is owed on top."""

    member: str = Field(max_length=200, description="The rep.")
    leads: float = Field(ge=-1000, le=1000, description="How many leads more; below zero, fewer.")
    reason: str = Field(min_length=1, max_length=500, description="Why, in your own words.")


class Away(Body):
    """When a rep takes no leads."""

    since: AwareDatetime | None = Field(None, description="From when; none: now.")
    until: AwareDatetime | None = Field(None, description="Until when; none: until they say that they are back.")
    cover: str | None = Field(
        None, max_length=200, description="The rep who takes their leads meanwhile; none: nobody."
    )
    reason: str | None = Field(None, max_length=500, description="Why, in your own words.")


class Leave(Body):
    """Who gets the leads of a rep who leaves."""

    to: str | None = Field(None, max_length=200, description="The rep who gets them; none: the others, by turns.")
    dry_run: bool = Field(False, description="Only say what it would be.")


@router.get("/teams/{team}/ledger", dependencies=[needs("viewer")])
async def ledger(
    hub: HubDep, team: str, member: str | None = None, limit: Limit = 50, after: After = None,
    language: Literal["en", "zh"] = "en",
) -> dict[str, Any]:  # fmt: skip
    """Show what each member of a team got and is owed; of one, every credit and debit with its reason, newest first."""
    stands = await hub.responding.ledger.stands(team)
    if member is None:
        return {"team": team, "members": stands, "items": [], "next": None}
    if member not in {row["member"] for row in stands}:
        raise ApiError(404, f"There is no member {member[:64]!r} in team {team[:64]}.")
    rows, following = await hub.responding.ledger.page(team, member, limit, _place(after))
    items = [{**row, "says": explain.counted(row, member, language)} for row in rows]
    place = f"{following[0]}:{following[1]!r}" if following else None
    return {"team": team, "members": stands, "items": items, "next": place}


def _place(after: str | None) -> tuple[int, float] | None:
    if after is None:
        return None
    number, _, balance = after.partition(":")
    try:
        return int(number), float(balance)
    except ValueError as error:
        raise ApiError(422, f"{after[:64]!r} is no place in this list. Take it from `next`.") from error


@router.post("/teams/{team}/credit", dependencies=[needs("admin")])
async def credit(hub: HubDep, caller: CallerDep, team: str, body: Credit) -> dict[str, Any]:
    """Owe a member some leads more, or fewer; the others of the team bear it, so that in sum nothing changes."""
    changed = await hub.responding.ledger.credit(team, body.member, body.leads, body.reason, by=caller.actor)
    return {"team": team, "changed": changed, "members": await hub.responding.ledger.stands(team)}


@router.get("/reps/{rep}/away", dependencies=[needs("viewer", rep=True)])
async def absences(hub: HubDep, caller: CallerDep, rep: str) -> dict[str, Any]:
    """List the absences of a rep, newest first."""
    _self(hub, caller, rep)
    now = hub.clock.now()
    rows = await hub.responding.reps.absences(rep)
    items = [{**row, "now": row["ended_at"] is None and row["since"] <= now < (row["until"] or _END)} for row in rows]
    return {"rep": rep, "away": any(row["now"] for row in items), "items": items, "next": None}


@router.post("/reps/{rep}/away", dependencies=[needs("operator", rep=True)], status_code=201)
async def away(hub: HubDep, caller: CallerDep, rep: str, body: Away | None = None) -> dict[str, Any]:
    """Let a rep take no leads for a time; who stands in does so until then, and the rep is back by themselves."""
    _self(hub, caller, rep)
    said = body or Away()
    return await hub.responding.reps.away(
        rep, since=said.since, until=said.until, cover=said.cover, reason=said.reason, by=caller.actor
    )


@router.post("/reps/{rep}/back", dependencies=[needs("operator", rep=True)])
async def back(hub: HubDep, caller: CallerDep, rep: str) -> dict[str, Any]:
    """Let a rep take leads again, from now."""
    _self(hub, caller, rep)
    return {"rep": rep, "ended": await hub.responding.reps.back(rep, by=caller.actor)}


@router.post("/reps/{rep}/leave", dependencies=[needs("operator")])
async def leave(hub: HubDep, caller: CallerDep, rep: str, body: Leave | None = None) -> dict[str, Any]:
    """Hand on all leads of a rep who leaves, and give them no more; `dry_run` says how many that are."""
    said = body or Leave()
    rounds = await hub.responding.handing.of(rep)
    if not rounds:
        hub.responding.reps.member(rep)
    told = {"rep": rep, "dry_run": said.dry_run, "leads": len(rounds), "to": said.to}
    if said.dry_run:
        return {**told, "teams": dict(Counter(row["team"] or "-" for row in rounds))}
    handed = await hub.responding.reps.leave(rep, said.to, by=caller.actor)
    return {**told, "leads": handed.leads, "moved": handed.moved, "got": dict(handed.to), "failed": handed.failed}


def _self(hub: HubDep, caller: CallerDep, rep: str) -> None:
    if mine.reps(hub, caller) is not None:
        mine.acting(hub, caller, rep)
