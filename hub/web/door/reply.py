"""The page behind a link in a message to a rep: it says with one click that they took the lead, called, or gave up."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.access import HubDep, open_to_all
from hub.web.entry import Page
from hub.web.page import Safe, page, text
from hub.web.posted import language

router = APIRouter(include_in_schema=False, route_class=Page)

_WORDS = {
    "en": {
        "title": "Your lead", "take": "I take it", "called": "I reached the prospect",
        "not_interested": "Not interested", "said_take": "Noted: you take it.",
        "said_called": "Noted: the prospect was reached.",
        "said_not_interested": "Noted: not interested.", "wrong": "This link is not whole, or it is too old.",
    },
    "zh": {
        "title": "您的线索", "take": "我来跟进", "called": "已联系上", "not_interested": "无意向",
        "said_take": "已记录：由您跟进。", "said_called": "已记录：已联系上客户。",
        "said_not_interested": "已记录：无意向。",
        "wrong": "链接不完整或已过期。",
    },
}  # fmt: skip
_PRESS = "document.getElementById('once').submit()"
_OPEN = open_to_all("whoever has the link is the rep it was sent to; the token is signed")


@router.get("/reply/{token}", dependencies=[_OPEN])
async def ask(hub: HubDep, request: Request, token: str) -> Response:
    """Show the button, and press it for who has a browser; programs that preview links run no scripts."""
    tongue = language(request, hub)
    words, link = _WORDS[tongue], hub.hearing.links.read(token, hub.clock.now())
    if link is None:
        return page(words["title"], Safe(f"<p>{text(words['wrong'])}</p>"), status=404, language=tongue)
    form = Safe(f"<form method=post id=once><button>{text(words[link.act])}</button></form>")
    return page(words["title"], form, language=tongue, form=True, script=_PRESS)


@router.post("/reply/{token}", dependencies=[_OPEN])
async def say(hub: HubDep, request: Request, token: str) -> Response:
    """Note it; said twice is once."""
    tongue = language(request, hub)
    words, act = _WORDS[tongue], await hub.hearing.reply(token)
    said = words["wrong"] if act is None else words[f"said_{act}"]
    return page(words["title"], Safe(f"<p>{text(said)}</p>"), status=404 if act is None else 200, language=tongue)
