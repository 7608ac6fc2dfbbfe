"""Raises alarms, closes them, and tells people through chats and mail."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import httpx

from hub.alarms import expiry, looking
from hub.alarms.kinds import KINDS, Alarm, Changes, Condition, changes
from hub.alarms.letters import OVER, SHOWN, Letter, letters
from hub.alarms.listening import KEPT, Listening
from hub.alarms.looking import Pressure, Seen
from hub.alarms.words import over, sentence, subject
from hub.clock import Clock
from hub.errors import Conflict, LeadhubError, brief
from hub.events import Event
from hub.families.message import Message, Teller, Wording
from hub.lead import Sent
from hub.plan import Plan
from hub.settings.people import UNASSIGNED
from hub.store import activities, followup, retention, volumes
from hub.store import alarms as store
from hub.store.database import Database

EVERY = 30.0
KEEP = timedelta(days=400)  # how long alarms that are over are kept
TIDY = timedelta(days=1)
TELLING = 60.0  # seconds a chat or mail server may take

log = logging.getLogger("leadhub.alarms")


@dataclass(frozen=True, slots=True)
class Ears:
    """What the desk asks of the hub around it."""

    plan: Callable[[], Plan]
    pressure: Callable[[], Pressure]
    resting: Callable[[], set[str]]  # sinks whose breaker is open in this process
    emit: Callable[[Iterable[Event]], None]
    certificate: expiry.Certificate = expiry.certificate_end


class Desk:
    """Judges every half minute, in one process however many there are."""

    def __init__(self, db: Database, ears: Ears, *, clock: Clock, http: httpx.AsyncClient) -> None:
        self._db, self._ears, self._clock, self._http = db, ears, clock, http
        self._listening = Listening(db)
        self._asked: tuple[datetime, int | None] | None = None  # when vendors were asked, under which configuration
        self._tidied: datetime | None = None
        self.open: list[Alarm] = []

    async def look(self) -> None:
        """Take over which alarms are open."""
        self.open = [alarm for alarm in await self._recent() if alarm.state == "open"]

    async def _recent(self) -> list[Alarm]:
        return [alarm_of(row) for row in await self._db.read(store.recent, self._clock.now() - OVER)]

    async def round(self) -> None:
        """Look at everything, write down what changed, and tell it."""
        await self._ask_vendors()
        await self._judge()
        await self.tell()
        await self._tidy()

    async def _judge(self) -> None:
        plan, now = self._ears.plan(), self._clock.now()
        seen = await self._seen(plan)
        alarms = [alarm for alarm in await self._recent() if alarm.state == "open"]
        found = list(looking.conditions(plan, seen, now))
        found += await self._listening.conditions(plan, seen.polls, seen.pressure, alarms, now)
        changed = changes(alarms, found)
        if changed:
            await self._write(changed, now)

    async def _seen(self, plan: Plan) -> Seen:
        read = self._db.read
        resting = await read(store.resting) | self._ears.resting()
        dead = await read(store.dead, plan.settings.hub.alarms.dead)
        known, polls, paused = await read(store.credentials), await read(store.polls), await read(store.paused)
        now = self._clock.now()
        broken, leaving = (
            await read(store.broken, now - looking.BROKEN),
            await read(retention.leaving, now - retention.WARNING),
        )
        news = {row["sink"]: row for row in await read(activities.news)}
        teams = plan.settings.teams.items()
        silent = {name: now - timedelta(seconds=team.silent_after) for name, team in teams if team.silent_after}
        waiting = await read(followup.waiting, silent, UNASSIGNED)
        return Seen(polls, paused, resting, dead, broken, leaving, news, waiting, known, self._ears.pressure())

    async def _write(self, changed: Changes, now: datetime) -> None:
        watches = await self._db.read(volumes.watches)
        back = {name: watch.last_at for name, watch in watches.items()}
        events = list(_events(changed, back, now))
        worse = {alarm.id: _worse(alarm, condition) for alarm, condition in changed.worse}
        raised = [{**_values(condition), "told": None} for condition in changed.raised]
        try:
            await self._db.beside(store.write, raised, worse, [alarm.id for alarm in changed.over], events, now)
        except Conflict:
            return  # another process judged too: the next round sees what it wrote
        self._ears.emit(events)

    async def tell(self) -> None:
        """Send what is owed; a sink that fails is tried again in the next round."""
        settings, now = self._ears.plan().settings.hub.alarms, self._clock.now()
        alarms = await self._recent()
        self.open = [alarm for alarm in alarms if alarm.state == "open"]
        owed = letters(alarms, settings.to, now, every=settings.every, remind=settings.remind)
        await asyncio.gather(*(self._send(letter, now) for letter in owed))

    async def _send(self, letter: Letter, now: datetime) -> None:
        failed = await self._sent(letter, now)
        if failed:
            log.warning("event=alarm.untold sink=%s detail=%r", letter.sink, failed)
        said = {"failed": failed} if failed else {"at": now.isoformat()}
        ended = {"failed": failed} if failed else {"over": now.isoformat()}
        told = {alarm.id: _noted(alarm, letter.sink, said) for alarm in letter.raised}
        told |= {alarm.id: _noted(alarm, letter.sink, ended) for alarm in letter.over}
        await self._db.write(store.tell, letter.sink, told)

    async def _sent(self, letter: Letter, now: datetime) -> str | None:
        """Send a letter; returns why that failed."""
        plan = self._ears.plan()
        sink = plan.sinks.get(letter.sink)
        if not isinstance(sink, Teller):
            return "It tells people nothing. Name a chat or mail sink in hub.alarms.to."
        ids = ",".join(str(alarm.id) for alarm in (*letter.raised, *letter.over))
        key = hashlib.sha256(f"{letter.sink} {ids} {now.isoformat()}".encode()).hexdigest()[:32]
        try:
            async with asyncio.timeout(TELLING):
                answer = await sink.tell(message(letter, plan, sink.config, now), f"alarm-{key}", self._http)
        except LeadhubError as error:
            return error.reason
        except Exception as error:
            return brief(error)
        return None if isinstance(answer, Sent) else answer.reason

    async def _ask_vendors(self) -> None:
        """Ask when credentials end: every few hours, and when the configuration changed."""
        plan, now = self._ears.plan(), self._clock.now()
        if self._asked and self._asked[1] == plan.revision and now - self._asked[0] < expiry.EVERY:
            return
        self._asked = now, plan.revision
        said = await expiry.ask(plan, self._http)
        address = plan.settings.hub.public_url
        place = expiry.certificate_of(address)
        if place and address:
            said[place] = await self._ears.certificate(address), None
        for name, (ends, refused) in said.items():
            await self._db.write(store.learned, name, ends, refused, now)

    async def _tidy(self) -> None:
        now = self._clock.now()
        if self._tidied is None or now - self._tidied >= TIDY:
            self._tidied = now
            await self._db.write(store.forget, now - KEEP)
            await self._db.write(volumes.forget, now - KEPT, list(self._ears.plan().settings.sources))


def message(letter: Letter, plan: Plan, wording: Any, now: datetime) -> Message:
    """Return what is told, in the language of the sink's own settings."""
    language = wording.language if isinstance(wording, Wording) else plan.settings.hub.language
    chinese = language == "zh"
    raised = [(subject(alarm, language), sentence(alarm, now, language)) for alarm in letter.raised]
    ended = [(subject(alarm, language), over(alarm, language)) for alarm in letter.over]
    number = f"{len(raised)} 个警报" if chinese else "1 alarm" if len(raised) == 1 else f"{len(raised)} alarms"
    title = number if raised else "警报解除" if chinese else "All right again"
    facts = [*raised, *ended]
    if len(facts) > SHOWN:
        rest = len(facts) - SHOWN
        facts = [*facts[:SHOWN], ("其他", f"还有 {rest} 个。") if chinese else ("And", f"{rest} more.")]
    return Message.notice(f"{plan.settings.hub.name}: {title}", facts, wording, plan.settings.hub.public_url)


