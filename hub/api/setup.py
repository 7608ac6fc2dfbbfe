"""Sources, sinks, teams and the configuration: how they are doing, and the few things one may switch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import TypeAdapter
from sqlmodel import Session

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Body, Limit, listed
from hub.api.problems import ApiError
from hub.api.sinks import known
from hub.app import Hub
from hub.instant import instant
from hub.intake.rows import CURSOR
from hub.settings.shapes import Duration
from hub.source import FileSource, PollSource, Source, WebhookSource
from hub.store import dealing, listing
from hub.store import deliveries as delivery_store
from hub.store import submissions as submission_store

router = APIRouter(prefix="/api", tags=["setup"], route_class=Masked)


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
        items.append(
            {
                "name": name,
                "connector": settings.connector,
                "enabled": settings.enabled,
                "kinds": kinds_of(source),
                "address": f"{base}/in/{name}" if isinstance(source, WebhookSource) else None,
                "submissions": {state: n for (s, state), n in counts.items() if s == name},
                "poll": polls.get(name),
                "answers": {status: n for (s, status), n in hub.door.counts.items() if s == name},
            }
        )
    return listed(items, None)


def kinds_of(source: Source) -> list[str]:
    """Return how leads come in by a source: push, poll, file."""
    kinds = {"push": WebhookSource, "poll": PollSource, "file": FileSource}
    return [kind for kind, cls in kinds.items() if isinstance(source, cls)]


@router.get("/plugins", dependencies=[needs("operator")])
async def plugins(hub: HubDep) -> dict[str, Any]:
    """List the files of the folder plugins/ with their SHA-256, what each registered, and why one is not loaded."""
    broken = {one.name: one for one in hub.plugins.broken}
    pinned = hub.plan.settings.plugins.pinned
    items = []
    for name, digest in hub.plugins.hashes.items():
        bad = broken.get(name.removesuffix(".py"))
        state = "loaded" if bad is None else "refused" if bad.refused else "broken"
        reason = bad.reason if bad else None
        said = {"name": name, "sha256": digest, "pinned": name in pinned, "state": state, "reason": reason}
        items.append({**said, **hub.plugins.brought(f"plugins/{name}")})
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
async def reconcile(hub: HubDep, source: str, since: str | None = None) -> dict[str, Any]:
    """Count a platform's leads against ours, and read what is missing again; `since` is a time such as 7d, or a day."""
    _known_poll(hub, source)
    found = await hub.polls.reconcile(source, _begin(hub, since) if since else None)
    if found is None:
        raise ApiError(409, f"The platform behind {source[:64]!r} does not say how many leads it holds.")
    said = {"platform": found.platform, "ours": found.ours, "missing": found.missing, "filled": found.filled}
    return {"source": source, **said, "since": found.since, "until": found.until, "says": found.says}


def _begin(hub: Hub, since: str) -> datetime:
    """Return the time that `7d` or `2026-05-01` stands for; raises ApiError."""
    try:
        day = instant(since, hub.plan.settings.hub.zone)
        begin = day or hub.clock.now() - timedelta(seconds=TypeAdapter(Duration).validate_python(since))
    except (ValueError, OverflowError) as error:
        raise ApiError(422, f"{since[:64]!r} is no time; write it as 7d, or as 2026-05-01.") from error
    if begin >= hub.clock.now():
        raise ApiError(422, f"{since[:64]!r} has not come yet.")
    return begin


@router.get("/sinks", dependencies=[needs("viewer")])
async def sinks(hub: HubDep) -> dict[str, Any]:
    """List the sinks with their counts, and whether they are paused, or resting where this process sends."""
    counts = await hub.db.read(delivery_store.counts)
    paused = await hub.db.read(delivery_store.paused)
    items = []
    for name, settings in hub.plan.settings.sinks.items():
        lane = hub.dispatcher.lanes.get(name)
        stored = paused[name][1] or "paused" if name in paused else None
        items.append(
            {
                "name": name,
                "connector": settings.connector,
                "enabled": settings.enabled,
                "paused": lane.gate.paused if lane else stored,
                "breaker": lane.gate.breaker.state if lane else None,
                "sending": len(lane.held) if lane else 0,
                "deliveries": {state: n for (s, state), n in counts.items() if s == name},
            }
        )
    return listed(items, None)


@router.post("/sinks/{sink}/pause", dependencies=[needs("operator")])
async def pause(hub: HubDep, caller: CallerDep, sink: str, body: Reason) -> dict[str, Any]:
    """Pause a sink; its leads wait."""
    known(hub, sink)
    await hub.dispatcher.pause(sink, body.reason, by=caller.actor)
    return {"sink": sink, "paused": body.reason}


@router.post("/sinks/{sink}/resume", dependencies=[needs("operator")])
async def resume(hub: HubDep, caller: CallerDep, sink: str) -> dict[str, Any]:
    """Let a paused sink take leads again."""
    known(hub, sink)
    await hub.dispatcher.resume(sink, by=caller.actor)
    return {"sink": sink, "paused": None}


@router.get("/teams", dependencies=[needs("viewer")])
async def teams(hub: HubDep) -> dict[str, Any]:
    """List the teams with how many leads each member was dealt by turns, and was entitled to."""
    items = []
    shares = await hub.db.read(dealing.shares)
    for name, team in hub.plan.settings.teams.items():
        known = shares.get(name, {})
        blank = {"received": 0, "entitled": 0.0}
        members = [{**m.model_dump(), **known.get(m.name, blank)} for m in team.members]
        items.append({"name": name, "strategy": team.strategy, "calendar": team.calendar, "members": members})
    return listed(items, None)


@router.get("/config/revisions", dependencies=[needs("admin")])
async def revisions(hub: HubDep, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    """List the configurations that ran, with what changed."""
    return listed(*await hub.db.read(listing.page, "config_revision", {}, limit=limit, after=after))
