"""Leads: found, shown with their whole walk, explained, taken apart and replayed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from hub import explain
from hub.api import mine
from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.replays import REPLAYABLE
from hub.store import leads as lead_store
from hub.store import listing, ownership

router = APIRouter(prefix="/api", tags=["leads"], route_class=Masked)

Limit = Annotated[int, Query(ge=1, le=listing.MOST)]
After = Annotated[str | None, Query(max_length=200)]
Number = Annotated[int, Path(ge=0, lt=10**listing.MOST_DIGITS)]


class Body(BaseModel):
    """What a caller may send: nothing unknown."""

    model_config = ConfigDict(extra="forbid")


class Unmerge(Body):
    """What to take out of a lead."""

    submission: str | None = None
    other: str | None = None


class Refused(Body):
    """Why a person refuses a submission."""

    reason: str = Field("a person refused it", max_length=500)


class Replay(Body):
    """Which problem codes a person has looked at and accepts."""

    accept: tuple[str, ...] = ()


def listed(items: list[dict[str, Any]], following: str | None) -> dict[str, Any]:
    """Return a page as every listing does."""
    return {"items": items, "next": following}


@router.get("/leads", dependencies=[needs("viewer", rep=True)])
async def leads(
    hub: HubDep, caller: CallerDep, limit: Limit = 50, after: After = None, source: str | None = None,
    owner: str | None = None, grade: str | None = None, email: str | None = None, phone: str | None = None,
    state: str = "open",
) -> dict[str, Any]:  # fmt: skip
    """List leads, newest first; to a rep, their own."""
    if mine.reps(hub, caller) is not None:
        owner = mine.acting(hub, caller, owner)
    wanted = {"source": source, "owner": owner, "grade": grade, "email": email, "phone": phone, "state": state}
    where = {name: value for name, value in wanted.items() if value is not None}
    return listed(*await hub.db.read(listing.page, "lead", where, limit=limit, after=after))


async def _one(hub: Hub, text: str) -> str:
    found = await hub.db.read(listing.lookup, text)
    if not found and text.startswith("sub_"):
        raise ApiError(404, f"There is no submission {text[:64]!r} that belongs to a lead.")
    if not found:
        raise ApiError(404, f"There is no lead {text[:64]!r}.")
    return found[0]


@router.get("/leads/{lead}", dependencies=[needs("viewer", rep=True)])
async def lead(hub: HubDep, caller: CallerDep, lead: str) -> dict[str, Any]:
    """Show a lead (by id, submission id, e-mail or phone) with its whole walk; to a rep, one of a pool in part."""
    id_ = await _one(hub, lead)
    current = (await hub.db.read(lead_store.load, [id_])).get(id_)
    in_part = await mine.looked_at(hub, caller, lead, current)
    if in_part is not None:
        return in_part
    walk = await hub.db.read(listing.of_lead, current.id if current else id_)
    for decision in walk["decisions"]:
        decision["body"] = orjson.loads(decision["body"])
    return {"lead": current.model_dump(mode="json", exclude_none=True) if current else None, "asked": id_, **walk}


@router.get("/leads/{lead}/explain", dependencies=[needs("viewer", rep=True)])
async def explained(hub: HubDep, caller: CallerDep, lead: str, language: Literal["en", "zh"] = "en") -> dict[str, Any]:
    """Say in one plain sentence why a lead went where it went and who has it now, with trail, candidates and log."""
    await mine.own(hub, caller, lead)
    decisions, deliveries = await _decided(hub, lead)
    if not decisions:
        raise ApiError(404, f"Nothing was decided on {lead[:64]!r} yet.")
    moves = await hub.db.read(ownership.history, decisions[-1]["lead"]) if decisions[-1]["lead"] else []
    decision = {**orjson.loads(decisions[-1]["body"]), "deliveries": deliveries, "moves": moves}
    return {
        "lead": decisions[-1]["lead"],
        "submission": decisions[-1]["submission"],
        "sentence": explain.sentence(decision, language),
        "trail": explain.trail(decision, language),
        "decisions": len(decisions),
        "revision": decision.get("revision"),
        **explain.people(decision, language),
        "owners": [{**move, "says": explain.moved(move, language)} for move in moves],
    }


async def _decided(hub: Hub, text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the decisions and deliveries of a lead, or those of one submission, which may have no lead."""
    if text.startswith("sub_"):
        return await hub.db.read(listing.of_submission, text)
    id_ = await _one(hub, text)
    current = (await hub.db.read(lead_store.load, [id_])).get(id_)
    walk = await hub.db.read(listing.of_lead, current.id if current else id_)
    return walk["decisions"], walk["deliveries"]


