"""Corrects by hand what a submission says: what can be, what that would do, and doing it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from hub.api import leads as leads_api
from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.foreseen import foreseen, guard, seer
from hub.api.problems import ApiError
from hub.app import Hub
from hub.attention.foresight import Reading
from hub.attention.reading import to_correct
from hub.corrections import checked
from hub.replays import REPLAYABLE

router = APIRouter(prefix="/api", tags=["leads"], route_class=Masked)


class Corrected(leads_api.Replay):
    """What is right, by field; a blank takes an earlier correction back. `dry_run`: only say what it would do."""

    fields: dict[str, str | None] = Field(
        description="By field of the lead or its touch; a value is cleaned and checked as a received one is."
    )
    dry_run: bool = False


@router.get("/submissions/{submission}/correct", dependencies=[needs("operator")])
async def correctable(hub: HubDep, submission: str) -> dict[str, Any]:
    """Show what of a submission can be corrected: what its mapping read, and what stands in its place; problems first.

    `readable` is false where nothing can be: its bytes make no lead, a vendor is asked for the rest first, or it is
    a duplicate.
    """
    found = await _reading(hub, submission)
    row, readable = found.row, found.mapped is not None and found.row.state in REPLAYABLE
    return {
        "submission": row.id, "source": row.source, "state": row.state, "lead": row.lead, "readable": readable,
        "fields": to_correct(found) if readable else [],
    }  # fmt: skip


@router.post("/submissions/{submission}/correct", dependencies=[needs("operator", right="replay")])
async def correct(hub: HubDep, caller: CallerDep, submission: str, body: Corrected) -> dict[str, Any]:
    """Correct fields of a submission by hand and decide it again; what was received is kept, and so is the correction.

    With `dry_run`, say what that would do, as GET of its `replay` does, and in `becomes` what would be made of each.
    """
    if body.dry_run:
        return await _tried(hub, submission, body)
    return await correct_submission(hub, caller, submission, body)


async def correct_submission(hub: HubDep, caller: CallerDep, submission: str, body: Corrected) -> dict[str, Any]:
    """Correct a submission and decide it again, if only those are told that a person agreed to."""
    fields = checked(body.fields)
    if (await _reading(hub, submission)).mapped is None:
        raise ApiError(409, f"No field can be read of the submission {submission[:64]}. Replay it once it can be.")
    await guard(hub, submission, body.to, body.accept, fields)
    answer = await hub.replays.correct(submission, fields, frozenset(body.accept), by=caller.actor)
    return leads_api.told(answer)


async def _tried(hub: Hub, submission: str, body: Corrected) -> dict[str, Any]:
    return {**await foreseen(hub, submission, body.accept, checked(body.fields)), "dry_run": True}


async def _reading(hub: Hub, submission: str) -> Reading:
    found = await seer(hub).reading(submission)
    if found is None:
        raise ApiError(404, f"There is no submission {submission[:64]!r}.")
    return found
