"""What a browser remembers of its reader: the language, and light or dark."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.api.access import Masked, open_to_all
from hub.web.entry import own_path
from hub.web.site import COLOURS
from hub.web.tongue import COOKIE, LANGUAGES

router = APIRouter(include_in_schema=False, route_class=Masked)

YEAR = 365 * 24 * 3600
_CHOICES = {COOKIE: (*LANGUAGES,), COLOURS: ("light", "dark", "auto")}
_ASKED = {COOKIE: "language", COLOURS: "colours"}


@router.get("/preferences", dependencies=[open_to_all("Changes how pages look in this browser, and nothing else.")])
async def preferences(request: Request) -> Response:
    """Remember a choice in the browser, and go back to where it was made."""
    answer = RedirectResponse(own_path(request.query_params.get("next", "/")), 303)
    for cookie, name in _ASKED.items():
        chosen = request.query_params.get(name, "")
        if chosen in _CHOICES[cookie]:
            answer.set_cookie(cookie, chosen, max_age=YEAR, path="/", httponly=True, samesite="lax")
    return answer
