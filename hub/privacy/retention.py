"""Deletes what has reached its age: every night, by kind and source; what was never delivered is announced before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.events import Event
from hub.pipeline.reading import first_part
from hub.plan import Plan
from hub.privacy.keeper import Keeper
from hub.store import audit, consent, erasure, tombstones
from hub.store import retention as store
from hub.store.audit import HUB, Actor
from hub.store.columns import CONSENT, EVENT
from hub.store.database import Database
from hub.store.log import append

HOUR = 3  # of the hub's own time zone
EVERYTHING = 1 << 62
QUERIES: dict[str, Callable[[str, datetime], Any]] = {
    "quarantine": store.quarantine, "dead": store.dead, "attempts": store.attempts, "bodies": store.bodies,
    "leads": store.leads,
}  # fmt: skip
ANNOUNCED = ("quarantine", "dead")


class Rule(NamedTuple):
    """What goes: a kind of data of a source, older than that."""

    kind: str
    source: str
    before: datetime


class Retention:
    """Applies the times that hub.yaml gives."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        keeper: Keeper,
        *,
        clock: Clock,
        emit: Callable[[Iterable[Event]], None],
    ) -> None:
        self.db, self.plan, self.keeper, self.clock, self.emit = db, plan, keeper, clock, emit

    def rules(self) -> list[Rule]:
        """Return every rule that is in force, in the order they are applied."""
        now, settings = self.clock.now(), self.plan().settings
        found = []
        for kind in QUERIES:
            for source in settings.sources:
                seconds = settings.retention.of(source, kind)
                if seconds is not None:
                    found.append(Rule(kind, source, now - timedelta(seconds=seconds)))
        return found

    async def preview(self) -> list[dict[str, Any]]:
        """Return, for each rule, how much has reached its age, and how much of that would go now."""
        rows = [await self.db.read(self._count, rule) for rule in self.rules()]
        before = self.clock.now() - timedelta(seconds=self.plan().settings.retention.consent)
        old = await self.db.read(store.count, store.consents(before))
        return [*rows, {"kind": "consent", "source": None, "before": before, "due": old, "now": old}]

    def _count(self, rule: Rule, *, session: Session) -> dict[str, Any]:
        ids = set(session.execute(QUERIES[rule.kind](rule.source, rule.before)).scalars())
        ready = ids & store.warned(self.clock.now() - store.WARNING, session=session) if rule.kind in ANNOUNCED else ids
        said = {"kind": rule.kind, "source": rule.source, "before": rule.before}
        return {**said, "due": len(ids), "now": len(ready)}

    async def purge(self, by: Actor = HUB) -> dict[str, int]:
        """Delete what has reached its age and announce what will go in a week; returns the counts by kind."""
        counts: Counter[str] = Counter()
        for rule in self.rules():
            while number := await self.db.write(self._purge, rule):
                counts[rule.kind] += number
            if rule.kind in ANNOUNCED:
                counts["announced"] += await self.db.write(self._announce, rule)
        before = self.clock.now() - timedelta(seconds=self.plan().settings.retention.consent)
        while number := await self.db.write(self._seal_old, before):
            counts["consent"] += number
        said = {kind: number for kind, number in counts.items() if number}
        if said or by != HUB:
            await self.db.write(_note, said, by, self.clock.now())
        if said.get("announced"):
            self.emit([Event(store.WARNED, self.clock.now(), data={"items": said["announced"]})])
        self.emit([Event("retention.purged", self.clock.now(), data=said)])
        unscrubbed = await self.db.read(tombstones.unscrubbed)
        if (said or unscrubbed) and await self.db.scrub(EVERYTHING):
            await self.db.write(tombstones.scrubbed, unscrubbed, self.clock.now())
        return said

    def _purge(self, rule: Rule, *, session: Session) -> int:
        """Delete the next piece of what a rule finds, in one transaction."""
        query = QUERIES[rule.kind](rule.source, rule.before)
        if rule.kind in ANNOUNCED:
            announced = store.warned(self.clock.now() - store.WARNING, session=session)
            ids = sorted(announced & set(session.execute(query).scalars()))[: store.PIECE]
        else:
            ids = store.some(query, session=session)
        return self._drop(rule.kind, ids, session) if ids else 0

    def _drop(self, kind: str, ids: list[Any], session: Session) -> int:
        now = self.clock.now()
        if kind == "bodies":
            return store.drop_bodies(ids, session=session)
        if kind == "attempts":
            return store.drop_attempts(ids, session=session)
        if kind == "dead":
            return store.drop_dead(ids, now, session=session)
        part = partial(first_part, self.plan().sources)
        if kind == "quarantine":
            erasure.blank_submissions(ids, part, session=session)
            return store.refuse(ids, "nobody looked at it in time; deleted by retention", now, session=session)
        return self._drop_leads(ids, part, now, session)

    def _drop_leads(self, ids: list[str], part: erasure.FirstPart, now: datetime, session: Session) -> int:
        """Take leads out as an erasure does; the consent records go with them or stay, as `privacy.evidence` says."""
        every = erasure.leads_of(erasure.Person(leads=frozenset(ids)), session=session)
        if self.plan().settings.privacy.evidence == "hashes":
            consent.seal(CONSENT.c.lead.in_(every), self.keeper.secret(), now, session=session)
        erasure.blank(every, [], part, now, session=session)
        append([Event("lead.purged", now, lead) for lead in every], session=session)
        return len(ids)

    def _announce(self, rule: Rule, *, session: Session) -> int:
        due = set(session.execute(QUERIES[rule.kind](rule.source, rule.before)).scalars())
        fresh = sorted(due - store.warned(session=session))
        store.warn(rule.kind, fresh, self.clock.now(), session=session)
        return len(fresh)

    def _seal_old(self, before: datetime, *, session: Session) -> int:
        ids = store.some(store.consents(before), session=session)
        if not ids:
            return 0
        return consent.seal(CONSENT.c.id.in_(ids), self.keeper.secret(), self.clock.now(), session=session)

    async def look(self) -> None:
        """Purge once a night, if hub.yaml says how long anything is kept."""
        settings, now = self.plan().settings, self.clock.now()
        local = now.astimezone(settings.hub.zone)
        night = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
        if local >= night and not await self.db.read(_purged_since, night):
            await self.purge()


def _purged_since(at: datetime, *, session: Session) -> bool:
    query = sa.select(EVENT.c.id).where(EVENT.c.kind == "retention.purged", EVENT.c.at >= at).limit(1)
    return session.execute(query).first() is not None


def _note(counts: dict[str, int], by: Actor, now: datetime, *, session: Session) -> None:
    audit.note("retention.purged", by=by, at=now, data=counts, session=session)
