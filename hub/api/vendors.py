"""Scorecards of vendors, and the links by which they see their own without an account."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from hub.api.access import ROLES, CallerDep, HubDep, Masked, needs, open_to_all
from hub.api.address import caller_address
from hub.api.leads import Body
from hub.api.problems import ApiError
from hub.api.reports import Form, When, turn
from hub.app import Hub
from hub.attribution.blur import blurred
from hub.attribution.desk import LASTS, LONGEST, Vendors
from hub.insight.reports import as_csv

router = APIRouter(prefix="/api", tags=["campaigns"], route_class=Masked)

OPEN = open_to_all(
    "A vendor without an account looks at numbers of its own leads; the link is signed, ends, and can be ended."
)

Blur = Annotated[bool, Query(description="As a link shows it: numbers below five are not told.")]


class Shared(Body):
    """How long a link is good."""

    days: int = Field(LASTS, ge=1, le=LONGEST)


def desk_of(hub: Hub) -> Vendors:
    """Return who makes scorecards."""
    return Vendors(hub.db, hub.plan, hub.clock, hub.ids, hub.privacy.keeper.secret)


@router.get("/vendors/{source}", dependencies=[needs("viewer")], response_model=None)
async def scorecard(
    request: Request, hub: HubDep, source: str, since: When = None, until: When = None, blur: Blur = False,
    form: Form = "json",
) -> dict[str, Any] | Response:  # fmt: skip
    """Show what a source sent by month, by default of a year: what was good of it, how quickly answered, its cost."""
    async with turn(request):
        card = await desk_of(hub).card(source, since, until)
    card = blurred(card) if blur else card
    return card if form == "json" else card_csv(card)


def card_csv(card: dict[str, Any]) -> Response:
    """Return a scorecard as CSV, a line for each month."""
    said = {
        "rows": card["months"],
        "total": card["total"],
        **{name: card[name] for name in ("since", "until", "time_zone")},
    }
    headers = {"content-disposition": 'attachment; filename="scorecard.csv"'}
    return Response(as_csv(said), headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/vendors/{source}/links", dependencies=[needs("operator")])
async def links(hub: HubDep, source: str) -> dict[str, Any]:
    """List the links to a scorecard, newest first; one that still opens has its token."""
    return {"items": await desk_of(hub).links(source), "next": None}


@router.post("/vendors/{source}/links", dependencies=[needs("operator")])
async def share(hub: HubDep, caller: CallerDep, source: str, body: Shared) -> dict[str, Any]:
    """Make a link that shows a scorecard to whoever has it, without persons, at `/scorecard/TOKEN`."""
    return await desk_of(hub).share(source, body.days, by=caller.actor)


@router.post("/vendors/links/{link}/revoke", dependencies=[needs("operator")])
async def revoke(hub: HubDep, caller: CallerDep, link: str) -> dict[str, str]:
    """End a link to a scorecard; whoever made it may, and admins."""
    anyone = ROLES.index(caller.role) >= ROLES.index("admin")
    return {"source": await desk_of(hub).revoke(link, by=caller.actor, anyone=anyone)}


@router.get("/scorecard/{token}", dependencies=[OPEN])
async def shared(request: Request, hub: HubDep, token: str) -> dict[str, Any]:
    """Show the scorecard a link was made for; nothing in it is about fewer than five persons."""
    return await opened(request, hub, token)


async def opened(request: Request, hub: Hub, token: str) -> dict[str, Any]:
    """Return the card of a link, None in it while it is counted; raises ApiError 404 for a link that does not open."""
    address = caller_address(request, hub.plan.settings.hub) or ""
    request.app.state.limits.take("call", f"scorecard {address}", hub.clock.monotonic())
    source = await desk_of(hub).opened(token)
    if source is None:
        raise ApiError(
            404, "This link does not open: it has ended, or was ended by whoever made it. Ask for a new one."
        )
    card = await counted(request, hub, source)
    return {"source": source, "card": None if card is None else blurred(card)}


async def counted(request: Request, hub: Hub, source: str) -> Any:
    """Return the card of a source as it was counted last, None while there is none yet."""
    question = ("scorecard", hub.plan.revision, source)
    answer = await request.app.state.kept.ask(question, lambda: desk_of(hub).card(source), heavy=True)
    return None if answer.pending else answer.value
