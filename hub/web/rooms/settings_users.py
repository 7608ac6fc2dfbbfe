"""Users: made, given roles and passwords, shut out and let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic import SecretStr, ValidationError
from starlette.responses import Response

from hub.api import users as api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.rooms.settings import show_place
from hub.web.site import done, explained, told, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

HERE = "/settings/users"
ROLES = (
    ("rep", N_("Their own leads, and the pools of their teams. For sales people; the name is that of the rep.")),
    ("viewer", N_("Looks at everything; people are masked.")),
    ("operator", N_("Sees people, and does the daily work: replays, decides, hands on.")),
    ("admin", N_("Imports, exports, changes the configuration, reads the audit log.")),
    ("owner", N_("Everything: users, keys, erasing people, backups.")),
)


@router.get("/settings/users", dependencies=[needs("owner")])
async def users(request: Request, hub: HubDep) -> Response:
    """Show the users, and the form for a new one."""
    return await _page(request, hub)


async def _page(request: Request, hub: Hub, typed: dict[str, str] | None = None, **wrong: str) -> Response:
    given = {"name": "", "role": "rep", **(typed or {})}
    errors = {"name": "", "role": "", "password": "", **wrong}
    items = (await api.users(hub))["items"]
    status = 422 if wrong else 200
    return await show_place(
        request, "users", items=items, roles=ROLES, typed=given, wrong=errors, status=status, me=request.state.caller.id
    )


@router.post("/settings/users", dependencies=[needs("owner")])
async def new(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Make a user."""
    said = await form_of(request, hub)
    typed = {"name": said.get("name", ""), "role": said.get("role", "")}
    try:
        body = api.NewUser(**typed, password=SecretStr(said.get("password", "")))
        made = await api.new_user(request, hub, caller, body)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        return await _page(request, hub, typed, **{field: explained(request, f"{error.errors()[0]['msg']}.")})
    except (ApiError, LeadhubError) as error:
        return await _page(request, hub, typed, **{_field(str(error)): explained(request, error)})
    return told(HERE, tongue_of(request).say("The user %(name)s was made.", name=made["name"]))


def _field(said: str) -> str:
    return "password" if "password" in said.lower() else "name"


@router.post("/settings/users/{user}/password", dependencies=[needs("owner")])
async def password(request: Request, hub: HubDep, caller: CallerDep, user: str) -> Response:
    """Give a user another password."""
    said = await form_of(request, hub)
    body = api.NewPassword(password=SecretStr(said.get("password", "")[:2000]), old=None)
    work = api.password(request, hub, caller, user, body)
    return await done(request, work, HERE, N_("The password was changed; every session of theirs ended."))


@router.post("/settings/users/{user}/role", dependencies=[needs("owner")])
async def role(request: Request, hub: HubDep, caller: CallerDep, user: str) -> Response:
    """Give a user another role."""
    said = await form_of(request, hub)
    try:
        body = api.NewRole(role=said.get("role", ""))
    except ValidationError:
        return told(HERE, tongue_of(request).say("Choose one of the roles."), bad=True)
    return await done(request, api.role(hub, caller, user, body), HERE, N_("The role was changed."))


ACTS: dict[str, tuple[Callable[[Hub, Caller, str], Awaitable[Any]], str]] = {
    "disable": (api.disable, N_("The user is shut out; every session of theirs ended.")),
    "enable": (api.enable, N_("The user may sign in again.")),
    "logout": (api.log_out, N_("Every session of theirs ended.")),
    "no-code": (api.no_code, N_("The second factor was removed; every session of theirs ended.")),
}


@router.post("/settings/users/{user}/{act}", dependencies=[needs("owner")])
async def act(request: Request, hub: HubDep, caller: CallerDep, user: str, act: str) -> Response:
    """Shut a user out, let one in, end sessions, remove a second factor."""
    await form_of(request, hub)
    if act not in ACTS:
        raise ApiError(404, f"Nothing is called {act[:64]!r} here.")
    work, said = ACTS[act]
    return await done(request, work(hub, caller, user), HERE, said)
