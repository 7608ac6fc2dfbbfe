"""Polls sources: each page's leads and cursor are committed together, and counts are compared with the platform's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import httpx
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from hub.clock import Clock
from hub.errors import LeadhubError, Retry
from hub.events import Event
from hub.failpoints import hit
from hub.intake.guard import Guard
from hub.intake.reconcile import RESTED, SETTLE, Reconciled, counted_at, held, night_of, note
from hub.intake.rows import Counts, Rows, cursor_of, note_failure
from hub.plan import Plan
from hub.source import PollSource
from hub.store.database import Database

PAGES = 10_000  # most pages in one poll; a source that never ends is broken
TRIES = 3


class Polls:
    """Runs one poll or one reconciliation of a source; the schedule says when."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        rows: Rows,
        *,
        clock: Clock,
        http: httpx.AsyncClient,
        emit: Callable[[Iterable[Event]], None],
        guard: Guard | None = None,
    ) -> None:
        self._guard, self._metrics = guard, rows.pipeline.observer.metrics
        self.db, self.plan, self.rows, self.clock, self.http, self.emit = db, plan, rows, clock, http, emit
        self._turns: dict[str, asyncio.Lock] = {}
        self._asked: dict[str, datetime] = {}  # when this process last reconciled each

    async def poll(self, name: str) -> Counts | None:
        """Fetch what is new; a failure keeps the cursor, is noted, and returns None."""
        source = self.plan().sources.get(name)
        if not isinstance(source, PollSource):
            return None
        if self._guard and self._guard.holding:
            self._metrics.polled(name, "held")
            return None
        counts = Counts(read=0, known=0)
        try:
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(TRIES), wait=wait_exponential_jitter(0.5, 5), sleep=self.clock.sleep,
                retry=retry_if_exception(lambda e: isinstance(e, Retry) and e.after is None), reraise=True,
            ):  # fmt: skip
                with attempt:
                    await self._fetch(name, source, counts)
        except Exception as error:
            await self._failed(name, error)
            self._metrics.polled(name, "failed")
            return None
        self._metrics.polled(name, "ok")
        return counts

    async def _fetch(self, name: str, source: PollSource, counts: Counts, *, begin: datetime | None = None) -> None:
        """Take page after page from where the last committed page ended; from `begin`, the polls keep their place."""
        async with self._turns.setdefault(name, asyncio.Lock()):
            cursor = source.cursor_at(begin) if begin else await self.db.read(cursor_of, name)
            pages = 0
            async for page in source.fetch(cursor, self.http):
                hit("poll.fetched")
                counts.update(await self.rows.take(name, page.leads, cursor=None if begin else page.cursor))
                pages += 1
                if self._guard and self._guard.holding:
                    return  # the cursor is kept: the next poll goes on from here
                if pages >= PAGES:
                    raise LeadhubError(f"The source {name} gave {PAGES} pages without an end. Look at its cursor.")
            if not pages:
                await self.rows.take(name, ())

    async def _failed(self, name: str, error: Exception) -> None:
        said = error.reason if isinstance(error, LeadhubError) else f"{type(error).__name__}: {str(error)[:200]}"
        now = self.clock.now()
        await self.db.write(note_failure, name, said, now)
        self.emit([Event("source.failed", now, source=name, data={"reason": said})])

    async def reconcile(self, name: str, since: datetime | None = None) -> Reconciled | None:
        """Compare the platform's count with ours, as far back as the settings say; None where it cannot say.

        Where we hold fewer, that time is read again, and some before it; what is known stays once, and the place of
        the polls stays where it is. What is missing still is told.
        """
        plan, until = self.plan(), self.clock.now() - SETTLE
        source, settings = plan.sources.get(name), plan.settings.hub.reconcile
        if not isinstance(source, PollSource):
            return None
        since = since or until - timedelta(seconds=settings.window)
        try:
            theirs = await source.count(since, until, self.http)
            if theirs is None:
                return None
            ours, came = await self.db.read(held, name, since, until), Counts()
            filled = 0
            if ours < theirs:
                await self._fetch(name, source, came, begin=since - timedelta(seconds=settings.overlap))
                filled = min(theirs - ours, came["read"] - came["known"])
                # a push that gives no submit time counts by when it came, which may be a little after
                ours = min(theirs, await self.db.read(held, name, since, self.clock.now()))
            await self.db.write(note, name, theirs, ours, self.clock.now())
        except Exception as error:
            await self._failed(name, error)
            return None
        found = Reconciled(theirs, ours, filled, since, until)
        self._tell(name, found)
        return found

    def _tell(self, name: str, found: Reconciled) -> None:
        data = {"platform": found.platform, "ours": found.ours, "missing": found.missing, "filled": found.filled}
        times = {"since": found.since.isoformat(), "until": found.until.isoformat()}
        if found.missing or found.filled:
            kind = "source.gap" if found.missing else "source.filled"
            self.emit([Event(kind, self.clock.now(), source=name, data={**data, **times})])

    async def reconcile_nightly(self, name: str) -> bool:
        """Reconcile a source unless that was done since the last night's hour; returns whether it was done now."""
        hub, now = self.plan().settings.hub, self.clock.now()
        night = night_of(hub.reconcile.at, hub.zone, now)
        asked = self._asked.get(name)
        if (asked and asked >= max(night, now - RESTED)) or (self._guard and self._guard.holding):
            return False
        counted = await self.db.read(counted_at, name)
        if counted and counted >= night:
            return False
        self._asked[name] = now
        return await self.reconcile(name) is not None
