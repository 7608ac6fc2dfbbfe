"""Who may call what: keys and sessions with roles; a route that does not say which role it needs is not served."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import orjson
from fastapi import Depends, Request
from fastapi.routing import APIRoute

from hub.api import masks
from hub.api.address import caller_address, same_origin
from hub.api.limits import Limits
from hub.api.problems import ApiError
from hub.app import Hub
from hub.store import keys, users
from hub.store import leads as lead_store
from hub.store.audit import Actor
from hub.store.users import digest_of

ROLES = ("viewer", "operator", "admin", "owner")
"""Each may do what those before it may."""

REP = "rep"
"""The role of a user who is a rep in a team: their own leads, and pools they may take leads out of; nothing else."""

SOURCE = "source"
"""The role of a key that may only post to its own source's address."""

RIGHTS: Mapping[str, str] = {
    "export": "Write out a whole table. Every export is in the audit log, and they are limited.",
    "replay": "Decide submissions again. Limited.",
    "send_test": "Send something to try a connection. Limited.",
}
"""Rights of their own: what a route may do beside what its role says; who uses one is limited and audited."""

CACHE_SECONDS = 10.0
COOKIE, HOST_COOKIE = "leadhub", "__Host-leadhub"
READS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: `local`, `key:ID` or `user:ID`, and in which role."""

    id: str
    role: str
    name: str = ""
    source: str | None = None  # of a key that is for one source only
    login: str | None = None  # the hash of the session, when it is one
    address: str | None = None
    request: str | None = None

    @property
    def actor(self) -> Actor:
        """Return the caller as the audit log names it."""
        return Actor(self.id, self.address, self.request)


def hub_of(request: Request) -> Hub:
    """Return the hub behind a request."""
    hub: Hub = request.app.state.hub
    return hub


HubDep = Annotated[Hub, Depends(hub_of)]


def anonymous(request: Request) -> Actor:
    """Return somebody who did not say who they are, as the audit log names them."""
    address = caller_address(request, hub_of(request).plan.settings.hub)
    return Actor("anonymous", address or None, getattr(request.state, "request_id", None))


async def caller_of(request: Request) -> Caller:
    """Return who is calling; raises ApiError 401 without a valid key or session, 403 for another site's write."""
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    if key and kind.lower() == "bearer":
        found = await _of_key(request, key.strip())
    else:
        found = await _of_cookie(request)
    here = anonymous(request)
    caller = replace(found, address=here.address, request=here.request)
    request.state.caller = caller
    return caller


async def _of_key(request: Request, key: str) -> Caller:
    local = request.app.state.local_key
    if local and hmac.compare_digest(key.encode("utf-8", "replace"), local.encode()):
        return Caller("local", "owner")
    found = await known_key(request.app.state, digest_of(key))
    if found is None:
        raise ApiError(401, "This API key is not known, has expired, or was revoked.")
    return found


async def known_key(state: Any, digest: str) -> Caller | None:
    """Return whose key has this hash; a revoked one is good for ten seconds more at most, and not where it was."""
    hub: Hub = state.hub
    now = hub.clock.monotonic()
    cache: dict[str, tuple[float, Caller | None]] = state.keys
    at, found = cache.get(digest, (-CACHE_SECONDS, None))
    if now - at >= CACHE_SECONDS:
        key = await hub.db.read(keys.find, digest, hub.clock.now())
        found = Caller(f"key:{key.id}", key.role, source=key.source) if key else None
        if len(cache) > 10_000:
            cache.clear()
        cache[digest] = (now, found)
        if key and (key.last_used_at is None or hub.clock.now() - key.last_used_at > keys.USED_EVERY):
            await hub.db.write(keys.used, key.id, hub.clock.now())
    return found


def cookie_of(request: Request) -> str | None:
    """Return what the session's cookie holds; the one of a safe connection goes first."""
    return request.cookies.get(HOST_COOKIE) or request.cookies.get(COOKIE)


async def _of_cookie(request: Request) -> Caller:
    """Return whose session a cookie is; a write must come from one of our own pages."""
    token = cookie_of(request)
    if not token:
        raise ApiError(401, "Send an API key: Authorization: Bearer KEY. `leadhub key create` makes one.")
    found = await _of_session(request, digest_of(token))
    if found is None:
        raise ApiError(401, "The session has ended. Sign in again.")
    if request.method not in READS and not same_origin(request.headers, hub_of(request).plan.settings.hub):
        raise ApiError(403, "A session may only write from leadhub's own pages. Programs send an API key.")
    return found


