"""Settings: what this hub is, which processes run it, which plugins it loaded; and the way to everything else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import about as about_api
from hub.api import ops, setup
from hub.api.access import ROLES, CallerDep, HubDep, needs
from hub.web import assets
from hub.web.entry import Page
from hub.web.site import show
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the settings, and who may open it."""

    name: str
    title: str
    role: str
    about: str


PLACES = (
    Place("users", N_("Users"), "owner", N_("Who signs in, in which role; passwords and sessions.")),
    Place("keys", N_("API keys"), "owner", N_("What programs and senders come in with.")),
    Place("audit", N_("Audit log"), "admin", N_("Who did what; sealed, and nobody can change it unnoticed.")),
    Place("retention", N_("Retention"), "admin", N_("What is kept for how long, and what goes next.")),
    Place("people", N_("People's rights"), "admin", N_("Erase a person; hand out what is known of one.")),
    Place("backups", N_("Backups"), "owner", N_("Copies of the database: made, listed, checked.")),
    Place("plugins", N_("Plugins"), "operator", N_("Your own code: what was loaded, with its hash.")),
    Place("nodes", N_("Nodes"), "viewer", N_("The processes that run on this database.")),
    Place("about", N_("About leadhub"), "viewer", N_("Version, licences, database, language and time zone.")),
)


def places_for(role: str) -> list[dict[str, str]]:
    """Return the pages of the settings that a role may open."""
    return [
        {"name": place.name, "title": place.title, "about": place.about, "path": f"/settings/{place.name}"}
        for place in PLACES
        if role in ROLES and ROLES.index(role) >= ROLES.index(place.role)
    ]


async def show_place(request: Request, name: str, /, template: str | None = None, **data: Any) -> Response:
    """Show a page of the settings, with the tabs to the others."""
    places = places_for(request.state.caller.role)
    page = template or f"settings/{name}.html"
    return await show(request, page, places=places, place=name, **data)


@router.get("/settings", dependencies=[needs("viewer")])
async def settings(request: Request, caller: CallerDep) -> Response:
    """Show what can be set, for the role of whoever looks."""
    return await show(request, "settings/page.html", places=places_for(caller.role))


@router.get("/settings/about", dependencies=[needs("viewer")])
async def about(request: Request, hub: HubDep) -> Response:
    """Show version, licences, database, language and time zone."""
    return await show_place(request, "about", it=await about_api.about(hub), licences=licences())


@cache
def licences() -> list[dict[str, str]]:
    """Return the licences of what others wrote and our pages load."""
    found = sorted((assets.FOLDER / "vendor").glob("*.LICENSE"))
    return [{"name": _name(path), "words": path.read_text("utf-8").strip()} for path in found]


def _name(path: Path) -> str:
    return {"chart": "Chart.js", "htmx": "htmx"}.get(path.stem, path.stem)


@router.get("/settings/nodes", dependencies=[needs("viewer")])
async def nodes(request: Request, hub: HubDep) -> Response:
    """Show the processes that run on this database."""
    rows = (await ops.nodes(hub))["items"]
    items = [{**{k: v for k, v in row.items() if k != "note"}, "odd": row["note"]} for row in rows]
    return await show_place(request, "nodes", items=items, me=hub.holder, reasons=hub.node.reasons())


@router.get("/settings/plugins", dependencies=[needs("operator")])
async def plugins(request: Request, hub: HubDep) -> Response:
    """Show the files of the folder plugins/, what each registered, and why one was left out."""
    return await show_place(request, "plugins", items=(await setup.plugins(hub))["items"])
