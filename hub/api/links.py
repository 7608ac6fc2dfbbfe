"""Campaign links: made by the naming rules, kept, and shown as QR codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Body, Limit, Number, listed
from hub.api.problems import ApiError
from hub.app import Hub
from hub.store import links as store
from hub.store import listing
from hub.store.audit import noted
from hub.tagging.links import scene, tagged
from hub.tagging.naming import TAGS, judged, near
from hub.tagging.picture import qr

router = APIRouter(prefix="/api", tags=["campaigns"], route_class=Masked)


class Link(Body):
    """A page and the tags its address gets."""

    page: str = Field(max_length=2_000, description="The address the link leads to.")
    utm_source: str = Field("", max_length=500, description="Who sends the visitors: wechat, google, newsletter.")
    utm_medium: str = Field("", max_length=500, description="How: cpc, email, qr.")
    utm_campaign: str = Field("", max_length=500, description="The campaign.")
    utm_term: str = Field("", max_length=500, description="The keyword.")
    utm_content: str = Field("", max_length=500, description="Which of several links or pictures.")
    utm_id: str = Field("", max_length=500, description="The campaign's id or short tag.")
    short: bool = Field(
        False, description="Only the short tag that the settings give the campaign, for small QR codes."
    )
    dry_run: bool = Field(False, description="Only say what the link would be, and what is wrong with its tags.")

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags that are filled in."""
        return {name: value for name in TAGS if (value := getattr(self, name).strip())}


@router.get("/links", dependencies=[needs("viewer")])
async def links(hub: HubDep, limit: Limit = 50, after: After = None, campaign: str | None = None) -> dict[str, Any]:
    """List the links that were made, newest first."""
    where = {"campaign": campaign} if campaign else {}
    return listed(*await hub.db.read(listing.page, "link", where, limit=limit, after=after))


@router.post("/links", dependencies=[needs("operator")])
async def make(hub: HubDep, caller: CallerDep, body: Link) -> dict[str, Any]:
    """Make a tagged link; names that break the rules are refused (422), `dry_run` says the right form of each."""
    found = await looked_at(hub, body)
    if body.dry_run:
        return found
    if found["wrong"]:
        first = found["wrong"][0]
        offer = f" Write {first['offer']!r}." if first["offer"] else ""
        raise ApiError(422, f"{first['tag']}: {first['says']}{offer}")
    tags = found["tags"]
    values = {
        "at": hub.clock.now(), "by": caller.id, "page": body.page.strip(), "address": found["link"],
        "campaign": body.tags.get("utm_campaign"), "source": tags.get("utm_source"), "medium": tags.get("utm_medium"),
        "term": tags.get("utm_term"), "content": tags.get("utm_content"), "tag": tags.get("utm_id"),
    }  # fmt: skip
    keep = noted(
        store.keep, "link.made", by=caller.actor, at=values["at"],
        told=lambda done: {"link": done[0]["id"]} if done[1] else None,
    )  # fmt: skip
    row, made = await hub.db.write(keep, values)
    return {**found, "id": row["id"], "made": made}


async def looked_at(hub: Hub, body: Link, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Return what a link would be: its address, what is wrong with each tag, and campaigns of nearly the same name."""
    settings = hub.plan.settings.campaigns
    wrong = judged(body.tags, settings.naming)
    tags = _tags(hub, body)
    if names is None:
        names = await hub.db.read(store.campaigns)
    known = [*(one.name for one in settings.known), *names]
    return {
        "link": tagged(body.page, tags),
        "tags": tags,
        "wrong": [{"tag": one.tag, "code": one.code, "says": one.says, "offer": one.offer} for one in wrong],
        "near": near(body.tags.get("utm_campaign", ""), known),
        "scene": scene(body.tags.get("utm_campaign", "")),
    }


def _tags(hub: Hub, body: Link) -> dict[str, str]:
    """Return the tags that stand in the link: all of them, or the short one alone."""
    if not body.short:
        return body.tags
    wanted = body.tags.get("utm_campaign", "")
    short = next((one.short for one in hub.plan.settings.campaigns.known if one.name == wanted and one.short), None)
    if short is None:
        said = f"The campaign {wanted[:100]!r} has no short tag. Give it one in hub.yaml: campaigns, known."
        raise ApiError(422, said)
    return {"utm_id": short}


@router.get("/links/{link}/qr", dependencies=[needs("viewer")])
async def code(hub: HubDep, link: Number, kind: Literal["svg", "png"] = "svg") -> Response:
    """Return the QR code of a link as a file."""
    row = await hub.db.read(listing.one, "link", str(link))
    if row is None:
        raise ApiError(404, f"There is no link {link}.")
    return picture(row["address"], kind, f"link-{link}")


def picture(address: str, kind: Literal["svg", "png"], name: str) -> Response:
    """Return a QR code as an answer that may be looked at, and nothing else."""
    media = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    headers = {
        "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        "content-disposition": f'inline; filename="{name}.{kind}"', "cache-control": "private, max-age=3600",
    }  # fmt: skip
    return Response(qr(address, kind), media_type=media, headers=headers)
