"""Tagged links with their QR codes, and the snippet that captures tags."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from hub.api import links as api
from hub.api.access import ROLES, Caller, CallerDep, HubDep, needs
from hub.api.leads import Number
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.settings.naming import NamingSettings, TagNaming
from hub.store import links as store
from hub.store import listing
from hub.tagging.links import scene as scene_of
from hub.tagging.naming import TAGS
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.site import explained, partial, show, told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

SHOWN = 20
FIRST = ("utm_source", "utm_medium", "utm_campaign")
FORM_SOURCE = "web_form"
"""The connector whose address hands out the capturing script."""

WORDS = {
    "utm_source": N_("Who sends the visitors"), "utm_medium": N_("How they come"), "utm_campaign": N_("Campaign"),
    "utm_term": N_("Keyword"), "utm_content": N_("Which link or picture"), "utm_id": N_("Id of the campaign"),
}  # fmt: skip
HINTS = {
    "utm_source": N_("wechat, google, newsletter"), "utm_medium": N_("cpc, email, qr"),
    "utm_campaign": N_("the same in every channel"), "utm_term": N_("for search ads"),
    "utm_content": N_("to tell two links apart"), "utm_id": N_("as the ad platform has it"),
}  # fmt: skip


@router.get("/campaigns/links", dependencies=[needs("viewer")])
async def page(request: Request, hub: HubDep, caller: CallerDep, after: str = "") -> Response:
    """Show the builder with what the address of the page names, the links made lately, and the snippet."""
    typed = {name: request.query_params.get(name, "") for name in ("page", *TAGS)}
    return await _shown(request, hub, caller, typed, after=after or None)


@router.post("/campaigns/links", dependencies=[needs("operator")])
async def make(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Make a link, or say what is wrong beside each field; while it is typed, only say."""
    typed = await form_of(request, hub)
    if partial(request):
        return await _said(request, hub, typed)
    if typed.pop("mend", ""):
        typed = await _mended(request, hub, typed)
    try:
        made = await api.make(hub, caller, _link(typed))
    except ValidationError as error:
        return await _shown(request, hub, caller, typed, says=explained(request, f"{error.errors()[0]['msg']}."))
    except (ApiError, LeadhubError) as error:
        return await _shown(request, hub, caller, typed, says=explained(request, error))
    says = N_("The link is made.") if made["made"] else N_("This link was made before.")
    return told(f"/campaigns/links/{made['id']}", tongue_of(request).say(says))


@router.get("/campaigns/links/{link}", dependencies=[needs("viewer")])
async def one(request: Request, hub: HubDep, link: Number) -> Response:
    """Show a link with its QR code."""
    row = await hub.db.read(listing.one, "link", str(link))
    if row is None:
        raise ApiError(404, f"There is no link {link}.")
    scene = scene_of(row["campaign"] or "")
    return await show(request, "links/one.html", link=row, scene=scene)


@router.get("/campaigns/links/{link}/qr.{kind}", dependencies=[needs("viewer")])
async def code(hub: HubDep, link: Number, kind: Literal["svg", "png"]) -> Response:
    """Return the QR code of a link."""
    return await api.code(hub, link, kind)


def _link(typed: dict[str, str], *, dry_run: bool = False) -> api.Link:
    tags = {name: typed.get(name, "").strip() for name in TAGS}
    return api.Link(page=typed.get("page", ""), short=bool(typed.get("short")), dry_run=dry_run, **tags)


async def _look(request: Request, hub: Hub, typed: dict[str, str]) -> tuple[dict[str, Any] | None, str]:
    """Return what the link would be, or why it cannot be one."""
    names = await request.app.state.kept.ask("campaign names", lambda: hub.db.read(store.campaigns))
    try:
        return await api.looked_at(hub, _link(typed, dry_run=True), names.value or []), ""
    except ValidationError as error:
        return None, explained(request, f"{error.errors()[0]['msg']}.")
    except (ApiError, LeadhubError) as error:
        return None, explained(request, error)


async def _mended(request: Request, hub: Hub, typed: dict[str, str]) -> dict[str, str]:
    """Return what was typed with the right form of each name."""
    found, _ = await _look(request, hub, typed)
    offers = {one["tag"]: one["offer"] for one in found["wrong"] if one["offer"]} if found else {}
    return {**typed, **offers}


