"""Sources, sinks, teams and the configuration: how they are doing, and the few things one may switch."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from sqlmodel import Session

from hub.api.access import HubDep, needs
from hub.api.leads import After, Body, Limit, listed
from hub.api.problems import ApiError
from hub.app import Hub
from hub.intake.rows import CURSOR
from hub.source import FileSource, PollSource, WebhookSource
from hub.store import deliveries as delivery_store
from hub.store import listing
from hub.store import submissions as submission_store

router = APIRouter(prefix="/api", tags=["setup"])


class Reason(Body):
    """Why something is paused."""

    reason: str = "paused by a person"


@router.get("/sources", dependencies=[needs("viewer")])
async def sources(hub: HubDep) -> dict[str, Any]:
    """List the sources with their address, counts and last poll."""
    counts = await hub.db.read(submission_store.counts)
    polls = await hub.db.read(_cursors)
    items = []
    for name, source in hub.plan.sources.items():
        settings = hub.plan.settings.sources[name]
        base = (hub.plan.settings.hub.public_url or "").rstrip("/")
        kinds = {"push": WebhookSource, "poll": PollSource, "file": FileSource}
        items.append(
            {
                "name": name,
                "connector": settings.connector,
                "enabled": settings.enabled,
                "kinds": [kind for kind, cls in kinds.items() if isinstance(source, cls)],
                "address": f"{base}/in/{name}" if isinstance(source, WebhookSource) else None,
                "submissions": {state: n for (s, state), n in counts.items() if s == name},
                "poll": polls.get(name),
                "answers": {status: n for (s, status), n in hub.door.counts.items() if s == name},
            }
        )
    return listed(items, None)


def _cursors(*, session: Session) -> dict[str, dict[str, Any]]:
    shown = [c for c in CURSOR.columns if c.name not in ("source", "value")]
    rows = session.execute(sa.select(CURSOR.c.source, *shown)).mappings()
    return {row["source"]: {k: v for k, v in row.items() if k != "source"} for row in rows}


def _known_poll(hub: Hub, source: str) -> None:
    if not isinstance(hub.plan.sources.get(source), PollSource):
        raise ApiError(404, f"There is no source {source[:64]!r} that is polled.")


@router.post("/sources/{source}/poll", dependencies=[needs("operator")])
async def poll(hub: HubDep, source: str) -> dict[str, Any]:
    """Poll a source now."""
    _known_poll(hub, source)
    counts = await hub.polls.poll(source)
    return {"source": source, "counts": counts}


@router.post("/sources/{source}/reconcile", dependencies=[needs("operator")])
async def reconcile(hub: HubDep, source: str) -> dict[str, Any]:
    """Compare the platform's count of the last day with ours."""
    _known_poll(hub, source)
    found = await hub.polls.reconcile(source)
    if found is None:
        raise ApiError(409, f"The platform behind {source[:64]!r} does not say how many leads it holds.")
    theirs, ours = found
    return {"source": source, "platform": theirs, "ours": ours, "says": f"The platform says {theirs}, we hold {ours}."}


@router.get("/sinks", dependencies=[needs("viewer")])
async def sinks(hub: HubDep) -> dict[str, Any]:
    """List the sinks with their counts, and whether they are paused, resting or open."""
    counts = await hub.db.read(delivery_store.counts)
    items = []
    for name, lane in hub.dispatcher.lanes.items():
        items.append(
            {
                "name": name,
                "connector": lane.settings.connector,
                "enabled": lane.settings.enabled,
                "paused": lane.gate.paused,
                "breaker": lane.gate.breaker.state,
                "sending": len(lane.held),
                "deliveries": {state: n for (s, state), n in counts.items() if s == name},
            }
        )
    return listed(items, None)


def _known_sink(hub: Hub, sink: str) -> None:
    if sink not in hub.plan.sinks:
        raise ApiError(404, f"There is no sink {sink[:64]!r}. Known: {', '.join(hub.plan.sinks)}.")


@router.post("/sinks/{sink}/pause", dependencies=[needs("operator")])
async def pause(hub: HubDep, sink: str, body: Reason) -> dict[str, Any]:
    """Pause a sink; its leads wait."""
    _known_sink(hub, sink)
    await hub.dispatcher.pause(sink, body.reason)
    return {"sink": sink, "paused": body.reason}


@router.post("/sinks/{sink}/resume", dependencies=[needs("operator")])
async def resume(hub: HubDep, sink: str) -> dict[str, Any]:
    """Let a paused sink take leads again."""
    _known_sink(hub, sink)
    await hub.dispatcher.resume(sink)
    return {"sink": sink, "paused": None}


@router.get("/teams", dependencies=[needs("viewer")])
async def teams(hub: HubDep) -> dict[str, Any]:
    """List the teams with how many leads each member was given."""
    items = []
    for name, team in hub.plan.settings.teams.items():
        given = hub.rotation.given(name)
        members = [{**m.model_dump(), "given": given.get(m.name, 0)} for m in team.members]
        items.append({"name": name, "strategy": team.strategy, "calendar": team.calendar, "members": members})
    return listed(items, None)


@router.get("/config/revisions", dependencies=[needs("admin")])
async def revisions(hub: HubDep, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    """List the configurations that ran, with what changed."""
    return listed(*await hub.db.read(listing.page, "config_revision", {}, limit=limit, after=after))
