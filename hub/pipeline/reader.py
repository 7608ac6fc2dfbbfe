"""Reads submissions: a raw lead each, completed where the vendor keeps things back for a second call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import timedelta
from typing import Any

import httpx

from hub.clock import Clock
from hub.errors import BadInput, LeadhubError, Retry
from hub.events import Event
from hub.lead import Problem, RawLead
from hub.pipeline.reading import LEASE, Item, digest, no_source, pack, parse, poison
from hub.plan import Plan
from hub.source import WebhookSource
from hub.store import submissions as store
from hub.store.database import Database

TRIES = 5  # runs of one submission that may end with the process dying
COMPLETE_SECONDS = 45.0
SHORTEST_WAIT, LONGEST_WAIT = 5.0, 3600.0  # until a vendor is asked again; in between, as long as it has waited so far


class Reader:
    """Gives the raw leads of submissions; what needs a second call to its vendor is offered again with its answer."""

    def __init__(
        self,
        db: Database,
        *,
        clock: Clock,
        http: httpx.AsyncClient,
        emit: Callable[[Iterable[Event]], None],
        offer: Callable[[Item], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self.db, self.clock, self.http, self.emit = db, clock, http, emit
        self._offer, self._spawn = offer, spawn

    async def read(self, items: Sequence[Item], plan: Plan) -> list[tuple[Item, RawLead]]:
        """Return what can be decided now, a raw lead each; what cannot be read at all comes with its problem."""
        ready: list[tuple[Item, RawLead]] = []
        for item in items:
            source = plan.sources.get(item.source)
            if source is None or item.tries > TRIES:
                item.problems = (no_source(item) if source is None else poison(TRIES),)
                leads = []
            else:
                leads = parse(source, item)
            if not leads:
                item.empty = True
                ready.append((item, RawLead(None, {})))
            elif isinstance(source, WebhookSource) and _completes(source) and not item.completed:
                item.answer(None, "accepted")
                self._spawn(self._complete(item, leads, source))
            else:
                ready.append((item, leads[0]))
                ready += await self._keep_others(item, leads[1:], "row")
        return ready

    async def _keep_others(self, parent: Item, leads: list[RawLead], kind: str) -> list[tuple[Item, RawLead]]:
        """Store the further leads of one submission as submissions of their own; return those that are new.

        They are named after their parent, so that reading it again, after a crash or in a replay, makes no others.
        """
        children, rows = [], []
        for number, raw in enumerate(leads, 2):
            body = pack(raw)
            item = Item(
                f"{parent.id}.{number}", parent.source, parent.received_at, raw=raw, digest=digest(body),
                completed=kind == "row",
            )  # fmt: skip
            children.append((item, raw))
            rows.append(
                store.row(
                    id=item.id, source=item.source, kind=kind, parent=parent.id, received_at=item.received_at,
                    body=body, digest=item.digest, due_at=self.clock.now() + LEASE,
                )
            )  # fmt: skip
        fresh = await self.db.write(store.add_missing, rows) if rows else set()
        return [(item, raw) for item, raw in children if item.id in fresh]

    async def _complete(self, item: Item, leads: list[RawLead], source: WebhookSource) -> None:
        """Make the vendor's second call for each lead, keep what it said, and run it."""
        for part, raw in [(item, leads[0]), *await self._keep_others(item, leads[1:], "part")]:
            part.raw = raw
            try:
                async with asyncio.timeout(COMPLETE_SECONDS):
                    part.raw = await source.complete(raw, self.http)
                await self.db.write(store.keep_completed, part.id, pack(part.raw).decode())
            except BadInput as error:
                part.problems = (Problem(field="", code="incomplete", message=error.reason),)
            except Exception as error:
                await self._postpone(part, source.name, error)
                continue
            part.completed = True
            self._offer(part)

    async def _postpone(self, item: Item, connector: str, error: Exception) -> None:
        """Ask the vendor again later, for as long as it takes: the lead is there and must not be lost."""
        now = self.clock.now()
        waited = (now - item.received_at).total_seconds()
        wait = min(max(waited, SHORTEST_WAIT), LONGEST_WAIT)
        if isinstance(error, Retry) and error.after:
            wait = max(wait, error.after)
        said = error.reason if isinstance(error, LeadhubError) else f"{type(error).__name__}: {str(error)[:200]}"
        await self.db.write(store.postpone, item.id, now + timedelta(seconds=wait), f"{connector}: {said}")
        self.emit([Event("source.failed", now, submission=item.id, source=item.source, data={"reason": said})])


def _completes(source: WebhookSource) -> bool:
    return type(source).complete is not WebhookSource.complete
