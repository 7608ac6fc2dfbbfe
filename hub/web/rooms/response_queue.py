"""The live queue: whose prospects wait now, what is due first, and what a manager does about one of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import owners
from hub.api import queue as queue_api
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.errors import LeadhubError
from hub.people.pools import pools_of
from hub.people.reps import members
from hub.store import leads as lead_store
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.rooms.response import TABS
from hub.web.site import partial, show, told, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

AT_ONCE = 40
_BLANK = dict.fromkeys(("full_name", "email", "phone", "company", "title", "interest", "message"))


@router.get("/response/queue", dependencies=[needs("viewer")])
async def queue(
    request: Request, hub: HubDep, caller: CallerDep, team: str = "", rep: str = "", after: str | None = None
) -> Response:
    """Show the leads whose prospects wait, what is due first."""
    whose = {"team": team[:200] or None, "rep": rep[:200] or None}
    rows = await queue_api.queue(hub, caller, limit=AT_ONCE, after=after, **whose)
    asked = {name: value for name, value in whose.items() if value}
    here: dict[str, Any] = {
        "items": rows["items"], "standing": await queue_api.count(hub, caller, **whose), "whose": whose,
        "more": f"/response/queue?{urlencode({**asked, 'after': rows['next']})}" if rows["next"] else None,
        "may": caller.role != "viewer",
    }  # fmt: skip
    if partial(request):
        return await show(request, "response/queue_part.html", **here)
    tongue, settings = tongue_of(request), hub.plan.settings
    return await show(
        request, "response/queue.html", **here, tab="/response/queue", teams=sorted(settings.teams),
        tabs=[{"path": path, "title": tongue.say(title)} for path, title in TABS], reps=sorted(members(settings)),
    )  # fmt: skip


@router.get("/response/queue/{lead}", dependencies=[needs("operator")])
async def one(request: Request, hub: HubDep, lead: str) -> Response:
    """Show one lead that waits, and what may be done about it."""
    care = (await hub.responding.handing.rounds([lead])).get(lead)
    person = (await hub.db.read(lead_store.load, [lead])).get(lead)
    if care is None or person is None:
        raise ApiError(404, f"There is no lead {lead[:64]!r} that waits for anybody.")
    settings = hub.plan.settings
    team = settings.teams.get(care["team"] or "")
    return await show(
        request, "response/one.html", lead=_BLANK | person.model_dump(mode="json", exclude_none=True),
        care=queue_api.shown(hub, care), reps=sorted(members(settings)), pools=sorted(pools_of(settings)),
        mates=[member.name for member in team.members] if team else [], dealt=team is not None,
    )  # fmt: skip


@router.post("/response/queue/{lead}/{what}", dependencies=[needs("operator")])
async def act(request: Request, hub: HubDep, caller: CallerDep, lead: str, what: str) -> Response:
    """Hand a lead to a rep, deal it anew in its team, or put it into a pool."""
    said, tongue = await form_of(request, hub), tongue_of(request)
    reason, here = said.get("reason", "").strip()[:500], f"/response/queue/{lead}"
    try:
        if what == "transfer":
            if not said.get("to"):
                return told(here, tongue.say(N_("Choose who gets it.")), bad=True)
            body = owners.Transfer(to=said["to"][:200], reason=reason or None)
            moved = await owners.transfer(hub, caller, lead, body)
        elif what == "reassign":
            moved = await owners.reassign(hub, caller, lead, owners.Deal(**({"reason": reason} if reason else {})))
        elif what == "recycle":
            more = {"pool": said["pool"][:200]} if said.get("pool") else {}
            wanted = owners.Recycle(**more, **({"reason": reason} if reason else {}))
            moved = await owners.recycle(hub, caller, lead, wanted)
        else:
            raise ApiError(404, "There is no such button.")
    except (ApiError, LeadhubError) as error:
        return told(here, str(error), bad=True)
    request.app.state.kept.forget()
    if moved["owner"]:
        return told("/response/queue", tongue.say(N_("%(rep)s has it now."), rep=moved["owner"]))
    return told("/response/queue", tongue.say(N_("It waits in the pool %(pool)s now."), pool=moved["pool"]))
