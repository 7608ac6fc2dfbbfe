"""Mails that look back on a week or a month: sent once, to chat and mail sinks, with pictures where they can go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from hub.clock import Clock
from hub.errors import Unclear, brief
from hub.families.message import Message, Picture, Teller, Wording
from hub.insight import charts
from hub.insight.findings import Findings, facts, gather
from hub.insight.words import WORDS
from hub.labels import Language
from hub.lead import Rejected
from hub.people.windows import beginning
from hub.plan import Plan
from hub.settings.people import ReviewSettings
from hub.store.database import Database

Work = Callable[[], Awaitable[Any]]
Once = Callable[[str, datetime, Work], Awaitable[bool]]
"""Does work for a name and a moment once, whatever number of processes ask; work that fails may be asked for again."""

EVERY = 300.0  # seconds between looks whether a review is due
WEEKS = {"weekly": 8, "monthly": 13}  # that the pictures show
TELLING = 120.0  # seconds one sink may take

log = logging.getLogger("leadhub.review")


@dataclass(frozen=True, slots=True)
class Edition:
    """A review that is due: of which span, and of which before it; all are midnights of the hub's zone."""

    kind: str  # weekly or monthly
    before: datetime
    since: datetime
    until: datetime


def due(settings: ReviewSettings, now: datetime, zone: ZoneInfo) -> Iterator[Edition]:
    """Yield the reviews of today, from their hour until the day ends: one that was missed is made up by then."""
    local = now.astimezone(zone)
    if not settings.to or local.hour < settings.hour:
        return
    today = beginning("day", now, zone)
    if settings.weekly and local.weekday() == 0:
        week, before = (_midnight(local.date() - timedelta(days=days), zone) for days in (7, 14))
        yield Edition("weekly", before, week, today)
    if settings.monthly and local.day == 1:
        first = (local.date() - timedelta(days=1)).replace(day=1)
        earlier = (first - timedelta(days=1)).replace(day=1)
        yield Edition("monthly", _midnight(earlier, zone), _midnight(first, zone), today)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return beginning("day", noon, zone)


class Review:
    """Sends the reviews that are due."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], once: Once, *, clock: Clock, http: httpx.AsyncClient
    ) -> None:
        self.db, self.plan, self.once, self.clock, self.http = db, plan, once, clock, http

    async def look(self) -> int:
        """Send what is due to every sink that did not get it yet; returns to how many it was sent."""
        plan, sent = self.plan(), 0
        settings = plan.settings.review
        for edition in due(settings, self.clock.now(), plan.settings.hub.zone):
            known: dict[str, Findings] = {}
            for name in settings.to:
                work = partial(self._send, name, edition, plan, known)
                try:
                    sent += await self.once(f"review:{edition.kind}:{name}", edition.until, work)
                except Exception as error:  # the others get theirs; this one is tried at the next look
                    log.warning("event=review.untold sink=%s detail=%r", name, brief(error))
        return sent

    async def _send(self, name: str, edition: Edition, plan: Plan, known: dict[str, Findings]) -> None:
        sink = plan.sinks.get(name)
        if not isinstance(sink, Teller):
            log.warning("event=review.untold sink=%s detail=%r", name, "It tells people nothing.")
            return
        if "found" not in known:
            spans = (edition.before, edition.since, edition.until)
            known["found"] = await gather(self.db, plan, self.clock, spans, WEEKS[edition.kind])
        told = await self.message(edition, known["found"], plan, sink)
        day = edition.until.astimezone(plan.settings.hub.zone)
        key = f"review-{edition.kind}-{day:%Y%m%d}-{name}"
        try:
            async with asyncio.timeout(TELLING):
                answer = await sink.tell(told, key, self.http)
        except Unclear as error:  # it may have arrived, and a second one is worse than none
            log.warning("event=review.unclear sink=%s detail=%r", name, error.reason)
            return
        if isinstance(answer, Rejected):
            log.warning("event=review.untold sink=%s detail=%r", name, answer.reason)

    async def message(self, edition: Edition, found: Findings, plan: Plan, sink: Any) -> Message:
        """Return what a sink is told, in the language of its own settings."""
        settings = plan.settings.hub
        language: Language = sink.config.language if isinstance(sink.config, Wording) else settings.language
        zone = settings.zone
        day = edition.since.astimezone(zone)
        title = WORDS[language][edition.kind].format(since=f"{day:%Y-%m-%d}", month=f"{day:%Y-%m}")
        whole = Message.notice(f"{settings.name}: {title}", facts(found, language), sink.config, settings.public_url)
        return replace(whole, pictures=await self._pictures(found, language, sink))

    async def _pictures(self, found: Findings, language: Language, sink: Teller) -> tuple[Picture, ...]:
        if not sink.carries_pictures or not charts.available():
            return ()
        drawn = (found.weeks, found.kept_by_week, found.sources, language)
        try:
            return await asyncio.to_thread(charts.pictures, *drawn)
        except Exception as error:  # the words are what counts
            log.warning("event=review.undrawn detail=%r", brief(error))
            return ()
