"""The page of one's own account: the password is changed here, a second factor set up and removed."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from pydantic import SecretStr
from starlette.responses import Response

from hub.api import users as users_api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.api.users import NewPassword
from hub.app import Hub
from hub.passwords import LONGEST, SHORTEST, right
from hub.secondfactor import address, new_secret, plain, recovery_codes, step_of, typed
from hub.store import secondfactors, users
from hub.store.users import digest_of
from hub.web.door.codes import SECRET, proven, safe_of, secret_of
from hub.web.door.forms import told
from hub.web.entry import Page
from hub.web.posted import form_of, hashing
from hub.web.qr import drawn
from hub.web.site import done, show
from hub.web.tongue import N_


class Own(Page):
    """A page that shows callers nobody but themselves."""

    of_caller: ClassVar[bool] = True


router = APIRouter(include_in_schema=False, route_class=Own)


@router.get("/account", dependencies=[needs("viewer", rep=True)])
async def account(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show who one is here, and whether a code is asked for at sign-in."""
    return await _shown(request, hub, caller)


async def _shown(
    request: Request, hub: Hub, caller: Caller, said: str | None = None, *, seconds: int = 0, status: int = 200,
    removed: bool = False,
) -> Response:  # fmt: skip
    factor = await hub.db.read(secondfactors.find, _own(caller)) if _is_user(caller) else None
    left = factor.recovery if factor and factor.confirmed_at else None
    return await show(
        request, "door/account.html", status=status, own=_is_user(caller), left=left, removed=removed,
        wrong=told(request, said, seconds), shortest=SHORTEST, longest=LONGEST,
    )  # fmt: skip


@router.post("/account/password", dependencies=[needs("viewer", rep=True)])
async def password(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Change one's own password; every other session of theirs ends."""
    said = await form_of(request, hub)
    new = NewPassword(old=SecretStr(said.get("old", "")), password=SecretStr(said.get("new", "")))
    work = users_api.own_password(request, hub, caller, new)
    return await done(request, work, "/account", N_("Your password is another one now."))


@router.post("/account/second-factor", dependencies=[needs("viewer", rep=True)])
async def begin(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Make a secret for who says the password again, and show it this once."""
    user, said = _own(caller), await form_of(request, hub)
    wrong = await _not_them(request, hub, caller, said.get("password", ""))
    if wrong is not None:
        return await _shown(request, hub, caller, **wrong)
    secret, now = new_secret(), hub.clock.now()
    await hub.db.write(secondfactors.begin, user, safe_of(hub).seal(SECRET, user, secret.hex(), now), at=now)
    return await _secret(request, hub, caller, secret)


@router.post("/account/second-factor/confirm", dependencies=[needs("viewer", rep=True)])
async def confirm(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Let the second factor count for who shows a code of it; the recovery codes are shown this once."""
    user, said = _own(caller), await form_of(request, hub)
    request.app.state.limits.take("code of an account", user, hub.clock.monotonic())
    factor = await hub.db.read(secondfactors.find, user)
    secret = secret_of(hub, user, factor) if factor and factor.confirmed_at is None else None
    if factor is None or secret is None:
        raise ApiError(409, "There is no second factor to confirm. Begin again.")
    step = step_of(secret, said.get("code", ""), hub.clock.now())
    if step is None:
        return await _secret(request, hub, caller, secret, "code_wrong")
    made = recovery_codes()
    await hub.db.write(
        secondfactors.confirm, user, factor.sealed, step, [digest_of(plain(one)) for one in made],
        by=caller.actor, at=hub.clock.now(), keep=caller.login,
    )  # fmt: skip
    return await show(request, "door/recovery.html", codes=made)


@router.post("/account/second-factor/remove", dependencies=[needs("viewer", rep=True)])
async def remove(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Remove the second factor of who says the password and a code."""
    user, said = _own(caller), await form_of(request, hub)
    wrong = await _not_them(request, hub, caller, said.get("password", ""))
    if wrong is None:
        request.app.state.limits.take("code of an account", user, hub.clock.monotonic())
        if await proven(hub, user, said.get("code", "")) is None:
            wrong = {"said": "code_wrong", "status": 401}
    if wrong is not None:
        return await _shown(request, hub, caller, **wrong)
    await hub.db.write(secondfactors.remove, user, by=caller.actor, at=hub.clock.now())
    return await _shown(request, hub, caller, removed=True)


async def _secret(request: Request, hub: Hub, caller: Caller, secret: bytes, said: str | None = None) -> Response:
    link = address(secret, caller.name, f"leadhub {hub.plan.settings.hub.name}")
    return await show(
        request, "door/secret.html", status=200 if said is None else 401, typed=typed(secret), link=link,
        picture=drawn(link), wrong=told(request, said),
    )  # fmt: skip


async def _not_them(request: Request, hub: Hub, caller: Caller, password: str) -> dict[str, Any] | None:
    """Return what to say to somebody who holds a session and does not know its password; None for who does."""
    wait = math.ceil(request.app.state.limits.wait("login of an account", caller.name, hub.clock.monotonic()))
    if wait:
        return {"said": "often", "seconds": wait, "status": 429}
    user = await hub.db.read(users.find, _own(caller))
    known = await hashing(request, partial(right, user["password"] if user else None, password))
    return None if known else {"said": "password_wrong", "status": 401}


def _is_user(caller: Caller) -> bool:
    return caller.id.startswith("user:") and caller.login is not None


def _own(caller: Caller) -> str:
    if not _is_user(caller):
        raise ApiError(409, "This page is for users who signed in with a password.")
    return caller.id.removeprefix("user:")
