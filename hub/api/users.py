"""Users: made, listed, given roles and passwords, shut out; and what each may do with their own sessions."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, SecretStr
from starlette.responses import JSONResponse, Response

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body, listed
from hub.api.problems import ApiError
from hub.passwords import LONGEST, hashed, right
from hub.store import secondfactors
from hub.store import users as store

router = APIRouter(prefix="/api", tags=["admin"], route_class=Masked)

Role = Literal["rep", "viewer", "operator", "admin", "owner"]


class NewUser(Body):
    """A new user."""

    name: str = Field(min_length=1, max_length=200)
    role: Role
    password: SecretStr = Field(max_length=LONGEST)


class NewPassword(Body):
    """Another password; whoever changes their own says the old one, too."""

    password: SecretStr = Field(max_length=LONGEST)
    old: SecretStr | None = Field(None, max_length=LONGEST)


class NewRole(Body):
    """Another role."""

    role: Role


async def _hashed(request: Request, password: SecretStr, name: str) -> str:
    async with request.app.state.hashing:
        return await asyncio.to_thread(hashed, password.get_secret_value(), name)


@router.get("/me", dependencies=[needs("viewer", rep=True)])
async def me(caller: CallerDep) -> dict[str, Any]:
    """Say who is calling, and in which role."""
    return {"id": caller.id, "role": caller.role, "user": caller.name or None, "session": caller.login is not None}


@router.post("/me/password", dependencies=[needs("viewer", rep=True)])
async def own_password(request: Request, hub: HubDep, caller: CallerDep, body: NewPassword) -> Response:
    """Change one's own password; every other session of theirs ends."""
    id_ = _own(caller.id)
    user = await hub.db.read(store.find, id_)
    request.app.state.limits.take("login of an account", caller.name, hub.clock.monotonic())
    old = body.old.get_secret_value() if body.old else ""
    async with request.app.state.hashing:
        known = user is not None and await asyncio.to_thread(right, user["password"], old)
    if not known:
        raise ApiError(403, "The old password is not right.")
    password = await _hashed(request, body.password, caller.name)
    await hub.db.write(
        store.set_password, id_, password, by=caller.actor, at=hub.clock.now(), keep=caller.login
    )  # fmt: skip
    return JSONResponse({"changed": id_})


@router.post("/me/logout-everywhere", dependencies=[needs("viewer", rep=True)])
async def out_everywhere(hub: HubDep, caller: CallerDep) -> dict[str, int]:
    """End every session of the caller, this one too."""
    ended = await hub.db.write(store.end_logins, _own(caller.id), by=caller.actor, at=hub.clock.now())
    return {"sessions_ended": ended}


def _own(caller: str) -> str:
    if not caller.startswith("user:"):
        raise ApiError(409, "This is for users; a key is made and revoked by an owner.")
    return caller.removeprefix("user:")


@router.get("/users", dependencies=[needs("owner")])
async def users(hub: HubDep) -> dict[str, Any]:
    """List the users with how many sessions they have."""
    asked = await hub.db.read(secondfactors.with_one)
    found = await hub.db.read(store.listed)
    return listed([{**row, "second_factor": row["id"] in asked} for row in found], None)


@router.post("/users", dependencies=[needs("owner")])
async def new_user(request: Request, hub: HubDep, caller: CallerDep, body: NewUser) -> dict[str, Any]:
    """Make a user."""
    password = await _hashed(request, body.password, body.name)
    return await hub.db.write(
        store.create, hub.ids("usr"), body.name, body.role, password, by=caller.actor, at=hub.clock.now()
    )


@router.post("/users/{user}/password", dependencies=[needs("owner")])
async def password(request: Request, hub: HubDep, caller: CallerDep, user: str, body: NewPassword) -> dict[str, str]:
    """Give a user another password; every session of theirs ends."""
    new = await _hashed(request, body.password, user)
    return {"changed": await hub.db.write(store.set_password, user, new, by=caller.actor, at=hub.clock.now())}


@router.post("/users/{user}/role", dependencies=[needs("owner")])
async def role(hub: HubDep, caller: CallerDep, user: str, body: NewRole) -> dict[str, str]:
    """Give a user another role; every session of theirs ends."""
    id_ = await hub.db.write(store.set_role, user, body.role, by=caller.actor, at=hub.clock.now())
    return {"user": id_, "role": body.role}


@router.post("/users/{user}/disable", dependencies=[needs("owner")])
async def disable(hub: HubDep, caller: CallerDep, user: str) -> dict[str, str]:
    """Shut a user out; every session of theirs ends."""
    return {"disabled": await hub.db.write(store.disable, user, by=caller.actor, at=hub.clock.now())}


@router.post("/users/{user}/enable", dependencies=[needs("owner")])
async def enable(hub: HubDep, caller: CallerDep, user: str) -> dict[str, str]:
    """Let a user in again."""
    return {"enabled": await hub.db.write(store.enable, user, by=caller.actor, at=hub.clock.now())}


@router.post("/users/{user}/logout", dependencies=[needs("owner")])
async def log_out(hub: HubDep, caller: CallerDep, user: str) -> dict[str, int]:
    """End every session of a user."""
    found = await hub.db.read(store.find, user)
    if found is None:
        raise ApiError(404, f"There is no user {user[:64]!r}.")
    ended = await hub.db.write(store.end_logins, found["id"], by=caller.actor, at=hub.clock.now())
    return {"sessions_ended": ended}


@router.delete("/users/{user}/second-factor", dependencies=[needs("owner")])
async def no_code(hub: HubDep, caller: CallerDep, user: str) -> dict[str, str]:
    """Let a user who lost their authenticator app sign in with the password alone; every session of theirs ends."""
    return {"removed": await hub.db.write(secondfactors.remove, user, by=caller.actor, at=hub.clock.now())}
