"""Lists of leads: what they can be filtered by, the views that people keep of them, and their export."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from openpyxl import Workbook
from pydantic import Field
from starlette.responses import StreamingResponse

from hub.api.access import ROLES, Caller, CallerDep, HubDep, Masked, needs
from hub.api.finding import NAMES, Filters, FiltersDep, every
from hub.api.leads import Body, Number
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import BadInput
from hub.escape import CELL_LIMIT, cell
from hub.labels import label
from hub.people.pools import pools_of
from hub.people.reps import known
from hub.store import leadlist, views
from hub.store.audit import note, noted

router = APIRouter(prefix="/api", tags=["leads"], route_class=Masked)

COLUMNS = (
    "id", "full_name", "email", "phone", "company", "country", "source", "campaign", "grade", "score", "team", "owner",
    "pool", "disposition", "state", "test", "submitted_at", "created_at", "responded_at", "due_at",
)  # fmt: skip
"""What a list of leads can show."""

_NUMBERS = ("phone", "score")
_BOM = "\ufeff"  # by which spreadsheet programs see that it is UTF-8
_SHEET = 1_000_000  # rows of one sheet
_PIECE = 1 << 16

Columns = Annotated[list[Literal[COLUMNS]], Query(description="Which columns, in their order; none: all.")]  # type: ignore[valid-type]


class View(Body):
    """What a view is called, what it leaves out, and what it shows."""

    name: str = Field(min_length=1, max_length=80)
    filters: dict[str, Annotated[str, Field(max_length=1_000)]] = Field(
        default_factory=dict, description="By the names that GET /api/leads has."
    )
    columns: list[Literal[COLUMNS]] = Field(default_factory=list, max_length=len(COLUMNS))  # type: ignore[valid-type]
    shared: bool = Field(False, description="For everybody; this needs the role operator.")


@router.get("/views", dependencies=[needs("viewer")])
async def kept_views(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """List the views of the caller, and the shared ones."""
    rows = await hub.db.read(views.seen_by, caller.id)
    return {"items": [{**row, "mine": row["owner"] == caller.id} for row in rows], "next": None}


@router.post("/views", dependencies=[needs("viewer")], status_code=201)
async def save_view(hub: HubDep, caller: CallerDep, body: View) -> dict[str, Any]:
    """Keep a list of leads by a name; an own view of that name is replaced."""
    unknown = sorted(set(body.filters) - set(NAMES))
    if unknown:
        raise ApiError(422, f"There is no filter {unknown[0][:64]!r}. There are: {', '.join(NAMES)}.")
    if body.shared and not _may(caller, "operator"):
        raise ApiError(403, "Sharing a view needs the role operator. Save it for yourself.")
    row = {**body.model_dump(), "owner": caller.id, "created_at": hub.clock.now()}
    save = noted(
        views.save, "view.saved", by=caller.actor, at=hub.clock.now(), target=body.name,
        told=lambda id_: {"view": id_, "shared": body.shared},
    )  # fmt: skip
    return {"id": await hub.db.write(save, row), **body.model_dump()}


@router.delete("/views/{view}", dependencies=[needs("viewer")])
async def drop_view(hub: HubDep, caller: CallerDep, view: Number) -> dict[str, Any]:
    """Delete a view: one's own, or as an administrator a shared one."""
    row = await hub.db.read(views.get, view)
    if row is None or not (row["owner"] == caller.id or row["shared"]):
        raise ApiError(404, f"There is no view {view}.")
    if row["owner"] != caller.id and not _may(caller, "admin"):
        raise ApiError(403, "This view is somebody else's. An administrator can delete it.")
    drop = noted(
        views.drop, "view.deleted", by=caller.actor, at=hub.clock.now(), target=row["name"],
        told=lambda gone: {"view": view} if gone else None,
    )  # fmt: skip
    await hub.db.write(drop, view)
    return {"id": view, "deleted": True}


def _may(caller: Caller, role: str) -> bool:
    return caller.role in ROLES and ROLES.index(caller.role) >= ROLES.index(role)


@router.get("/leads/choices", dependencies=[needs("viewer")])
async def choices(hub: HubDep) -> dict[str, list[str]]:
    """List which values the filters of a list of leads can have."""
    found = await hub.db.read(leadlist.choices)
    settings = hub.plan.settings
    return {
        **found,
        "source": sorted({*settings.sources, *found["source"]}),
        "team": sorted({*settings.teams, *found["team"]}),
        "owner": sorted({*known(settings), *found["owner"]}),
        "pool": sorted(pools_of(settings)),
    }


@router.get("/leads/export", dependencies=[needs("admin", right="export")])
async def export(
    hub: HubDep, caller: CallerDep, filters: FiltersDep, columns: Columns = [],  # noqa: B006 - never changed
    format: Literal["csv", "xlsx"] = "csv",  # noqa: A002 - the name people type
    language: Literal["", "en", "zh"] = "",
) -> StreamingResponse:  # fmt: skip
    """Write out the leads of a list, newest first; `language` heads the columns with words instead of names."""
    shown = tuple(columns) or COLUMNS
    data = {"format": format, "filters": sorted(filters.said), "columns": len(shown)}
    await hub.db.write(note, "data.exported", by=caller.actor, at=hub.clock.now(), target="leads", data=data)
    heads = [label(f"lead.{name}", language) if language else name for name in shown]
    lines = _rows(hub, caller, filters, shown)
    named = {"content-disposition": f'attachment; filename="leads.{format}"'}
    if format == "csv":
        return StreamingResponse(_csv(heads, lines), media_type="text/csv; charset=utf-8", headers=named)
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return StreamingResponse(_xlsx(heads, lines), media_type=media, headers=named)


async def _rows(hub: Hub, caller: Caller, filters: Filters, shown: Sequence[str]) -> AsyncIterator[list[list[str]]]:
    async for rows in every(hub, caller, filters):
        yield [[_cell(name, row[name]) for name in shown] for row in rows]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat(timespec="seconds"))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return cell(str(value), number=name in _NUMBERS)


async def _csv(heads: list[str], lines: AsyncIterator[list[list[str]]]) -> AsyncIterator[bytes]:
    yield (_BOM + _written([heads])).encode()
    async for rows in lines:
        yield _written(rows).encode()


def _written(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


async def _xlsx(heads: list[str], lines: AsyncIterator[list[list[str]]]) -> AsyncIterator[bytes]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("leads")
    sheet.append(heads)
    number = 0
    async for rows in lines:
        for row in rows[: _SHEET - number]:
            sheet.append([text[:CELL_LIMIT] for text in row])
        number += len(rows)
        if number >= _SHEET:
            break
    with SpooledTemporaryFile(max_size=8 << 20) as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


async def view_of(hub: Hub, caller: Caller, view: int) -> dict[str, Any]:
    """Return a view that the caller may see; raises BadInput when there is none."""
    row = await hub.db.read(views.get, view)
    if row is None or not (row["shared"] or row["owner"] == caller.id):
        raise BadInput(f"There is no view {view}.", status=404)
    return {**row, "mine": row["owner"] == caller.id}
