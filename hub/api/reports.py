"""Reports on response and people: speed, targets, lateness, fairness, pools, boards."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.api.access import HubDep, Masked, needs
from hub.attribution.frame import PLAIN
from hub.attribution.reports import SAYS
from hub.insight.reports import REPORTS, Reports, as_csv

router = APIRouter(prefix="/api", tags=["reports"], route_class=Masked)

When = Annotated[str | None, Query(max_length=64, description="A day such as 2026-05-01, a time, or 7d ago.")]
By = Annotated[str | None, Query(max_length=200, description="What to divide by, such as source,grade,hour,rep.")]
Without = Annotated[bool, Query(description="Leave out the time in which leadhub itself held a lead.")]
Only = Annotated[str | None, Query(max_length=200, description="Only such leads.")]
Hour = Annotated[int | None, Query(ge=0, le=23, description="Only leads submitted in this hour of the hub's day.")]
Form = Annotated[Literal["json", "csv"], Query(alias="format")]


@router.get("/reports", dependencies=[needs("viewer")])
async def reports() -> dict[str, Any]:
    """List the reports, what each can be divided by, and what it can be narrowed to."""
    items = [
        {"report": name, "says": one.says, "by": list(one.by), "can": list(one.can), "only": list(one.only)}
        for name, one in REPORTS.items()
    ]
    items.append({"report": "attribution", "says": SAYS, "by": ["campaign"], "can": list(PLAIN), "only": []})
    return {"items": items, "next": None}


@router.get("/reports/{name}", dependencies=[needs("viewer")], response_model=None)
async def report(
    request: Request, hub: HubDep, name: str, since: When = None, until: When = None, by: By = None,
    form: Form = "json", without_held: Without = False, source: Only = None, grade: Only = None, rep: Only = None,
    team: Only = None, route: Only = None, flow: Only = None, hour: Hour = None,
) -> dict[str, Any] | Response:  # fmt: skip
    """Make a report on the leads whose prospects submitted in a span, by default the last 30 days."""
    maker = Reports(hub.db, hub.plan, hub.clock)
    asked = {"source": source, "grade": grade, "rep": rep, "team": team, "route": route, "flow": flow, "hour": hour}
    only = {name: str(value) for name, value in asked.items() if value is not None}
    frame = maker.frame(name, since, until, by, without_held=without_held, only=only)
    async with turn(request):
        said = await maker.make(name, frame)
    if form == "json":
        return said
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(as_csv(said), headers=headers, media_type="text/csv; charset=utf-8")


def turn(request: Request) -> asyncio.Semaphore:
    """Return what lets one report at a time be made: a large one keeps a core busy, and leads go first."""
    state = request.app.state
    if not hasattr(state, "reporting"):
        state.reporting = asyncio.Semaphore(1)
    found: asyncio.Semaphore = state.reporting
    return found
