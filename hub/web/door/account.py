"""The page of one's own account: a second factor is set up and removed here."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.passwords import right
from hub.secondfactor import address, new_secret, plain, recovery_codes, step_of, typed
from hub.store import secondfactors, users
from hub.store.users import digest_of
from hub.web.door import codeforms
from hub.web.door.codes import SECRET, proven, safe_of, secret_of
from hub.web.entry import Page
from hub.web.posted import form_of, hashing, language


class Own(Page):
    """A page that shows callers nobody but themselves."""

    of_caller: ClassVar[bool] = True


router = APIRouter(include_in_schema=False, route_class=Own)


@router.get("/account", dependencies=[needs("viewer", rep=True)])
async def account(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show whether a code is asked for at sign-in, with what can be done about it."""
    return await _shown(request, hub, _own(caller))


async def _shown(request: Request, hub: Hub, user: str, said: str | None = None, **more: Any) -> Response:
    factor = await hub.db.read(secondfactors.find, user)
    left = factor.recovery if factor and factor.confirmed_at else None
    return codeforms.account(language(request, hub), left=left, said=said, **more)


@router.post("/account/second-factor", dependencies=[needs("viewer", rep=True)])
async def begin(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Make a secret for who says the password again, and show it this once."""
    user, said = _own(caller), await form_of(request, hub)
    wrong = await _not_them(request, hub, caller, said.get("password", ""))
    if wrong is not None:
        return await _shown(request, hub, user, **wrong)
    secret, now = new_secret(), hub.clock.now()
    await hub.db.write(secondfactors.begin, user, safe_of(hub).seal(SECRET, user, secret.hex(), now), at=now)
    return _secret(request, hub, caller, secret)


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
        return _secret(request, hub, caller, secret, "wrong")
    made = recovery_codes()
    await hub.db.write(
        secondfactors.confirm, user, factor.sealed, step, [digest_of(plain(one)) for one in made],
        by=caller.actor, at=hub.clock.now(), keep=caller.login,
    )  # fmt: skip
    return codeforms.recovery(language(request, hub), made)


@router.post("/account/second-factor/remove", dependencies=[needs("viewer", rep=True)])
async def remove(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Remove the second factor of who says the password and a code."""
    user, said = _own(caller), await form_of(request, hub)
    wrong = await _not_them(request, hub, caller, said.get("password", ""))
    if wrong is None:
        request.app.state.limits.take("code of an account", user, hub.clock.monotonic())
        if await proven(hub, user, said.get("code", "")) is None:
            wrong = {"said": "wrong", "status": 401}
    if wrong is not None:
        return await _shown(request, hub, user, **wrong)
    await hub.db.write(secondfactors.remove, user, by=caller.actor, at=hub.clock.now())
    return await _shown(request, hub, user, said="removed")


def _secret(request: Request, hub: Hub, caller: Caller, secret: bytes, said: str | None = None) -> Response:
    link = address(secret, caller.name, f"leadhub {hub.plan.settings.hub.name}")
    return codeforms.secret(language(request, hub), typed=typed(secret), link=link, said=said)


async def _not_them(request: Request, hub: Hub, caller: Caller, password: str) -> dict[str, Any] | None:
    """Return what to say to somebody who holds a session and does not know its password; None for who does."""
    wait = math.ceil(request.app.state.limits.wait("login of an account", caller.name, hub.clock.monotonic()))
    if wait:
        return {"said": "often", "seconds": wait, "status": 429}
    user = await hub.db.read(users.find, _own(caller))
    known = await hashing(request, partial(right, user["password"] if user else None, password))
    return None if known else {"said": "password_wrong", "status": 401}


def _own(caller: Caller) -> str:
    if not caller.id.startswith("user:") or caller.login is None:
        raise ApiError(409, "This page is for users who signed in with a password.")
    return caller.id.removeprefix("user:")
