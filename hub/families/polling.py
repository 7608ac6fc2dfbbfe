"""Keeps a poll's place: overlaps, so that late leads are read, and remembers, so that none is handed over twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, Field

from hub.errors import BadInput, LeadhubError, Misconfigured, Retry
from hub.lead import Page, RawLead
from hub.source import PollSource

MAX_IDLE_PAGES = 3
_ALL = "*"  # no platform names a list so

Item = TypeVar("Item")


class Sweep:
    """One pass over one list of a platform, whatever its order; between passes, where the next one starts.

    `after` is the platform's own mark of the next page inside a pass.
    """

    def __init__(self, state: dict[str, Any], now: datetime, window: Window) -> None:
        self._latest = int(now.timestamp())
        self._overlap = int(window.overlap_minutes * 60)
        self._since = int(state.get("since", self._latest - window.backfill_days * 86400))
        self.after: str | None = state.get("after")
        self._top: int = state.get("top", 0)  # newest submit time of this pass
        self._before: dict[str, int] = dict(state.get("before", {}))  # handed over by earlier passes, in the overlap
        self._now: dict[str, int] = dict(state.get("now", {}))  # handed over by this pass, near its top
        self._met: set[str] = set()
        self._idle = 0

    @property
    def since(self) -> datetime:
        """Return the earliest submit time to ask for; equal times at the border are read again."""
        return datetime.fromtimestamp(self._since, UTC)

    @property
    def stuck(self) -> bool:
        """Return whether three pages in a row brought nothing new though the platform promised more."""
        return self.after is not None and self._idle >= MAX_IDLE_PAGES

    def state(self) -> dict[str, Any]:
        """Return what to remember, as JSON values."""
        kept = {"since": self._since, "after": self.after, "top": self._top, "before": self._before, "now": self._now}
        return {name: value for name, value in kept.items() if value}

    def take(self, leads: Iterable[RawLead], after: str | None) -> tuple[RawLead, ...]:
        """Note a page and the mark of the next one, and return its leads that were not handed over before."""
        fresh = []
        known = len(self._met)
        for lead in leads:
            key = lead.key or ""
            if not key or not (key in self._before or key in self._now or key in self._met):
                fresh.append(lead)
            self._note(key, int(lead.submitted_at.timestamp()) if lead.submitted_at else self._top)
        self._now = {key: when for key, when in self._now.items() if when >= self._top - self._overlap}
        self._idle = 0 if len(self._met) > known else self._idle + 1
        self.after = after
        if after is None:
            self._finish(max(self._since, self._top - self._overlap))
        return tuple(fresh)

    def restart(self) -> None:
        """Give up this pass; the next one starts where this one did."""
        self._finish(self._since)

    def _note(self, key: str, when: int) -> None:
        when = min(when, self._latest)  # one lead dated 2099 must not hide all that come before then
        self._top = max(self._top, when)
        self._met.add(key)
        self._now[key] = when

    def _finish(self, since: int) -> None:
        self._since, self._top, self.after = since, 0, None
        self._before = {key: when for key, when in (self._before | self._now).items() if when >= since}
        self._now = {}


ReadPage = Callable[[str, Sweep], Awaitable[tuple[Iterable[RawLead], str | None]]]
"""Reads one page of a list, of what was submitted at or after `sweep.since`, from `sweep.after` on."""


class Window(BaseModel):
    """The settings of a poll that asks for leads by submit time."""

    backfill_days: float = Field(7, ge=0, le=365, description="How many days back the first poll reads.")
    overlap_minutes: float = Field(60, ge=0, description="How much of the last poll is read again, for late leads.")


class SweepSource(PollSource):
    """A poll that sweeps lists by submit time; its Config is a Window too."""

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        """Return the names of the lists to read."""
        raise NotImplementedError

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[Iterable[RawLead], str | None]:
        """Return a page of a list, from `sweep.after` on of what came since `sweep.since`, and the mark of the next."""
        raise NotImplementedError

    async def fetch(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[Page]:
        """Yield the pages of all lists."""
        window: Any = self.config
        sweeps = Sweeps(cursor, self.clock.now(), window)
        async for page in sweeps.pages(await self.lists(http), partial(self.page, http)):
            yield page

    def cursor_at(self, since: datetime) -> str | None:
        """Return the cursor from which every list is read from then on."""
        return Sweeps.since(since)

    async def counted(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        """Return how many leads the lists hold for that time, by reading them; None when no list is polled."""
        window: Any = self.config
        names = await self.lists(http)
        pages = Sweeps(Sweeps.since(since), self.clock.now(), window).pages(names, partial(self.page, http))
        times = [lead.submitted_at async for page in pages for lead in page.leads]
        return sum(1 for at in times if at and since <= at < until) if names else None


class Sweeps:
    """The places of one poll in all its lists, written into the one cursor that is committed with each page."""

    def __init__(self, cursor: str | None, now: datetime, window: Window) -> None:
        self._states: dict[str, dict[str, Any]] = json.loads(cursor) if cursor else {}
        self._begin = self._states.pop(_ALL, {})
        self._now, self._window = now, window

    @staticmethod
    def since(at: datetime) -> str:
        """Return a cursor from which every list is read from then on."""
        return json.dumps({_ALL: {"since": int(at.timestamp())}})

    @property
    def cursor(self) -> str:
        """Return the cursor that stands after what was read so far."""
        states = {**self._states, **({_ALL: self._begin} if self._begin else {})}
        return json.dumps(states, separators=(",", ":"), sort_keys=True)

    async def pages(self, names: Iterable[str], read: ReadPage) -> AsyncIterator[Page]:
        """Yield the pages of all named lists; a poll that broke off goes on at the page it was at.

        Trouble with one list does not keep the others waiting: it is raised when all were read.
        """
        trouble: list[LeadhubError] = []
        for name in names:
            sweep = Sweep(self._states.get(name, self._begin), self._now, self._window)
            try:
                async for leads in _passed(sweep, partial(read, name)):
                    self._states[name] = sweep.state()
                    yield Page(leads, self.cursor)
            except (Retry, BadInput, Misconfigured) as error:
                trouble.append(error)
        if trouble:
            raise trouble[0]


async def _passed(
    sweep: Sweep, read: Callable[[Sweep], Awaitable[tuple[Iterable[RawLead], str | None]]]
) -> AsyncIterator[tuple[RawLead, ...]]:
    """Yield what one pass brings, page by page; where it cannot go on, it gives up and the next pass starts anew."""
    while True:
        marked = sweep.after is not None
        try:
            leads = sweep.take(*await read(sweep))
        except BadInput as error:
            if not marked:
                raise
            sweep.restart()
            yield ()
            raise Retry(f"The mark of a page is not known any more, so the pass starts anew: {error.reason}") from error
        if sweep.stuck:
            sweep.restart()
            yield leads
            raise Retry(f"{MAX_IDLE_PAGES} pages in a row had nothing new, and more were promised.")
        yield leads
        if sweep.after is None:
            return


async def all_pages(read: Callable[[str | None], Awaitable[tuple[Iterable[Item], str | None]]]) -> AsyncIterator[Item]:
    """Yield the items of all pages; `read` takes a page's mark (None: the first), returns its items and the next mark.

    Raises Retry when a mark comes twice, because the platform's paging then goes round in circles.
    """
    marks: set[str | None] = set()
    mark: str | None = None
    while mark not in marks:
        marks.add(mark)
        items, mark = await read(mark)
        for item in items:
            yield item
        if mark is None:
            return
    raise Retry("The pages of a list go round in circles. The next poll tries again.")
