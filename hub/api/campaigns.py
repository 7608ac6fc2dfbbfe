"""Campaigns: what each brought and cost, its touches, and costs that come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Body, Limit, listed
from hub.api.reports import Form, When, turn
from hub.app import Hub
from hub.attribution.desk import Costs
from hub.attribution.frame import span_of
from hub.attribution.reports import Attribution
from hub.insight.reports import as_csv
from hub.store import attribution as store
from hub.store import costs as cost_store

router = APIRouter(prefix="/api", tags=["campaigns"], route_class=Masked)

By = Annotated[
    str | None,
    Query(max_length=200, description="What to divide by: campaign, source, medium, origin, tag:NAME, ad_group …"),
]
Model = Annotated[str | None, Query(max_length=64, description="The attribution model, such as linear.")]
Rank = Annotated[str, Query(max_length=40, description="What lines are ranked by, such as return or cost_per_won.")]


class CostRows(Body):
    """Costs: rows with a date (or from and to), a cost, and a campaign, a source or both; any usual names will do."""

    name: str = Field("", max_length=200, description="What people call it, such as the name of a file.")
    source: str | None = Field(None, max_length=200, description="The source of rows that name none.")
    items: list[dict[str, Any]] = Field(max_length=20_000)
    dry_run: bool = Field(False, description="Say what would be kept, and keep nothing.")


@router.get("/reports/attribution", dependencies=[needs("viewer")], response_model=None)
async def attribution(
    request: Request, hub: HubDep, since: When = None, until: When = None, outcomes: When = None, by: By = None,
    model: Model = None, against: Model = None, rank: Rank = "return", form: Form = "json",
) -> dict[str, Any] | Response:  # fmt: skip
    """Report what each campaign brought and cost, of leads first seen in a span, by default the last 90 days.

    `model` shares the credit among the touches of a lead; `against` puts a second model beside it. What was heard
    and touched up to `outcomes` counts.
    """
    maker = Attribution(hub.db, hub.plan, hub.clock)
    frame = maker.frame(since, until, outcomes, by, [name for name in (model, against) if name])
    async with turn(request):
        said = await maker.make(frame, rank)
    if form == "json":
        return said
    headers = {"content-disposition": 'attachment; filename="attribution.csv"'}
    return Response(as_csv(said), headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/reports/attribution/models", dependencies=[needs("viewer")])
async def models(hub: HubDep) -> dict[str, Any]:
    """List the attribution models: leadhub's, those of hub.yaml, those of plugins."""
    maker = Attribution(hub.db, hub.plan, hub.clock)
    return {"items": [{"model": name, "says": maker.says(name)} for name in maker.models()], "next": None}


@router.get("/campaigns/touches", dependencies=[needs("viewer")])
async def touches(
    hub: HubDep, campaign: Annotated[str | None, Query(max_length=1000)] = None, since: When = None,
    until: When = None, limit: Limit = 50, after: After = None,
) -> dict[str, Any]:  # fmt: skip
    """List the touches of a campaign, newest first; without one, those that name none."""
    start, end, _ = span_of(since, until, None, hub.clock.now(), hub.plan.settings.hub.zone)
    return listed(*await hub.db.read(store.touches_of, campaign or None, (start, end), limit=limit, after=after))


@router.get("/costs", dependencies=[needs("viewer")])
async def costs(hub: HubDep, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    """List what costs came in, newest first, also those that were undone."""
    return listed(*await hub.db.read(cost_store.batches, limit=limit, after=after))


@router.post("/costs", dependencies=[needs("operator")])
async def add_costs(request: Request, hub: HubDep, caller: CallerDep, body: CostRows) -> dict[str, Any]:
    """Keep costs. Each row counts once, so the same ones twice are once; what is wrong with a row is said.

    A row with two days, or a month, is spread evenly over them.
    """
    return await keep_costs(request, hub, caller, _table(body.items), body)


async def keep_costs(
    request: Request, hub: Hub, caller: Caller, table: Iterator[tuple[int, Mapping[str, Any]]], body: CostRows
) -> dict[str, Any]:
    """Keep the costs of a table with numbered rows, or say what would be kept."""
    desk = Costs(hub.db, hub.clock, hub.ids)
    name = body.name or "API"
    said = await desk.take(table, name, by=caller.actor, source=body.source or None, dry_run=body.dry_run)
    if not body.dry_run:
        request.app.state.kept.forget()
    return said


def _table(items: list[dict[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield rows that all name the same columns, which is what a table is read by."""
    names = dict.fromkeys(name for item in items for name in item)
    for number, item in enumerate(items, 1):
        yield number, {**names, **item}


@router.get("/costs/{batch}", dependencies=[needs("viewer")])
async def cost_rows(
    hub: HubDep, batch: str, limit: Limit = 50, after: Annotated[int | None, Query(ge=0, lt=10**18)] = None
) -> dict[str, Any]:
    """List the rows of costs that came together, in their order; none once they were undone."""
    return listed(*await hub.db.read(cost_store.rows_of, batch, limit=limit, after=after))


@router.post("/costs/{batch}/undo", dependencies=[needs("operator")])
async def undo_costs(request: Request, hub: HubDep, caller: CallerDep, batch: str) -> dict[str, int]:
    """Take costs that came together out again."""
    number = await Costs(hub.db, hub.clock, hub.ids).undo(batch, by=caller.actor)
    request.app.state.kept.forget()
    return {"rows": number}
