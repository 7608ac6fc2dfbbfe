"""What campaigns cost: files and pastes, looked at before they count, listed, and taken back."""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import campaigns as api
from hub.api.access import CallerDep, HubDep, needs
from hub.api.campaigns import CostRows
from hub.api.multipart import receive
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import BadInput
from hub.files import open_table
from hub.web.entry import Page
from hub.web.posted import LONGEST_TEXT, form_of
from hub.web.site import done, explained, show
from hub.web.tongue import N_, Tongue

router = APIRouter(prefix="/campaigns/costs", include_in_schema=False, route_class=Page)

LONGEST_FILE = 4 << 20
ROWS = 20_000
LISTED, SHOWN = 25, 50
EXAMPLE = "date,campaign,cost,currency\n2026-05-01,spring-demo,120.50,EUR\n"


@router.get("", dependencies=[needs("viewer")])
async def costs(request: Request, hub: HubDep, after: str | None = None) -> Response:
    """Show how costs come in, and those that did."""
    return await _page(request, hub, after=after)


async def _page(
    request: Request, hub: Hub, *, text: str = "", source: str = "", wrong: str = "", after: str | None = None
) -> Response:
    said = await api.costs(hub, LISTED, after)
    settings = hub.plan.settings
    priced = [
        {"source": name, "per_lead": one.cost.per_lead, "money": one.cost.currency or settings.campaigns.currency or "",
         "credits": list(one.cost.credits)}
        for name, one in settings.sources.items() if one.cost is not None
    ]  # fmt: skip
    older = f"/campaigns/costs?after={said['next']}" if said["next"] else None
    return await show(
        request, "campaigns/costs.html", status=422 if wrong else 200, batches=said["items"], older=older,
        priced=priced, sources=sorted(settings.sources), table=text, chosen=source, wrong=wrong, example=EXAMPLE,
        address=(settings.hub.public_url or str(request.base_url)).rstrip("/"),
    )  # fmt: skip


@router.post("/file", dependencies=[needs("operator")])
async def file(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Look at a file of costs: nothing counts yet."""
    with tempfile.TemporaryDirectory(prefix="leadhub-costs-") as folder:
        form = await receive(
            request, lambda _: Path(folder) / "costs", longest=LONGEST_FILE,
            within=hub.plan.settings.hub.body_within,
        )  # fmt: skip
        source = form.fields.get("source", "")
        try:
            if form.file is None or not form.size:
                raise BadInput("The form holds no file. Choose one.")
            text = await asyncio.to_thread(_as_text, form.file)
        except BadInput as error:
            return await _page(request, hub, source=source, wrong=explained(request, error))
    return await _preview(request, hub, caller, text, source, "")


@router.post("/preview", dependencies=[needs("operator")])
async def preview(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Look at costs that were pasted: nothing counts yet."""
    form = await form_of(request, hub, longest=LONGEST_TEXT)
    return await _preview(request, hub, caller, form.get("table", ""), form.get("source", ""), form.get("name", ""))


async def _preview(request: Request, hub: Hub, caller: CallerDep, text: str, source: str, name: str) -> Response:
    try:
        said = await _take(request, hub, caller, text, CostRows(name=name, source=source, items=[], dry_run=True))
    except (BadInput, ApiError) as error:
        return await _page(request, hub, text=text, source=source, wrong=explained(request, error))
    return await show(
        request, "campaigns/preview.html", counts=said["counts"], problems=said["problems"][:SHOWN],
        items=said["items"][:SHOWN], number=len(said["items"]), table=text, chosen=source, name=name,
        sources=sorted(hub.plan.settings.sources),
    )  # fmt: skip


@router.post("", dependencies=[needs("operator")])
async def keep(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Let costs count that were looked at."""
    form = await form_of(request, hub, longest=LONGEST_TEXT)
    body = CostRows(name=form.get("name", "")[:200], source=form.get("source", ""), items=[])

    def said(kept: Mapping[str, Any], tongue: Tongue) -> str:
        return tongue.say(N_("%(new)s costs count now; %(known)s were known already."), **kept["counts"])

    return await done(request, _take(request, hub, caller, form.get("table", ""), body), "/campaigns/costs", said)


@router.post("/{batch}/undo", dependencies=[needs("operator")])
async def undo(request: Request, hub: HubDep, caller: CallerDep, batch: str) -> Response:
    """Take costs out again."""
    work = api.undo_costs(request, hub, caller, batch)
    return await done(request, work, "/campaigns/costs", N_("The costs were taken out again."))


@router.get("/{batch}", dependencies=[needs("viewer")])
async def batch(request: Request, hub: HubDep, batch: str, after: int | None = None) -> Response:
    """Show the rows of costs that came together."""
    said = await api.cost_rows(hub, batch, SHOWN, after)
    older = f"/campaigns/costs/{batch}?after={said['next']}" if said["next"] else None
    return await show(request, "campaigns/batch.html", batch=batch, items=said["items"], older=older)


async def _take(request: Request, hub: Hub, caller: CallerDep, text: str, body: CostRows) -> dict[str, Any]:
    if not text.strip():
        raise BadInput("There is nothing to read. Paste a table with its headings.", status=422)
    return await api.keep_costs(request, hub, caller, await asyncio.to_thread(_rows, text), body)


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Return the rows of a table as text, with the numbers of their lines; raises BadInput."""
    with tempfile.TemporaryDirectory(prefix="leadhub-costs-") as folder:
        path = Path(folder) / "costs.csv"
        path.write_text(text, "utf-8")
        with open_table(path) as table:
            return iter([(row.number, row.data) for row in islice(table.rows, ROWS)])


def _as_text(path: Path) -> str:
    """Return any file with a table as one kind of text, which a form can carry; raises BadInput."""
    out = io.StringIO(newline="")
    with open_table(path) as table:
        rows = [row.data for row in islice(table.rows, ROWS)]
    writer = csv.DictWriter(out, dict.fromkeys(name for row in rows for name in row), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    if len(out.getvalue().encode()) * 2 > LONGEST_TEXT:
        raise BadInput("The file is too large for this page. Use the command: leadhub costs import FILE.")
    return out.getvalue()
