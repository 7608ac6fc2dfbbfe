"""Acts on many leads of the list: a page says what would become of them, and then what did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from hub.api import bulk as api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.finding import NAMES
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.people.pools import pools_of
from hub.people.reps import known
from hub.store import leads as lead_store
from hub.web.entry import Page
from hub.web.posted import lists_of
from hub.web.site import explained, show, told, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

SHOWN = 100  # leads that cannot go and are named

ACTS: Mapping[str, str] = {
    "transfer": N_("Hand to a rep"),
    "reassign": N_("Deal anew in the team"),
    "return": N_("Give back to a pool"),
    "recycle": N_("Take from the rep (recycle)"),
    "replay": N_("Decide again (replay)"),
}
"""What can be done with many leads."""

WHYS = (
    N_("It has no owner or pool to change: it is a test, joined or gone."),
    N_("This rep has it already."),
    N_("Nobody has it: it waits in a pool."),
    N_("It belongs to no team that is there. Transfer it to a rep."),
)
"""Why something cannot be done, as hub.api.bulk says it."""


@router.post("/leads/bulk", dependencies=[needs("operator")])
async def preview(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Say what an act would do with the leads that are marked, and ask for what it needs."""
    form = await lists_of(request, hub)
    filters = {name: form[name][0] for name in NAMES if form.get(name, [""])[0]}
    act = form.get("act", [""])[0]
    leads = tuple(dict.fromkeys(form.get("lead", [])))[: api.MOST]
    if act not in ACTS:
        return told("/leads", tongue_of(request).say("Choose what is to be done."), bad=True)
    if not leads and "everything" not in form:
        return told("/leads", tongue_of(request).say("Mark some leads first."), bad=True)
    body = {"leads": () if "everything" in form else leads, "filters": filters if "everything" in form else None}
    try:
        plan = await _done(hub, caller, {**body, "act": act, "dry_run": True})
    except (ApiError, LeadhubError) as error:
        return told("/leads", str(error), bad=True)
    return await _page(request, hub, "leads/bulk.html", act, plan, {}, "")


@router.post("/leads/bulk/run", dependencies=[needs("operator")])
async def run(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Do it, and say what became of each lead."""
    form = await lists_of(request, hub)
    act, leads = form.get("act", [""])[0], tuple(form.get("leads", [""])[0].split()[: api.MOST])
    said = {name: form.get(name, [""])[0].strip() for name in ("to", "pool", "reason")}
    given = {name: value for name, value in said.items() if value and act != "replay"}
    if act not in ACTS or not leads:
        return told("/leads", tongue_of(request).say("Mark some leads first."), bad=True)
    try:
        result = await _done(hub, caller, {"leads": leads, "act": act, "dry_run": False, **given})
    except (ApiError, LeadhubError, ValidationError) as error:
        why = explained(request, error if not isinstance(error, ValidationError) else error.errors()[0]["msg"])
        plan = await _done(hub, caller, {"leads": leads, "act": act, "dry_run": True})
        return await _page(request, hub, "leads/bulk.html", act, plan, said, why, status=422)
    return await _page(request, hub, "leads/done.html", act, result, said, "")


async def _done(hub: Hub, caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    if body["act"] == "replay":
        kept = {name: body[name] for name in ("leads", "filters", "dry_run") if name in body}
        return await api.replay(hub, caller, api.Several(**kept))
    return await api.bulk(hub, caller, api.Bulk(**body))


async def _page(
    request: Request, hub: Hub, template: str, act: str, plan: Mapping[str, Any], said: Mapping[str, str], error: str,
    *, status: int = 200,
) -> Response:  # fmt: skip
    settings, tongue = hub.plan.settings, tongue_of(request)
    failed = dict(list(plan["failed"].items())[:SHOWN])
    people = await hub.db.read(lead_store.load, list(failed))
    stayed = [
        {"lead": lead, "name": people[lead].name_text if lead in people else "", "why": tongue.say(why)}
        for lead, why in failed.items()
    ]
    return await show(
        request, template, status=status, act=act, words=ACTS[act], plan=plan, stayed=stayed, said=dict(said),
        failing=len(plan["failed"]), ids=" ".join(plan["ids"]), wrong=error, most=api.MOST, most_replayed=api.REPLAYED,
        reps=sorted(known(settings)), pools=sorted(pools_of(settings)),
    )  # fmt: skip
