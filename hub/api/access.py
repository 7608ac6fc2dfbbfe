"""Who may call what: bearer keys with roles, denied unless a route says otherwise."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Request
from sqlmodel import Session

from hub.api.problems import ApiError
from hub.app import Hub
from hub.store.tables import KeyRow

KEY = KeyRow.__table__  # type: ignore[attr-defined]

ROLES = ("viewer", "operator", "admin", "owner")
"""Each may do what those before it may."""

CACHE_SECONDS = 10.0
COOKIE = "leadhub"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: a key's id and role."""

    id: str
    role: str


def hub_of(request: Request) -> Hub:
    """Return the hub behind a request."""
    hub: Hub = request.app.state.hub
    return hub


HubDep = Annotated[Hub, Depends(hub_of)]


def digest_of(key: str) -> str:
    """Return the hash a key is looked up by; keys are random, so a plain SHA-256 does."""
    return hashlib.sha256(key.encode()).hexdigest()


async def caller_of(request: Request) -> Caller:
    """Return who is calling; raises ApiError 401 without a valid key."""
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key:
        key = request.cookies.get(COOKIE, "") if request.method == "GET" else ""
    if not key:
        raise ApiError(401, "Send an API key: Authorization: Bearer KEY. `leadhub key create` makes one.")
    local = request.app.state.local_key
    if local and hmac.compare_digest(key.encode(), local.encode()):
        return Caller("local", "owner")
    found = await _known(request, digest_of(key))
    if found is None:
        raise ApiError(401, "This API key is not known, or was revoked.")
    return found


async def _known(request: Request, digest: str) -> Caller | None:
    hub = hub_of(request)
    cache: dict[str, tuple[float, Caller | None]] = request.app.state.keys
    now = hub.clock.monotonic()
    at, found = cache.get(digest, (-CACHE_SECONDS, None))
    if now - at >= CACHE_SECONDS:
        found = await hub.db.read(find_key, digest)
        if len(cache) > 10_000:
            cache.clear()
        cache[digest] = (now, found)
    return found


def needs(role: str) -> Any:
    """Return the dependency of a route that callers of this role or above may use."""

    async def check(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if caller.role not in ROLES or ROLES.index(caller.role) < ROLES.index(role):
            raise ApiError(403, f"This needs the role {role}; the key has {caller.role}.")
        return caller

    check.role = role  # type: ignore[attr-defined]
    return Depends(check)


def find_key(digest: str, *, session: Session) -> Caller | None:
    """Return the caller a key belongs to."""
    query = sa.select(KEY.c.id, KEY.c.role).where(KEY.c.digest == digest, KEY.c.revoked_at.is_(None))
    row = session.execute(query).first()
    return Caller(row.id, row.role) if row else None


def create_key(id_: str, role: str, now: datetime, *, session: Session) -> str:
    """Store a new key's hash and return the key, which is shown this once."""
    key = f"lh_{secrets.token_urlsafe(32)}"
    session.execute(sa.insert(KEY).values(id=id_, digest=digest_of(key), role=role, created_at=now))
    return key


def revoke_key(id_: str, now: datetime, *, session: Session) -> bool:
    """Make a key worthless; returns whether it was known."""
    done = session.execute(sa.update(KEY).where(KEY.c.id == id_, KEY.c.revoked_at.is_(None)).values(revoked_at=now))
    return bool(done.rowcount)  # type: ignore[attr-defined]
