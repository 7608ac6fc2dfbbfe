"""Finds the sources that are silent for too long; what is usual is learned anew when a source sends in another hour."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from hub.alarms.kinds import Alarm, Condition
from hub.alarms.looking import Pressure, failing
from hub.alarms.silence import LEAST_WEEKS, WEEK, WEEKS, Usual, hour_of, learn, too_long
from hub.plan import Plan
from hub.settings import SourceSettings
from hub.source import FileSource, Source, WebhookSource
from hub.store import volumes as store
from hub.store.database import Database
from hub.store.volumes import Watch

LAPSE = timedelta(minutes=5)  # not looked at for so long, a source is listened to anew: we were away, or it was
KEPT = (WEEKS + 1) * WEEK

Polls = Mapping[str, Mapping[str, Any]]


class Listening:
    """Remembers what is usual for each source."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._usual: dict[str, tuple[datetime, Usual | None]] = {}

    async def conditions(
        self, plan: Plan, polls: Polls, pressure: Pressure, alarms: Iterable[Alarm], now: datetime
    ) -> list[Condition]:
        """Return the silent sources; one that is known to be silent stays so until it sends."""
        watches = await self._db.read(store.watches)
        judged = dict(_judged(plan, polls, pressure, watches, now))
        known = {a.source: a.raised_at for a in alarms if a.kind == "source.silent" and a.state == "open"}
        found = []
        for name, since in judged.items():
            watch, settings = watches[name], plan.settings.sources[name]
            usual = await self._learned(name, watch, plan) if settings.silence == "auto" else None
            silent = name in known and watch.last_at <= known[name]
            if silent or too_long(usual, settings.silence, max(watch.last_at, since), now):
                expected = round(usual.expected(watch.last_at, now)) if usual else None
                data = {"since": watch.last_at.isoformat(), "expected": expected}
                found.append(Condition(f"silence:{name}", "source.silent", name, data=data))
        await self._db.write(store.looked, judged, now)
        return found

    async def _learned(self, name: str, watch: Watch, plan: Plan) -> Usual | None:
        """Return what is usual for a source; a silence teaches nothing, so it is learned when something came."""
        hour = hour_of(watch.last_at)
        known = self._usual.get(name)
        if known is None or known[0] != hour:
            if watch.last_at - watch.first_at < LEAST_WEEKS * WEEK:
                return None
            hours = await self._db.read(store.hours, name, hour - KEPT)
            usual = await asyncio.to_thread(learn, hours, watch.first_at, watch.last_at, zone_of(plan, name))
            known = self._usual[name] = hour, usual
        return known[1]


def zone_of(plan: Plan, source: str) -> Any:
    """Return whose hours of the week a source keeps."""
    own = plan.settings.sources[source].time_zone
    return plan.settings.hub.zone if own is None else plan.settings.hub.model_copy(update={"time_zone": own}).zone


def _judged(
    plan: Plan, polls: Polls, pressure: Pressure, watches: Mapping[str, Watch], now: datetime
) -> Iterator[tuple[str, datetime]]:
    """Yield the sources that could send now, and since when they could without a break."""
    for name, source in plan.sources.items():
        settings, watch = plan.settings.sources[name], watches.get(name)
        if watch is None or not _listened_to(source, settings, pressure) or failing(polls.get(name), now):
            continue
        away = watch.looked_at is None or watch.watched_from is None or now - watch.looked_at > LAPSE
        yield name, now if away or watch.watched_from is None else watch.watched_from


def _listened_to(source: Source, settings: SourceSettings, pressure: Pressure) -> bool:
    if not settings.enabled or settings.test or settings.silence == "off" or pressure.refusing:
        return False
    if isinstance(source, WebhookSource):
        return True
    return not pressure.holding and not (isinstance(source, FileSource) and settings.silence == "auto")