@router.post("/leads/{lead}/unmerge", dependencies=[needs("operator")])
async def unmerge(hub: HubDep, caller: CallerDep, lead: str, body: Unmerge) -> dict[str, Any]:
    """Take a submission, or a lead that was joined, out of a lead again; either one may name the lead it is in."""
    if bool(body.submission) == bool(body.other):
        raise ApiError(422, "Name either a submission or another lead.")
    id_ = await _one(hub, lead)
    current = (await hub.db.read(lead_store.load, [id_])).get(id_)
    made = await hub.lineage.unmerge(id_, submission=body.submission, other=body.other, by=caller.actor)
    return {"lead": current.id if current else id_, "made": made}


@router.post("/leads/{lead}/replay", dependencies=[needs("operator", right="replay")])
async def replay_lead(hub: HubDep, caller: CallerDep, lead: str) -> dict[str, Any]:
    """Decide a lead's newest submission again with the configuration in force; repeats of one are passed over."""
    id_ = await _one(hub, lead)
    walk = await hub.db.read(listing.of_lead, id_)
    fit = [row["id"] for row in walk["submissions"] if row["state"] in REPLAYABLE]
    if not fit:
        raise ApiError(409, f"The lead {id_} has no submission that can be decided again.")
    return await _replayed(hub, caller, fit[-1], ())


@router.post("/submissions/{submission}/replay", dependencies=[needs("operator", right="replay")])
async def replay_submission(hub: HubDep, caller: CallerDep, submission: str, body: Replay) -> dict[str, Any]:
    """Run a submission again, such as one in quarantine."""
    return await _replayed(hub, caller, submission, body.accept)


@router.post("/submissions/{submission}/reject", dependencies=[needs("operator")])
async def reject_submission(hub: HubDep, caller: CallerDep, submission: str, body: Refused) -> dict[str, str]:
    """Refuse a submission that waits in quarantine; a replay takes it up after all."""
    await hub.replays.refuse(submission, body.reason, by=caller.actor)
    return {"submission": submission, "status": "rejected", "reason": body.reason}


async def _replayed(hub: Hub, caller: Caller, submission: str, accept: tuple[str, ...]) -> dict[str, Any]:
    answer = await hub.replays.replay(submission, frozenset(accept), by=caller.actor)
    problems = [p.model_dump() for p in answer.problems]
    return {"submission": answer.submission, "lead": answer.lead, "status": answer.status, "problems": problems}


@router.get("/suggestions", dependencies=[needs("viewer")])
async def suggestions(hub: HubDep, limit: Limit = 50, after: After = None, state: str = "open") -> dict[str, Any]:
    """List pairs of leads that may be one person."""
    return listed(*await hub.db.read(listing.page, "suggestion", {"state": state}, limit=limit, after=after))


@router.post("/suggestions/{suggestion}/accept", dependencies=[needs("operator")])
async def accept(hub: HubDep, caller: CallerDep, suggestion: Number) -> dict[str, Any]:
    """Join the two leads of a suggestion: they are one person. The elder one stays."""
    lead, other = await hub.lineage.accept(suggestion, by=caller.actor)
    return {"suggestion": suggestion, "lead": lead, "joined": other}


@router.post("/suggestions/{suggestion}/dismiss", dependencies=[needs("operator")])
async def dismiss(hub: HubDep, suggestion: Number) -> dict[str, Any]:
    """Keep the two leads of a suggestion apart: they are two people."""
    await hub.lineage.dismiss(suggestion)
    return {"suggestion": suggestion, "state": "separate"}