def alarm_of(row: dict[str, Any]) -> Alarm:
    """Return an alarm as its row has it."""
    own = {field.name: row[field.name] for field in fields(Alarm)}
    return Alarm(**{**own, "data": row["data"] or {}, "told": row["told"] or {}})


def _values(condition: Condition) -> dict[str, Any]:
    return {
        "name": condition.name, "kind": condition.kind, "source": condition.source, "sink": condition.sink,
        "level": condition.level, "data": dict(condition.data),
    }  # fmt: skip


def _worse(alarm: Alarm, condition: Condition) -> dict[str, Any]:
    """Return an alarm that is told anew, but no sooner than the next message."""
    told = {sink: {"before": said["at"]} for sink, said in alarm.told.items() if "at" in said}
    return {**_values(condition), "told": told, "acknowledged_at": None, "acknowledged_by": None}


def _noted(alarm: Alarm, sink: str, said: dict[str, str]) -> dict[str, str]:
    return {**{name: value for name, value in alarm.told.get(sink, {}).items() if name != "failed"}, **said}


def _events(changed: Changes, back: dict[str, datetime], now: datetime) -> Iterable[Event]:
    """Yield what happened; what its own place told already is not told again."""
    for condition in (*changed.raised, *(condition for _, condition in changed.worse)):
        if KINDS[condition.kind].raised:
            yield Event(condition.kind, now, source=condition.source, sink=condition.sink, data=condition.data)
    for alarm in changed.over:
        kind = KINDS[alarm.kind].over
        if kind and (alarm.kind != "source.silent" or back.get(alarm.source or "", alarm.raised_at) > alarm.raised_at):
            yield Event(kind, now, source=alarm.source, sink=alarm.sink, data={"alarm": alarm.id})