async def _of_session(request: Request, digest: str) -> Caller | None:
    hub = hub_of(request)
    login = await hub.db.read(users.find_login, digest, hub.clock.now())
    if login is None:
        return None
    found: Caller | None = None
    if login.user == local_name(request.app.state.local_key):
        found = Caller("local", "owner", login=digest)
    elif login.user.startswith("key:"):
        key = await hub.db.read(keys.by_id, login.user.removeprefix("key:"), hub.clock.now())
        found = Caller(login.user, key.role, source=key.source, login=digest) if key else None
    elif login.role:
        found = Caller(f"user:{login.user}", login.role, name=login.name, login=digest)
    if found and hub.clock.now() - login.seen_at > users.SEEN_EVERY:
        await hub.db.write(users.seen, digest, hub.clock.now())
    return found


def local_name(local_key: str | None) -> str:
    """Return the name under which a session of this machine's owner is kept; it is another one at each start."""
    return f"local:{digest_of(local_key)[:32]}" if local_key else ""


def needs(role: str, *, right: str | None = None, rep: bool = False) -> Any:
    """Return the dependency of a route that callers of this role or above may use; `right` is one of RIGHTS.

    `rep`: reps may, too, for what is theirs; the route looks what that is, by `hub.api.mine`.
    """
    assert role in ROLES
    assert right is None or right in RIGHTS

    async def check(request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        enough = caller.role in ROLES and ROLES.index(caller.role) >= ROLES.index(role)
        if not enough and not (rep and caller.role == REP):
            raise ApiError(403, f"This needs the role {role}; the {_bearer(caller)} has {caller.role}.")
        if caller.id != "local":  # commands of this machine's owner do many things in a row
            limits: Limits = request.app.state.limits
            limits.take(right or "call", caller.id, hub_of(request).clock.monotonic())
        return caller

    check.role, check.right, check.rep = role, right, rep  # type: ignore[attr-defined]
    return Depends(check)


def _bearer(caller: Caller) -> str:
    return "user" if caller.id.startswith("user:") else "key"


def open_to_all(why: str) -> Any:
    """Return the dependency of a route that anybody may use, with the reason."""

    async def check() -> None:
        """Let everybody through."""

    check.role, check.right, check.rep, check.why = "anybody", None, True, why  # type: ignore[attr-defined]
    return Depends(check)


CallerDep = Annotated[Caller, Depends(caller_of)]


class Masked(APIRoute):
    """A route whose answer hides who the people are from callers who may not know; every route is one."""

    of_caller: ClassVar[bool] = False  # it tells callers of nobody but themselves, so nothing is hidden

    def get_route_handler(self) -> Any:
        """Return the handler, with the mask over what it answers."""
        handler = super().get_route_handler()

        async def masked(request: Request) -> Any:
            answer = await handler(request)
            caller: Caller | None = getattr(request.state, "caller", None)
            if caller is None or caller.role != "viewer" or self.of_caller:
                return answer
            return await _masked(answer, hub_of(request))

        return masked


async def _masked(answer: Any, hub: Hub) -> Any:
    """Return an answer in which nobody can be recognised; one that streams cannot be looked at, and is refused."""
    kind = answer.headers.get("content-type", "")
    if getattr(answer, "body", None) is None:
        raise ApiError(403, "This needs the role operator.")
    if kind.startswith("application/json"):
        return masks.rewritten(answer, orjson.dumps(await _hidden(orjson.loads(answer.body), hub)))
    if kind.startswith("text/html"):
        return masks.rewritten(answer, masks.in_text(answer.body.decode()).encode())
    return answer


async def _hidden(value: Any, hub: Hub) -> Any:
    """Hide everybody in a JSON value, also the names of the leads it speaks of, wherever they stand."""
    leads = await hub.db.read(lead_store.load, masks.leads_in(value))
    people = [lead.model_dump(mode="json", include=set(masks.PERSONAL)) for lead in leads.values()]
    return masks.masked(value, masks.people_of(people))


async def seen(request: Request, value: Any) -> Any:
    """Return a JSON value as the caller may see it, for a page."""
    caller: Caller = request.state.caller
    return await _hidden(value, hub_of(request)) if caller.role == "viewer" else value


def declared(route: APIRoute) -> list[Any]:
    """Return what a route says about who may use it: dependencies that `needs` or `open_to_all` made."""
    return [d.dependency for d in route.dependencies if getattr(d.dependency, "role", None)]


def check_routes(routes: Iterable[Any]) -> None:
    """Raise AssertionError for a route that does not say who may use it: nothing is served by default."""
    for route in flat(routes):
        if isinstance(route, APIRoute):
            assert len(declared(route)) == 1, (
                f"{sorted(route.methods or ())} {route.path} does not say which role it needs."
            )


def flat(routes: Iterable[Any]) -> Iterator[Any]:
    """Yield every route, also those of routers that were put into others."""
    for route in routes:
        inner = getattr(route, "original_router", route)
        yield from flat(inner.routes) if hasattr(inner, "routes") else (route,)
