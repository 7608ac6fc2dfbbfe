"""The overview, part by part: what came in, what became of it, how quickly, who is late, and how all parts fare."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal

from fastapi import APIRouter

from hub.alarms.desk import alarm_of
from hub.alarms.words import sentence
from hub.api.access import HubDep, Masked, needs
from hub.app import Hub
from hub.insight.daily import by_day, first_day
from hub.insight.promises import QUALIFIED
from hub.insight.reports import Reports
from hub.source import FileSource, PollSource, WebhookSource
from hub.store import alarms, board, volumes
from hub.store import deliveries as delivery_store

router = APIRouter(prefix="/api", tags=["reports"], route_class=Masked)

DAYS = 30
SHOWN = 8  # leads that wait beyond their target

Part = Literal["days", "funnel", "speed", "late", "sources", "sinks"]


@router.get("/overview/{part}", dependencies=[needs("viewer")])
async def part(hub: HubDep, part: Part) -> dict[str, Any]:
    """Return one part of the overview; all but the health of sources and sinks look at the last 30 days."""
    return await PARTS[part](hub)


async def days(hub: Hub) -> dict[str, Any]:
    """Return how many submissions each source sent on each day; tests and repeats are counted."""
    now, zone = hub.clock.now(), hub.plan.settings.hub.zone
    since = first_day(now, DAYS, zone)
    found = by_day(await hub.db.read(board.hours, since), now, DAYS, zone)
    rows = [[day, *numbers] for day, numbers in found.rows]
    said = {"sources": list(found.sources), "others": found.others, "rows": rows, "total": found.total}
    return {**said, "since": since, "time_zone": str(zone)}


async def funnel(hub: Hub) -> dict[str, Any]:
    """Return what became of the leads that came in within the last days; `received` counts all submissions."""
    zone = hub.plan.settings.hub.zone
    since = first_day(hub.clock.now(), DAYS, zone)
    received = sum(number for _, _, number in await hub.db.read(board.hours, since))
    steps = await hub.db.read(board.funnel, since, QUALIFIED)
    return {"received": received, **steps, "since": since, "time_zone": str(zone)}


async def speed(hub: Hub) -> dict[str, Any]:
    """Return the median seconds to the first answer, the share within the target, and the targets themselves."""
    reports = Reports(hub.db, hub.plan, hub.clock)
    made = await reports.make("speed", reports.frame("speed", by=""))
    kept = await reports.make("target", reports.frame("target", by=""))
    routes = [route for flow in hub.plan.settings.flows for route in flow.routes if route.respond_within]
    targets = [{"route": route.name, "within": route.respond_within} for route in routes]
    names = ("leads", "answered", "open", "p50", "p50_with_open", "p90_with_open")
    said = {name: made["total"].get(name) for name in names}
    said |= {name: kept["total"].get(name) for name in ("with_target", "met", "breached", "share_met")}
    return {**said, "targets": targets, "since": made["since"], "time_zone": made["time_zone"]}


async def late(hub: Hub) -> dict[str, Any]:
    """Return the leads whose prospects wait beyond the target now, the longest wait first, and how many there are."""
    rows, number = await hub.db.read(board.late, hub.clock.now(), SHOWN)
    return {"items": rows, "number": number, "more": number >= board.LATE}


async def sources(hub: Hub) -> dict[str, Any]:
    """Return how each source fares: when it last sent something, how much within a day, what is wrong with it."""
    now = hub.clock.now()
    watches, polls = await hub.db.read(volumes.watches), await hub.db.read(alarms.polls)
    lately: dict[str, int] = {}
    for name, _, number in await hub.db.read(board.hours, now - timedelta(days=1)):
        lately[name] = lately.get(name, 0) + number
    troubles = [(row, alarm_of(row)) for row in await hub.db.read(board.troubled)]
    items = []
    for name, source in hub.plan.sources.items():
        mine = [(row, alarm) for row, alarm in troubles if row["source"] == name]
        kinds = {"push": WebhookSource, "poll": PollSource, "file": FileSource}
        seen, poll = watches.get(name), polls.get(name) or {}
        items.append(
            {
                "name": name, "kinds": [kind for kind, cls in kinds.items() if isinstance(source, cls)],
                "enabled": hub.plan.settings.sources[name].enabled, "last_at": seen.last_at if seen else None,
                "lately": lately.get(name, 0), "failed_at": poll.get("failed_at"),
                "troubles": [row["kind"] for row, _ in mine], "says": [sentence(alarm, now) for _, alarm in mine],
                "says_zh": [sentence(alarm, now, "zh") for _, alarm in mine],
            }
        )  # fmt: skip
    return {"items": items}


async def sinks(hub: Hub) -> dict[str, Any]:
    """Return how each sink fares: when it last took a lead, what waits for it, whether it is paused or rests."""
    names = list(hub.plan.settings.sinks)
    numbers, paused = await hub.db.read(board.sinks, names), await hub.db.read(delivery_store.paused)
    resting = await hub.db.read(board.resting, hub.clock.now())
    items = []
    for name in names:
        lane = hub.dispatcher.lanes.get(name)
        open_here = lane is not None and lane.gate.breaker.state != "closed"
        since, reason = paused.get(name, (None, None))
        counted = numbers[name]
        items.append(
            {
                "name": name, "enabled": hub.plan.settings.sinks[name].enabled, **counted,
                "waiting": counted["ready"] + counted["sending"], "paused_at": since, "reason": reason,
                "resting": open_here or name in resting,
            }
        )  # fmt: skip
    return {"items": items, "most": board.MOST}


PARTS: Mapping[str, Callable[[Hub], Awaitable[dict[str, Any]]]] = MappingProxyType(
    {"days": days, "funnel": funnel, "speed": speed, "late": late, "sources": sources, "sinks": sinks}
)
