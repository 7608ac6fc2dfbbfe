"""The second step of signing in: a code of the authenticator app, or a recovery code."""

from __future__ import annotations

import logging
import math
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.access import HubDep, anonymous, open_to_all
from hub.app import Hub
from hub.secondfactor import Safe, plain, step_of
from hub.store import secondfactors, users
from hub.store.audit import Actor
from hub.store.secondfactors import Factor
from hub.store.users import digest_of
from hub.web.door.forms import told
from hub.web.entry import Page, opened, own_path
from hub.web.posted import form_of
from hub.web.site import show

log = logging.getLogger("leadhub")

router = APIRouter(include_in_schema=False, route_class=Page)

SECRET, STEP = "secret", "step"
PATIENCE = 300
"""Seconds between the password and the code."""


def safe_of(hub: Hub) -> Safe:
    """Return what encrypts secrets of second factors; its key lies outside the database."""
    return Safe(hub.privacy.keeper.secret())


async def ask(request: Request, hub: Hub, user: dict[str, Any], to: str) -> Response:
    """Ask somebody whose password was right for a code; nothing is stored until it comes."""
    step = safe_of(hub).seal(STEP, user["id"], user["password_at"].isoformat(), hub.clock.now())
    return await asked(request, step, to)


async def asked(
    request: Request, step: str, to: str, said: str | None = None, seconds: int = 0, status: int = 200
) -> Response:
    """Return the form for the code after the password; `said` is a key of SAYS, for what went wrong."""
    wrong = told(request, said, seconds)
    return await show(request, "door/code.html", status=status, step=step, next=to, wrong=wrong)


@router.post("/login/code", dependencies=[open_to_all("Takes the code after the password; limited by account.")])
async def code(request: Request, hub: HubDep) -> Response:
    """Open a session for a right code; each is good once."""
    said = await form_of(request, hub)
    step, to = said.get("step", ""), own_path(said.get("next", "/"))
    here, user = anonymous(request), await _halfway(hub, step)
    if user is None:
        return await asked(request, "", to, "late", status=401)
    wait = math.ceil(request.app.state.limits.wait("code of an account", user["id"], hub.clock.monotonic()))
    if wait:
        answer = await asked(request, step, to, "often", wait, 429)
        answer.headers["retry-after"] = str(wait)
        return answer
    kind = await proven(hub, user["id"], said.get("code", ""))
    if kind is None:
        await hub.db.write(users.note_failed, user["id"], by=here, at=hub.clock.now(), kind="code")
        return await asked(request, step, to, "code_wrong", status=401)
    by = Actor(f"user:{user['id']}", here.address, here.request)
    return await opened(request, user["id"], by, to, kind=f"password and {kind}")


async def _halfway(hub: Hub, step: str) -> dict[str, Any] | None:
    """Return who gave the right password a moment ago; None when it is too long ago, or was changed meanwhile."""
    found = safe_of(hub).open(STEP, step, hub.clock.now(), within=PATIENCE)
    user = await hub.db.read(users.find, found[0]) if found else None
    if found is None or user is None or user["disabled_at"] is not None:
        return None
    return user if user["password_at"].isoformat() == found[1] else None


async def proven(hub: Hub, user: str, said: str) -> str | None:
    """Use up a code and return which kind it is; None for one that is wrong or was used."""
    factor = await hub.db.read(secondfactors.find, user)
    if factor is None or factor.confirmed_at is None:
        return None
    secret = secret_of(hub, user, factor)
    step = step_of(secret, said, hub.clock.now()) if secret else None
    if step is not None:
        return "code" if await hub.db.write(secondfactors.use_step, user, step) else None
    used = await hub.db.write(secondfactors.use_recovery, user, digest_of(plain(said)))
    return "recovery code" if used else None


def secret_of(hub: Hub, user: str, factor: Factor) -> bytes | None:
    """Return the secret of a second factor; None when it was sealed for another user or with another key."""
    found = safe_of(hub).open(SECRET, factor.sealed, hub.clock.now())
    if found is None or found[0] != user:
        log.warning("event=second_factor.unreadable user=%s detail='The privacy key is another one, or the row.'", user)
        return None
    return bytes.fromhex(found[1])
