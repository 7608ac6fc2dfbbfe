"""Sections of hub.yaml with one form each: the review that comes by itself, and how campaigns are reckoned."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub import draft as edits
from hub.api.access import CallerDep, HubDep, needs
from hub.attribution.reports import Attribution
from hub.web.editor.desk import Desk, Wrong, desk_of, ruled
from hub.web.editor.forms import at
from hub.web.editor.parts import PARTS
from hub.web.entry import Page
from hub.web.posted import lists_of
from hub.web.rooms.campaigns_words import model_name
from hub.web.rooms.rules_form import Sheet, pieces_of, posted
from hub.web.site import tongue_of
from hub.web.tongue import Tongue

router = APIRouter(prefix="/rules", include_in_schema=False, route_class=Page)


@router.get("/review", dependencies=[needs("admin")])
@router.get("/campaigns", dependencies=[needs("admin")])
async def section(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show the form of a section."""
    desk, section = await desk_of(hub, caller), _named(request)
    return await _page(request, desk, section, desk.section(section))


def _named(request: Request) -> str:
    return request.url.path.rpartition("/")[2]


async def _page(
    request: Request, desk: Desk, section: str, values: dict[str, Any], wrong: Wrong | None = None, more: str = ""
) -> Response:
    part, tongue = PARTS[section], tongue_of(request)
    own = {"models": _models(desk, tongue)} if section == "campaigns" else {}
    return await ruled(
        request, "rules/whole.html", desk, tab=section, status=422 if wrong else 200, wrong=wrong, section=section,
        title=tongue.say(part.title), says=tongue.say(part.says),
        pieces=pieces_of(request, desk, part.pieces, values, more, own),
    )  # fmt: skip


def _models(desk: Desk, tongue: Tongue) -> list[tuple[str, str]]:
    """Return what credit can be shared out by: leadhub's models, a plugin's, and those of the draft."""
    names = Attribution(desk.hub.db, desk.hub.plan, desk.hub.clock).models()
    own = at(desk.data, "campaigns.models")
    return [(name, model_name(name, tongue)) for name in dict.fromkeys([*names, *(own or ())])]


@router.post("/review", dependencies=[needs("admin")])
@router.post("/campaigns", dependencies=[needs("admin")])
async def change(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Keep what was typed into the form of a section."""
    form = await lists_of(request, hub)
    desk, section = await desk_of(hub, caller), _named(request)

    def write(text: str, values: dict[str, Any]) -> str:
        return edits.put(text, (section,), values) if values else edits.remove(text, (section,))

    async def page(values: dict[str, Any], wrong: Wrong | None, more: str) -> Response:
        return await _page(request, desk, section, values, wrong, more)

    sheet = Sheet(PARTS[section].pieces, (section,), f"/rules/{section}", write)
    return await posted(request, desk, sheet, form, desk.section(section), page)
