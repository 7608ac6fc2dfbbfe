"""What became of leads: what was heard of each, how the listening goes, and what is noted by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from hub.api import mine
from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body
from hub.api.problems import ApiError
from hub.app import Hub
from hub.feedback import table
from hub.feedback.reasons import chosen, in_words
from hub.news import NO_ANSWER, Activity, Feedback, Kind, asks, takes
from hub.outcome import Disposition
from hub.response.followup import story
from hub.store import activities as store
from hub.store import listing
from hub.store.activities import Heard
from hub.store.history import of_lead
from hub.ticks import tick_of

router = APIRouter(prefix="/api", tags=["feedback"], route_class=Masked)

BY_HAND = "api"
MOST = 5000  # rows in one call


class Noted(Body):
    """One thing a person did with a lead."""

    kind: Kind
    at: AwareDatetime | None = Field(None, description="When; none: now.")
    key: str | None = Field(None, max_length=200, description="Your own id of it: said again, it counts once.")
    disposition: Disposition | None = Field(None, description="What the lead is now.")
    by: str | None = Field(None, max_length=200, description="Who did it; none: whoever calls.")
    reason: str | None = Field(
        None, max_length=2000, description="Why it was lost: one of `lost_reasons`, if any are set."
    )
    words: str | None = Field(None, max_length=2000, description="The same in your own words.")
    value: float | None = Field(None, ge=0, description="What the deal is worth.")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="ISO 4217.")


class Table(Body):
    """Many things that were done, as rows of a table."""

    through: str = Field(
        BY_HAND, pattern=r"^[\w.-]{1,64}$", description="The system they come from; a sink's name lends its words."
    )
    items: list[dict[str, Any]] = Field(
        max_length=MOST, description="Rows with the columns lead, mail, phone or ref (with sink), at, kind and others."
    )
    first: int = Field(1, ge=0, description="The number of the first row, for what is said of rows.")
    dry_run: bool = Field(False, description="Say what would become of them, and keep nothing.")


@router.get("/feedback", dependencies=[needs("viewer")])
async def feedback(hub: HubDep) -> dict[str, Any]:
    """List the sinks that say what became of leads: when each was asked last, what it said and what was skipped."""
    known = {row["sink"]: row for row in await hub.db.read(store.news)}
    sinks = {name: sink for name, sink in hub.plan.sinks.items() if asks(sink) or takes(sink)}
    items = [{**_job(hub, name, sink), **known.get(name, {})} for name, sink in sinks.items()]
    others = [{"asked": False, "letters": False, **row} for name, row in known.items() if name not in sinks]
    return {"items": items + others, "next": None}


def _job(hub: Hub, name: str, sink: Feedback) -> dict[str, Any]:
    """Return what is known of a sink's feedback without asking the database: how often it is asked, and when next."""
    every = sink.listens.total_seconds()
    on = asks(sink) and hub.plan.settings.sinks[name].enabled
    tick = tick_of(f"source:news:{name}", every, hub.clock.now())
    return {
        "sink": name, "asked": asks(sink), "letters": takes(sink), "every": every if on else None,
        "next_due": tick + sink.listens if on else None,
    }  # fmt: skip


@router.post("/activities", dependencies=[needs("operator")])
async def note_many(hub: HubDep, caller: CallerDep, body: Table) -> dict[str, Any]:
    """Note many things that were done with leads; each row counts once, and what is wrong with a row stops no other."""
    said = await table.take(hub.hearing, body.through, body.items, by=caller.id, first=body.first, dry_run=body.dry_run)
    return {"through": body.through, "dry_run": body.dry_run, "counts": dict(said.counts), "problems": said.problems}


@router.get("/leads/{lead}/activities", dependencies=[needs("viewer", rep=True)])
async def activities(hub: HubDep, caller: CallerDep, lead: str) -> dict[str, Any]:
    """Show what was done with a lead, oldest first, where it stands, and its history with all owners and rounds."""
    await mine.own(hub, caller, lead)
    await _known(hub, lead)
    standing = await hub.db.read(store.standing_of, lead)
    history = story(await hub.db.read(of_lead, lead))
    return {"items": await hub.db.read(store.of_lead, lead), "standing": standing, "history": history, "next": None}


@router.post("/leads/{lead}/activities", dependencies=[needs("operator", rep=True)], status_code=201)
async def note(hub: HubDep, caller: CallerDep, lead: str, body: Noted) -> dict[str, Any]:
    """Note what a person did with a lead; a rep, with one of their own."""
    await mine.own(hub, caller, lead)
    await _known(hub, lead)
    at: datetime = body.at or hub.clock.now()
    by = body.by if mine.reps(hub, caller) is None else mine.acting(hub, caller, None)
    reason = chosen(body.reason, body.words, body.disposition, hub.plan.settings.lost_reasons)
    said = Activity(
        body.key or hub.ids("act"), at, body.kind, lead=lead, word=body.disposition, by=by or caller.id,
        human=True, value=body.value, currency=body.currency, reason=reason,
        data=in_words(body.words),
    )  # fmt: skip
    answered = body.kind not in NO_ANSWER
    counts = await hub.hearing.note(BY_HAND, Heard(said, body.disposition, answered))
    return {"lead": lead, "noted": bool(counts["heard"]), "known": bool(counts["known"])}


async def _known(hub: HubDep, lead: str) -> None:
    if await hub.db.read(listing.one, "lead", lead) is None:
        raise ApiError(404, f"There is no lead {lead[:64]!r}.")
