"""Tells open pages what changed, by server-sent events: which kind of thing, never what is in it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request
from starlette.responses import StreamingResponse

from hub.api.access import Masked, needs
from hub.app import Hub
from hub.store.pulse import pulse

LOOK_EVERY = 1.0
LONGEST = 600
"""Looks after which a browser must come again, and show anew who it is."""

LOOKS_KEPT = 200
"""Looks that found something new and are known by name."""


class Bare(Masked):
    """A stream that tells of nobody."""

    of_caller: ClassVar[bool] = True


router = APIRouter(include_in_schema=False, route_class=Bare)


class Pulse:
    """Looks at the database once for all that listen, on any node: what is new in it since an earlier look.

    A look has a name that says nothing. A page names the newest look there was before its data were read: what came
    since then is told to it first. A name that is not known any more, or here, says that anything may have changed.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._task: asyncio.Task[None] | None = None
        self._looks: dict[str, dict[str, int]] = {}
        self.newest = ""

    async def beats(self, since: str | None) -> AsyncIterator[tuple[str, list[str]]]:
        """Yield the name of each look and the topics that changed, until the hub stops; None begins with now."""
        seen = self._looks.get(since, {}) if since is not None else await self._hub.db.read(pulse)
        for _ in range(LONGEST):
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._look())
            await asyncio.shield(self._task)
            if self._hub.stopping:
                return
            now = self._looks[self.newest]
            yield self.newest, [topic for topic, beat in now.items() if beat != seen.get(topic)]
            seen = now

    async def _look(self) -> None:
        for _ in range(5):  # what stops must not wait for us
            await asyncio.sleep(LOOK_EVERY / 5)
            if self._hub.stopping:
                return
        found = await self._hub.db.read(pulse)
        if found == self._looks.get(self.newest):
            return
        self.newest = secrets.token_hex(6)
        self._looks[self.newest] = found
        if len(self._looks) > LOOKS_KEPT:
            del self._looks[next(iter(self._looks))]


@router.get("/live", dependencies=[needs("viewer", rep=True)])
async def live(request: Request, since: Annotated[str | None, Query(max_length=100)] = None) -> StreamingResponse:
    """Stream the names of what changed: leads, deliveries, answers, owners, alarms, rules."""
    beats: Pulse = request.app.state.pulse
    since = request.headers.get("last-event-id", since)  # a browser that comes again says what it had last

    async def lines() -> AsyncIterator[bytes]:
        yield b"retry: 5000\n\n"
        async for look, topics in beats.beats(since):
            yield f"id: {look}\ndata: {','.join(topics)}\n\n".encode() if topics else b": still here\n\n"

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)
