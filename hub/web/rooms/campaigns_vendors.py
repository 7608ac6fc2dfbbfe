"""Scorecards of vendors: for us with all numbers, and behind a link without an account and without persons."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import vendors as api
from hub.api.access import ROLES, CallerDep, HubDep, needs
from hub.api.vendors import OPEN, Shared
from hub.app import Hub
from hub.attribution.blur import blurred
from hub.attribution.vendors import OTHER
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.site import done, partial, show
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

DAYS = (("30", N_("30 days")), ("90", N_("90 days")), ("365", N_("a year")))


@router.get("/campaigns/vendors", dependencies=[needs("viewer")])
async def vendors(request: Request, hub: HubDep) -> Response:
    """Show the sources that have a scorecard, which is all of them."""
    sources = hub.plan.settings.sources
    rows = [
        {
            "source": name, "party": one.tags.get("party"), "per_lead": one.cost.per_lead if one.cost else None,
            "money": (one.cost.currency if one.cost else None) or hub.plan.settings.campaigns.currency or "",
        }
        for name, one in sorted(sources.items(), key=lambda item: (item[1].cost is None, item[0]))
    ]  # fmt: skip
    return await show(request, "campaigns/vendors.html", rows=rows)


@router.get("/campaigns/vendors/{source}", dependencies=[needs("viewer")])
async def vendor(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Show the scorecard of a source."""
    whole = await api.counted(request, hub, source)
    writes = caller.role in ROLES and ROLES.index(caller.role) >= ROLES.index("operator")
    links = (await api.links(hub, source))["items"] if writes and not partial(request) else []
    blur = request.query_params.get("as") == "shared"
    card = blurred(whole) if blur and whole is not None else whole
    template = "campaigns/card.html" if partial(request) else "campaigns/vendor.html"
    now = hub.clock.now().isoformat()
    shown = [
        {
            **row,
            "until": row["until"].isoformat(),
            "open": row["token"] is not None,
            "ended": row["revoked_at"] is not None,
        }
        for row in links
    ]
    return await show(
        request, template, source=source, card=card, chart_rows=chart_of(card), links=shown, writes=writes, blur=blur,
        at=now, days=DAYS, base=_base(request, hub), shared=False, other=OTHER,
    )  # fmt: skip


def _base(request: Request, hub: Hub) -> str:
    return (hub.plan.settings.hub.public_url or str(request.base_url)).rstrip("/")


def chart_of(card: dict[str, Any] | None) -> list[list[Any]]:
    """Return what came by month as rows of a chart; what is not told is left out."""
    names = ("good", "returned", "invalid", "duplicate", "known", "repeated", "refused")
    months = card["months"] if card else []
    return [[row["month"], *(row[name] if isinstance(row[name], int) else None for name in names)] for row in months]


@router.post("/campaigns/vendors/{source}/links", dependencies=[needs("operator")])
async def share(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Make a link to a scorecard."""
    form = await form_of(request, hub)
    days = form.get("days", "90")
    work = api.share(hub, caller, source, Shared(days=int(days) if days in dict(DAYS) else 90))
    return await done(
        request, work, f"/campaigns/vendors/{source}#links", N_("The link is below. Send it to the vendor.")
    )


@router.post("/campaigns/vendors/{source}/links/{link}/revoke", dependencies=[needs("operator")])
async def revoke(request: Request, hub: HubDep, caller: CallerDep, source: str, link: str) -> Response:
    """End a link to a scorecard."""
    work = api.revoke(hub, caller, link)
    return await done(request, work, f"/campaigns/vendors/{source}#links", N_("The link opens no more."))


@router.get("/scorecard/{token}", dependencies=[OPEN])
async def shared(request: Request, hub: HubDep, token: str) -> Response:
    """Show a vendor its own numbers, without an account."""
    said = await api.opened(request, hub, token)
    card = said["card"]
    if request.query_params.get("format") == "csv" and card is not None:
        return api.card_csv(card)
    template = "campaigns/card.html" if partial(request) else "campaigns/shared.html"
    answer = await show(
        request, template, source=said["source"], card=card, chart_rows=chart_of(card), shared=True, blur=True,
        other=OTHER,
    )  # fmt: skip
    answer.headers["referrer-policy"] = "no-referrer"  # the address is what opens it
    answer.headers["x-robots-tag"] = "noindex"
    return answer
