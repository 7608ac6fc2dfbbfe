"""Every configuration that ran: who published it, how it differs from another, and the way back to it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import drafts
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import drafting
from hub.draft import difference
from hub.store import listing
from hub.web.editor.desk import Desk, ruled
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.site import done
from hub.web.tongue import N_, Tongue

router = APIRouter(prefix="/rules/revisions", include_in_schema=False, route_class=Page)

A_PAGE = 30
SHOWN = ("id", "published_at", "published_by")


@router.get("", dependencies=[needs("admin")])
async def revisions(request: Request, hub: HubDep, caller: CallerDep, after: str | None = None) -> Response:
    """Show the configurations that ran, newest first."""
    desk = Desk(hub, caller, await drafting.draft_of(hub, caller.id), {})
    rows, following = await hub.db.read(listing.page, "config_revision", {}, limit=A_PAGE, after=after)
    items = [{**{name: row[name] for name in SHOWN}, **_size(row["diff"] or "")} for row in rows]
    return await ruled(
        request, "rules/revisions.html", desk, tab="revisions", items=items, running=hub.plan.revision,
        older=f"/rules/revisions?after={following}" if following else None,
    )  # fmt: skip


def _size(diff: str) -> dict[str, int]:
    """Return how many lines a change added and took out."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    return {"more": sum(line[:1] == "+" for line in lines), "less": sum(line[:1] == "-" for line in lines)}


@router.get("/{revision}", dependencies=[needs("admin")])
async def revision(
    request: Request, hub: HubDep, caller: CallerDep, revision: drafts.Revision, against: int | None = None
) -> Response:
    """Show a configuration that ran, and how it differs from another one: without, from the one before it."""
    desk = Desk(hub, caller, await drafting.draft_of(hub, caller.id), {})
    row = await hub.db.read(listing.one, "config_revision", str(revision))
    if row is None:
        raise ApiError(404, f"There is no revision {revision}.")
    other = against if against is not None else revision - 1
    try:
        before = drafting.shown(hub, await drafting.text_of(hub, other)) if other > 0 else ""
    except LookupError as error:
        raise ApiError(404, f"There is no revision {other}.") from error
    text = drafting.shown(hub, row["text"])
    kept: dict[str, Any] = {name: row[name] for name in SHOWN}
    return await ruled(
        request, "rules/revision.html", desk, tab="revisions", revision=kept, text=text, other=other,
        rows=difference.rows(before, text), running=hub.plan.revision,
    )  # fmt: skip


@router.post("/{revision}/restore", dependencies=[needs("admin")])
async def restore(request: Request, hub: HubDep, caller: CallerDep, revision: drafts.Revision) -> Response:
    """Publish an earlier configuration again."""
    await form_of(request, hub)
    answer = await done(request, drafts.restore(hub, caller, revision), "/rules/revisions", _restored)
    request.app.state.kept.forget()
    return answer


def _restored(result: dict[str, Any], tongue: Tongue) -> str:
    return tongue.say(N_("It runs again, as revision %(number)s."), number=result["revision"])
