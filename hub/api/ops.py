"""Health, metrics and the summary."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from starlette.responses import JSONResponse, Response

from hub.api.access import HubDep, needs
from hub.app import Hub
from hub.store.summary import summary, waiting

router = APIRouter(tags=["operate"])

OLD = 900.0  # seconds after which waiting work is worth a word


@router.get("/health")
async def health(hub: HubDep) -> Response:
    """Say whether the hub works: 200 when it does, 503 with the reasons when it cannot take leads."""
    reasons = []
    try:
        await hub.db.write(_touch)
        work = await hub.db.read(waiting, hub.clock.now())
    except Exception as error:
        body = {"status": "down", "reasons": [f"The database cannot be used: {type(error).__name__}."]}
        return JSONResponse(body, 503)
    if work["oldest_submission_seconds"] > OLD:
        reasons.append(f"Submissions wait for {work['oldest_submission_seconds']:.0f} s.")
    reasons += [f'Sink "{n}" is paused.' for n, lane in hub.dispatcher.lanes.items() if lane.gate.paused]
    reasons += [
        f'Sink "{n}" rests: most sends fail.'
        for n, lane in hub.dispatcher.lanes.items()
        if lane.gate.breaker.state == "open"
    ]
    reasons += [f"The plugin {b.name} could not be loaded; see leadhub check." for b in hub.plugins.broken]
    reasons += [f"{name} fails." for name in sorted(hub.schedule.broken)]
    if hub.publisher.refused:
        reasons.append("The changed configuration is wrong; the old one stays. See leadhub check.")
    return JSONResponse({"status": "degraded" if reasons else "ok", "reasons": reasons})


def _touch(*, session: Any) -> None:
    """Write nothing, through the writer: it answers only when writes do."""


@router.get("/api/summary", dependencies=[needs("viewer")], tags=["reports"])
async def summarize(hub: HubDep) -> dict[str, Any]:
    """Count what came in, what became of it, and what waits."""
    return await hub.db.read(summary)


@router.get("/metrics", dependencies=[needs("viewer")])
async def metrics(hub: HubDep) -> Response:
    """Return the same for Prometheus."""
    found = await hub.db.read(summary)
    work = await hub.db.read(waiting, hub.clock.now())
    text = generate_latest(_registry(hub, found, work))
    return Response(text, headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})


def _registry(hub: Hub, found: dict[str, Any], work: dict[str, Any]) -> CollectorRegistry:
    registry = CollectorRegistry()

    def gauge(name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"leadhub_{name}", words, labels, registry=registry)

    submissions = gauge("submissions", "Submissions by source and state.", "source", "state")
    for source, states in found["sources"].items():
        for state, number in states.items():
            submissions.labels(source, state).set(number)
    deliveries = gauge("deliveries", "Deliveries by sink and state.", "sink", "state")
    for sink, states in found["sinks"].items():
        for state, number in states.items():
            deliveries.labels(sink, state).set(number)
    answers = gauge("intake_answers", "Answers at the intake address by source and status.", "source", "status")
    for (source, status), number in hub.door.counts.items():
        answers.labels(source, str(status)).set(number)
    held = gauge("sink_open", "1 when a sink takes leads, 0 when it is paused or rests.", "sink")
    for name, lane in hub.dispatcher.lanes.items():
        held.labels(name).set(int(lane.open()))
    for name, value in work.items():
        gauge(name, name.replace("_", " ").capitalize() + ".").set(value)
    return registry
