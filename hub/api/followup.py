"""Follow-up: what is to be done with leads, by whom and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Body, Limit, Number, listed
from hub.api.mine import own, reps
from hub.api.problems import ApiError
from hub.app import Hub
from hub.people.reps import known, reps_of
from hub.store import listing
from hub.store import tasks as store
from hub.store.tasks import State, Wanted

router = APIRouter(prefix="/api", tags=["follow-up"], route_class=Masked)


class NewTask(Body):
    """Something that is to be done with a lead."""

    lead: str = Field(max_length=64)
    text: str = Field(min_length=1, max_length=2000, description="What is to be done.")
    due_at: AwareDatetime = Field(description="When it should be done.")
    owner: str | None = Field(None, max_length=200, description="Which rep; none: whoever has the lead, also later.")


@router.get("/tasks", dependencies=[needs("viewer", rep=True)])
async def tasks(
    hub: HubDep, caller: CallerDep, limit: Limit = 50, after: After = None, state: State = "open",
    owner: str | None = None, mine: bool = False, lead: str | None = None, overdue: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """List tasks, what is due first: of a rep, `mine`, of a lead, or all that should have been done by now.

    A rep sees their own.
    """
    owners = reps(hub, caller)
    if mine and owners is None:
        owners = reps_of(hub.plan.settings, caller.id.removeprefix("user:"), caller.name)
    if owner is not None:
        owners = [owner] if owners is None or owner in owners else []
    wanted = Wanted(state, owners, lead, hub.clock.now() if overdue else None)
    rows, following = await hub.db.read(store.page, wanted, limit, after)
    return listed([_shown(hub, row) for row in rows], following)


@router.post("/tasks", dependencies=[needs("operator", rep=True)], status_code=201)
async def add(hub: HubDep, caller: CallerDep, body: NewTask) -> dict[str, Any]:
    """Write down what is to be done with a lead; a rep, with one of their own."""
    await own(hub, caller, body.lead)
    row = await hub.db.read(listing.one, "lead", body.lead)
    if row is None or row["state"] != "open":
        raise ApiError(404, f"There is no open lead {body.lead!r}.")
    if body.owner is not None and body.owner not in known(hub.plan.settings):
        raise ApiError(422, f"{body.owner[:64]!r} is no rep of any team.")
    values = {**body.model_dump(), "created_at": hub.clock.now(), "by": caller.id}
    return _shown(hub, await _task(hub, caller, await hub.db.write(store.add, values), made=True))


@router.post("/tasks/{task}/done", dependencies=[needs("operator", rep=True)])
async def done(hub: HubDep, caller: CallerDep, task: Number) -> dict[str, Any]:
    """Say that a task is done; said again, who did it first stands."""
    return await _settled(hub, caller, task, hub.clock.now())


@router.post("/tasks/{task}/undone", dependencies=[needs("operator", rep=True)])
async def undone(hub: HubDep, caller: CallerDep, task: Number) -> dict[str, Any]:
    """Say that a task is not done after all."""
    return await _settled(hub, caller, task, None)


async def _settled(hub: Hub, caller: Caller, task: int, at: datetime | None) -> dict[str, Any]:
    await _task(hub, caller, task)
    await hub.db.write(store.settle, task, at, caller.id if at else None)
    return _shown(hub, await _task(hub, caller, task))


async def _task(hub: Hub, caller: Caller, task: int, *, made: bool = False) -> dict[str, Any]:
    """Return a task; raises ApiError 404, also for a rep whose task it is not."""
    row: dict[str, Any] | None = await hub.db.read(store.one, task)
    mine = reps(hub, caller)
    if row is None or not (made or mine is None or row["owner"] in mine):
        raise ApiError(404, f"There is no task {task}.")
    return row


def _shown(hub: Hub, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "overdue": row["done_at"] is None and row["due_at"] < hub.clock.now()}
