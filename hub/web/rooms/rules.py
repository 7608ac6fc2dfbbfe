"""The flows: which sources, which steps, which routes in which order."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from hub import draft as edits
from hub import rules
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.errors import ConfigError
from hub.settings.models import DEFAULT_STEPS
from hub.web import rulewords
from hub.web.drafted import Desk, desk_of, kept, ruled
from hub.web.entry import Page
from hub.web.posted import form_of, lists_of
from hub.web.ruleforms import Input, fields, shown, taken
from hub.web.site import told, tongue_of
from hub.web.tongue import N_, Tongue
from hub.yamlfile import Where

router = APIRouter(prefix="/rules", include_in_schema=False, route_class=Page)

Number = Annotated[int, Path(ge=0, lt=1000)]

FLOW = (
    Input("name", N_("Name")),
    Input("from", N_("Sources"), "many", N_("A source belongs to one flow."), "sources"),
    Input("match", N_("Routes"), "select", N_("Routes are asked from the top."), "match", default="first"),
    Input("only_regions", N_("Only sinks in these regions"), "list", N_("Such as CN, EU; empty: anywhere.")),
)


@router.get("", dependencies=[needs("admin")])
async def flows(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show the flows with their steps and routes, as the reader's draft has them."""
    desk = await desk_of(hub, caller)
    if isinstance(desk, Response):
        return desk
    tongue = tongue_of(request)
    found = [_flow(number, one, tongue) for number, one in enumerate(desk.flows())]
    return await ruled(request, "rules/flows.html", desk, tab="flows", flows=found)


def _flow(number: int, flow: dict[str, Any], tongue: Tongue) -> dict[str, Any]:
    routes = [one for one in flow.get("routes") or () if isinstance(one, dict)]
    return {
        "number": number, "name": str(flow.get("name", "")), "sources": shown(flow.get("from"), "many"),
        "match": tongue.say(rulewords.MATCH.get(str(flow.get("match", "first")), "")),
        "steps": [tongue.say(rulewords.STEPS.get(step, step)) for step in steps_of(flow)],
        "routes": [_route(one, tongue) for one in routes],
    }  # fmt: skip


def steps_of(flow: dict[str, Any]) -> list[str]:
    """Return the names of a flow's steps, in order."""
    said = flow.get("steps")
    if not isinstance(said, list):
        return list(DEFAULT_STEPS)
    return [one if isinstance(one, str) else str(one.get("name") or next(iter(one))) for one in said if one]


def _route(route: dict[str, Any], tongue: Tongue) -> dict[str, Any]:
    when, target = route.get("when"), route.get("respond_within")
    by_grade = target.items() if isinstance(target, dict) else [("any", target)] if target else []
    return {
        "name": str(route.get("name", "")), "when": sentence(when, tongue), "to": shown(route.get("to"), "many"),
        "taker": shown(route.get("assign"), "choice").partition(":")[::2], "calendar": route.get("calendar"),
        "targets": [[str(grade), str(within)] for grade, within in by_grade], "auction": bool(route.get("auction")),
        "wrong": wrong_with(when),
    }  # fmt: skip


def sentence(when: Any, tongue: Tongue) -> str:
    """Return a rule in plain words; empty for one that holds always."""
    return rules.words(str(when), "zh" if tongue.language == "zh" else "en") if when is not None else ""


def wrong_with(when: Any) -> str:
    """Return what is wrong with a rule; empty when nothing is."""
    try:
        rules.compile(str(when))
    except ConfigError as error:
        return error.reason if when is not None else ""
    return ""


def flow_at(desk: Desk, number: int) -> dict[str, Any]:
    """Return the flow of a number; raises ApiError."""
    found = desk.flows()
    if number >= len(found):
        raise ApiError(404, "There is no such flow in your draft.")
    return found[number]


