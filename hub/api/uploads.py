"""Files of leads before they are imports: uploaded or chosen from the inbox, looked at, mapped, tried, read in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body, listed
from hub.api.multipart import receive
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.source import FileSource
from hub.store import drafts as store
from hub.store import listing

router = APIRouter(prefix="/api", tags=["imports"], route_class=Masked)


class OfInbox(Body):
    """A file in the workspace's inbox, and the source it is to be read into."""

    path: str = Field(max_length=1000)
    source: str = Field(max_length=63)


class Choice(Body):
    """How a file is read in; what is left out stays as it was."""

    source: str | None = Field(None, max_length=63)
    layout: dict[str, str | int | None] | None = Field(
        None, description="encoding, delimiter, sheet, header_row, where what was found out is wrong; {}: found out."
    )
    columns: dict[str, str] | None = Field(
        None, description="The field of a lead or touch each column goes to; an empty one: kept as extra."
    )


def file_sources(hub: Hub) -> dict[str, FileSource]:
    """Return the sources that read files."""
    return {name: source for name, source in hub.plan.sources.items() if isinstance(source, FileSource)}


def longest(hub: Hub) -> int:
    """Return how many bytes an uploaded file may have: what the most generous file source reads."""
    return max((source.config.max_bytes for source in file_sources(hub).values()), default=0)


@router.post("/uploads", dependencies=[needs("admin")], status_code=201)
async def upload(request: Request, hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """Upload a file, as multipart/form-data with the fields `source` and `file`; it is looked at before it is read."""
    if hub.guard.refusing:
        raise ApiError(503, f"Nothing is taken now: {hub.guard.refusing}.")
    if not file_sources(hub):
        raise ApiError(409, "No source reads files. Add one, such as `lists: {connector: list_file}`.")
    id_, importing = hub.ids("upl"), hub.importing
    try:
        form = await receive(
            request, lambda name: importing.uploads.new(id_, name), longest=longest(hub),
            within=hub.plan.settings.hub.body_within,
        )  # fmt: skip
        if form.file is None or not form.size:
            raise ApiError(422, "The form holds no file. Choose one.")
        row = await importing.add(id_, form.file, form.fields.get("source", ""), upload=True, by=caller.actor)
        await importing.choosing.look(row, form.file)
    except BaseException:
        await asyncio.shield(_forget(hub, id_))
        raise
    return await shown(hub, id_)


async def _forget(hub: Hub, id_: str) -> None:
    await hub.db.write(store.drop, id_)
    await asyncio.to_thread(hub.importing.uploads.remove, id_)


@router.get("/inbox", dependencies=[needs("admin")])
async def inbox(hub: HubDep) -> dict[str, Any]:
    """List the files in the workspace's inbox, the newest first."""
    return listed(await asyncio.to_thread(hub.importing.uploads.inbox), None)


@router.post("/inbox", dependencies=[needs("admin")], status_code=201)
async def from_inbox(hub: HubDep, caller: CallerDep, body: OfInbox) -> dict[str, Any]:
    """Take a file of the inbox to be looked at; it stays where it lies."""
    path = await asyncio.to_thread(hub.importing.uploads.of_inbox, body.path)
    id_ = hub.ids("upl")
    row = await hub.importing.add(id_, path, body.source, upload=False, by=caller.actor)
    try:
        await hub.importing.choosing.look(row, path)
    except LeadhubError:
        await hub.db.write(store.drop, id_)
        raise
    return await shown(hub, id_)


@router.get("/uploads", dependencies=[needs("admin")])
async def drafts(hub: HubDep) -> dict[str, Any]:
    """List the files that are not read in yet, the newest first."""
    return listed([_shown(row) for row in await hub.db.read(store.unfinished)], None)


@router.get("/uploads/{draft}", dependencies=[needs("admin")])
async def shown(hub: HubDep, draft: str) -> dict[str, Any]:
    """Show a file, what was chosen, and how far a dry run or the import has come."""
    row = await hub.importing.get(draft)
    done = row["rows"] if row["state"] == "trying" else await hub.db.read(store.rows_of, row["import_id"])
    return {**_shown(row), "rows": done, **pace(hub, row, done)}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("path", "holder")}


