"""Leads that wait for somebody to take them: claimed by reps with one press, handed out by managers in numbers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import mine, owners
from hub.api.access import REP, Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.people.pools import Against
from hub.people.reps import known, members, reps_of
from hub.response.pools import Refused
from hub.web.entry import Page
from hub.web.posted import form_of, lists_of
from hub.web.site import partial, show, told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

AT_ONCE = 40
MOST_TICKED = 500

_BLANK = dict.fromkeys(("full_name", "email", "company", "city", "country", "interest"))

AGAINST = {
    "handed_out": N_("Leads of this pool are handed out by a manager."),
    "no_team": N_("%(rep)s is in no team that may take leads of this pool."),
    "embargo": N_("Nobody may take this lead before %(at)s."),
    "cool_down": N_("You had this lead before and may take it again from %(at)s."),
    "claims_a_day": N_("You took %(taken)s leads of this pool today, the most for a day."),
    "between_claims": N_("You may take the next lead of this pool from %(at)s."),
    "hold": N_("You have %(open)s open leads; this pool is for those with fewer than %(most)s."),
    "faster": N_("%(owner)s was faster and has this lead now."),
    "own": N_("You have this lead already."),
    "gone": N_("This lead does not wait here any more."),
    "closed": N_("This lead is closed; nobody needs to take it."),
}
"""What people are told of what speaks against a claim."""


@router.get("/pool", dependencies=[needs("viewer", rep=True)])
async def pool_page(
    request: Request, hub: HubDep, caller: CallerDep, pool: str | None = None, rep: str | None = None,
    after: int | None = None,
) -> Response:  # fmt: skip
    """Show the pools, and the leads of one: reps take them, managers hand them out."""
    asked = ("pools", caller.id if caller.role == REP else "")
    counted = await request.app.state.kept.ask(asked, lambda: owners.pools(hub, caller))
    pools = counted.value["items"] if counted.value else []
    taker = _taker(hub, caller, rep)
    chosen = _chosen(pools, pool)
    if chosen is None:
        return await show(request, "pool/page.html", **_nothing(counted.pending))
    rows = await owners.pool_leads(hub, caller, chosen["pool"], AT_ONCE, after)
    items = [{**row, "lead": _BLANK | row["lead"]} for row in rows["items"]]
    allowance = await hub.responding.pools.allowance(taker, chosen["pool"]) if taker else None
    ticked = request.query_params.getlist("lead")[:MOST_TICKED]
    query = {"pool": chosen["pool"], **({"rep": rep} if rep else {})}
    shown: dict[str, Any] = {
        "pools": pools, "chosen": chosen, "items": items, "ticked": ticked, "taker": taker, "pending": False,
        "more": f"/pool?{urlencode({**query, 'after': rows['next']})}" if rows["next"] else None,
        "home": f"/pool?{urlencode(query)}", "allowance": allowance, "may": caller.role != "viewer",
        "against": against(tongue_of(request), allowance) if allowance else None,
        "manages": caller.role not in (REP, "viewer"), "reps": sorted(members(hub.plan.settings)),
    }  # fmt: skip
    return await show(request, "pool/list.html" if partial(request) else "pool/page.html", **shown)


def _nothing(pending: bool) -> dict[str, Any]:
    return {"pools": [], "chosen": None, "items": [], "pending": pending}


def _taker(hub: Hub, caller: Caller, rep: str | None) -> str | None:
    """Return the rep for whom leads are taken; None for a manager who is none and named none."""
    if caller.role == REP:
        return mine.acting(hub, caller, rep)
    if rep in known(hub.plan.settings):
        return rep
    return next(iter(reps_of(hub.plan.settings, caller.id.removeprefix("user:"), caller.name)), None)


def _chosen(pools: list[dict[str, Any]], name: str | None) -> dict[str, Any] | None:
    """Return the pool that is shown: the one that is asked for, else the fullest."""
    named = [one for one in pools if one["pool"] == name]
    return next(iter(named or sorted(pools, key=lambda one: -one["leads"])), None)


def against(tongue: Tongue, allowance: dict[str, Any]) -> str | None:
    """Return what is against taking any lead now, in the reader's language."""
    return words(tongue, Against(allowance["why"], allowance["given"]), None) if allowance["why"] else None


def words(tongue: Tongue, why: Against, rep: str | None) -> str:
    """Return what speaks against a claim, in the reader's language."""
    name = "own" if why.why == "faster" and why.given["owner"] == rep else why.why
    given = {key: tongue.when(value) if key == "at" else value for key, value in why.given.items()}
    return tongue.say(AGAINST[name], **given)


@router.post("/pool/claim", dependencies=[needs("operator", rep=True)])
async def claim(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Take a lead; the first press wins, and who comes later is told who was faster."""
    said, tongue = await form_of(request, hub), tongue_of(request)
    lead, rep = said.get("lead", "")[:64], said.get("rep", "")[:200] or None
    home = _home(said)
    request.app.state.kept.forget()
    try:
        taken = await owners.claim(hub, caller, lead, owners.Claim(rep=rep))
    except Refused as error:
        return told(home, words(tongue, error.against, mine.acting(hub, caller, rep)), bad=True)
    except (ApiError, LeadhubError) as error:
        return told(home, str(error), bad=True)
    if caller.role != REP:
        return told(home, tongue.say(N_("%(rep)s has it now."), rep=taken["owner"]))
    return told(f"/mine/{lead}", tongue.say(N_("It is yours. Call now.")))


@router.post("/pool/hand", dependencies=[needs("operator")])
async def hand(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Hand the leads that are ticked to a rep; what cannot go stays, and is told."""
    lists, tongue = await lists_of(request, hub), tongue_of(request)
    said = {name: values[-1] for name, values in lists.items()}
    leads, to = tuple(lists.get("lead", ())[:MOST_TICKED]), said.get("to", "")[:200]
    home = _home(said)
    if not leads:
        return told(home, tongue.say(N_("Tick the leads first.")), bad=True)
    if not to:
        return told(home, tongue.say(N_("Choose who gets them.")), bad=True)
    body = owners.Transfers(leads=leads, to=to, reason=said.get("reason", "").strip()[:500] or None)
    request.app.state.kept.forget()
    try:
        handed = await owners.transfer_many(hub, caller, body)
    except (ApiError, LeadhubError) as error:
        return told(home, str(error), bad=True)
    text = tongue.say(N_("%(moved)s of %(all)s leads went to %(rep)s."), moved=handed["moved"], all=len(leads), rep=to)
    return told(home, text, bad=bool(handed["failed"]))


def _home(said: dict[str, str]) -> str:
    """Return the page of the pool that a form came from."""
    query = {name: said[name] for name in ("pool", "as") if said.get(name)}
    return f"/pool?{urlencode({('rep' if name == 'as' else name): value for name, value in query.items()})}"
