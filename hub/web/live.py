"""Tells open pages what changed, by server-sent events: which kind of thing, never what is in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from hub.api.access import HubDep, Masked, needs
from hub.app import Hub
from hub.store.pulse import pulse

LOOK_EVERY = 1.0
LONGEST = 600
"""Looks after which a browser must come again, and show anew who it is."""


class Bare(Masked):
    """A stream that tells of nobody."""

    of_caller: ClassVar[bool] = True


router = APIRouter(include_in_schema=False, route_class=Bare)


class Pulse:
    """Looks at the database once for all that listen, on any node: what is new in it since the last look."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._task: asyncio.Task[None] | None = None
        self._beats: dict[str, int] = {}
        self._listening = 0
        self._turn = asyncio.Event()

    async def beats(self) -> AsyncIterator[list[str]]:
        """Yield the topics that changed, look by look, until the hub stops."""
        self._listening += 1
        try:
            seen = dict(self._beats) or await self._hub.db.read(pulse)
            for _ in range(LONGEST):
                if self._task is None or self._task.done():
                    self._task = asyncio.create_task(self._look())
                await asyncio.shield(self._task)
                if self._hub.stopping:
                    return
                now = self._beats
                yield [topic for topic, beat in now.items() if beat != seen.get(topic)]
                seen = now
        finally:
            self._listening -= 1

    async def _look(self) -> None:
        for _ in range(5):  # what stops must not wait for us
            await asyncio.sleep(LOOK_EVERY / 5)
            if self._hub.stopping:
                return
        self._beats = await self._hub.db.read(pulse)


@router.get("/live", dependencies=[needs("viewer", rep=True)])
async def live(request: Request, hub: HubDep) -> StreamingResponse:
    """Stream the names of what changed: leads, deliveries, answers, owners, alarms, rules."""
    state = request.app.state
    if not hasattr(state, "pulse"):
        state.pulse = Pulse(hub)

    async def lines() -> AsyncIterator[bytes]:
        yield b"retry: 5000\n\n"
        async for topics in state.pulse.beats():
            yield f"data: {','.join(topics)}\n\n".encode() if topics else b": still here\n\n"

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)
