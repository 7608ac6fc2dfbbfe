"""What became of leads: what was heard of each, how the listening goes, and what is noted by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body
from hub.api.problems import ApiError
from hub.news import Activity, Kind, asks, takes
from hub.outcome import Disposition
from hub.store import activities as store
from hub.store import listing
from hub.store.activities import Heard

router = APIRouter(prefix="/api", tags=["feedback"], route_class=Masked)

BY_HAND = "api"


class Noted(Body):
    """One thing a person did with a lead."""

    kind: Kind
    at: AwareDatetime | None = Field(None, description="When; none: now.")
    key: str | None = Field(None, max_length=200, description="Your own id of it: said again, it counts once.")
    disposition: Disposition | None = Field(None, description="What the lead is now.")
    by: str | None = Field(None, max_length=200, description="Who did it; none: whoever calls.")
    reason: str | None = Field(None, max_length=2000, description="Why it was lost, in your own words.")
    value: float | None = Field(None, ge=0, description="What the deal is worth.")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="ISO 4217.")


@router.get("/feedback", dependencies=[needs("viewer")])
async def feedback(hub: HubDep) -> dict[str, Any]:
    """List the sinks that say what became of leads: when each was asked last, what it said and what was skipped."""
    known = {row["sink"]: row for row in await hub.db.read(store.news)}
    sinks = {name: sink for name, sink in hub.plan.sinks.items() if asks(sink) or takes(sink)}
    items = [
        {"sink": name, "asked": asks(sink), "letters": takes(sink), **known.get(name, {})}
        for name, sink in sinks.items()
    ]
    return {"items": items, "next": None}


@router.get("/leads/{lead}/activities", dependencies=[needs("viewer")])
async def activities(hub: HubDep, lead: str) -> dict[str, Any]:
    """Show what was done with a lead, oldest first, and where it stands."""
    await _known(hub, lead)
    standing = await hub.db.read(store.standing_of, lead)
    return {"items": await hub.db.read(store.of_lead, lead), "standing": standing, "next": None}


@router.post("/leads/{lead}/activities", dependencies=[needs("operator")], status_code=201)
async def note(hub: HubDep, caller: CallerDep, lead: str, body: Noted) -> dict[str, Any]:
    """Note what a person did with a lead."""
    await _known(hub, lead)
    at: datetime = body.at or hub.clock.now()
    said = Activity(
        body.key or hub.ids("act"), at, body.kind, lead=lead, word=body.disposition, by=body.by or caller.id,
        human=True, value=body.value, currency=body.currency, reason=body.reason,
    )  # fmt: skip
    answered = body.kind not in ("accept", "owner", "task")
    counts = await hub.hearing.note(BY_HAND, Heard(said, body.disposition, answered))
    return {"lead": lead, "noted": bool(counts["heard"]), "known": bool(counts["known"])}


async def _known(hub: HubDep, lead: str) -> None:
    if await hub.db.read(listing.one, "lead", lead) is None:
        raise ApiError(404, f"There is no lead {lead[:64]!r}.")
