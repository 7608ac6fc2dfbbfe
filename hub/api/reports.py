"""Reports on response and people: speed, targets, lateness, fairness, pools, boards."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.api.access import HubDep, Masked, needs
from hub.insight.reports import REPORTS, Reports, as_csv

router = APIRouter(prefix="/api", tags=["reports"], route_class=Masked)

When = Annotated[str | None, Query(max_length=64, description="A day such as 2026-05-01, a time, or 7d ago.")]
By = Annotated[str | None, Query(max_length=200, description="What to divide by, such as source,grade,hour,rep.")]
Without = Annotated[bool, Query(description="Leave out the time in which leadhub itself held a lead.")]
Form = Annotated[Literal["json", "csv"], Query(alias="format")]


@router.get("/reports", dependencies=[needs("viewer")])
async def reports() -> dict[str, Any]:
    """List the reports, and what each can be divided by."""
    items = [
        {"report": name, "says": one.says, "by": list(one.by), "can": list(one.can)} for name, one in REPORTS.items()
    ]
    return {"items": items, "next": None}


@router.get("/reports/{name}", dependencies=[needs("viewer")], response_model=None)
async def report(
    request: Request, hub: HubDep, name: str, since: When = None, until: When = None, by: By = None,
    form: Form = "json", without_held: Without = False,
) -> dict[str, Any] | Response:  # fmt: skip
    """Make a report on the leads whose prospects submitted in a span, by default the last 30 days."""
    maker = Reports(hub.db, hub.plan, hub.clock)
    frame = maker.frame(name, since, until, by, without_held=without_held)
    async with _turn(request):
        said = await maker.make(name, frame)
    if form == "json":
        return said
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(as_csv(said), headers=headers, media_type="text/csv; charset=utf-8")


def _turn(request: Request) -> asyncio.Semaphore:
    """Return what lets one report at a time be made: a large one keeps a core busy, and leads go first."""
    state = request.app.state
    if not hasattr(state, "reporting"):
        state.reporting = asyncio.Semaphore(1)
    found: asyncio.Semaphore = state.reporting
    return found
