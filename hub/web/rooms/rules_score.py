"""How a flow gives points: grades and where each begins, and the rules that give or take points."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub import draft as edits
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import matching
from hub.steps.score import DEFAULT_RULES, ScoreOptions
from hub.web.editor import conditions, wording
from hub.web.editor.desk import Desk, Wrong, checking, desk_of, kept, ruled
from hub.web.editor.flows import flow_at, options_of, steps_of, where_of, with_options
from hub.web.editor.forms import Fields, Form, Input, fields, taken
from hub.web.editor.kinds import typed
from hub.web.editor.steps import SCORE
from hub.web.entry import Page
from hub.web.posted import form_of, lists_of
from hub.web.rooms.rules import Number, sentence, turned, wrong_with
from hub.web.rooms.rules_form import Sheet, namer, pieces_of, posted
from hub.web.rooms.rules_route import known_values
from hub.web.site import tongue_of
from hub.web.tongue import N_
from hub.yamlfile import Where

router = APIRouter(prefix="/rules/flows/{flow}/scoring", include_in_schema=False, route_class=Page)

RULE = (
    Input("points", N_("Points"), "number", N_("Below zero takes points away.")),
    Input("reason", N_("Reason"), "text", N_("Reps read it beside the points. Empty: the rule in plain words.")),
)
DEFAULT_BANDS = ScoreOptions.model_fields["bands"].default


def _place(flow: dict[str, Any]) -> int:
    """Return which step of a flow gives points; raises ApiError where none does."""
    names = steps_of(flow)
    if "score" not in names:
        raise ApiError(404, "This flow has no step that gives points. Add the step first.")
    return names.index("score")


def _options(desk: Desk, flow: int) -> dict[str, Any]:
    said = flow_at(desk, flow)
    return options_of(said, _place(said))


def _where(flow: int, desk: Desk) -> Where:
    """Return where the options stand, once the step is written with options."""
    said = flow_at(desk, flow)
    return where_of(said, flow, _place(said))


def _put(desk: Desk, text: str, flow: int, options: dict[str, Any]) -> str:
    said = flow_at(desk, flow)
    return with_options(said, text, flow, _place(said), options)


@router.get("", dependencies=[needs("admin")])
async def scoring(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Show how a flow gives points."""
    desk = await desk_of(hub, caller)
    return await _page(request, desk, flow, _options(desk, flow))


async def _page(
    request: Request, desk: Desk, flow: int, values: dict[str, Any], wrong: Wrong | None = None
) -> Response:
    tongue = tongue_of(request)
    rules = values.get("rules")
    shown = rules if isinstance(rules, list) else [rule.model_dump() for rule in DEFAULT_RULES]
    bands = values.get("bands") or DEFAULT_BANDS
    return await ruled(
        request, "rules/scoring.html", desk, tab="flows", status=422 if wrong else 200, wrong=wrong, flow=flow,
        flow_name=str(flow_at(desk, flow).get("name", "")), own=isinstance(rules, list),
        bands=[[str(name), str(points)] for name, points in [*bands.items(), ("", "")]],
        pieces=pieces_of(request, desk, SCORE, values),
        rules=[
            {"points": one.get("points"), "reason": one.get("reason") or "", "when": sentence(one.get("when"), tongue),
             "wrong": wrong_with(one.get("when"))}
            for one in shown if isinstance(one, dict)
        ],
    )  # fmt: skip


