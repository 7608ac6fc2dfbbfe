"""Polls platforms that are asked for a span of time and a page number, and say how many leads the span holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, NamedTuple

import httpx

from hub.errors import BadInput
from hub.families.asking import Asking
from hub.families.polling import Sweep, SweepSource
from hub.lead import RawLead

_SECOND = timedelta(seconds=1)


class Span(NamedTuple):
    """A span of submit times, both ends included."""

    start: datetime
    end: datetime


class Numbered(NamedTuple):
    """The leads of one page, and how many the whole span holds as the platform says it; None: a full page goes on."""

    leads: Sequence[RawLead]
    total: object = None

    @property
    def held(self) -> int | None:
        """Return the number of leads in the span, None when the platform did not say."""
        said = str(self.total)
        return int(said) if said.isascii() and said.isdigit() else None


class NumberedSource(Asking, SweepSource):
    """A poll of pages by number: the ends of a pass are fixed when it starts, so that new leads shift no page.

    A long time is asked for in several spans, oldest first; a span with more leads than can be paged is halved.
    """

    page_size: ClassVar[int] = 100
    span: ClassVar[timedelta] = timedelta(days=365)  # the longest time the platform takes in one question
    reach: ClassVar[timedelta] = timedelta(days=3650)  # how far back it may be asked
    deepest: ClassVar[int | None] = None  # how many leads of a span can be paged through
    tick: ClassVar[timedelta] = _SECOND  # how finely the platform tells times

    async def numbered(self, name: str, span: Span, number: int, http: httpx.AsyncClient) -> Numbered:
        """Return a page of a list, numbered from 1, and the number of leads in the whole span."""
        raise NotImplementedError

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[Iterable[RawLead], str | None]:
        """Return the page a mark names; spans without leads are passed over."""
        span, until, number = self._place(sweep)
        while True:
            found = await self.numbered(name, span, number, http)
            if number == 1 and self._too_many(span, found.held):
                span = Span(span.start, span.start + (span.end - span.start) / 2)
                continue
            if found.leads and self._goes_on(found, number):
                return found.leads, _mark(span, until, number + 1)
            if span.end >= until:
                return found.leads, None
            span, number = self._cut(span.end, until), 1
            if found.leads:
                return found.leads, _mark(span, until, 1)

    async def count(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        """Return how many leads all lists hold for that time; None when there is no list, or one does not say."""
        names = await self.lists(http)
        total = 0
        for name, span in ((name, span) for name in names for span in self._spans(since, until)):
            held = (await self.numbered(name, span, 1, http)).held
            if held is None:
                return None
            total += held
        return total if names else None

    def _place(self, sweep: Sweep) -> tuple[Span, datetime, int]:
        """Return the span, the end of the pass and the page's number: those of the mark, or those it starts with."""
        if sweep.after is None:
            now = self.clock.now().astimezone(UTC).replace(microsecond=0)
            first = min(max(sweep.since, now - self.reach), now)
            return self._cut(first, now), now, 1
        try:
            start, end, last, number = (int(part) for part in sweep.after.split(":"))
        except ValueError as error:
            raise BadInput(f"The mark {sweep.after!r} is not one of ours.") from error
        return Span(_at(start), _at(end)), _at(last), number

    def _cut(self, start: datetime, until: datetime) -> Span:
        return Span(start, min(start + self.span, until))

    def _spans(self, since: datetime, until: datetime) -> Iterator[Span]:
        start = since
        while start < until:
            following = min(start + self.span, until)
            yield Span(start, following - self.tick)
            start = following

    def _too_many(self, span: Span, held: int | None) -> bool:
        if self.deepest is None or held is None:
            return False
        return held > self.deepest and span.end - span.start > 2 * _SECOND

    def _goes_on(self, found: Numbered, number: int) -> bool:
        return len(found.leads) >= self.page_size if found.held is None else number * self.page_size < found.held


def _mark(span: Span, until: datetime, number: int) -> str:
    return ":".join(str(int(at.timestamp())) for at in (*span, until)) + f":{number}"


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
