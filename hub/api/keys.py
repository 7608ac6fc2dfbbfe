"""API keys: made, listed and revoked; a key itself is shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from hub.api.access import SOURCE, CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Body, Limit, listed
from hub.api.problems import ApiError
from hub.app import tokens
from hub.errors import ConfigError
from hub.store import keys as store
from hub.store import listing

router = APIRouter(prefix="/api", tags=["admin"], route_class=Masked)


class NewKey(Body):
    """The role of a new key, what it is for, and how long it is good."""

    role: Literal["viewer", "operator", "admin", "owner", "source"]
    name: str = Field("", max_length=200)
    source: str | None = Field(None, max_length=63)
    days: float | None = Field(None, gt=0, le=3650)


@router.post("/keys", dependencies=[needs("owner")])
async def new_key(hub: HubDep, caller: CallerDep, body: NewKey) -> dict[str, Any]:
    """Make an API key; it is shown this once."""
    if (body.role == SOURCE) != (body.source is not None):
        raise ApiError(422, "role: a key of the role source, and no other, names its source.")
    if body.source is not None and body.source not in hub.plan.settings.sources:
        known = ", ".join(hub.plan.settings.sources)
        raise ApiError(422, f"source: there is no source {body.source[:64]!r}. Known: {known}.")
    id_, now = hub.ids("key"), hub.clock.now()
    expires_at = now + timedelta(days=body.days) if body.days else None
    key = await hub.db.write(
        store.create, id_, body.role, name=body.name, source=body.source, expires_at=expires_at, by=caller.actor, at=now
    )
    return {"id": id_, "role": body.role, "source": body.source, "expires_at": expires_at, "key": key}


@router.get("/keys", dependencies=[needs("owner")])
async def keys(hub: HubDep, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    """List the API keys; never the keys themselves."""
    return listed(*await hub.db.read(listing.page, "api_key", {}, limit=limit, after=after))


@router.delete("/keys/{key}", dependencies=[needs("owner")])
async def drop_key(request: Request, hub: HubDep, caller: CallerDep, key: str) -> dict[str, str]:
    """Revoke an API key."""
    if not await hub.db.write(store.revoke, key, by=caller.actor, at=hub.clock.now()):
        raise ApiError(404, f"There is no key {key[:64]!r} in force.")
    request.app.state.keys.clear()
    return {"revoked": key}


@router.post("/tokens/reseal", dependencies=[needs("owner")])
async def reseal(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """Encrypt the stored access tokens with the newest key of hub.token_key, so that the older ones may go."""
    try:
        return await tokens.reseal(hub, caller.actor)
    except ConfigError as error:
        raise ApiError(409, error.reason) from error
