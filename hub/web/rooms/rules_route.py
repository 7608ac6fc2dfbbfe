"""One route: whom it takes, who gets them, how soon, and where they go."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub import draft as edits
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub, matching
from hub.web.editor import conditions, wording
from hub.web.editor.desk import Desk, Wrong, checking, desk_of, kept, ruled
from hub.web.editor.flows import flow_at, with_step
from hub.web.editor.forms import Fields, Form, Input, Pieces, taken_form
from hub.web.editor.parts import AUCTION
from hub.web.entry import Page
from hub.web.posted import lists_of
from hub.web.rooms.rules import Number
from hub.web.rooms.rules_form import Sheet, act_of, namer, pieces_of
from hub.web.site import show, tongue_of
from hub.web.tongue import N_

router = APIRouter(prefix="/rules", include_in_schema=False, route_class=Page)

ROUTE = (
    Input("name", N_("Name")),
    Input("assign", N_("Who gets it"), "choice", "", "takers"),
    Input("to", N_("Sinks"), "many", N_("Where the lead is sent."), "sinks"),
    Input("calendar", N_("Working time of the target"), "select", N_("None: that of the team."), "calendars"),
    Input("only_regions", N_("Only sinks in these regions"), "list", N_("Such as CN, EU; empty: anywhere.")),
)
FORM: Pieces = (Fields(ROUTE), AUCTION)
_BY_HAND = Fields((Input("when", N_("Which leads")), Input("respond_within", N_("Answer within"))))
NEW = {"name": ""}
DEFAULT_BANDS = ("A", "B", "C")


@router.get("/flows/{flow}/routes/new", dependencies=[needs("admin")])
async def new_route(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Show an empty route."""
    return await _opened(request, hub, caller, flow, None)


@router.get("/flows/{flow}/routes/{number}", dependencies=[needs("admin")])
async def route(request: Request, hub: HubDep, caller: CallerDep, flow: Number, number: Number) -> Response:
    """Show a route."""
    return await _opened(request, hub, caller, flow, number)


async def _opened(request: Request, hub: Hub, caller: Any, flow: int, number: int | None) -> Response:
    desk = await desk_of(hub, caller)
    values = route_at(desk, flow, number)
    return await _page(request, desk, flow, number, values, conditions.shown(values.get("when")))


def route_at(desk: Desk, flow: int, number: int | None) -> dict[str, Any]:
    """Return a route of the draft, or a new one; raises ApiError."""
    routes = flow_at(desk, flow).get("routes") or []
    if number is None:
        return dict(NEW)
    if number >= len(routes) or not isinstance(routes[number], dict):
        raise ApiError(404, "There is no such route in your draft.")
    found: dict[str, Any] = routes[number]
    return found


async def _page(
    request: Request, desk: Desk, flow: int, number: int | None, values: dict[str, Any], condition: dict[str, Any],
    wrong: Wrong | None = None, more: str = "",
) -> Response:  # fmt: skip
    tongue = tongue_of(request)
    within = values.get("respond_within")
    by_grade = within if isinstance(within, dict) else {"any": within} if within is not None else {}
    own = await matching.own_fields(desk.hub)
    return await ruled(
        request, "rules/route.html", desk, tab="flows", status=422 if wrong else 200, flow=flow, number=number,
        flow_name=str(flow_at(desk, flow).get("name", "")), wrong=wrong,
        action=f"/rules/flows/{flow}/routes/{'new' if number is None else number}",
        pieces=pieces_of(request, desk, FORM, values, more), condition=condition,
        groups=wording.groups(desk, tongue, own), operators=wording.said(wording.OPERATORS, tongue),
        targets=[[grade, str(by_grade.get(grade, ""))] for grade in _grades(desk, flow, by_grade)],
        known=known_values(desk, flow), name=str(values.get("name", "")),
    )  # fmt: skip


def grades(flow: dict[str, Any]) -> list[str]:
    """Return the grades that leads of a flow may have."""
    steps = flow.get("steps")
    for one in steps if isinstance(steps, list) else ():
        bands = (one.get("score") or one.get("options") or {}).get("bands") if isinstance(one, dict) else None
        if isinstance(bands, dict) and bands:
            return [str(name) for name in bands]
    return list(DEFAULT_BANDS)


