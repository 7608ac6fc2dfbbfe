"""Files of leads: uploaded or taken out of the inbox, and what became of those that were read in."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.api import admin, uploads
from hub.api.access import CallerDep, HubDep, needs
from hub.api.leads import After
from hub.api.problems import ApiError, status_of
from hub.app import Hub
from hub.errors import LeadhubError
from hub.lead import Lead
from hub.normal.verdicts import CODES
from hub.store import leads as lead_store
from hub.store import listing
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.site import done, explained, partial, show
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

AT_ONCE = 25
ROWS = 50
WORDS = {
    "new": N_("looked at"),
    "trying": N_("being tried"),
    "tried": N_("tried"),
    "running": N_("being read in"),
    "failed": N_("broken off"),
    "done": N_("read in"),
    "known": N_("read in before"),
    "undone": N_("taken back"),
}
"""The states of files and imports, as people call them."""

BECAME = ("done", "duplicate", "quarantined", "rejected", "undone")


@router.get("/imports", dependencies=[needs("admin")])
async def files(request: Request, hub: HubDep, after: After = None) -> Response:
    """Show the files that wait, those of the inbox, and those that were read in."""
    return await _files(request, hub, after)


async def _files(request: Request, hub: Hub, after: str | None = None, wrong: str = "", status: int = 200) -> Response:
    made = await admin.imports(hub, AT_ONCE, after)
    inbox = await asyncio.to_thread(hub.importing.uploads.inbox) if after is None else []
    drafts = (await uploads.drafts(hub))["items"] if after is None else []
    sources = {name: _about(hub, name) for name in uploads.file_sources(hub)}
    chosen = request.query_params.get("source", "")
    return await show(
        request, "imports/page.html", status=status, made=made["items"], drafts=drafts, inbox=inbox, sources=sources,
        chosen=chosen if chosen in sources else next(iter(sources), ""), words=WORDS, wrong=wrong, first=after is None,
        most=uploads.longest(hub), next=f"/imports?{urlencode({'after': made['next']})}" if made["next"] else None,
    )  # fmt: skip


def _about(hub: Hub, source: str) -> dict[str, str]:
    settings = hub.plan.settings.sources[source]
    return {"connector": settings.connector, "mapping": hub.plan.mappings[source].name}


@router.post("/imports/upload", dependencies=[needs("admin")])
async def upload(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Take a file from a browser, and look at it."""
    try:
        draft = await uploads.upload(request, hub, caller)
    except (ApiError, LeadhubError) as error:
        status = error.status if isinstance(error, ApiError) else status_of(error)
        return await _files(request, hub, wrong=explained(request, error), status=status)
    return RedirectResponse(f"/imports/files/{draft['id']}", 303)


@router.post("/imports/inbox", dependencies=[needs("admin")])
async def from_inbox(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Take a file of the inbox, and look at it."""
    said = await form_of(request, hub)
    try:
        body = uploads.OfInbox(path=said.get("path", "")[:1000], source=said.get("source", "")[:63])
        draft = await uploads.from_inbox(hub, caller, body)
    except (ApiError, LeadhubError) as error:
        status = error.status if isinstance(error, ApiError) else status_of(error)
        return await _files(request, hub, wrong=explained(request, error), status=status)
    return RedirectResponse(f"/imports/files/{draft['id']}", 303)


@router.get("/imports/{imported}", dependencies=[needs("admin")])
async def one(request: Request, hub: HubDep, imported: str, after: After = None, state: str = "") -> Response:
    """Show an import: how far it has come, and what became of its rows."""
    row = await uploads.imported(hub, imported)
    begun = await uploads.shown(hub, row["draft"]) if row["draft"] else None
    busy = begun is not None and begun["state"] == "running"
    if partial(request):
        if not busy:
            return Response("", headers={"hx-refresh": "true"})
        return await show(request, "imports/progress.html", draft=begun, here=f"/imports/{quote(imported)}")
    where = {"import_id": imported, **({"state": state} if state in BECAME else {})}
    rows, following = await hub.db.read(listing.page, "submission", where, limit=ROWS, after=after)
    leads = await hub.db.read(lead_store.load, {row["lead"] for row in rows if row["lead"]})
    query = {"state": state, "after": following}
    return await show(
        request, "imports/import.html", row=row, draft=begun, busy=busy, words=WORDS, figures=figures(row), state=state,
        rows=[_shown(one, leads) for one in rows], says=SAYS, states=BECAME, problems=row["problems"],
        next=f"/imports/{quote(imported)}?{urlencode(query)}" if following else None,
    )  # fmt: skip


def _shown(row: dict[str, Any], leads: dict[str, Lead]) -> dict[str, Any]:
    lead = leads.get(row["lead"] or "")
    name = (lead.full_name or lead.email or lead.phone or lead.company) if lead else None
    codes = list(dict.fromkeys(problem["code"] for problem in row["problems"] or ()))
    return {**{name: row[name] for name in ("id", "state", "lead", "received_at")}, "name": name, "codes": codes}


SAYS = {code: {"en": saying.english, "zh": saying.chinese} for code, saying in CODES.items()}


def figures(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what became of a file's rows, in the order people ask for it; nothing while nobody knows yet."""
    counts = row["counts"]
    if not counts:
        return []
    merged = row.get("merged") or 0
    accepted = counts.get("accepted", 0)
    shown = [
        (N_("rows read"), counts.get("read", 0), "", ""),
        (N_("new leads"), max(0, accepted - merged), "good", "done"),
        (N_("into known leads"), merged, "", "done"),
        (N_("known rows, left out"), counts.get("known", 0), "", ""),
        (N_("duplicates"), counts.get("duplicate", 0), "", "duplicate"),
        (N_("in quarantine"), counts.get("quarantined", 0), "bad", "quarantined"),
        (N_("refused"), counts.get("rejected", 0), "bad", "rejected"),
        (N_("waiting"), counts.get("waiting", 0), "", ""),
    ]
    always = 6
    return [
        {"name": name, "number": number, "tone": tone if number else "", "state": state}
        for at, (name, number, tone, state) in enumerate(shown)
        if number or at < always
    ]


@router.get("/imports/{imported}/undo", dependencies=[needs("admin")])
async def undoing(request: Request, hub: HubDep, imported: str) -> Response:
    """Show what taking an import back would do."""
    row = await uploads.imported(hub, imported)

    async def preview() -> dict[str, Any]:
        try:
            return {"counts": await uploads.undo_preview(hub, imported), "wrong": ""}
        except LeadhubError as error:
            return {"wrong": str(error)}

    found = await request.app.state.kept.ask(("undo", imported, row["rows"]), preview)
    page = "imports/taken.html" if partial(request) else "imports/undo.html"
    return await show(request, page, row=row, found=found.value, pending=found.pending)


@router.post("/imports/{imported}/undo", dependencies=[needs("admin")])
async def undo(request: Request, hub: HubDep, caller: CallerDep, imported: str) -> Response:
    """Take an import back."""
    await form_of(request, hub)
    request.app.state.kept.forget()
    return await done(request, admin.undo(hub, caller, imported), f"/imports/{quote(imported)}", _undone)


def _undone(counts: dict[str, int], tongue: Tongue) -> str:
    return tongue.say(
        "Taken back: %(rows)s rows, %(leads)s leads removed, %(rebuilt)s leads as they were before.",
        rows=tongue.number(counts["submissions"]), leads=tongue.number(counts["leads_removed"]),
        rebuilt=tongue.number(counts["leads_rebuilt"]),
    )  # fmt: skip
