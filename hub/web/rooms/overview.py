"""The overview: what came in, what became of it, and what waits for a person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.api.access import REP, CallerDep, HubDep, needs
from hub.app import Hub
from hub.store import listing
from hub.store.waiting import MOST, waiting_for_people
from hub.web.entry import Page
from hub.web.site import show

router = APIRouter(include_in_schema=False, route_class=Page)

NEWEST = 10


@router.get("/", dependencies=[needs("viewer", rep=True)])
async def overview(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show what came in, what became of it, and what waits; a rep is led to their own leads."""
    if caller.role == REP:
        return RedirectResponse("/mine", 303)
    waiting = await request.app.state.kept.ask("waiting", lambda: waits(hub))
    newest, _ = await hub.db.read(listing.page, "lead", {"state": "open"}, limit=NEWEST)
    return await show(request, "overview/page.html", newest=newest, waits=waiting.value)


async def waits(hub: Hub) -> dict[str, Any]:
    """Return how much waits for a person, by kind and in all."""
    kinds = await hub.db.read(waiting_for_people)
    return {"kinds": kinds, "total": sum(kinds.values()), "more": max(kinds.values()) >= MOST}
