"""One file before it is read in: how it is read, where its columns go, the dry run, and the run."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.api import uploads
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.lead import LEAD_FIELDS
from hub.mapping import TARGETS
from hub.web.entry import Page
from hub.web.posted import LONGEST_TEXT, form_of
from hub.web.rooms.imports import SAYS, WORDS, figures
from hub.web.site import done, partial, show, told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

LAYOUT = ("encoding", "delimiter", "sheet", "header_row")
ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16", "cp1252", "iso-8859-15", "cp1251", "shift_jis", "euc_kr")
DELIMITERS = ("comma", "semicolon", "tab", "pipe")


@router.get("/imports/files/{draft}", dependencies=[needs("admin")])
async def file(request: Request, hub: HubDep, draft: str) -> Response:
    """Show a file and what is to be done with it next."""
    row = await uploads.shown(hub, draft)
    here = f"/imports/files/{quote(draft)}"
    if row["state"] == "done":
        return RedirectResponse(f"/imports/{quote(row['import_id'])}", 303)
    if partial(request) and request.query_params.get("part") == "progress":
        if row["state"] not in ("trying", "running"):
            return Response("", headers={"hx-refresh": "true"})
        return await show(request, "imports/progress.html", draft=row, here=here)
    look = await _look(request, hub, draft, row)
    trial = row["trial"]
    data = {
        "draft": row, "here": here, "look": look, "words": WORDS, "says": SAYS, "trial": trial,
        "figures": figures(trial) if trial else [], "sources": list(uploads.file_sources(hub)),
        "lead_fields": list(LEAD_FIELDS), "other_fields": [name for name in TARGETS if name not in LEAD_FIELDS],
        "encodings": ENCODINGS, "delimiters": DELIMITERS,
        "connector": hub.plan.settings.sources[row["source"]].connector if row["source"] in hub.plan.sources else "",
    }  # fmt: skip
    return await show(request, "imports/look.html" if partial(request) else "imports/file.html", **data)


async def _look(request: Request, hub: Hub, draft: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the file holds; empty while it is looked at, `wrong` where it cannot be read."""

    async def work() -> dict[str, Any]:
        try:
            return {**await uploads.look(hub, draft), "wrong": ""}
        except (ApiError, LeadhubError) as error:
            return {"wrong": str(error)}

    question = (
        "look", draft, row["source"], str(row["layout"]), str(row["columns"]), hub.plan.revision, id(hub.plan),
    )  # fmt: skip
    found = await request.app.state.kept.ask(question, work)
    return {} if found.pending else dict(found.value)


@router.post("/imports/files/{draft}/columns", dependencies=[needs("admin")])
async def columns(request: Request, hub: HubDep, draft: str) -> Response:
    """Choose where columns go, for this file alone."""
    said = await form_of(request, hub, longest=LONGEST_TEXT)
    chosen = {said[f"n{at[1:]}"]: field for at, field in said.items() if at[:1] == "f" and f"n{at[1:]}" in said}
    body = uploads.Choice(columns=chosen)
    return await done(request, uploads.choose(hub, draft, body), _at(draft), N_("Chosen, for this file. Now try it."))


@router.post("/imports/files/{draft}/reading", dependencies=[needs("admin")])
async def reading(request: Request, hub: HubDep, draft: str) -> Response:
    """Choose the source, and how the file is read."""
    said = await form_of(request, hub)
    layout: dict[str, str | int | None] = {name: said.get(name, "").strip() for name in LAYOUT}
    number = str(layout["header_row"])
    if number:
        if not (number.isascii() and number.isdigit() and len(number) < 7):
            return told(_at(draft), tongue_of(request).say("The header row is a number from 0."), bad=True)
        layout["header_row"] = int(number)
    body = uploads.Choice(source=said.get("source") or None, layout=layout)
    return await done(request, uploads.choose(hub, draft, body), _at(draft), N_("The file is read so now."))


@router.post("/imports/files/{draft}/usual", dependencies=[needs("admin")])
async def usual(request: Request, hub: HubDep, draft: str) -> Response:
    """Go back to the mapping of the source."""
    await form_of(request, hub)
    work = uploads.choose(hub, draft, uploads.Choice(columns={}))
    return await done(request, work, _at(draft), N_("The columns go where the source sends them."))


@router.post("/imports/files/{draft}/save", dependencies=[needs("admin")])
async def save(request: Request, hub: HubDep, caller: CallerDep, draft: str) -> Response:
    """Save what was chosen as the mapping of the source."""
    await form_of(request, hub)
    row = await uploads.shown(hub, draft)
    return await done(
        request, uploads.save_mapping(hub, caller, draft), _at(draft),
        N_("Saved: every file of %(source)s is read so from now on."), source=row["source"],
    )  # fmt: skip


@router.post("/imports/files/{draft}/trial", dependencies=[needs("admin")])
async def trial(request: Request, hub: HubDep, draft: str) -> Response:
    """Begin a dry run."""
    await form_of(request, hub)
    return await done(request, _settled(hub, draft, uploads.try_it(hub, draft)), f"{_at(draft)}#trial", _begun)


@router.post("/imports/files/{draft}/run", dependencies=[needs("admin")])
async def run(request: Request, hub: HubDep, caller: CallerDep, draft: str) -> Response:
    """Begin to read the file in."""
    await form_of(request, hub)
    return await done(request, _settled(hub, draft, uploads.run(hub, caller, draft)), _at(draft), _begun)


async def _settled(hub: Hub, draft: str, work: Awaitable[Any]) -> str:
    """Begin, wait a moment, and return the state then: small files are done by that, and show no progress."""
    await work
    await hub.importing.wait(draft, 0.5)
    return str((await uploads.shown(hub, draft))["state"])


def _begun(state: str, tongue: Tongue) -> str:
    return tongue.say(SAID.get(state, SAID["running"]))


SAID = {
    "trying": N_("It is being tried. This page may be closed."),
    "tried": N_("Tried. Nothing was written."),
    "running": N_("It is being read in. This page may be closed; the hub goes on."),
    "done": N_("Read in."),
    "failed": N_("It broke off."),
}
"""What is said when a dry run or a run was begun, by how far it has come."""


@router.post("/imports/files/{draft}/drop", dependencies=[needs("admin")])
async def drop(request: Request, hub: HubDep, draft: str) -> Response:
    """Forget the file."""
    await form_of(request, hub)
    return await done(request, uploads.drop(hub, draft), "/imports", N_("The file is gone from here."))


def _at(draft: str) -> str:
    return f"/imports/files/{quote(draft)}"
