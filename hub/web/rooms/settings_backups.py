"""Backups: made now, listed, checked; putting one back is a command, told here and run elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import backups as api
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError, status_of
from hub.app import Hub
from hub.errors import LeadhubError
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.rooms.settings import show_place
from hub.web.site import explained, partial, told, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

HERE = "/settings/backups"
PATIENCE = 2.0  # seconds after which a page says that it is under way


@router.get("/settings/backups", dependencies=[needs("owner")])
async def backups(request: Request, hub: HubDep) -> Response:
    """Show the backups, and what is under way."""
    return await _page(request, hub)


async def _page(request: Request, hub: Hub, wrong: str = "", status: int = 200) -> Response:
    found = await api.backups(hub)
    if partial(request) and found["doing"] is None:
        return Response("", headers={"hx-refresh": "true"})
    page = "settings/doing.html" if partial(request) else None
    return await show_place(
        request, "backups", template=page, items=found["items"], doing=found["doing"], wrong=wrong, status=status,
        sqlite=hub.db.sqlite,
    )  # fmt: skip


@router.post("/settings/backups", dependencies=[needs("owner")])
async def make(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Make a backup; a large one goes on when the page is closed."""
    said = await form_of(request, hub)
    passphrase, again = said.get("passphrase", ""), said.get("again", "")
    if passphrase != again:
        words = tongue_of(request).say("The passphrases are not the same. Type it twice.")
        return await _page(request, hub, wrong=words, status=422)
    return await _begun(
        request, hub, lambda: hub.backups.make(api.long_enough(passphrase or None), caller.actor),
        N_("The backup is made and checked."), N_("The backup is being made. This page may be closed."),
    )  # fmt: skip


@router.post("/settings/backups/{backup}/check", dependencies=[needs("owner")])
async def check(request: Request, hub: HubDep, caller: CallerDep, backup: str) -> Response:
    """Read a backup to its end."""
    passphrase = (await form_of(request, hub)).get("passphrase", "")
    return await _begun(
        request, hub, lambda: hub.backups.check(backup, passphrase or None, caller.actor),
        N_("It was read to its end: see the list."), N_("It is being read. This page may be closed."),
    )  # fmt: skip


async def _begun(
    request: Request, hub: Hub, begin: Callable[[], asyncio.Task[dict[str, Any]]], said: str, otherwise: str
) -> Response:
    """Begin, wait a moment, and say how far it is."""
    tongue = tongue_of(request)
    try:
        task = begin()
        await asyncio.wait((task,), timeout=PATIENCE)
        if task.done():
            task.result()
        return told(HERE, tongue.say(said if task.done() else otherwise))
    except (ApiError, LeadhubError) as error:
        status = error.status if isinstance(error, ApiError) else status_of(error)
        return await _page(request, hub, wrong=explained(request, error), status=status)