def _grades(desk: Desk, flow: int, by_grade: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(["any", *grades(flow_at(desk, flow)), *by_grade]))


def known_values(desk: Desk, flow: int) -> list[str]:
    """Return values that are offered while somebody types: grades, sources, tags and countries."""
    tagged = (one.get("tags") for one in desk.section("sources").values() if isinstance(one, dict))
    tags = {str(value) for one in tagged if isinstance(one, dict) for value in one.values()}
    countries = ("CN", "DE", "US", "GB", "FR", "JP", "SG")
    return [*grades(flow_at(desk, flow)), *desk.section("sources"), *sorted(tags), *countries]


@router.post("/flows/{flow}/routes/new", dependencies=[needs("admin")])
async def add_route(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Add a route, as it was typed."""
    return await _posted(request, hub, caller, flow, None)


@router.post("/flows/{flow}/routes/{number}", dependencies=[needs("admin")])
async def change_route(request: Request, hub: HubDep, caller: CallerDep, flow: Number, number: Number) -> Response:
    """Keep what was typed about a route."""
    return await _posted(request, hub, caller, flow, number)


async def _posted(request: Request, hub: Hub, caller: Any, flow: int, number: int | None) -> Response:
    form, more, _ = act_of(await lists_of(request, hub))
    desk = await desk_of(hub, caller)
    asked = conditions.asked(form)
    new = _typed(form, route_at(desk, flow, number), asked.expression)

    async def again(wrong: Wrong | None) -> Response:
        return await _page(request, desk, flow, number, new, asked.form, wrong, more)

    if "".join(form.get("act", ())) != "save" and not checking(request):
        return await again(None)
    if asked.error:
        return await again({"says": asked.error, "line": None, "key": "when", "field": "when"})
    place = number if number is not None else _last(desk, flow)
    sheet = Sheet((*FORM, _BY_HAND), ("flows", flow, "routes", place), "/rules")

    def edit(text: str) -> str:
        text = edits.put(text, sheet.where, new) if number is not None else _added(text, sheet, new)
        return with_step(flow_at(desk, flow), text, flow, "auction", "route") if new.get("auction") else text

    return await kept(request, desk, edit, sheet.to, again, namer(sheet, new))


def _added(text: str, sheet: Sheet, new: dict[str, Any]) -> str:
    return edits.insert(text, sheet.where[:-1], int(sheet.where[-1]), new)


def _last(desk: Desk, flow: int) -> int:
    """Return where a new route comes: before the one that takes all the rest, where there is one."""
    routes = flow_at(desk, flow).get("routes") or []
    return len(routes) - 1 if routes and routes[-1].get("when") is None else len(routes)


def _typed(form: Form, old: dict[str, Any], when: str | None) -> dict[str, Any]:
    """Return the route that was typed, in the order people write one."""
    new = taken_form(FORM, form, old)
    new.setdefault("name", "")
    new["when"] = when
    grades = {
        name.removeprefix("within."): "".join(said).strip() for name, said in form.items() if name[:7] == "within."
    }
    targets = {grade: within for grade, within in grades.items() if within}
    only = targets.get("any") if set(targets) == {"any"} else None
    before = old.get("respond_within")
    same = str(before) == only if only else isinstance(before, dict) and _texts(before) == targets
    new["respond_within"] = before if same else only or targets or None
    order = dict.fromkeys(["name", "when", "assign", "auction", "respond_within", "calendar", "to", *new])
    return {key: new[key] for key in order if new.get(key) is not None}


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


@router.post("/check/{flow}", dependencies=[needs("admin")])
async def check(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Say what the condition in a form means and which of the newest leads it takes, as somebody types it."""
    form = await lists_of(request, hub)
    asked = conditions.asked(form)
    desk = await desk_of(hub, caller)
    name = str(flow_at(desk, flow).get("name", "")) if isinstance(desk, Desk) else None
    if asked.error:
        said: dict[str, Any] = {"ok": False, "error": asked.error}
    elif asked.expression is None:
        said = {"ok": True, "words": None}
    else:
        said = await matching.judged(hub, asked.expression, name)
    return await show(request, "rules/verdict.html", verdict=said, expression=asked.expression)
