"""One lead's whole walk on one screen."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.api import mine, walk
from hub.api.access import REP, Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.lead import Lead
from hub.store import leads as lead_store
from hub.store import listing, submissions, walks
from hub.web.entry import Page
from hub.web.rooms import lead_bytes, lead_data
from hub.web.site import partial, show, tongue_of

router = APIRouter(include_in_schema=False, route_class=Page)


@router.get("/leads/{lead}", dependencies=[needs("viewer", rep=True)])
async def page(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Show a lead: who it is, why it went where it went, and its whole walk; a rep's own, or one of a pool in part."""
    row = await hub.db.read(walks.standing, lead)
    if row is None:
        return await _otherwise(request, hub, caller, lead)
    if row["state"] == "merged" and row["merged_into"] and caller.role != REP:
        return await show(request, "lead/gone.html", row=row)
    current = (await hub.db.read(lead_store.load, [lead])).get(lead)
    in_part = await mine.looked_at(hub, caller, lead, current)
    if in_part is not None:
        return await show(request, "lead/pool.html", **in_part)
    if current is None:
        return await show(request, "lead/gone.html", status=410, row=row)
    return await shown(request, hub, caller, current)


async def _otherwise(request: Request, hub: Hub, caller: Caller, text: str) -> Response:
    """Lead on from what names a lead in another way: a submission, an e-mail address, a phone number."""
    found = await hub.db.read(listing.lookup, text) if caller.role != REP else []
    if found:
        return RedirectResponse(f"/leads/{found[0]}", 303)
    return await show(request, "lead/gone.html", status=404, row=None)


async def shown(
    request: Request, hub: Hub, caller: Caller, lead: Lead, *, wrong: dict[str, Any] | None = None
) -> Response:
    """Return the page of a lead; `wrong` is a form that was not taken: its name, what was typed, and the error."""
    data = await lead_data.gather(hub, caller, tongue_of(request), lead, dict(request.query_params))
    part = request.query_params.get("part", "")
    template = (
        f"lead/{part}.html" if partial(request) and part in ("now", "deliveries", "history") else "lead/page.html"
    )
    return await show(request, template, status=422 if wrong else 200, wrong=wrong or {"form": ""}, **data)


async def own(hub: Hub, caller: Caller, lead: str) -> Lead:
    """Return a lead that a caller may work with; raises ApiError 404 for others."""
    await mine.own(hub, caller, lead)
    return await walk.current(hub, lead)


@router.get("/leads/{lead}/submissions/{submission}", dependencies=[needs("operator")])
async def submission(request: Request, hub: HubDep, lead: str, submission: str) -> Response:
    """Show a submission exactly as it came: headers, the bytes as text and as hex, and the file."""
    row = await hub.db.read(submissions.get, submission)
    if row is None or row.lead != lead:
        raise ApiError(404, f"There is no submission {submission[:64]!r} of this lead.")
    data = lead_bytes.seen(row)
    template = "lead/bytes.html" if partial(request) else "lead/submission.html"
    return await show(request, template, submission=data, lead=lead)