@router.post("/flows/{flow}/routes/{number}/{act}", dependencies=[needs("admin")])
async def turn(request: Request, hub: HubDep, caller: CallerDep, flow: Number, number: Number, act: str) -> Response:
    """Move a route up or down, copy it or take it out."""
    await form_of(request, hub)
    return await turned(request, await desk_of(hub, caller), ("flows", flow, "routes"), number, act, "/rules")


async def turned(request: Request, desk: Desk | Response, where: Where, number: int, act: str, to: str) -> Response:
    """Move an item of a list up or down, or take it out, and go back."""
    if isinstance(desk, Response):
        return desk
    if act not in ("up", "down", "remove"):
        raise ApiError(404, "There is nothing of that name to do here.")

    def edit(text: str) -> str:
        if act == "remove":
            return edits.remove(text, (*where, number))
        return edits.move(text, where, number, number + (-1 if act == "up" else 1))

    async def again(wrong: dict[str, Any]) -> Response:
        return told(to, str(wrong["says"]), bad=True)

    return await kept(request, desk, edit, to, again)


@router.get("/flows/{flow}/edit", dependencies=[needs("admin")])
async def flow_form(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Show what a flow is called, what it takes leads from, and its steps."""
    desk = await desk_of(hub, caller)
    if isinstance(desk, Response):
        return desk
    return await _flow_form(request, desk, flow, flow_at(desk, flow))


async def _flow_form(
    request: Request, desk: Desk, number: int, values: dict[str, Any], wrong: dict[str, Any] | None = None
) -> Response:
    tongue = tongue_of(request)
    known = desk.hub.plan.registry.all("step")
    steps = [[name, tongue.say(rulewords.STEPS.get(name, name))] for name in steps_of(values)]
    rest = [[name, tongue.say(rulewords.STEPS.get(name, name))] for name in known if name not in steps_of(values)]
    return await ruled(
        request, "rules/flow.html", desk, tab="flows", status=422 if wrong else 200, number=number, wrong=wrong,
        name=str(values.get("name", "")), steps=steps, rest=rest,
        fields=fields(FLOW, values, rulewords.choices(desk, tongue)),
    )  # fmt: skip


@router.post("/flows/{flow}/edit", dependencies=[needs("admin")])
async def change_flow(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Keep what was typed about a flow."""
    form = await lists_of(request, hub)
    desk = await desk_of(hub, caller)
    if isinstance(desk, Response):
        return desk
    old = flow_at(desk, flow)
    new = taken(FLOW, form, old)
    new.setdefault("from", [])

    async def again(wrong: dict[str, Any]) -> Response:
        return await _flow_form(request, desk, flow, new, wrong)

    return await kept(request, desk, lambda text: edits.put(text, ("flows", flow), new), "/rules", again)


@router.post("/flows/{flow}/steps", dependencies=[needs("admin")])
async def change_steps(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Add a step to a flow, take one out, or move one."""
    form = await form_of(request, hub)
    desk = await desk_of(hub, caller)
    if isinstance(desk, Response):
        return desk
    names, where = steps_of(flow_at(desk, flow)), ("flows", flow, "steps")
    whole = edits.put(desk.draft.text, where, names) if "steps" not in flow_at(desk, flow) else desk.draft.text
    act, _, which = form.get("act", "").partition(":")
    number = int(which) if which.isdigit() and int(which) < len(names) else 0

    def edit(_: str) -> str:
        if act == "add" and form.get("step"):
            return edits.insert(whole, where, len(names), form["step"])
        if act == "remove":
            return edits.remove(whole, (*where, number))
        return edits.move(whole, where, number, number + (-1 if act == "up" else 1))

    async def again(wrong: dict[str, Any]) -> Response:
        return await _flow_form(request, desk, flow, flow_at(desk, flow), wrong)

    return await kept(request, desk, edit, f"/rules/flows/{flow}/edit", again)


@router.post("/flows/add", dependencies=[needs("admin")])
async def add_flow(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Add a flow."""
    form = await form_of(request, hub)
    desk = await desk_of(hub, caller)
    if isinstance(desk, Response):
        return desk
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
