"""A rep's own leads, made for a phone: what is due first on top, tasks, and being away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import followup, mine, people
from hub.api import queue as queue_api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.leads import Number
from hub.api.problems import ApiError
from hub.app import Hub
from hub.people.reps import members, reps_of
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.site import done, partial, show
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

AT_ONCE = 30
TABS = ("waiting", "working", "tasks")
MORNING = time(9)
"""When a task of a day is due, in the hub's zone: with the first look of the day."""


@router.get("/mine", dependencies=[needs("viewer", rep=True)])
async def mine_page(
    request: Request, hub: HubDep, caller: CallerDep, rep: str | None = None, tab: str = "waiting",
    after: str | None = None,
) -> Response:  # fmt: skip
    """Show the leads of a rep; whoever is none chooses one."""
    name = _whose(hub, caller, rep)
    every = sorted(members(hub.plan.settings)) if caller.role != "rep" else mine.reps(hub, caller) or []
    if name is None:
        return await show(request, "mine/whose.html", reps=every)
    queue_api.theirs(hub, caller, name)
    tab = tab if tab in TABS else TABS[0]
    rows = await _rows(hub, caller, name, tab, after)
    query = {"rep": name} if len(every) > 1 or caller.role != "rep" else {}
    here = {"rep": name, "reps": every, "asked": urlencode(query), "tab": tab, "items": rows["items"]}
    here["next"] = f"/mine?{urlencode({**query, 'tab': tab, 'after': rows['next']})}" if rows["next"] else None
    if partial(request):
        return await show(request, "mine/list.html", **here)
    away = await people.absences(hub, caller, name)
    now = [one for one in away["items"] if one["now"]]
    others = sorted(set(members(hub.plan.settings)) - {name})
    return await show(request, "mine/page.html", **here, away=now[0] if now else None, others=others)


async def _rows(hub: Hub, caller: Caller, rep: str, tab: str, after: str | None) -> dict[str, Any]:
    if tab == "tasks":
        return await followup.tasks(hub, caller, limit=AT_ONCE, after=after, owner=rep)
    state: Any = "waiting" if tab == "waiting" else "answered"
    return await queue_api.of_rep(hub, caller, rep, state, AT_ONCE, after)


def _whose(hub: Hub, caller: Caller, rep: str | None) -> str | None:
    """Return whose leads are shown: a rep's own, those of the rep that is asked for, or those of who is one, too."""
    if mine.reps(hub, caller) is not None:
        return mine.acting(hub, caller, rep)
    return rep or next(iter(reps_of(hub.plan.settings, caller.id.removeprefix("user:"), caller.name)), None)


@router.post("/mine/tasks/{task}/{what}", dependencies=[needs("operator", rep=True)])
async def settle(request: Request, hub: HubDep, caller: CallerDep, task: Number, what: str) -> Response:
    """Say that a task is done, or is not after all."""
    said = await form_of(request, hub)
    if what not in ("done", "undone"):
        raise ApiError(404, "There is no such button.")
    work = followup.done(hub, caller, task) if what == "done" else followup.undone(hub, caller, task)
    return await done(request, work, back_to(said), N_("Done.") if what == "done" else N_("It is open again."))


@router.post("/mine/away", dependencies=[needs("operator", rep=True)])
async def away(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Take no leads for a time."""
    said = await form_of(request, hub)
    rep = acting(hub, caller, said)
    until = day_of(said.get("until", ""), hub, time(0))
    body = people.Away(
        until=until + timedelta(days=1) if until else None, cover=said.get("cover") or None,
        reason=said.get("reason", "")[:500] or None,
    )  # fmt: skip
    return await done(request, people.away(hub, caller, rep, body), back_to(said), N_("You get no new leads now."))


@router.post("/mine/back", dependencies=[needs("operator", rep=True)])
async def back(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Take leads again."""
    said = await form_of(request, hub)
    work = people.back(hub, caller, acting(hub, caller, said))
    return await done(request, work, back_to(said), N_("You get leads again."))


def acting(hub: Hub, caller: Caller, said: dict[str, str]) -> str:
    """Return the rep a form is about; a rep's own only."""
    return mine.acting(hub, caller, said.get("rep") or None)


def back_to(said: dict[str, str]) -> str:
    """Return the page a form came from, one of this room's."""
    to = said.get("back", "")
    own = to == "/mine" or to.startswith(("/mine?", "/mine/"))
    return to if own and to.isprintable() and "\\" not in to else "/mine"


def day_of(text: str, hub: Hub, at: time = MORNING) -> datetime | None:
    """Return a moment of a day that was typed, or of tomorrow and the like; None for nothing, ApiError for no day."""
    if not text:
        return None
    zone = hub.plan.settings.hub.zone
    today = hub.clock.now().astimezone(zone).date()
    ahead = {"tomorrow": 1, "3days": 3, "week": 7, "month": 30}
    try:
        found = today + timedelta(days=ahead[text]) if text in ahead else date.fromisoformat(text)
    except ValueError as error:
        raise ApiError(422, f"{text[:32]!r} is no day. Write it as 2026-01-31.") from error
    return datetime.combine(found, at, zone).astimezone(UTC)
