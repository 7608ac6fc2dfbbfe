"""The page behind an unsubscribe link: a look asks, only the button (or a mail program's one click) takes it back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from hub.api.access import HubDep, Masked, anonymous, open_to_all
from hub.errors import BadInput

router = APIRouter(tags=["privacy"], route_class=Masked)

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{english}</p><p lang="zh">{chinese}</p>{form}</main></body></html>"""
_BUTTON = '<form method="post"><button type="submit">Unsubscribe 退订</button></form>'
_ASK = ("Unsubscribe", "Do you not want to be contacted any more?", "确定不再接收联系吗？", _BUTTON)
_DONE = ("Done", "You will not be contacted any more.", "已退订，我们不会再联系您。", "")
_WRONG = ("Not a link of ours", "This link is not whole. Copy it again.", "链接不完整，请重新复制。", "")
_OPEN = open_to_all("whoever has the link is the person it was sent to; the token is signed")


def _page(words: tuple[str, str, str, str], status: int = 200) -> HTMLResponse:
    title, english, chinese, form = words
    text = _PAGE.format(title=title, english=english, chinese=chinese, form=form)
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return HTMLResponse(text, status, headers=headers)


@router.get("/unsubscribe/{token}", dependencies=[_OPEN], include_in_schema=False)
async def ask(hub: HubDep, token: str) -> HTMLResponse:
    """Ask; programs that look at links in mails take nothing back."""
    return _page(_ASK if hub.privacy.consents.read_link(token) else _WRONG, 200)


@router.post("/unsubscribe/{token}", dependencies=[_OPEN], include_in_schema=False)
async def take_back(hub: HubDep, request: Request, token: str) -> HTMLResponse:
    """Take the consent back (RFC 8058: a mail program may post it in one click); said twice is once."""
    link = hub.privacy.consents.read_link(token)
    if link is None:
        return _page(_WRONG, 404)
    by = anonymous(request)
    agent = request.headers.get("user-agent", "")[:500] or None
    try:
        await hub.privacy.consents.withdraw(
            link.lead, channel=link.channel, by=by, address=by.address, user_agent=agent
        )  # fmt: skip
    except BadInput:  # the person was erased meanwhile: there is nobody left to contact
        return _page(_DONE)
    return _page(_DONE)
