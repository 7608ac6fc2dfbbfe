"""Alarms: what needs a person now, and who looks after it."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter

from hub.alarms.desk import alarm_of
from hub.alarms.words import sentence, subject
from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Limit, listed
from hub.api.problems import ApiError
from hub.app import Hub
from hub.store import alarms as store
from hub.store import listing
from hub.store.audit import noted

router = APIRouter(prefix="/api", tags=["operate"], route_class=Masked)


@router.get("/alarms", dependencies=[needs("viewer")])
async def alarms(
    hub: HubDep, limit: Limit = 50, after: After = None, state: Literal["open", "closed", "all"] = "open"
) -> dict[str, Any]:
    """List alarms, newest first: what is so, since when, who was told and who looks after it."""
    where = {} if state == "all" else {"state": state}
    rows, following = await hub.db.read(listing.page, "alarm", where, limit=limit, after=after)
    return listed([_shown(hub, row) for row in rows], following)


def _shown(hub: Hub, row: dict[str, Any]) -> dict[str, Any]:
    alarm = alarm_of(row)
    until = alarm.closed_at or hub.clock.now()
    return {
        **row,
        "about": subject(alarm, "en"),
        "says": sentence(alarm, until),
        "says_zh": sentence(alarm, until, "zh"),
    }


@router.post("/alarms/{alarm}/acknowledge", dependencies=[needs("operator")])
async def acknowledge(hub: HubDep, caller: CallerDep, alarm: int) -> dict[str, Any]:
    """Look after an open alarm: nobody is reminded of it any more, and health leaves it out."""
    now = hub.clock.now()
    taken = noted(
        store.acknowledge, "alarm.acknowledged", by=caller.actor, at=now, target=str(alarm),
        told=lambda done: {} if done else None,
    )  # fmt: skip
    if not await hub.db.write(taken, alarm, caller.id, now):
        raise ApiError(404, f"There is no open alarm {alarm}.")
    await hub.alarms.desk.look()
    return {"alarm": alarm, "acknowledged_by": caller.id}
