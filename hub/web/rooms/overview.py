"""The overview: what came in, what became of it, and what waits for a person."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.api import overview as api
from hub.api.access import REP, CallerDep, HubDep, needs
from hub.api.attention import waits
from hub.api.problems import ApiError
from hub.app import Hub
from hub.attention.kinds import ACTS
from hub.attention.words import title
from hub.store import listing
from hub.web.entry import Page
from hub.web.site import show, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

NEWEST = 10

PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"now": ("late",), "days": ("days",), "funnel": ("funnel",), "speed": ("speed",), "health": ("sources", "sinks")}
)
"""What the page is made of, and the answers each part shows; the newest leads are looked up each time."""

STATES = (N_("off"), N_("silent"), N_("resting"))
"""Of sources and sinks, beside those that other things have too."""


@router.get("/", dependencies=[needs("viewer", rep=True)])
async def overview(request: Request, hub: HubDep, caller: CallerDep, part: str = "") -> Response:
    """Show what came in, what became of it, and what waits; a rep is led to their own leads."""
    if caller.role == REP:
        return RedirectResponse("/mine", 303)
    if part not in ("", "newest", *PARTS):
        raise ApiError(404, f"The overview has no part {part[:64]!r}.")
    wanted = {name for at, names in PARTS.items() for name in names if part in ("", at)}
    data = await _answers(request, hub, sorted(wanted))
    if part in ("", "now"):
        data["kinds"] = await _kinds(request, hub)
    if part in ("", "newest"):
        data["newest"], _ = await hub.db.read(listing.page, "lead", {"state": "open"}, limit=NEWEST)
    if part:
        return await show(request, f"overview/{part}.html", **data)
    return await show(request, "overview/page.html", **data, example=_example(data["newest"]))


async def _answers(request: Request, hub: Hub, names: list[str]) -> dict[str, Any]:
    """Return what is known of each part by now, together with the moment it was so; None: it is being counted."""
    kept = request.app.state.kept
    asked = (kept.ask(("overview", name), functools.partial(api.PARTS[name], hub)) for name in names)
    answers = await asyncio.gather(*asked)
    return {
        name: None if answer.pending else {**answer.value, "at": answer.at}
        for name, answer in zip(names, answers, strict=True)
    }


async def _kinds(request: Request, hub: Hub) -> list[dict[str, Any]]:
    """Return what waits for a person, kind by kind, as people read it; what there is none of is left out."""
    answer = await request.app.state.kept.ask("waiting", functools.partial(waits, hub))
    language: Any = tongue_of(request).language
    found = answer.value["kinds"] if answer.value else {}
    return [
        {"kind": kind, "title": title(kind, language), "number": found[kind]} for kind in ACTS if found.get(kind, 0)
    ]


def _example(newest: list[dict[str, Any]]) -> str | None:
    """Return a lead of which it can be seen why it went to its rep: the newest that has one."""
    return next((lead["id"] for lead in newest if lead["owner"]), newest[0]["id"] if newest else None)
