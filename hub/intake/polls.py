"""Polls sources: each page's leads and cursor are committed together, and counts are compared with the platform's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import httpx
import sqlalchemy as sa
from sqlmodel import Session
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from hub.clock import Clock
from hub.errors import LeadhubError, Retry
from hub.events import Event
from hub.intake.rows import CURSOR, Counts, Rows, cursor_of, note_failure
from hub.plan import Plan
from hub.source import PollSource
from hub.store.columns import SUBMISSION, TOUCH
from hub.store.database import Database

PAGES = 10_000  # most pages in one poll; a source that never ends is broken
TRIES = 3
RECONCILED = timedelta(days=1)


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
    ) -> None:
        self.db, self.plan, self.rows, self.clock, self.http, self.emit = db, plan, rows, clock, http, emit
        self._turns: dict[str, asyncio.Lock] = {}

    async def poll(self, name: str) -> Counts | None:
        """Fetch what is new; a failure keeps the cursor, is noted, and returns None."""
        source = self.plan().sources.get(name)
        if not isinstance(source, PollSource):
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
            return None
        return counts

    async def _fetch(self, name: str, source: PollSource, counts: Counts, *, anew: bool = False) -> None:
        """Take page after page; a retry goes on where the last committed page ended, unless all is read anew."""
        async with self._turns.setdefault(name, asyncio.Lock()):
            cursor = None if anew else await self.db.read(cursor_of, name)
            pages = 0
            async for page in source.fetch(cursor, self.http):
                counts.update(await self.rows.take(name, page.leads, cursor=page.cursor))
                pages += 1
                if pages >= PAGES:
                    raise LeadhubError(f"The source {name} gave {PAGES} pages without an end. Look at its cursor.")
            if not pages:
                await self.rows.take(name, (), cursor=cursor)

    async def _failed(self, name: str, error: Exception) -> None:
        said = error.reason if isinstance(error, LeadhubError) else f"{type(error).__name__}: {str(error)[:200]}"
        now = self.clock.now()
        await self.db.write(note_failure, name, said, now)
        self.emit([Event("source.failed", now, source=name, data={"reason": said})])

    async def reconcile(self, name: str) -> tuple[int, int] | None:
        """Compare the platform's count of the last day with ours, as (platform, ours); None where it cannot say.

        Where we hold fewer, everything the platform still has is read again from the start; what is known stays once.
        """
        source = self.plan().sources.get(name)
        if not isinstance(source, PollSource):
            return None
        until = self.clock.now()
        since = until - RECONCILED
        try:
            theirs = await source.count(since, until, self.http)
            if theirs is None:
                return None
            ours = await self.db.write(_compare, name, since, until, theirs)
            if ours < theirs:
                data = {"platform": theirs, "ours": ours}
                self.emit([Event("source.gap", until, source=name, data=data)])
                await self._fetch(name, source, Counts(), anew=True)
                ours = await self.db.write(_compare, name, since, until, theirs)
        except Exception as error:
            await self._failed(name, error)
            return None
        return theirs, ours


def _compare(source: str, since: datetime, until: datetime, theirs: int, *, session: Session) -> int:
    """Return how many leads of that submit time we hold, each id once, and remember both numbers."""
    at = sa.func.coalesce(TOUCH.c.at, SUBMISSION.c.received_at)
    held = sa.select(sa.func.count()).select_from(
        SUBMISSION.outerjoin(TOUCH, TOUCH.c.submission == SUBMISSION.c.id)
    ).where(
        SUBMISSION.c.source == source, SUBMISSION.c.received_at >= since, at.between(since, until),
        SUBMISSION.c.state != "duplicate", SUBMISSION.c.key.is_not(None),
    )  # fmt: skip
    ours = int(session.execute(held).scalar_one())
    values = {"platform_count": theirs, "our_count": ours, "counted_at": until}
    done = session.execute(sa.update(CURSOR).where(CURSOR.c.source == source).values(**values))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(sa.insert(CURSOR).values(source=source, seen=0, new=0, **values))
    return ours
