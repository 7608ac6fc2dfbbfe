"""Signing in and out, and making the first user; plain forms that need no script."""

from __future__ import annotations

import hmac
import math
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.api.access import HubDep, anonymous, caller_of, cookie_of, open_to_all
from hub.api.limits import Limits
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import BadInput, Conflict
from hub.passwords import hashed, outdated, right
from hub.store import secondfactors, users
from hub.store.audit import Actor
from hub.store.users import digest_of
from hub.web.door import codes, forms
from hub.web.entry import Page, drop_cookie, opened, own_path
from hub.web.posted import form_of, hashing

router = APIRouter(include_in_schema=False, route_class=Page)


@router.get("/login", dependencies=[open_to_all("The form people sign in with.")])
async def login_form(request: Request, hub: HubDep) -> Response:
    """Show the form; who is signed in goes on at once."""
    try:
        await caller_of(request)
    except ApiError:
        nobody = not await hub.db.read(users.number)
        return await forms.login(request, next_path=own_path(request.query_params.get("next", "/")), no_user=nobody)
    return RedirectResponse(own_path(request.query_params.get("next", "/")), 303)


@router.post("/login", dependencies=[open_to_all("Takes a name and a password; limited by account and by address.")])
async def login(request: Request, hub: HubDep) -> Response:
    """Open a session for a name and a password; what is wrong is never said."""
    said = await form_of(request, hub)
    name, password, to = said.get("name", ""), said.get("password", ""), own_path(said.get("next", "/"))
    here = anonymous(request)
    wait = _throttled(request, hub, name, here)
    if wait:
        answer = await forms.login(request, next_path=to, said="often", seconds=wait, name=name, status=429)
        answer.headers["retry-after"] = str(wait)
        return answer
    user = await hub.db.read(users.find, name) if name.isprintable() else None
    kept = user["password"] if user and user["disabled_at"] is None else None
    if not await hashing(request, partial(right, kept, password)) or user is None:
        await hub.db.write(users.note_failed, user["id"] if user else None, by=here, at=hub.clock.now())
        return await forms.login(request, next_path=to, said="wrong", name=name, status=401)
    if outdated(kept or ""):
        await hub.db.write(users.rehash, user["id"], await hashing(request, partial(hashed, password)))
    factor = await hub.db.read(secondfactors.find, user["id"])
    if factor is not None and factor.confirmed_at is not None:
        return await codes.ask(request, hub, user, to)
    return await opened(request, user["id"], Actor(f"user:{user['id']}", here.address, here.request), to)


def _throttled(request: Request, hub: Hub, name: str, here: Actor) -> int:
    """Count one try of this address and on this account, known or not; return the seconds to wait, or 0."""
    limits: Limits = request.app.state.limits
    now = hub.clock.monotonic()
    wait = limits.wait("login from an address", here.address or "", now)
    wait = wait or limits.wait("login of an account", " ".join(name.split()).casefold()[:200], now)
    return math.ceil(wait)


@router.post("/logout", dependencies=[open_to_all("Ends the session of whoever asks; without one it does nothing.")])
async def logout(request: Request, hub: HubDep) -> Response:
    """End the session of this browser."""
    answer = RedirectResponse("/login", 303)
    token = cookie_of(request)
    if token:
        caller = await _signed_in(request)
        if caller is not None:
            await hub.db.write(users.end_login, digest_of(token), by=caller, at=hub.clock.now())
        drop_cookie(answer)
    return answer


async def _signed_in(request: Request) -> Actor | None:
    try:
        return (await caller_of(request)).actor
    except ApiError as error:
        if error.status == 403:
            raise
        return None


@router.get("/setup", dependencies=[open_to_all("The form for the first user; it needs the set-up token.")])
async def setup_form(request: Request, hub: HubDep) -> Response:
    """Show the form for the first user, while there is none."""
    if await hub.db.read(users.number):
        return RedirectResponse("/login", 303)
    return await forms.setup(request, token=request.query_params.get("token", "")[:200])


@router.post("/setup", dependencies=[open_to_all("Makes the first user, once, for who has the set-up token.")])
async def setup(request: Request, hub: HubDep) -> Response:
    """Make the first user, an owner, and sign them in."""
    said = await form_of(request, hub)
    here = anonymous(request)
    wait = math.ceil(request.app.state.limits.wait("set-up", "", hub.clock.monotonic()))
    name, token = said.get("name", ""), said.get("token", "")
    if wait:
        return await forms.setup(request, said="often", seconds=wait, name=name, status=429)
    wanted = request.app.state.setup_token
    if not wanted or not hmac.compare_digest(token.encode("utf-8", "replace"), wanted.encode()):
        return await forms.setup(request, said="no_token", name=name, status=401)
    wrong, password = await _password(request, name, said.get("password", ""))
    if not wrong:
        wrong, made = await _first(hub, name, password, here)
    if wrong:
        return await forms.setup(request, said=wrong, name=name, token=token, status=422)
    request.app.state.setup_token = None
    return await opened(request, made, Actor(f"user:{made}", here.address, here.request), "/")


async def _password(request: Request, name: str, password: str) -> tuple[str | None, str]:
    """Return what is wrong with a new password, or its hash."""
    try:
        return None, await hashing(request, partial(hashed, password, name))
    except BadInput:
        return "weak", ""


async def _first(hub: Hub, name: str, password: str, here: Actor) -> tuple[str | None, str]:
    """Return why the first user cannot be made, or the id."""
    make = partial(hub.db.write, users.create, hub.ids("usr"), name, "owner", password)
    try:
        return None, str((await make(by=here, at=hub.clock.now(), first=True))["id"])
    except BadInput:
        return "no_name", ""
    except Conflict:
        return "there", ""
