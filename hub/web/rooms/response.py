"""How quickly prospects are answered: waits, targets and ladders, who is slow; each chart says what it counts by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial as bound
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.access import HubDep, needs
from hub.app import Hub
from hub.errors import BadInput
from hub.insight.frame import Frame
from hub.insight.reports import Reports
from hub.people.reps import members
from hub.web.entry import Page
from hub.web.rooms.response_shape import by_pace, curves, rungs, slices, waits_by
from hub.web.site import partial, show, told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

SPANS = (("1d", N_("Last 24 hours")), ("7d", N_("Last 7 days")), ("30d", N_("Last 30 days")),
         ("90d", N_("Last 90 days")), ("365d", N_("Last year")))  # fmt: skip
BY = (("", N_("All together")), ("source", N_("Source")), ("rep", N_("Rep")), ("team", N_("Team")),
      ("grade", N_("Grade")), ("hour", N_("Hour of the day")), ("week", N_("Week")))  # fmt: skip
FILTERS = ("team", "rep", "source", "grade", "hour")
TABS = (("/response", N_("Speed")), ("/response/targets", N_("Targets")), ("/response/reps", N_("Reps")),
        ("/response/queue", N_("Who waits now")))  # fmt: skip

Asked = dict[str, str]


@router.get("/response", dependencies=[needs("viewer")])
async def speed(request: Request, hub: HubDep) -> Response:
    """Show how long prospects wait: bands, the survival curve, the legs, and the same by what is asked for."""
    return await _reported(request, hub, "speed", _waits)


@router.get("/response/targets", dependencies=[needs("viewer")])
async def targets(request: Request, hub: HubDep) -> Response:
    """Show what was promised and kept, what ladders did, and what lateness costs."""
    return await _reported(request, hub, "targets", _targets)


@router.get("/response/reps", dependencies=[needs("viewer")])
async def reps(request: Request, hub: HubDep) -> Response:
    """Show who is slow, and how fairly leads are dealt."""
    return await _reported(request, hub, "reps", _reps)


async def _reported(
    request: Request, hub: Hub, name: str, make: Callable[[Reports, Frame], Awaitable[dict[str, Any]]]
) -> Response:
    """Show a page whose numbers take a while: what was counted last, or that they are counted."""
    tongue, asked = tongue_of(request), _asked(request)
    maker = Reports(hub.db, hub.plan, hub.clock)
    try:
        frame = _frame(maker, asked)
    except BadInput as error:
        return told(request.url.path, str(error), bad=True)
    counted = await request.app.state.kept.ask(
        ("response", name, *sorted(asked.items())), bound(make, maker, frame), heavy=True
    )
    here = {
        "asked": asked, "query": urlencode(asked), "pending": counted.pending, "counted_at": counted.at,
        "found": counted.value, "basis": _basis(tongue, frame, asked), "csv": _csv(asked), "tab": request.url.path,
        "tabs": [{"path": path, "title": tongue.say(title)} for path, title in TABS],
    }  # fmt: skip
    if counted.value:
        here |= _drawn(name, counted.value, tongue, hub)
    if partial(request):
        return await show(request, f"response/{name}_part.html", **here)
    return await show(request, f"response/{name}.html", **here, **_choices(hub, tongue))


def _asked(request: Request) -> Asked:
    """Return what was asked for in the address, no more than there is."""
    known = ("since", "until", "by", *FILTERS)
    asked = {name: request.query_params.get(name, "").strip()[:200] for name in known}
    return {"since": "30d"} | {name: value for name, value in asked.items() if value}


def _frame(maker: Reports, asked: Asked) -> Frame:
    only = {name: asked[name] for name in FILTERS if name in asked}
    return maker.frame("speed", asked.get("since"), asked.get("until"), asked.get("by", ""), only=only)


async def _waits(maker: Reports, frame: Frame) -> dict[str, Any]:
    return await maker.waits(frame)


async def _targets(maker: Reports, frame: Frame) -> dict[str, Any]:
    ladder = maker.frame("ladder", frame.since.isoformat(), frame.until.isoformat(), "team", only=frame.only)
    late = maker.frame("lateness", frame.since.isoformat(), frame.until.isoformat(), "", only=frame.only)
    return {
        "target": await maker.make("target", frame), "ladder": await maker.make("ladder", ladder),
        "lateness": await maker.make("lateness", late),
    }  # fmt: skip


async def _reps(maker: Reports, frame: Frame) -> dict[str, Any]:
    span = (frame.since.isoformat(), frame.until.isoformat())
    return {
        "board": await maker.make("board", maker.frame("board", *span, "rep", only=frame.only)),
        "fairness": await maker.make("fairness", maker.frame("fairness", *span)),
    }


def _drawn(name: str, found: Mapping[str, Any], tongue: Tongue, hub: Hub) -> dict[str, Any]:
    """Return what charts and tables are made of."""
    if name == "speed":
        return {
            "bands": slices(found["distribution"], tongue), "survival": curves(found["survival"], tongue),
            "lines": waits_by(found["speed"], tongue),
        }  # fmt: skip
    if name == "targets":
        return {"ladders": rungs(found["ladder"], hub.plan.settings.teams)}
    return {"board": by_pace(found["board"]["rows"])}


def _basis(tongue: Tongue, frame: Frame, asked: Asked) -> str:
    """Return by which time a page counts, and whose leads."""
    span = {"since": tongue.when(frame.since, "short"), "until": tongue.when(frame.until, "short")}
    said = [tongue.say(N_("By when the prospect submitted: from %(since)s until before %(until)s."), **span)]
    only = [f"{tongue.say(dict(BY)[name])} {asked[name]}" for name in FILTERS if name in asked]
    whose = N_("Only %(only)s, without test leads.") if only else N_("All leads but test leads.")
    said.append(tongue.say(whose, only=", ".join(only)) if only else tongue.say(whose))
    return " ".join(said)


def _csv(asked: Asked) -> dict[str, str]:
    """Return where each report is as CSV."""
    rest = {name: value for name, value in asked.items() if name != "by"}
    divided = {"by": asked.get("by", "")}
    fair = {name: value for name, value in rest.items() if name in ("since", "until")}
    every = {
        "speed": rest | divided, "distribution": rest | divided, "survival": rest | divided, "target": rest | divided,
        "ladder": rest, "lateness": rest, "board": rest, "fairness": fair,
    }  # fmt: skip
    return {name: f"/api/reports/{name}?{urlencode({**query, 'format': 'csv'})}" for name, query in every.items()}


def _choices(hub: Hub, tongue: Tongue) -> dict[str, Any]:
    settings = hub.plan.settings
    return {
        "spans": [(value, tongue.say(words)) for value, words in SPANS],
        "divisions": [(value, tongue.say(words)) for value, words in BY],
        "teams": sorted(settings.teams), "reps": sorted(members(settings)), "sources": sorted(settings.sources),
    }  # fmt: skip
