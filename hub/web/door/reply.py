"""The page behind a link in a message to a rep: it says with one click that they took the lead, called, or gave up."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.access import HubDep, open_to_all
from hub.web.entry import Page
from hub.web.site import show, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

_ASKS = {"take": N_("I take it"), "called": N_("I reached the prospect"), "not_interested": N_("Not interested")}
_NOTED = {
    "take": N_("Noted: you take it."),
    "called": N_("Noted: the prospect was reached."),
    "not_interested": N_("Noted: not interested."),
}
_WRONG = N_("This link is not whole, or it is too old.")
_OPEN = open_to_all("whoever has the link is the rep it was sent to; the token is signed")


@router.get("/reply/{token}", dependencies=[_OPEN])
async def ask(hub: HubDep, request: Request, token: str) -> Response:
    """Show the button, and press it for who has a browser; programs that preview links run no scripts."""
    link, say = hub.hearing.links.read(token, hub.clock.now()), tongue_of(request).say
    if link is None:
        return await show(request, "door/reply.html", status=404, ask="", says=say(_WRONG))
    return await show(request, "door/reply.html", ask=say(_ASKS[link.act]), says="")


@router.post("/reply/{token}", dependencies=[_OPEN])
async def answer(hub: HubDep, request: Request, token: str) -> Response:
    """Note it; said twice is once."""
    act = await hub.hearing.reply(token)
    words = tongue_of(request).say(_WRONG if act is None else _NOTED[act])
    return await show(request, "door/reply.html", status=404 if act is None else 200, ask="", says=words)