def pace(hub: Hub, row: Mapping[str, Any], done: int) -> dict[str, Any]:
    """Return how fast a file is read, in rows a second, and the seconds that remain; None where nobody can say."""
    if row["state"] not in store.BUSY or row["began_at"] is None:
        return {"speed": None, "remaining": None}
    passed = (hub.clock.now() - row["began_at"]).total_seconds()
    read = done - (row["began_rows"] if row["state"] == "running" else 0)
    speed = read / passed if passed > 0 and read > 0 else None
    left = row["total"] - done if row["total"] is not None else None
    return {"speed": speed, "remaining": left / speed if speed and left is not None and left >= 0 else None}


@router.get("/uploads/{draft}/look", dependencies=[needs("admin")])
async def look(hub: HubDep, draft: str) -> dict[str, Any]:
    """Show how a file is read, and what its columns hold by its first rows, with the field each goes to."""
    row = await hub.importing.get(draft)
    path = await asyncio.to_thread(hub.importing.path, row)
    return await hub.importing.choosing.look(row, path)


@router.put("/uploads/{draft}", dependencies=[needs("admin")])
async def choose(hub: HubDep, draft: str, body: Choice) -> dict[str, Any]:
    """Choose the source, how the file is read, or where its columns go; for this file alone."""
    row, values = await hub.importing.get(draft), dict[str, Any]()
    if body.source is not None and body.source != row["source"]:
        hub.imports.file_source(body.source)
        values |= {"source": body.source, "columns": None, "mapping": None, "total": None}
    if body.layout is not None:
        layout = {name: value for name, value in body.layout.items() if value not in (None, "")}
        values |= {"layout": layout or None, "columns": None, "mapping": None, "total": None}
    row = {**row, **values}
    if body.columns is not None or values:  # also to see whether it can be read so
        path = await asyncio.to_thread(hub.importing.path, row)
        seen = await hub.importing.choosing.look(row, path)
        values |= hub.importing.choosing.choose(row, seen, body.columns or {}) if body.columns is not None else {}
    await hub.importing.change(draft, values)
    return await shown(hub, draft)


@router.post("/uploads/{draft}/mapping", dependencies=[needs("admin")])
async def save_mapping(hub: HubDep, caller: CallerDep, draft: str) -> dict[str, Any]:
    """Save what was chosen as the mapping of the source, for every file after this one."""
    row = await hub.importing.get(draft)
    path = await asyncio.to_thread(hub.importing.path, row)
    seen = await hub.importing.choosing.look(row, path)
    return {"saved": await hub.importing.choosing.save(row, seen, caller.actor)}


@router.post("/uploads/{draft}/trial", dependencies=[needs("admin")], status_code=202)
async def try_it(hub: HubDep, draft: str) -> dict[str, Any]:
    """Begin a dry run on a private copy of the database: the same code as the run, and nothing is written."""
    await hub.importing.try_it(draft)
    return await shown(hub, draft)


@router.post("/uploads/{draft}/run", dependencies=[needs("admin")], status_code=202)
async def run(hub: HubDep, caller: CallerDep, draft: str) -> dict[str, Any]:
    """Begin to read the file in; it goes on whoever still asks, and after a restart where it stopped."""
    await hub.importing.run(draft, caller.actor)
    return await shown(hub, draft)


@router.delete("/uploads/{draft}", dependencies=[needs("admin")])
async def drop(hub: HubDep, draft: str) -> dict[str, str]:
    """Forget a file that is not read in; one that was uploaded is deleted."""
    await hub.importing.drop(draft)
    return {"dropped": draft}


@router.get("/imports/{imported}", dependencies=[needs("viewer")])
async def imported(hub: HubDep, imported: str) -> dict[str, Any]:
    """Show an import: how far it has come, what became of its rows, and how many have each problem."""
    row = await hub.db.read(listing.one, "file_import", imported)
    if row is None:
        raise ApiError(404, f"There is no import {imported[:64]!r}.")
    begun = await hub.db.read(store.of_import, imported)
    more = {"total": begun["total"], **pace(hub, begun, row["rows"])} if begun else {"total": None, **_UNKNOWN}
    more |= {"own_mapping": bool(row.pop("mapping")), "problems": row["problems"] or []}
    return {**row, **more, "draft": begun["id"] if begun else None}


_UNKNOWN = {"speed": None, "remaining": None}


@router.get("/imports/{imported}/undo", dependencies=[needs("admin")])
async def undo_preview(hub: HubDep, imported: str) -> dict[str, int]:
    """Say what undoing an import would take back, by doing it and taking that back."""
    return await hub.lineage.preview_undo(imported)
