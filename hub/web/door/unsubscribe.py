"""The page behind an unsubscribe link: a look asks, only the button (or a mail program's one click) takes it back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.access import HubDep, Masked, anonymous, open_to_all
from hub.errors import BadInput
from hub.web.site import show

router = APIRouter(tags=["privacy"], route_class=Masked)

_OPEN = open_to_all("whoever has the link is the person it was sent to; the token is signed")


async def _page(request: Request, step: str, status: int = 200) -> Response:
    answer = await show(request, "door/unsubscribe.html", status=status, step=step)
    answer.headers["referrer-policy"] = "no-referrer"  # the address is what proves who asks
    return answer


@router.get("/unsubscribe/{token}", dependencies=[_OPEN], include_in_schema=False)
async def ask(hub: HubDep, request: Request, token: str) -> Response:
    """Ask; programs that look at links in mails take nothing back."""
    return await _page(request, "ask" if hub.privacy.consents.read_link(token) else "wrong")


@router.post("/unsubscribe/{token}", dependencies=[_OPEN], include_in_schema=False)
async def take_back(hub: HubDep, request: Request, token: str) -> Response:
    """Take the consent back (RFC 8058: a mail program may post it in one click); said twice is once."""
    link = hub.privacy.consents.read_link(token)
    if link is None:
        return await _page(request, "wrong", 404)
    by = anonymous(request)
    agent = request.headers.get("user-agent", "")[:500] or None
    try:
        await hub.privacy.consents.withdraw(
            link.lead, channel=link.channel, by=by, address=by.address, user_agent=agent
        )  # fmt: skip
    except BadInput:  # the person was erased meanwhile: there is nobody left to contact
        return await _page(request, "done")
    return await _page(request, "done")
