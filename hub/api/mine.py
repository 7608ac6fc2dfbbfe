"""What is a rep's own: which rep a user is, which leads are theirs, and what they see of leads that wait in pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.api import masks
from hub.api.access import REP, Caller
from hub.api.problems import ApiError
from hub.app import Hub
from hub.lead import Lead
from hub.people.pools import masks as hides
from hub.people.reps import reps_of


def reps(hub: Hub, caller: Caller) -> list[str] | None:
    """Return the reps that a caller is; None for one who may act for anybody."""
    if caller.role != REP:
        return None
    return reps_of(hub.plan.settings, caller.id.removeprefix("user:"), caller.name)


def acting(hub: Hub, caller: Caller, rep: str | None) -> str:
    """Return the rep for whom a caller acts; a rep does for nobody but themselves."""
    mine = reps(hub, caller)
    if mine is None:
        mine = reps_of(hub.plan.settings, caller.id.removeprefix("user:"), caller.name)
        chosen = rep or next(iter(mine), None)
        if chosen is None:
            raise ApiError(422, "rep: Say for which rep.")
        return chosen
    if not mine:
        raise ApiError(403, "You are in no team: an administrator names you as the user of a member in hub.yaml.")
    if rep is not None and rep not in mine:
        raise ApiError(403, f"You are not {rep[:64]}.")
    return rep or mine[0]


async def own(hub: Hub, caller: Caller, lead: str) -> None:
    """Raise ApiError 404 when a rep asks for a lead that is not theirs; others may ask for any."""
    mine = reps(hub, caller)
    if mine is None:
        return
    found = await hub.responding.handing.rounds([lead])
    if lead not in found or found[lead]["owner"] not in mine:
        raise ApiError(404, f"There is no lead {lead[:64]!r}.")


async def looked_at(hub: Hub, caller: Caller, asked: str, lead: Lead | None) -> dict[str, Any] | None:
    """Return what a rep sees of a lead that is not theirs and waits in a pool; None for a lead they may see whole.

    Only its id opens it: who could ask by phone number would learn whose it is. That they looked is in the log.
    """
    mine = reps(hub, caller)
    if mine is None or (lead is not None and lead.owner in mine):
        return None
    found = (await hub.responding.handing.rounds([lead.id])).get(lead.id) if lead is not None else None
    if lead is None or asked != lead.id or not mine or found is None or found["pool"] is None:
        raise ApiError(404, f"There is no lead {asked[:64]!r}.")
    care = await hub.responding.pools.view(lead.id, mine[0], by=caller.id)
    return {"lead": person(hub, lead, care["pool"], rep=True), "asked": asked, **waiting(care)}


def person(hub: Hub, lead: Lead, pool: str | None, *, rep: bool) -> dict[str, Any]:
    """Return a lead as JSON; to a rep, who it is stays hidden while it waits in a pool that says so."""
    said: dict[str, Any] = lead.model_dump(mode="json", exclude_none=True)
    if rep and pool is not None and hides(hub.responding.pools.settings(pool)):
        hidden: dict[str, Any] = masks.masked(said)
        return hidden
    return said


def waiting(care: Mapping[str, Any]) -> dict[str, Any]:
    """Return since when a lead waits in its pool, and until when nobody may take it."""
    return {name: care[name] for name in ("pool", "since", "grade", "source", "embargo_until")}