@router.post("", dependencies=[needs("admin")])
async def change(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Keep the grades and what else was typed."""
    form = await lists_of(request, hub)
    desk = await desk_of(hub, caller)
    old = _options(desk, flow)
    bands = _bands(form)
    if bands and bands != (old.get("bands") or DEFAULT_BANDS):
        old = {**old, "bands": bands}

    def write(text: str, values: dict[str, Any]) -> str:
        return _put(desk, text, flow, values)

    async def page(values: dict[str, Any], wrong: Wrong | None, _: str) -> Response:
        return await _page(request, desk, flow, values, wrong)

    return await posted(request, desk, Sheet(SCORE, _where(flow, desk), _list(flow), write), form, old, page)


def _bands(form: Form) -> dict[str, Any]:
    names, points = form.get("band.name", ()), form.get("band.points", ())
    return {name.strip(): typed(least) for name, least in zip(names, points, strict=False) if name.strip()}


@router.post("/own", dependencies=[needs("admin")])
async def own_rules(request: Request, hub: HubDep, caller: CallerDep, flow: Number) -> Response:
    """Write leadhub's own rules into the draft, so that they can be changed."""
    await form_of(request, hub)
    desk = await desk_of(hub, caller)
    rules = [rule.model_dump(exclude_none=True) for rule in DEFAULT_RULES]
    new = {
        **_options(desk, flow),
        "rules": [{**one, "points": typed(f"{one['points']:g}")} for one in rules],
    }

    async def again(wrong: dict[str, Any]) -> Response:
        return await _page(request, desk, flow, new, wrong)

    return await kept(request, desk, lambda text: _put(desk, text, flow, new), f"/rules/flows/{flow}/scoring", again)


@router.get("/{rule}", dependencies=[needs("admin")])
async def rule(request: Request, hub: HubDep, caller: CallerDep, flow: Number, rule: str) -> Response:
    """Show a rule, or an empty one."""
    desk = await desk_of(hub, caller)
    values, number = rule_at(desk, flow, rule)
    return await _rule_page(request, desk, flow, number, values, conditions.shown(values.get("when")))


def rule_at(desk: Desk, flow: int, rule: str) -> tuple[dict[str, Any], int | None]:
    """Return a rule of the draft with its number, or a new one; raises ApiError."""
    rules = _options(desk, flow).get("rules") or []
    if rule == "new":
        return {}, None
    if not rule.isdigit() or int(rule) >= len(rules) or not isinstance(rules[int(rule)], dict):
        raise ApiError(404, "There is no such rule in your draft.")
    return rules[int(rule)], int(rule)


async def _rule_page(
    request: Request, desk: Desk, flow: int, number: int | None, values: dict[str, Any], condition: dict[str, Any],
    wrong: dict[str, Any] | None = None,
) -> Response:  # fmt: skip
    tongue = tongue_of(request)
    own = await matching.own_fields(desk.hub)
    return await ruled(
        request, "rules/rule.html", desk, tab="flows", status=422 if wrong else 200, wrong=wrong, flow=flow,
        number=number, action=f"/rules/flows/{flow}/scoring/{'new' if number is None else number}",
        fields=fields(RULE, values, {}), condition=condition, known=known_values(desk, flow),
        groups=wording.groups(desk, tongue, own), operators=wording.said(wording.OPERATORS, tongue),
    )  # fmt: skip


@router.post("/{rule}", dependencies=[needs("admin")])
async def change_rule(request: Request, hub: HubDep, caller: CallerDep, flow: Number, rule: str) -> Response:
    """Keep what was typed about a rule."""
    form = await lists_of(request, hub)
    desk = await desk_of(hub, caller)
    old, number = rule_at(desk, flow, rule)
    asked = conditions.asked(form)
    new = {**({"when": asked.expression} if asked.expression else {}), **_without_when(taken(RULE, form, old))}

    async def again(wrong: dict[str, Any] | None) -> Response:
        return await _rule_page(request, desk, flow, number, new, asked.form, wrong)

    if "".join(form.get("act", ())) != "save" and not checking(request):
        return await again(None)
    if asked.error or not asked.expression:
        said = asked.error or tongue_of(request).say(N_("Say which leads get the points."))
        return await again({"says": said, "line": None, "key": "when"})
    sheet = Sheet((Fields(RULE),), (*_where(flow, desk), "rules", _number(desk, flow, number)), _list(flow))
    edit = partial(_with_rule, desk, flow=flow, number=number, new=new)
    return await kept(request, desk, edit, sheet.to, again, namer(sheet, new))


def _number(desk: Desk, flow: int, number: int | None) -> int:
    return number if number is not None else len(_options(desk, flow).get("rules") or ())


def _without_when(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != "when"}


def _list(flow: int) -> str:
    return f"/rules/flows/{flow}/scoring"


def _with_rule(desk: Desk, text: str, flow: int, number: int | None, new: dict[str, Any]) -> str:
    options = _options(desk, flow)
    if not isinstance(options.get("rules"), list):
        return _put(desk, text, flow, {**options, "rules": [new]})
    where = (*_where(flow, desk), "rules")
    if number is None:
        return edits.insert(text, where, len(options["rules"]), new)
    return edits.put(text, (*where, number), new)


@router.post("/{number}/{act}", dependencies=[needs("admin")])
async def turn(request: Request, hub: HubDep, caller: CallerDep, flow: Number, number: Number, act: str) -> Response:
    """Move a rule up or down, or take it out."""
    await form_of(request, hub)
    desk = await desk_of(hub, caller)
    where = (*_where(flow, desk), "rules") if isinstance(desk, Desk) else ()
    return await turned(request, desk, where, number, act, _list(flow))
