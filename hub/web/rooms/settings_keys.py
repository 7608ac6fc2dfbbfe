"""API keys: made and shown this once, listed, revoked."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from hub.api import keys as api
from hub.api.access import CallerDep, HubDep, needs
from hub.api.leads import After
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.rooms.settings import show_place
from hub.web.site import done, explained
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

HERE = "/settings/keys"
AT_ONCE = 50
ROLES = (
    ("source", N_("Only posts leads to one source.")),
    ("viewer", N_("Reads everything; people are masked.")),
    ("operator", N_("Reads people, and does the daily work.")),
    ("admin", N_("Imports, exports, changes the configuration.")),
    ("owner", N_("Everything. Think twice.")),
)
FRESH = {"role": "source", "name": "", "source": "", "days": "365"}


@router.get("/settings/keys", dependencies=[needs("owner")])
async def keys(request: Request, hub: HubDep, after: After = None) -> Response:
    """Show the keys, and the form for a new one."""
    return await _page(request, hub, after)


async def _page(
    request: Request, hub: Hub, after: str | None = None, typed: dict[str, str] | None = None, wrong: str = "",
    made: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    found = await api.keys(hub, AT_ONCE, after)
    now = hub.clock.now()
    items = [{**row, "expired": row["expires_at"] is not None and row["expires_at"] <= now} for row in found["items"]]
    following = f"{HERE}?{urlencode({'after': found['next']})}" if found["next"] else None
    return await show_place(
        request, "keys", items=items, next=following, roles=ROLES, typed=typed or FRESH, wrong=wrong,
        made=made, sources=list(hub.plan.settings.sources), status=422 if wrong else 200,
    )  # fmt: skip


@router.post("/settings/keys", dependencies=[needs("owner")])
async def new(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Make a key, and show it this once: it is on no other page and in no address."""
    said = await form_of(request, hub)
    typed = {name: said.get(name, "").strip() for name in FRESH}
    try:
        body = api.NewKey(
            role=typed["role"],
            name=typed["name"],
            source=typed["source"] if typed["role"] == "source" else None,
            days=typed["days"] or None,
        )
        made = await api.new_key(hub, caller, body)
    except ValidationError as error:
        first = error.errors()[0]
        return await _page(request, hub, typed=typed, wrong=explained(request, f"{first['loc'][0]}: {first['msg']}."))
    except (ApiError, LeadhubError) as error:
        return await _page(request, hub, typed=typed, wrong=explained(request, error))
    shown = {"id": made["id"], "key": made["key"], "role": made["role"], "source": made["source"] or ""}
    return await _page(request, hub, made=shown)


@router.post("/settings/keys/{key}/revoke", dependencies=[needs("owner")])
async def revoke(request: Request, hub: HubDep, caller: CallerDep, key: str) -> Response:
    """Make a key worthless."""
    await form_of(request, hub)
    work = api.drop_key(request, hub, caller, key)
    return await done(request, work, HERE, N_("The key is worthless now; at the latest in ten seconds, on every node."))
