"""Erases people: out of every table at once, then out of files and sinks, for as long as that takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from hub.clock import Clock
from hub.events import Event
from hub.failpoints import hit
from hub.ids import Ids
from hub.pipeline.erased import Erased, mark_of
from hub.pipeline.reading import first_part
from hub.plan import Plan
from hub.privacy.certificate import certificate
from hub.privacy.keeper import Keeper
from hub.privacy.person import known
from hub.privacy.places import Places, places_of
from hub.store import audit, consent, erasure, holds, mentions, tombstones
from hub.store import places as place_store
from hub.store.audit import HUB, Actor
from hub.store.columns import CONSENT, ERASURE
from hub.store.database import Database
from hub.store.erasure import Person
from hub.store.log import append

AGAIN = 600.0  # seconds after which an erased person is looked for once more: other nodes learn of it by and by


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a person: what their leads are known by, and what speaks of them beside."""

    person: Person
    loose: erasure.Loose
    after: str  # the submissions up to this one were looked through

    def __bool__(self) -> bool:
        return bool(self.person.leads or self.loose.alone or self.loose.first_of_many)


class _Shown(Exception):
    """Ends the transaction of a dry run: nothing of it stays."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts


class Eraser:
    """Takes people out of everything and says in a certificate what went and what is left to do."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        *,
        keeper: Keeper,
        erased: Erased,
        places: Places,
        clock: Clock,
        ids: Ids,
        emit: Callable[[Iterable[Event]], None],
        flush: Callable[[], Awaitable[None]],
        stop: Callable[[Iterable[str], str], None],
    ) -> None:
        self.db, self.plan, self.keeper, self.erased, self.places = db, plan, keeper, erased, places
        self.clock, self.ids, self.emit, self._flush, self._stop = clock, ids, emit, flush, stop
        self._recent: list[tuple[float, Person]] = []

    async def preview(self, person: Person) -> dict[str, Any]:
        """Say what erasing a person would do, by doing it and taking it back."""
        found = await self.db.read(self._look, person)
        if not found:
            return {"leads": [], "counts": {}, "dry_run": True}
        try:
            counts = await self.db.write(self._show, found)
        except _Shown as shown:
            counts = shown.counts
        leads = sorted(found.person.leads)
        sinks = await self.db.read(place_store.sinks_of, leads)
        return {"leads": leads, "counts": counts, "sinks": sinks, "dry_run": True}

    def _show(self, found: Found, *, session: Session) -> dict[str, int]:
        raise _Shown(self._blank(found, self.clock.now(), session)[0])

    async def erase(self, person: Person, by: Actor = HUB) -> dict[str, Any]:
        """Erase a person and return the certificate; without `leads` in it nobody was there."""
        await self._flush()
        found = await self.db.read(self._look, person)
        if not found:
            return {"leads": [], "counts": {}}
        id_ = await self._erase(found, by)
        self._recent.append((self.clock.monotonic(), found.person))
        await self.finish(id_)
        return await self.certificate(id_)

    async def erase_again(self, person: Person, at: datetime) -> None:
        """Erase a person whom a restored backup brought back; they count as erased since then."""
        found = await self.db.read(self._look, person)
        if found:
            await self._erase(found, HUB, at)

    async def _erase(self, found: Found, by: Actor, at: datetime | None = None) -> str:
        now, secret = self.clock.now(), self.keeper.secret()
        marks = {mark_of(key, secret) for key in found.person.keys}
        values = {"id": self.ids("era"), "at": now, "by": by.who, "key_id": self.keeper.key_id()}
        self.erased.add(marks, at or now, secret)  # from here on nobody of that key is let in
        try:
            events, fresh = await self.db.write(self._store, found, values, by, at)
        except BaseException:
            self.erased.know({m: a for m, (a, _) in (await self.db.read(tombstones.marks)).items()}, secret)
            raise
        hit("erase.committed")
        line = {"erasure": values["id"], "at": at or now, "key": values["key_id"], "marks": fresh}
        self.keeper.note(line)
        leads = [event.lead for event in events if event.lead]
        self._stop(leads, erasure.GONE)
        self.emit(events)
        return str(values["id"])

    def _look(self, person: Person, *, session: Session) -> Found:
        after = erasure.fresh_from(session=session)
        whole = known(person, session=session)
        loose = erasure.loose_submissions(whole, partial(first_part, self.plan().sources), session=session)
        return Found(whole, loose, after)

    def _store(
        self, found: Found, values: dict[str, Any], by: Actor, at: datetime | None, *, session: Session
    ) -> tuple[list[Event], list[str]]:
        """Blank everything in one transaction; leave the marks, an entry in the audit log, and what is to be done."""
        now = values["at"]
        person = known(found.person, session=session)  # somebody may have come in since
        leads = sorted(person.leads)
        mine = erasure.submissions_of(leads, found.loose.alone, session=session)
        places = places_of(leads, mine, person, self.plan(), session=session)
        counts, kept = self._blank(Found(person, found.loose, found.after), now, session)
        row = {**values, "leads": leads, "counts": counts, "kept": kept, "places": places, "state": "running"}
        session.execute(ERASURE.insert().values(**row))
        marks = {mark_of(key, self.keeper.secret()) for key in person.keys}
        fresh = tombstones.add(values["id"], marks, values["key_id"], at or now, session=session)
        events = [Event("lead.erased", now, lead) for lead in leads]
        append(events, session=session)
        data = {"leads": len(leads), "submissions": counts["submissions"]}
        audit.note("person.erased", by=by, at=now, target=values["id"], data=data, session=session)
        return events, fresh

    def _blank(self, found: Found, now: datetime, session: Session) -> tuple[dict[str, int], list[dict[str, Any]]]:
        """Blank what is personal; returns the counts by table, and what the law kept."""
        part = partial(first_part, self.plan().sources)
        late = erasure.loose_submissions(found.person, part, found.after, session=session)
        alone = sorted({*found.loose.alone, *late.alone})
        leads = sorted(found.person.leads)
        sealed, kept = self._seal(leads, alone, now, session)
        named = mentions.blank_mentions(found.person, session=session)
        counts = erasure.blank(leads, alone, part, now, session=session)
        shared = sorted({*found.loose.first_of_many, *late.first_of_many})
        counts["submissions"] += erasure.reduce_submissions(shared, part, session=session)
        return {**counts, "mentions": named, "consents": sealed}, kept

    def _seal(
        self, leads: list[str], loose: list[str], now: datetime, session: Session
    ) -> tuple[int, list[dict[str, Any]]]:
        """Leave hashes of the consent records; those of a lead under a legal hold stay whole."""
        held = sorted(holds.held(leads, session=session))
        free = [lead for lead in leads if lead not in held]
        mine = erasure.submissions_of(free, loose, session=session)
        where = CONSENT.c.lead.in_(free) | CONSENT.c.submission.in_(mine)
        if held:
            where &= CONSENT.c.lead.not_in(held) | CONSENT.c.lead.is_(None)
        number = consent.seal(where, self.keeper.secret(), now, session=session)
        kept = [{"what": "consent records", "lead": lead, "why": "legal hold"} for lead in held]
        return number, kept

    async def finish(self, id_: str) -> None:
        """Go on with an erasure: out of files, out of sinks, out of the bytes of the database."""
        row = await self.db.read(tombstones.get, id_)
        if row is None or row["state"] != "running":
            return
        changes = await self.places.tell(row)
        await self.db.write(_settle, id_, row["leads"] or [], changes)
        if row["scrubbed_at"] is None and await self.db.scrub():
            await self.db.write(tombstones.put, id_, {"scrubbed_at": self.clock.now()})

    async def go_on(self) -> None:
        """Go on with what is not done, and look once more for those who were erased just now."""
        for id_ in await self.db.read(tombstones.unfinished, self.clock.now()):
            await self.finish(id_)
        now = self.clock.monotonic()
        self._recent = [(at, person) for at, person in self._recent if now - at < AGAIN]
        for _, person in self._recent:
            found = await self.db.read(self._look_again, person)
            if found:
                await self.finish(await self._erase(found, HUB))

    def _look_again(self, person: Person, *, session: Session) -> Found:
        after = erasure.fresh_from(session=session)
        asked = Person(person.keys, person.emails, person.phones)
        whole = known(asked, session=session)
        part = partial(first_part, self.plan().sources)
        return Found(whole, erasure.loose_submissions(whole, part, after, session=session), after)

    async def certificate(self, id_: str) -> dict[str, Any]:
        """Return what an erasure did, in numbers, ids and words."""
        row = await self.db.read(tombstones.get, id_)
        marks = await self.db.read(tombstones.of_erasure, id_)
        return certificate(row, marks, self.plan().settings.hub.name) if row else {}


def _settle(id_: str, leads: list[str], changes: dict[str, Any], *, session: Session) -> None:
    """Note how far an erasure has come, and blank what sends that were under way said of the person."""
    erasure.blank_traces(leads, session=session)
    tombstones.put(id_, changes, session=session)
