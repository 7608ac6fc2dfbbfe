"""Leads: found, shown with their whole walk, explained, taken apart and replayed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from hub import explain
from hub.api import mine
from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.finding import FiltersDep, found
from hub.api.foreseen import guard, replayable
from hub.api.problems import ApiError
from hub.app import Hub
from hub.lead import LEAD_FIELDS
from hub.lineage import Apart
from hub.pipeline.reading import Answer
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
    """What to take out of a lead; `dry_run`: only say what would come apart."""

    submission: str | None = None
    other: str | None = None
    dry_run: bool = False


class Refused(Body):
    """Why a person refuses a submission."""

    reason: str = Field("a person refused it", max_length=500)


class Foreseen(Body):
    """What a person saw before a replay, as GET of the same address tells it."""

    to: tuple[str, ...] | None = Field(
        None, description="The sinks that may be told; where it would be others by now, nothing is run. None: any."
    )


class Replay(Foreseen):
    """Which problem codes a person has looked at and accepts."""

    accept: tuple[str, ...] = ()


def listed(items: list[dict[str, Any]], following: str | None) -> dict[str, Any]:
    """Return a page as every listing does."""
    return {"items": items, "next": following}


@router.get("/leads", dependencies=[needs("viewer", rep=True)])
async def leads(
    hub: HubDep, caller: CallerDep, filters: FiltersDep, limit: Limit = 50, after: After = None
) -> dict[str, Any]:
    """List leads, newest first; to a rep, their own.

    A page may have fewer than `limit`, or none, and a `next` all the same: so much was looked at, and there is more.
    """
    page = await found(hub, caller, filters, limit=limit, after=after)
    return listed(page.rows, page.next)


async def lead_of(hub: Hub, text: str) -> str:
    """Return the lead that an id, submission, e-mail address or phone number stands for; raises ApiError 404."""
    found = await hub.db.read(listing.lookup, text)
    if not found and text.startswith("sub_"):
        raise ApiError(404, f"There is no submission {text[:64]!r} that belongs to a lead.")
    if not found:
        raise ApiError(404, f"There is no lead {text[:64]!r}.")
    return found[0]


@router.get("/leads/{lead}", dependencies=[needs("viewer", rep=True)])
async def lead(hub: HubDep, caller: CallerDep, lead: str) -> dict[str, Any]:
    """Show a lead (by id, submission id, e-mail or phone) with its whole walk; to a rep, one of a pool in part."""
    id_ = await lead_of(hub, lead)
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
    id_ = await lead_of(hub, text)
    current = (await hub.db.read(lead_store.load, [id_])).get(id_)
    walk = await hub.db.read(listing.of_lead, current.id if current else id_)
    return walk["decisions"], walk["deliveries"]


@router.post("/leads/{lead}/unmerge", dependencies=[needs("operator")])
async def unmerge(hub: HubDep, caller: CallerDep, lead: str, body: Unmerge) -> dict[str, Any]:
    """Take a submission, or a lead that was joined, out of a lead again; either one may name the lead it is in."""
    if bool(body.submission) == bool(body.other):
        raise ApiError(422, "Name either a submission or another lead.")
    id_ = await lead_of(hub, lead)
    current = (await hub.db.read(lead_store.load, [id_])).get(id_)
    if body.dry_run:
        return _apart(await hub.lineage.foresee(id_, submission=body.submission, other=body.other))
    made = await hub.lineage.unmerge(id_, submission=body.submission, other=body.other, by=caller.actor)
    return {"lead": current.id if current else id_, "made": made}


def _apart(found: Apart) -> dict[str, Any]:
    """Return what would come apart: the submissions that leave, and both leads with the fields in which they differ."""
    rest, taken = found.rest, found.taken
    both = {name: (getattr(found.known, name), getattr(rest, name), getattr(taken, name)) for name in LEAD_FIELDS}
    return {
        "lead": found.known.id, "dry_run": True, "moving": sorted(found.moving), "staying": len(found.stay),
        "back": found.before.id if found.before else None,
        "fields": {
            name: {"now": now, "stays": stays, "leaves": leaves}
            for name, (now, stays, leaves) in both.items()
            if not now == stays == leaves
        },
    }  # fmt: skip


@router.post("/leads/{lead}/replay", dependencies=[needs("operator", right="replay")])
async def replay_lead(hub: HubDep, caller: CallerDep, lead: str, body: Foreseen | None = None) -> dict[str, Any]:
    """Decide a lead's newest submission again with the configuration in force; repeats of one are passed over."""
    newest = await replayable(hub, await lead_of(hub, lead))
    await guard(hub, newest, body.to if body else None)
    return await _replayed(hub, caller, newest, ())


@router.post("/submissions/{submission}/replay", dependencies=[needs("operator", right="replay")])
async def replay_submission(hub: HubDep, caller: CallerDep, submission: str, body: Replay) -> dict[str, Any]:
    """Run a submission again, such as one in quarantine."""
    await guard(hub, submission, body.to, body.accept)
    return await _replayed(hub, caller, submission, body.accept)


@router.post("/submissions/{submission}/reject", dependencies=[needs("operator")])
async def reject_submission(hub: HubDep, caller: CallerDep, submission: str, body: Refused) -> dict[str, str]:
    """Refuse a submission that waits in quarantine; a replay takes it up after all."""
    await hub.replays.refuse(submission, body.reason, by=caller.actor)
    return {"submission": submission, "status": "rejected", "reason": body.reason}


async def _replayed(hub: Hub, caller: Caller, submission: str, accept: tuple[str, ...]) -> dict[str, Any]:
    return told(await hub.replays.replay(submission, frozenset(accept), by=caller.actor))


def told(answer: Answer) -> dict[str, Any]:
    """Return what became of a submission that was decided again."""
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
