"""One flow: what it takes, its steps (added, taken out, moved), and the settings of each."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub import draft as edits
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.settings.models import CORRECT_STEP
from hub.step import Step
from hub.web.editor import wording
from hub.web.editor.desk import Desk, Wrong, desk_of, kept, ruled
from hub.web.editor.flows import flow_at, options_of, steps_of, where_of, with_options
from hub.web.editor.forms import Choices, Fields, Input, Pieces
from hub.web.editor.steps import form_of as form_of_step
from hub.web.entry import Page
from hub.web.posted import form_of, lists_of
from hub.web.rooms.rules import Number
from hub.web.rooms.rules_form import Sheet, pieces_of, posted
from hub.web.site import told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(prefix="/rules/flows/{flow}", include_in_schema=False, route_class=Page)

FLOW = (
    Input("name", N_("Name")),
    Input("from", N_("Sources"), "many", N_("A source belongs to one flow."), "sources"),
    Input("match", N_("Routes"), "select", N_("Routes are asked from the top."), "match", default="first"),
    Input("only_regions", N_("Only sinks in these regions"), "list", N_("Such as CN, EU; empty: anywhere.")),
)
FORM: Pieces = (Fields(FLOW),)
SCORE = "score"  # has pages of its own


@router.get("/edit", dependencies=[needs("admin")])
async def flow_form(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Show what a flow is called, what it takes leads from, and its steps."""
    desk = await desk_of(hub, caller)
    return await _flow_page(request, desk, flow, flow_at(desk, flow))


async def _flow_page(
    request: Request, desk: Desk, number: int, values: dict[str, Any], wrong: Wrong | None = None
) -> Response:
    tongue = tongue_of(request)
    steps = _listed(desk, number, tongue)
    there = {CORRECT_STEP, *(one["step"] for one in steps)}  # that one stands behind `map` by itself
    known = [name for name in desk.hub.plan.registry.all("step") if name not in there]
    return await ruled(
        request, "rules/flow.html", desk, tab="flows", status=422 if wrong else 200, number=number, wrong=wrong,
        name=str(values.get("name", "")), steps=steps, pieces=pieces_of(request, desk, FORM, values),
        rest=[[name, tongue.say(wording.STEPS.get(name, name))] for name in known],
    )  # fmt: skip


@router.post("/edit", dependencies=[needs("admin")])
async def change_flow(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Keep what was typed about a flow."""
    form = await lists_of(request, hub)
    desk = await desk_of(hub, caller)

    async def page(values: dict[str, Any], wrong: Wrong | None, _: str) -> Response:
        return await _flow_page(request, desk, flow, values, wrong)

    def write(text: str, values: dict[str, Any]) -> str:
        return edits.put(text, ("flows", flow), {"from": [], **values})

    return await posted(request, desk, Sheet(FORM, ("flows", flow), "/rules", write), form, flow_at(desk, flow), page)


def _listed(desk: Desk, flow: int, tongue: Tongue) -> list[dict[str, Any]]:
    """Return the steps of a flow with what people call them, and where their settings are, if they have any."""
    said = flow_at(desk, flow)
    return [
        {"step": name, "words": tongue.say(wording.STEPS.get(name, name)), "href": _href(desk, flow, place, name)}
        for place, name in enumerate(steps_of(said))
    ]


def _href(desk: Desk, flow: int, place: int, name: str) -> str:
    if name == SCORE:
        return f"/rules/flows/{flow}/scoring"
    found = desk.hub.plan.registry.all("step").get(name)
    return f"/rules/flows/{flow}/steps/{place}" if found is not None and found.options.model_fields else ""


def _asked(desk: Desk, flow: int, place: int, tongue: Tongue) -> tuple[str, Pieces, Choices]:
    """Return a step's name, its form, and options that only it offers; raises ApiError where it asks nothing."""
    names = steps_of(flow_at(desk, flow))
    found: Step | None = desk.hub.plan.registry.all("step").get(names[place]) if place < len(names) else None
    pieces, own = form_of_step(names[place], found.options, tongue) if found is not None else ((), {})
    if not pieces:
        raise ApiError(404, "There is no such step with settings in your draft.")
    return names[place], pieces, own


@router.get("/steps/{place}", dependencies=[needs("admin")])
async def step(request: Request, hub: HubDep, caller: CallerDep, flow: Number, place: Number) -> Response:
    """Show the settings of a step."""
    desk = await desk_of(hub, caller)
    return await _page(request, desk, flow, place, options_of(flow_at(desk, flow), place))


async def _page(
    request: Request, desk: Desk, flow: int, place: int, values: dict[str, Any], wrong: Wrong | None = None,
    more: str = "",
) -> Response:  # fmt: skip
    tongue = tongue_of(request)
    name, pieces, own = _asked(desk, flow, place, tongue)
    return await ruled(
        request, "rules/step.html", desk, tab="flows", status=422 if wrong else 200, wrong=wrong, flow=flow,
        place=place, step=name, title=tongue.say(wording.STEPS.get(name, name)),
        flow_name=str(flow_at(desk, flow).get("name", "")),
        pieces=pieces_of(request, desk, pieces, values, more, own),
    )  # fmt: skip


@router.post("/steps/{place}", dependencies=[needs("admin")])
async def change_options(request: Request, hub: HubDep, caller: CallerDep, flow: Number, place: Number) -> Response:
    """Keep what was typed into the form of a step."""
    form = await lists_of(request, hub)
    desk = await desk_of(hub, caller)
    said = flow_at(desk, flow)
    _, pieces, _ = _asked(desk, flow, place, tongue_of(request))

    def write(text: str, values: dict[str, Any]) -> str:
        return with_options(said, text, flow, place, values)

    async def page(values: dict[str, Any], wrong: Wrong | None, more: str) -> Response:
        return await _page(request, desk, flow, place, values, wrong, more)

    sheet = Sheet(pieces, where_of(said, flow, place), f"/rules/flows/{flow}/steps/{place}", write)
    return await posted(request, desk, sheet, form, options_of(said, place), page)


@router.post("/steps", dependencies=[needs("admin")])
async def change_steps(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Add a step to a flow, take one out, or move one."""
    form = await form_of(request, hub)
    desk = await desk_of(hub, caller)
    names, where = steps_of(flow_at(desk, flow)), ("flows", flow, "steps")
    written = isinstance(flow_at(desk, flow).get("steps"), list)
    act, _, which = form.get("act", "").partition(":")
    number = int(which) if which.isdigit() and int(which) < len(names) else 0
    to = f"/rules/flows/{flow}/edit"

    def edit(text: str) -> str:
        text = text if written else edits.put(text, where, names)
        if act == "add":
            return edits.insert(text, where, _place(names, form["step"]), form["step"]) if form.get("step") else text
        if act == "remove":
            return edits.remove(text, (*where, number))
        return edits.move(text, where, number, number + (-1 if act == "up" else 1))

    async def again(wrong: Wrong) -> Response:
        return told(to, str(wrong["says"]), bad=True)

    return await kept(request, desk, edit, to, again)


BEFORE = {"auction": "assign", "enrich": "score", "score": "route", "validate": "dedupe", "dedupe": "enrich"}
"""Before which step one belongs that is added; all others come before `deliver`."""


def _place(names: list[str], step: str) -> int:
    """Return where a step that is added belongs; people may move it."""
    wanted = (BEFORE.get(step, "deliver"), "route", "deliver")
    return next((names.index(name) for name in wanted if name in names), len(names))
