"""The flows: which sources, which steps, which routes in which order."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from hub import draft as edits
from hub import rules
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.draft.tree import found_at
from hub.errors import ConfigError
from hub.web.editor import wording
from hub.web.editor.desk import Desk, desk_of, kept, ruled
from hub.web.editor.flows import steps_of
from hub.web.editor.forms import at
from hub.web.editor.kinds import shown
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.site import told, tongue_of
from hub.web.tongue import Tongue
from hub.yamlfile import Where

router = APIRouter(prefix="/rules", include_in_schema=False, route_class=Page)

Number = Annotated[int, Path(ge=0, lt=1000)]


@router.get("", dependencies=[needs("admin")])
async def flows(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show the flows with their steps and routes, as the reader's draft has them."""
    desk = await desk_of(hub, caller)
    tongue = tongue_of(request)
    found = [_flow(number, one, tongue) for number, one in enumerate(desk.flows())]
    return await ruled(request, "rules/flows.html", desk, tab="flows", flows=found)


def _flow(number: int, flow: dict[str, Any], tongue: Tongue) -> dict[str, Any]:
    routes = [one for one in flow.get("routes") or () if isinstance(one, dict)]
    return {
        "number": number, "name": str(flow.get("name", "")), "sources": shown(flow.get("from"), "many"),
        "match": tongue.say(wording.MATCH.get(str(flow.get("match", "first")), "")),
        "steps": [tongue.say(wording.STEPS.get(step, step)) for step in steps_of(flow)],
        "routes": [_route(one, tongue) for one in routes],
    }  # fmt: skip


def _route(route: dict[str, Any], tongue: Tongue) -> dict[str, Any]:
    when, target = route.get("when"), route.get("respond_within")
    by_grade = target.items() if isinstance(target, dict) else [("any", target)] if target else []
    return {
        "name": str(route.get("name", "")), "when": sentence(when, tongue), "to": shown(route.get("to"), "many"),
        "taker": shown(route.get("assign"), "choice").partition(":")[::2], "calendar": route.get("calendar"),
        "targets": [[str(grade), str(within)] for grade, within in by_grade], "wrong": wrong_with(when),
        "buyers": shown(at(route, "auction.buyers"), "ordered"),
    }  # fmt: skip


def sentence(when: Any, tongue: Tongue) -> str:
    """Return a rule in plain words; empty for one that holds always."""
    return rules.words(str(when), tongue.language) if when is not None else ""


def wrong_with(when: Any) -> str:
    """Return what is wrong with a rule; empty when nothing is."""
    try:
        rules.compile(str(when))
    except ConfigError as error:
        return error.reason if when is not None else ""
    return ""


@router.post("/flows/{flow}/routes/{number}/{act}", dependencies=[needs("admin")])
async def turn(request: Request, hub: HubDep, caller: CallerDep, flow: Number, number: Number, act: str) -> Response:
    """Move a route up or down, copy it or take it out."""
    await form_of(request, hub)
    return await turned(request, await desk_of(hub, caller), ("flows", flow, "routes"), number, act, "/rules")


async def turned(request: Request, desk: Desk, where: Where, number: int, act: str, to: str) -> Response:
    """Move an item of a list up or down, or take it out, and go back."""
    if act not in ("up", "down", "remove", "copy"):
        raise ApiError(404, "There is nothing of that name to do here.")

    def edit(text: str) -> str:
        if act == "copy":
            return edits.insert(text, where, number + 1, _copied(found_at(desk.data, where), number))
        if act == "remove":
            return edits.remove(text, (*where, number))
        return edits.move(text, where, number, number + (-1 if act == "up" else 1))

    async def again(wrong: dict[str, Any]) -> Response:
        return told(to, str(wrong["says"]), bad=True)

    return await kept(request, desk, edit, to, again)


def _copied(items: Any, number: int) -> dict[str, Any]:
    """Return a copy of a route under a name that none has; raises ApiError."""
    routes = [one for one in items or () if isinstance(one, dict)]
    if number >= len(routes) or len(routes) != len(items):
        raise ApiError(404, "There is no such route in your draft.")
    names = {str(one.get("name")) for one in routes}
    others = (f"{routes[number].get('name')}-{n}" for n in range(2, len(names) + 3))
    return {**routes[number], "name": next(name for name in others if name not in names)}


@router.post("/flows/add", dependencies=[needs("admin")])
async def add_flow(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Add a flow."""
    form = await form_of(request, hub)
    desk = await desk_of(hub, caller)
    name, number = form.get("name", "").strip(), len(desk.flows())
    new = {"name": name or f"flow-{number + 1}", "from": [], "routes": []}

    async def again(wrong: dict[str, Any]) -> Response:
        return told("/rules", str(wrong["says"]), bad=True)

    to = f"/rules/flows/{number}/edit"
    return await kept(request, desk, lambda text: edits.insert(text, ("flows",), number, new), to, again)


@router.post("/flows/{flow}/remove", dependencies=[needs("admin")])
async def remove_flow(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Take a flow out."""
    await form_of(request, hub)
    return await turned(request, await desk_of(hub, caller), ("flows",), flow, "remove", "/rules")
