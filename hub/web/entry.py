"""How a page is entered: who is not signed in gets the form, and an address that carries a key opens a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import RedirectResponse, Response

from hub.api import problems
from hub.api.access import (
    COOKIE,
    HOST_COOKIE,
    Caller,
    Masked,
    anonymous,
    cookie_of,
    hub_of,
    known_key,
    local_name,
)
from hub.api.address import over_tls
from hub.api.problems import ApiError
from hub.errors import LeadhubError
from hub.store import users
from hub.store.audit import Actor
from hub.store.users import digest_of
from hub.web.door import forms


class Elsewhere(Exception):
    """Sends who opens a page to another one of ours."""

    def __init__(self, path: str) -> None:
        self.path = path


class Page(Masked):
    """A route that people open: its refusals are pages, too."""

    def get_route_handler(self) -> Any:
        """Return the handler, with the way in before it."""
        handler = super().get_route_handler()

        async def entered(request: Request) -> Any:
            request.state.look = request.app.state.pulse.newest  # before anything is read
            try:
                if request.method == "GET" and request.query_params.get("key"):
                    return await _with_key(request, request.query_params["key"])
                return await handler(request)
            except Elsewhere as way:
                return RedirectResponse(way.path, 303)
            except ApiError as error:
                if error.status == 401:
                    return await forms.login(request, next_path=request.url.path, status=401)
                return await forms.refused(request, error, error.status, error.headers)
            except LeadhubError as error:
                return await forms.refused(request, error, problems.status_of(error))
            except RequestValidationError as error:
                return await forms.refused(request, problems.first_of(error), 422)

        return entered


async def _with_key(request: Request, key: str) -> Response:
    """Open a session with a key, and take the key out of the address."""
    hub = hub_of(request)
    here = anonymous(request)
    request.app.state.limits.take("login from an address", here.address or "", hub.clock.monotonic())
    local = request.app.state.local_key
    if local and digest_of(key) == digest_of(local):
        caller: Caller | None = Caller("local", "owner")
        user = local_name(local)
    else:
        caller = await known_key(request.app.state, digest_of(key))
        user = caller.id if caller else ""
    if caller is None or caller.source:
        await hub.db.write(users.note_failed, None, by=here, at=hub.clock.now(), kind="key")
        raise ApiError(401, "This key is not known.")
    by = Actor(caller.id, here.address, here.request)
    return await opened(request, user, by, request.url.path, kind="key")


async def opened(request: Request, user: str, by: Actor, to: str, *, kind: str = "password") -> Response:
    """Open a session, anew even where there was one, and go to a page of ours."""
    hub = hub_of(request)
    token = await hub.db.write(
        users.open_login, user, by=by, at=hub.clock.now(), before=cookie_of(request), data={"with": kind}
    )
    answer = RedirectResponse(own_path(to), 303)
    set_cookie(request, answer, token)
    return answer


def set_cookie(request: Request, answer: Response, token: str) -> None:
    """Give the browser its session; over TLS under a name that no other host can set."""
    secure = over_tls(request, hub_of(request).plan.settings.hub)
    seconds = int(users.LONGEST.total_seconds())
    name = HOST_COOKIE if secure else COOKIE
    answer.set_cookie(name, token, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)


def drop_cookie(answer: Response) -> None:
    """Take the session from the browser."""
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    answer.delete_cookie(HOST_COOKIE, path="/", httponly=True, samesite="lax", secure=True)


def own_path(text: str) -> str:
    """Return a path on this hub, never another site's address."""
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if plain else "/"


Answering = Callable[[Request, Exception], Awaitable[Response]]


def speak_html(app: FastAPI) -> None:
    """Let browsers read problems as pages: what is not there, and what broke; programs get them as before."""
    for kind, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _for_people(cast(Answering, handler)))


def _for_people(handler: Answering) -> Answering:
    async def answered(request: Request, error: Exception) -> Response:
        answer = await handler(request, error)
        if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
            return answer
        said = str(orjson.loads(answer.body)["detail"])
        return await forms.refused(request, said, answer.status_code)

    return answered
