"""Asks a system again and again what changed: from where the last page ended, some of it twice, none of it never."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from hub.clock import Clock
from hub.errors import Retry
from hub.news import Activity, Feedback, News

MAX_IDLE_PAGES = 3


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of what changed: activities, the vendor's mark of the next page, and the newest change on this page."""

    activities: tuple[Activity, ...]
    after: str | None = None
    newest: datetime | None = None


class ChangesFeedback(Feedback):
    """Feedback that is read by the time of change; authors write `changes`. What is read twice has the same keys."""

    overlap: ClassVar[timedelta] = timedelta(minutes=5)  # read again, as systems show changes late
    backfill: ClassVar[timedelta] = timedelta(days=1)  # read by the first asking

    clock: Clock

    async def changes(self, since: datetime, after: str | None, http: httpx.AsyncClient) -> Changes:
        """Return a page of what changed at or after `since`, oldest first, after the mark of the page before."""
        raise NotImplementedError

    async def news(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[News]:
        """Yield pages until nothing is left; what breaks off goes on at its page."""
        state: dict[str, Any] = json.loads(cursor) if cursor else {}
        # what was read before a pass broke off is known up to its beginning, however late it ends
        now = datetime.fromisoformat(state["began"]) if "began" in state else self.clock.now()
        state.setdefault("since", (now - self.backfill).isoformat())
        since, after = datetime.fromisoformat(state["since"]), state.get("after")
        top, idle = datetime.fromisoformat(state.get("top") or state["since"]), 0
        while True:
            found = await self.changes(since, after, http)
            if found.newest is not None:
                top = max(top, min(found.newest, now))  # one change dated 2099 must not hide all that come before then
            if found.after is None:
                yield News(found.activities, _cursor(since=max(since, top - self.overlap)))
                return
            idle = 0 if found.activities or found.after != after else idle + 1
            if idle >= MAX_IDLE_PAGES:
                raise Retry(f"{MAX_IDLE_PAGES} pages in a row had nothing new, and more were promised.")
            after = found.after
            yield News(found.activities, _cursor(since=since, after=after, top=top, began=now))


def _cursor(*, after: str | None = None, **times: datetime) -> str:
    state = {"after": after, **{name: at.isoformat() for name, at in times.items()}}
    return json.dumps({name: value for name, value in state.items() if value})
