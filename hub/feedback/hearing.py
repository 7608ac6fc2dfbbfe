"""Hears what other systems say of leads: asks them for news, and reads the letters they send."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import httpx

from hub.clock import Clock
from hub.errors import BadInput, LeadhubError, brief
from hub.events import Event
from hub.feedback.links import Links
from hub.feedback.passing import Passing
from hub.feedback.persons import keys_of
from hub.http import Reply
from hub.ids import Ids
from hub.inbound import Inbound
from hub.news import Activity, Feedback, asks, takes
from hub.plan import Plan
from hub.store import activities as store
from hub.store import letters
from hub.store.activities import Heard, Taken
from hub.store.database import Database

PAGES = 10_000  # most pages of one asking; a system that never ends is broken
TRIES = 5  # a letter that cannot be read is tried again with a later version of the connector, or by hand
EARLY = timedelta(days=1)  # an activity that lies further ahead has a wrong clock: it counts as done now

Stood = Callable[..., None]
"""Takes in, with the session, of which leads something was heard."""

log = logging.getLogger("leadhub.feedback")


class Hearing:
    """Keeps what is heard with its lead, and lets those know who want to."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], passing: Passing, links: Links, *, clock: Clock, ids: Ids,
        http: httpx.AsyncClient, emit: Callable[[Iterable[Event]], None], stood: Stood,
    ) -> None:  # fmt: skip
        self.db, self.plan, self.passing, self.links, self.clock, self.ids = db, plan, passing, links, clock, ids
        self.http, self.emit, self.stood = http, emit, stood

    async def ask(self, name: str) -> Counter[str] | None:
        """Ask a sink for what is new; a failure keeps the cursor, is noted, and returns None."""
        sink = self.plan().sinks.get(name)
        if not asks(sink):
            return None
        counts: Counter[str] = Counter()
        try:
            cursor = await self.db.read(store.cursor_of, name)
            pages = 0
            async for page in sink.news(cursor, self.http):
                counts += await self._keep(name, sink, page.activities, page.cursor)
                pages += 1
                if pages >= PAGES:
                    raise LeadhubError(f"{name} gave {PAGES} pages of news without an end. Look at its cursor.")
        except Exception as error:
            said = error.reason if isinstance(error, LeadhubError) else brief(error)
            now = self.clock.now()
            await self.db.write(store.failed, name, said, now)
            self.emit([Event("feedback.failed", now, sink=name, data={"reason": said})])
            return None
        well = {"failed_at": None, "failing_since": None, "reason": None}
        await self.db.write(store.note, name, {"asked_at": self.clock.now(), "last": dict(counts), **well})
        return counts

    async def receive(self, name: str, inbound: Inbound) -> Reply:
        """Keep a letter before it is answered, then read it; raises Unverified, LookupError for an unknown sink."""
        sink = self.plan().sinks.get(name)
        if not takes(sink):
            raise LookupError(name)
        challenge = sink.handshake(inbound)
        if challenge is not None:
            return challenge
        sink.verify(inbound)
        id_ = self.ids("fbk")
        await self.db.write(letters.put, id_, name, inbound)
        await self._read(id_, name, sink, inbound)
        return Reply.json({"letter": id_}, 202)

    async def reply(self, token: str) -> str | None:
        """Note what a rep said with a click; returns the act, None for a link that is not ours or too old."""
        now = self.clock.now()
        link = self.links.read(token, now)
        place = await self.db.read(store.delivery_place, link.delivery) if link else None
        if link is None or place is None:
            return None
        sink, lead = place
        await self.note(sink, self.links.heard(link, lead, now, None))
        return link.act

    async def note(self, through: str, *heard: Heard) -> Counter[str]:
        """Keep activities that came one by one: by a click, by the API, by hand."""
        return (await self.take(through, *heard)).counts

    async def take(self, through: str, *heard: Heard) -> Taken:
        """Keep activities; returns what became of each."""
        taken: Taken = await self.db.write(self._take, through, heard, None, None)
        self._told(taken)
        return taken

    def in_time(self, one: Heard) -> Heard:
        """Return an activity; one that lies far ahead counts as done now."""
        now = self.clock.now()
        said = one.activity
        return one if said.at <= now + EARLY else replace(one, activity=replace(said, at=now))

    async def sweep(self) -> None:
        """Read letters that were kept and never read: the process died, or the connector could not."""
        for id_, name, inbound in await self.db.read(letters.waiting, self.clock.now()):
            sink = self.plan().sinks.get(name)
            if isinstance(sink, Feedback):
                await self._read(id_, name, sink, inbound)

    async def _read(self, id_: str, name: str, sink: Feedback, inbound: Inbound) -> None:
        try:
            heard = self._heard(sink, tuple(sink.heard(inbound)))
        except Exception as error:
            said = error.reason if isinstance(error, BadInput) else brief(error)
            await self.db.write(letters.failed, id_, said, TRIES)
            self.emit([Event("feedback.failed", self.clock.now(), sink=name, data={"letter": id_, "reason": said})])
            return
        self._told(await self.db.write(self._take, name, heard, None, id_))

    async def _keep(self, name: str, sink: Feedback, said: Sequence[Activity], cursor: str | None) -> Counter[str]:
        taken = await self.db.write(self._take, name, self._heard(sink, said), cursor, None)
        self._told(taken)
        return taken.counts

    def _take(
        self, name: str, heard: Sequence[Heard], cursor: str | None, letter: str | None, *, session: object
    ) -> Taken:
        """Keep activities, the cursor behind them and what is owed because of them, in one transaction."""
        now = self.clock.now()
        taken = store.keep(name, heard, now, session=session)  # type: ignore[arg-type]
        store.note(name, {} if cursor is None else {"cursor": cursor}, taken, session=session)  # type: ignore[arg-type]
        if letter is not None:
            letters.done(letter, session=session)  # type: ignore[arg-type]
        self.stood(taken.leads, session=session)
        self.passing.owe(taken.reached, session=session)  # type: ignore[arg-type]
        return taken

    def _heard(self, sink: Feedback, said: Sequence[Activity]) -> list[Heard]:
        region = self.plan().settings.hub.region
        heard = (Heard(o, sink.disposition(o.word), sink.is_human(o), keys_of(o.people, region)) for o in said)
        return [self.in_time(one) for one in heard]

    def _told(self, taken: Taken) -> None:
        if taken.events:
            self.emit(taken.events)
