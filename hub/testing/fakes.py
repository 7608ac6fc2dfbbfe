"""Clocks, ids and connectors for tests: turned by hand, counted up, kept in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
from pydantic import Field

from hub.errors import LeadhubError
from hub.families.message import Message, Teller
from hub.inbound import Inbound
from hub.lead import Lead, Page, RawLead, Rejected, Sent
from hub.sink import Outcome, Outcomes, Sink
from hub.source import PollSource, WebhookSource

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


class HandClock:
    """A clock that a test turns; a sleep only lets others run and moves the clock."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the time it was turned to."""
        return self._at

    def monotonic(self) -> float:
        """Return the seconds it was turned by."""
        return self._passed

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self._at += timedelta(seconds=seconds)
        self._passed += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and others run."""
        self.turn(seconds)
        await asyncio.sleep(0)


class CountedIds:
    """Ids that count up: `lead_000001`, `lead_000002`."""

    def __init__(self) -> None:
        self._numbers: dict[str, Iterable[int]] = {}

    def __call__(self, prefix: str) -> str:
        """Return the next id of that prefix."""
        numbers = self._numbers.setdefault(prefix, itertools.count(1))
        return f"{prefix}_{next(iter(numbers)):06d}"


class OpenSource(WebhookSource):
    """A source that believes everybody: one JSON object or a list of them."""

    name = "open_source"
    title = "Open source"

    class Config(WebhookSource.Config):
        key: str = Field("id", description="Field that holds the source's own id.")

    def verify(self, inbound: Inbound) -> None:
        """Believe everybody."""

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        """Yield one raw lead per object."""
        value = inbound.json()
        for data in value if isinstance(value, list) else [value]:
            key = data.get(self.config.key)  # type: ignore[attr-defined]
            yield RawLead(str(key) if key is not None else None, data, test=bool(data.get("test")))


class MemorySink(Sink):
    """A sink that keeps what it is sent; `answer` decides what it says."""

    name = "memory_sink"
    title = "Memory sink"
    rate: ClassVar[float | None] = None

    class Config(Sink.Config):
        timeout: float = Field(5.0, description="Seconds.")

    def ready(self) -> None:
        """Start empty."""
        self.sent: list[Lead] = []
        self.answer: Callable[[Lead], Outcome | LeadhubError] = lambda lead: Sent(f"ref-{lead.id}")

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Keep the leads and answer."""
        outcomes: Outcomes = []
        for lead in leads:
            self.sent.append(lead)
            said: Any = self.answer(lead)
            outcomes.append(said)
        return outcomes


class UpdatingSink(MemorySink):
    """A memory sink that takes later versions, and forgives repeats."""

    name = "updating_sink"
    updates: ClassVar[bool] = True
    repeatable = True
    batch: ClassVar[int] = 10


class SearchableSink(MemorySink):
    """A memory sink that can be searched after an ambiguous send."""

    name = "searchable_sink"

    @property
    def searchable(self) -> bool:
        """It can be searched."""
        return True

    async def lookup(self, lead: Lead, http: httpx.AsyncClient) -> Sent | None:
        """Say whether it has the lead."""
        return Sent("found") if lead.id in {kept.id for kept in self.sent} else None


class RecognisableSink(MemorySink):
    """A memory sink whose readers would see that a repeat is one."""

    name = "recognisable_sink"
    recognisable: ClassVar[bool] = True


class TellingSink(MemorySink, Teller):
    """A memory sink that keeps the messages it is told; `reply` is what it answers, or raises."""

    name = "telling_sink"

    def ready(self) -> None:
        """Start with nothing told."""
        super().ready()
        self.told: list[Message] = []
        self.reply: Sent | Rejected | Exception = Sent()

    async def tell(self, message: Message, key: str, http: httpx.AsyncClient) -> Sent | Rejected:
        """Keep the message and answer."""
        if isinstance(self.reply, Exception):
            raise self.reply
        self.told.append(message)
        return self.reply


class WaitingSink(MemorySink):
    """A memory sink whose sends wait until the test lets them go on."""

    name = "waiting_sink"
    concurrency: ClassVar[int] = 1

    def ready(self) -> None:
        """Start with the way barred."""
        super().ready()
        self.started: list[Lead] = []
        self.go = asyncio.Event()

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Wait for the test's word, then keep the leads and answer."""
        self.started += leads
        await self.go.wait()
        return await super().send(leads, http)


class MemoryPoll(PollSource):
    """A poll over a list in memory; its cursor is how many were read. `check` may raise before a page."""

    name = "memory_poll"
    title = "Memory poll"

    class Config(PollSource.Config):
        page: int = Field(2, description="Leads on a page.")

    config: Config

    def ready(self) -> None:
        """Start empty."""
        self.held: list[RawLead] = []
        self.check: Callable[[int], None] = lambda at: None

    async def fetch(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[Page]:
        """Yield what was not read yet, page by page."""
        at = int(cursor or 0)
        while at < len(self.held):
            self.check(at)
            part = tuple(self.held[at : at + self.config.page])
            at += len(part)
            yield Page(part, str(at))

    async def count(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        """Return how many were submitted in that time."""
        return sum(since <= lead.submitted_at <= until for lead in self.held if lead.submitted_at)


def refuse_all(lead: Lead) -> Rejected:
    """Refuse every lead."""
    return Rejected("not wanted")


def plugin(*things: Any) -> Any:
    """Return a plugin object that registers these things."""
    from hub.hookspecs import hookimpl

    class Plugin:
        __name__ = "tests"

        @hookimpl
        def hub_register(self) -> Iterable[Any]:
            return things

    return Plugin()


FAKES: Mapping[str, Any] = {
    c.name: c
    for c in (
        OpenSource, MemoryPoll, MemorySink, UpdatingSink, SearchableSink, RecognisableSink, TellingSink, WaitingSink,
    )
}  # fmt: skip
