"""How a page is entered: who is not signed in gets the form, and an address that carries a key opens a session."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse, Response

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
from hub.store import users
from hub.store.audit import Actor
from hub.store.users import digest_of
from hub.web.door import forms
from hub.web.tongue import language_of


class Page(Masked):
    """A route that people open: its refusals are pages, too."""

    def get_route_handler(self) -> Any:
        """Return the handler, with the way in before it."""
        handler = super().get_route_handler()

        async def entered(request: Request) -> Any:
            try:
                if request.method == "GET" and request.query_params.get("key"):
                    return await _with_key(request, request.query_params["key"])
                return await handler(request)
            except ApiError as error:
                language = language_of(request, hub_of(request).plan.settings.hub.language)
                if error.status == 401:
                    return forms.login(language, next_path=request.url.path, status=401)
                return forms.refused(language, error.detail, error.status, error.headers)

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
