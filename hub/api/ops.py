"""Health, metrics and the summary."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from hub.api.access import HubDep, Masked, caller_of, needs, open_to_all
from hub.api.address import loopback
from hub.api.problems import ApiError
from hub.app import Hub
from hub.store.summary import summary, waiting

router = APIRouter(tags=["operate"], route_class=Masked)

SLOW = 1.0  # seconds after which keeping something is worth a word
ASKED = 10.0  # seconds after which a database that does not answer is as good as none
OLD = 900.0  # seconds after which waiting work is worth a word

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
_WHY = "For whoever watches the machine: strangers get one word."


@router.get("/health", dependencies=[open_to_all(_WHY)])
async def health(hub: HubDep, request: Request) -> Response:
    """Say whether the hub works: 200 when it does, 503 when it takes no leads; with a key or on this machine, why."""
    try:
        async with asyncio.timeout(ASKED):
            reasons = await _kept(hub)
            work = await hub.db.read(waiting, hub.clock.now())
    except Exception as error:
        return await _told(request, "down", [f"The database cannot be used: {type(error).__name__}."])
    if work["oldest_submission_seconds"] > OLD:
        reasons.append(f"Submissions wait for {work['oldest_submission_seconds']:.0f} s.")
    reasons += hub.watching.reasons()
    status = "closed" if hub.guard.refusing else "degraded" if reasons else "ok"
    return await _told(request, status, reasons)


@router.get("/health/live", dependencies=[open_to_all(_WHY)])
async def live() -> dict[str, str]:
    """Say that the process answers; who restarts it when it does not must ask nothing more."""
    return {"status": "ok"}


@router.get("/health/ready", dependencies=[open_to_all(_WHY)])
async def ready(hub: HubDep, request: Request) -> Response:
    """Say whether requests may be sent here: 503 while it stops, or while the database keeps nothing."""
    if hub.stopping:
        return await _told(request, "down", ["It is being stopped."])
    try:
        async with asyncio.timeout(ASKED):
            await _kept(hub)
    except Exception as error:
        return await _told(request, "down", [f"The database cannot be used: {type(error).__name__}."])
    return await _told(request, "ok", [])


async def _told(request: Request, status: str, reasons: list[str]) -> Response:
    body: dict[str, Any] = {"status": status}
    if await _may_know(request):
        body["reasons"] = reasons
    return JSONResponse(body, 503 if status in ("down", "closed") else 200)


async def _may_know(request: Request) -> bool:
    """Return whether somebody asks who may read the reasons: from this machine, with no proxy between, or by a key."""
    peer = request.client.host if request.client else ""
    if loopback(peer) and not any(name in request.headers for name in _FORWARDED):
        return True
    try:
        await caller_of(request)
    except ApiError:
        return False
    except Exception:  # the database that keys are in is what is broken
        return False
    return True


async def _kept(hub: Hub) -> list[str]:
    """Return why the database is slow, if it is; raises what it raises."""
    keeping = asyncio.ensure_future(hub.db.write(_touch))
    done, _ = await asyncio.wait((keeping,), timeout=SLOW)
    if not done:
        keeping.add_done_callback(lambda late: late.exception())
        return [f"The database needs more than {SLOW:g} s to keep anything; senders are told to come back."]
    keeping.result()
    return []


def _touch(*, session: Any) -> None:
    """Write nothing, through the writer: it answers only when writes do."""


@router.get("/api/summary", dependencies=[needs("viewer")], tags=["reports"])
async def summarize(hub: HubDep) -> dict[str, Any]:
    """Count what came in, what became of it, and what waits."""
    return await hub.db.read(summary)


@router.get("/api/nodes", dependencies=[needs("viewer")], tags=["setup"])
async def nodes(hub: HubDep) -> dict[str, Any]:
    """List the processes that run on this database, what each does and which configuration it runs."""
    return {"items": await hub.node.listed(), "next": None}


@router.get("/metrics", dependencies=[needs("viewer")])
async def metrics(hub: HubDep) -> Response:
    """Return counters and times of this process, and how much waits, for Prometheus."""
    return Response(await hub.watching.text(), headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})
