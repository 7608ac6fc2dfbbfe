"""Shows pages: a template with plain data, in the reader's language, under a strict policy."""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import RedirectResponse, Response

from hub.api.access import REP, Caller, hub_of, seen
from hub.api.attention import waits
from hub.api.problems import ApiError
from hub.errors import LeadhubError
from hub.labels import Language, label
from hub.web import assets
from hub.web.nav import rooms_for
from hub.web.sentences import spoken
from hub.web.tongue import LANGUAGES, Tongue, language_of, translations

TEMPLATES = Path(__file__).parent / "templates"

HEADERS: Mapping[str, str] = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with none, a form's Origin is "null", and nobody can tell whose it is
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    "vary": "hx-request",
}

SAID = "leadhub_said"
"""The cookie that carries what an action said over to the page after it."""

COLOURS = "leadhub_colours"


async def show(request: Request, template: str, /, *, status: int = 200, **data: Any) -> Response:
    """Return a page; `data` is plain (what JSON can hold, and times), and hides people from those who may not know.

    Nothing in it can be HTML already: a template escapes all that it is given.
    """
    tongue = tongue_of(request)
    plain = orjson.loads(orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS))
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is not None:
        plain = await seen(request, plain)
        await _count_waiting(request, caller)
    said = _said(request)
    html = environment(tongue.language, str(tongue.zone)).get_template(template).render(
        {**_frame(request, caller), "flash": said, **plain}
    )  # fmt: skip
    answer = Response(html, status, HEADERS)
    if said:
        answer.delete_cookie(SAID, path="/", httponly=True, samesite="lax")
    return answer


async def _count_waiting(request: Request, caller: Caller) -> None:
    """See that the navigation says how much waits for a person; only the first page waits for the number."""
    kept = getattr(request.app.state, "kept", None)
    if kept is None or caller.role == REP or partial(request):
        return
    work = functools.partial(waits, hub_of(request))
    if kept.last("waiting") is None:
        await kept.ask("waiting", work)
    else:
        kept.begin("waiting", work)


async def done(
    request: Request, work: Awaitable[Any], to: str, said: str | Callable[[Any, Tongue], str], **given: Any
) -> Response:
    """Wait for an action, and go to a page that says what became of it: `said`, or what went wrong."""
    tongue = tongue_of(request)
    try:
        result = await work
    except (ApiError, LeadhubError) as error:
        return told(to, str(error), bad=True)
    return told(to, said(result, tongue) if callable(said) else tongue.say(said, **given))


def explained(request: Request, said: BaseException | str) -> str:
    """Return what an error says, in the reader's language: every error that a page shows goes through here."""
    return spoken(tongue_of(request), said)


def told(to: str, text: str, *, bad: bool = False) -> Response:
    """Go to a page of ours and say something there; what is bad may be an error's English, and is explained there."""
    answer = RedirectResponse(to, 303)
    packed = base64.urlsafe_b64encode(orjson.dumps({"bad": bad, "says": text[:1000]})).decode()
    answer.set_cookie(SAID, packed, max_age=60, path="/", httponly=True, samesite="lax")
    return answer


def partial(request: Request) -> bool:
    """Return whether a part of the page is asked for, by the page itself."""
    return request.headers.get("hx-request") == "true"


def tongue_of(request: Request) -> Tongue:
    """Return the language of whoever asks, with the hub's zone."""
    settings = hub_of(request).plan.settings.hub
    return Tongue(language_of(request, settings.language), settings.zone)


@cache
def environment(language: Language, zone: str) -> Environment:
    """Return what templates are made with in a language; every text is escaped, a misspelt name is an error."""
    tongue = Tongue(language, ZoneInfo(zone))
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(tongue.filters)
    made.filters["sentence"] = functools.partial(spoken, tongue)
    made.filters["label"] = lambda path: label(path, language)
    made.globals.update(asset=assets.address, languages=LANGUAGES, language=language, zone=zone)
    return made


def _frame(request: Request, caller: Caller | None) -> dict[str, Any]:
    """Return what every page has around it."""
    hub = hub_of(request)
    kept = getattr(request.app.state, "kept", None)
    return {
        "hub_name": hub.plan.settings.hub.name,
        "path": request.url.path,
        "here": str(request.url.remove_query_params("key").replace(scheme="", netloc="")),
        "rooms": rooms_for(caller, request.url.path) if caller else [],
        "caller": {"name": caller.name, "role": caller.role, "id": caller.id} if caller else None,
        "colours": _colours(request),
        "waiting": kept.last("waiting") if kept is not None else None,
        "now": hub.clock.now(),
        "partial": partial(request),
        "look": getattr(request.state, "look", ""),
    }


def _colours(request: Request) -> str:
    chosen = request.cookies.get(COLOURS, "")
    return chosen if chosen in ("light", "dark") else ""


def _said(request: Request) -> dict[str, Any] | None:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(request.cookies.get(SAID, "")))
        says = str(found["says"])
        return {"bad": bool(found["bad"]), "says": explained(request, says) if found["bad"] else says}
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
