"""People's rights: what is known of one is handed out, or erased everywhere, with a certificate."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.api import about, privacy
from hub.api.access import CallerDep, HubDep, needs
from hub.api.leads import After
from hub.api.problems import ApiError, status_of
from hub.app import Hub
from hub.errors import LeadhubError
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.rooms.settings import show_place
from hub.web.site import explained, tongue_of

router = APIRouter(include_in_schema=False, route_class=Page)

HERE = "/settings/people"
AT_ONCE = 25


@router.get("/settings/people", dependencies=[needs("admin")])
async def people(request: Request, hub: HubDep, after: After = None) -> Response:
    """Show the forms, and who was erased."""
    return await _page(request, hub, after)


async def _page(
    request: Request, hub: Hub, after: str | None = None, *, key: str = "", erase_wrong: str = "",
    export_wrong: str = "", status: int = 200,
) -> Response:  # fmt: skip
    found = await about.erasures(hub, AT_ONCE, after)
    following = f"{HERE}?{urlencode({'after': found['next']})}" if found["next"] else None
    return await show_place(
        request, "people", items=found["items"], next=following, key=key, erase_wrong=erase_wrong,
        export_wrong=export_wrong, status=status, may_erase=request.state.caller.role == "owner",
    )  # fmt: skip


def _person(key: str, *, dry_run: bool) -> privacy.Person:
    """Return whom a person named: by what they typed, an e-mail address, a phone number, or another key."""
    text = key.strip()
    if not text or len(text) > 320:
        raise ApiError(422, "Type an e-mail address, a phone number, or another key of the person.")
    if "@" in text:
        return privacy.Person(email=text, dry_run=dry_run)
    if sum(c.isdigit() for c in text) >= 6 and not any(c.isalpha() for c in text) and len(text) <= 100:
        return privacy.Person(phone=text, dry_run=dry_run)
    return privacy.Person(key=text, dry_run=dry_run)


@router.post("/settings/people/look", dependencies=[needs("owner")])
async def look(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show what erasing a person would do; nothing is erased yet. Who it is stands in no address."""
    key = (await form_of(request, hub)).get("key", "")
    return await _preview(request, hub, caller, key)


async def _preview(request: Request, hub: Hub, caller: Any, key: str, wrong: str = "") -> Response:
    try:
        found = await privacy.erase(hub, caller, _person(key, dry_run=True))
    except (ApiError, LeadhubError) as error:
        status = error.status if isinstance(error, ApiError) else status_of(error)
        return await _page(request, hub, key=key, erase_wrong=explained(request, error), status=status)
    if not found["leads"] and not found["counts"]:
        said = tongue_of(request).say("Nobody with that key is here.")
        return await _page(request, hub, key=key, erase_wrong=said, status=404)
    return await show_place(
        request, "people", template="settings/erase.html", key=key.strip(), leads=found["leads"],
        counts=found["counts"], sinks=found.get("sinks", []), wrong=wrong, status=422 if wrong else 200,
    )  # fmt: skip


@router.post("/settings/people/erase", dependencies=[needs("owner")])
async def erase(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Erase a person, when the key was typed once more; the certificate comes after it."""
    said = await form_of(request, hub)
    key, typed = said.get("key", "").strip(), said.get("typed", "").strip()
    if typed != key:
        wrong = tongue_of(request).say("That is not the same. Type it exactly as above.")
        return await _preview(request, hub, caller, key, wrong)
    try:
        made = await privacy.erase(hub, caller, _person(key, dry_run=False))
    except (ApiError, LeadhubError) as error:
        return await _page(request, hub, key=key, erase_wrong=explained(request, error), status=422)
    if "erasure" not in made:
        return await _page(
            request, hub, key=key, erase_wrong=tongue_of(request).say("Nobody with that key is here."), status=404
        )
    return RedirectResponse(f"{HERE}/erasures/{quote(made['erasure'])}", 303)


@router.get("/settings/people/erasures/{erasure}", dependencies=[needs("admin")])
async def certificate(request: Request, hub: HubDep, erasure: str) -> Response:
    """Show the certificate of an erasure, as it stands now."""
    made = await privacy.certificate(hub, erasure)
    words = made["text"][tongue_of(request).language]
    left = [{"who": one.get("sink") or one.get("file") or one.get("table") or "", **one} for one in made["by_hand"]]
    return await show_place(
        request, "people", template="settings/certificate.html", erasure=made["erasure"], state=made["state"],
        words=words, left=left, waiting=len(made["waiting"]), at=made["at"],
    )  # fmt: skip


@router.post("/settings/people/export", dependencies=[needs("admin", right="export")])
async def export(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Hand out everything that is known of a person, as a file."""
    said = await form_of(request, hub)
    key, form = said.get("key", "").strip(), "csv" if said.get("format") == "csv" else "json"
    try:
        if not key or len(key) > 320:
            raise ApiError(422, "Type an e-mail address, a phone number, or another key of the person.")
        answer = await privacy.copy(hub, caller, privacy.Wanted(key=key, format=form))
    except (ApiError, LeadhubError) as error:
        status = error.status if isinstance(error, ApiError) else status_of(error)
        return await _page(request, hub, key=key, export_wrong=explained(request, error), status=status)
    answer.headers["content-disposition"] = f'attachment; filename="person.{form}"'
    answer.headers["cache-control"] = "no-store"
    answer.headers["x-content-type-options"] = "nosniff"
    return answer
