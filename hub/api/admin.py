"""Imports, exports and simulation."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import orjson
from fastapi import APIRouter
from pydantic import Field
from starlette.responses import StreamingResponse

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Body, Limit, listed
from hub.app import Hub
from hub.errors import LeadhubError
from hub.escape import cell
from hub.store import listing
from hub.store.audit import note

router = APIRouter(prefix="/api", tags=["admin"], route_class=Masked)

EXPORT_PAGE = 500


class Import(Body):
    """A file on the hub's machine, and the source it is read into."""

    path: str = Field(max_length=4096)
    source: str
    dry_run: bool = False


class Simulation(Body):
    """A configuration to try on past leads."""

    config: str = Field(max_length=4 << 20)
    days: float = Field(30, gt=0, le=3650)


@router.post("/imports", dependencies=[needs("admin")])
async def import_file(hub: HubDep, caller: CallerDep, body: Import) -> StreamingResponse:
    """Read a file into a source; answers a line of JSON per step, the last one with the result.

    Only this machine's owner may name any file of it; others name one of the inbox.
    """
    inbox = hub.importing.uploads.of_inbox
    path = Path(body.path) if caller.id == "local" else await asyncio.to_thread(inbox, body.path)
    return StreamingResponse(_lines(hub, body, path), media_type="application/x-ndjson")


async def _lines(hub: Hub, body: Import, path: Path) -> AsyncIterator[bytes]:
    steps = hub.trials.dry_run(path, body.source) if body.dry_run else hub.imports.steps(path, body.source)
    try:
        async for line in steps:
            yield orjson.dumps(line) + b"\n"
    except (LeadhubError, OSError) as error:
        said = f"{path} cannot be read: {error.strerror}." if isinstance(error, OSError) else str(error)
        yield orjson.dumps({"error": said}) + b"\n"


@router.get("/imports", dependencies=[needs("viewer")])
async def imports(hub: HubDep, limit: Limit = 50, after: After = None, source: str | None = None) -> dict[str, Any]:
    """List the files that were read."""
    where = {"source": source} if source else {}
    return listed(*await hub.db.read(listing.page, "file_import", where, limit=limit, after=after))


@router.post("/imports/{imported}/undo", dependencies=[needs("admin")])
async def undo(hub: HubDep, caller: CallerDep, imported: str) -> dict[str, int]:
    """Take everything an import brought out again."""
    return await hub.lineage.undo_import(imported, by=caller.actor)


@router.get("/export/{kind}", dependencies=[needs("admin", right="export")])
async def export(
    hub: HubDep, caller: CallerDep,
    kind: Literal["leads", "touches", "deliveries", "decisions", "submissions", "events"],
    format: Literal["jsonl", "csv"] = "jsonl",  # noqa: A002 - the name people type
) -> StreamingResponse:  # fmt: skip
    """Write out a whole table, oldest first."""
    await hub.db.write(note, "data.exported", by=caller.actor, at=hub.clock.now(), target=kind, data={"format": format})
    media = "text/csv; charset=utf-8" if format == "csv" else "application/x-ndjson"
    return StreamingResponse(_export(hub, kind, format), media_type=media)


_TABLES = {
    "leads": "lead",
    "touches": "touch",
    "deliveries": "delivery",
    "decisions": "decision",
    "submissions": "submission",
    "events": "event",
}


async def _export(hub: Hub, kind: str, form: str) -> AsyncIterator[bytes]:
    table = _TABLES[kind]
    after: str | None = None
    names: list[str] | None = None
    while rows := await hub.db.read(listing.walk, table, after, EXPORT_PAGE):
        after = str(rows[-1][listing.KEYS[table]])
        for row in rows:
            if isinstance(row.get("body"), bytes):
                row["body"] = row["body"].decode("utf-8", "replace")
        if form == "jsonl":
            yield b"".join(orjson.dumps(row, default=str) + b"\n" for row in rows)
            continue
        text = io.StringIO()
        writer = csv.writer(text)
        if names is None:
            names = list(rows[0])
            writer.writerow(names)
        writer.writerows([_cell(row[name]) for name in names] for row in rows)
        yield text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return cell(value if isinstance(value, str) else orjson.dumps(value, default=str).decode().strip('"'))


@router.post("/simulate", dependencies=[needs("admin")])
async def simulate(hub: HubDep, body: Simulation) -> dict[str, Any]:
    """Try a configuration on past leads: which would go elsewhere, and what reps, pools and targets would get."""
    return await hub.trials.simulate(hub.try_plan(body.config), body.days)
