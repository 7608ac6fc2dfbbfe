"""Sends under a span for each delivery."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from hub.delivery.policy import Job
from hub.observe.tracing import Tracer
from hub.outgoing.transmit import TRACE
from hub.sink import Outcome


async def traced(
    jobs: Sequence[Job], tracer: Tracer, send: Callable[[Sequence[Job]], Awaitable[list[Outcome]]]
) -> list[Outcome]:
    """Return what sending says of each; a request for several carries the first one's trace."""
    spans = [tracer.attempt(j.submission, j.delivery, j.lead.id, j.sink, j.number) for j in jobs]
    token = TRACE.set(spans[0].headers)
    try:
        outcomes = await send(jobs)
    finally:
        TRACE.reset(token)
    for span, outcome in zip(spans, outcomes, strict=True):
        span.ended(type(outcome).__name__.lower())
    return outcomes