async def _said(request: Request, hub: Hub, typed: dict[str, str]) -> Response:
    """Return what is said while it is typed."""
    found, says = await _look(request, hub, typed) if typed.get("page") else (None, "")
    return await show(request, "links/said.html", found=_worded(found, request, hub), says=says, typed=typed)


def _worded(found: dict[str, Any] | None, request: Request, hub: Hub) -> dict[str, Any] | None:
    """Return what was found with every complaint in the reader's language."""
    if found is None:
        return None
    tongue, naming = tongue_of(request), hub.plan.settings.campaigns.naming
    wrong = {one["tag"]: {**one, "says": _complaint(one, naming, tongue)} for one in found["wrong"]}
    return {**found, "wrong": wrong}


def _complaint(one: dict[str, Any], naming: NamingSettings, tongue: Tongue) -> str:
    rule = naming.tags.get(one["tag"], TagNaming())
    if one["code"] == "missing":
        return tongue.say("It is needed.")
    if one["code"] == "values":
        return tongue.say("It is one of: %(values)s.", values=", ".join(rule.values))
    if one["code"] == "longest":
        return tongue.say("It has more than %(n)s characters.", n=rule.longest)
    if one["code"] == "parts":
        form = naming.separator.join(f"{{{part.name}}}" for part in rule.parts)
        return tongue.say("It has the parts %(form)s.", form=form)
    return _rules(naming, tongue)


def _rules(naming: NamingSettings, tongue: Tongue) -> str:
    """Return the naming rules in one line."""
    letters = tongue.say("letters a to z") if naming.letters == "latin" else tongue.say("letters of any script")
    signs = " ".join(naming.signs)
    if naming.lower:
        return tongue.say("Only lower case: %(letters)s, digits and %(signs)s", letters=letters, signs=signs)
    return tongue.say("Only %(letters)s, digits and %(signs)s", letters=letters, signs=signs)


async def _shown(
    request: Request, hub: Hub, caller: Caller, typed: dict[str, str], *, says: str = "", after: str | None = None
) -> Response:
    """Return the page; `says` is why a link was not made."""
    tongue, settings = tongue_of(request), hub.plan.settings.campaigns
    rows, following = await hub.db.read(listing.page, "link", {}, limit=SHOWN, after=after)
    names = await request.app.state.kept.ask("campaign names", lambda: hub.db.read(store.campaigns))
    found, broken = await _look(request, hub, typed) if typed.get("page") and says else (None, "")
    tags = [_field(name, settings.naming, tongue, typed.get(name, "")) for name in TAGS]
    return await show(
        request, "links/page.html", status=422 if says else 200, typed=typed, found=_worded(found, request, hub),
        says=says if broken or not (found and found["wrong"]) else "", links=rows, older=following, tags=tags,
        rules=_rules(settings.naming, tongue), may=_may(caller),
        names=list(dict.fromkeys([*(one.name for one in settings.known), *(names.value or [])])),
        known=[one.model_dump() for one in settings.known], forms=_forms(request, hub),
    )  # fmt: skip


def _may(caller: Caller) -> bool:
    return caller.role in ROLES and ROLES.index(caller.role) >= ROLES.index("operator")


def _field(name: str, naming: NamingSettings, tongue: Tongue, typed: str) -> dict[str, Any]:
    rule = naming.tags.get(name, TagNaming())  # type: ignore[call-overload]
    parts = naming.separator.join(f"{{{part.name}}}" for part in rule.parts)
    return {
        "name": name, "words": tongue.say(WORDS[name]), "hint": parts or tongue.say(HINTS[name]),
        "required": rule.required, "values": list(rule.values), "first": name in FIRST or rule.required, "typed": typed,
    }  # fmt: skip


def _forms(request: Request, hub: Hub) -> list[dict[str, str]]:
    """Return, for each source that takes the forms of a site, what goes into the site's pages."""
    base = (hub.plan.settings.hub.public_url or str(request.base_url)).rstrip("/")
    names = [name for name, one in hub.plan.settings.sources.items() if one.connector == FORM_SOURCE and one.enabled]
    return [
        {
            "source": name,
            "script": f'<script src="{base}/in/{name}?file=capture.js" defer></script>',
            "form": f'<form method="post" action="{base}/in/{name}" data-leadhub>\n'
            '  <input name="email" type="email">\n  <button>Send</button>\n</form>',
        }
        for name in names
    ]
