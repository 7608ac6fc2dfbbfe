"""What a person may take back: merges, joins, imports, and a person's data altogether."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.errors import BadInput
from hub.events import Event
from hub.ids import Ids
from hub.lead import Lead
from hub.normal import email as emails
from hub.normal import phone as phones
from hub.normal.keys import keys as keys_of
from hub.pipeline.reading import item_of, pack, parse
from hub.plan import Plan
from hub.store import erasure
from hub.store import leads as lead_store
from hub.store import lineage as store
from hub.store.columns import IMPORT
from hub.store.database import Database
from hub.store.log import append
from hub.store.tables import SubmissionRow
from hub.survivorship import rebuild, renew


class Lineage:
    """Un-merges, undoes imports and erases people; each is one transaction."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        *,
        clock: Clock,
        ids: Ids,
        emit: Callable[[Iterable[Event]], None],
    ) -> None:
        self.db, self.plan, self.clock, self.ids, self.emit = db, plan, clock, ids, emit

    def _trust(self, source: str) -> int:
        settings = self.plan().settings.sources.get(source)
        return settings.trust if settings else 50

    async def unmerge(self, lead: str, *, submission: str | None = None, other: str | None = None) -> str:
        """Take a submission, or a lead that was joined, out of a lead again; returns the id of the lead it makes."""
        event = await self.db.write(self._unmerge, lead, submission, other)
        self.emit([event])
        return str(event.data["into"])

    def _unmerge(self, lead: str, submission: str | None, other: str | None, *, session: Session) -> Event:
        now = self.clock.now()
        known = lead_store.load([lead], session=session).get(lead)
        if known is None:
            raise BadInput(f"There is no open lead {lead[:64]!r}.", status=404)
        moving = {submission} if submission else store.brought(known.id, other or "", session=session)
        every = dict(lead_store.candidates(known.id, session=session))
        stay = [said for id_, said in every.items() if id_ not in moving]
        leave = [said for id_, said in every.items() if id_ in moving]
        if not stay or not leave:
            said = "Name one submission of the lead that is not its only one, or a lead that was joined into it."
            raise BadInput(said, status=422)
        rest = renew(known, stay, self._trust).with_fields(version=known.version + 1, updated_at=now)
        taken = self._taken(leave, other, session)
        mine, theirs = _keys(stay), _keys(leave)
        store.move(known.id, taken.id, moving, now, session=session)
        store.share_keys(known.id, taken.id, moving, mine, theirs, joined=other is not None, session=session)
        store.rewrite((rest, taken), now, session=session)
        event = Event("lead.unmerged", now, known.id, submission, data={"into": taken.id})
        append([event], session=session)
        return event

    def _taken(self, parts: list[Lead], other: str | None, session: Session) -> Lead:
        """Return the lead that these parts make: the one that was joined as it was, or a new one."""
        now = self.clock.now()
        before = lead_store.kept(other, session=session) if other else None
        if before is not None:
            return renew(before, parts, self._trust).with_fields(version=before.version + 1, updated_at=now)
        made = rebuild(parts, self._trust)
        return made.with_fields(id=self.ids("lead"), version=1, created_at=now, updated_at=now)

    async def undo_import(self, import_id: str) -> dict[str, int]:
        """Take everything an import brought out again; leads that others know too keep what the others said."""
        counts = await self.db.write(self._undo_import, import_id)
        self.emit([Event("import.undone", self.clock.now(), data={"import": import_id, **counts})])
        return counts

    def _undo_import(self, import_id: str, *, session: Session) -> dict[str, int]:
        now = self.clock.now()
        state = session.execute(sa.select(IMPORT.c.state).where(IMPORT.c.id == import_id)).scalar()
        if state is None or state == "undone":
            raise BadInput(f"There is no import {import_id[:64]!r} to undo.", status=404)
        brought = store.of_import(import_id, session=session)
        for lead, other in store.joins_by(brought, session=session):
            self._unmerge(lead, None, other, session=session)
        owners = store.of_import(import_id, session=session)
        gone: list[str] = []
        rebuilt = 0
        for lead in sorted(set(filter(None, owners.values()))):
            if self._without(lead, {id_ for id_, owner in owners.items() if owner == lead}, session):
                rebuilt += 1
            else:
                gone.append(lead)
        stopped = store.forget_submissions(brought, now, session=session)
        stopped += store.drop_leads(gone, "undone", now, session=session)
        session.execute(sa.update(IMPORT).where(IMPORT.c.id == import_id).values(state="undone", ended_at=now))
        return {
            "submissions": len(brought),
            "leads_removed": len(gone),
            "leads_rebuilt": rebuilt,
            "deliveries_stopped": stopped,
        }

    def _without(self, lead: str, submissions: Collection[str], session: Session) -> bool:
        """Write a lead as it is without these submissions; returns whether anything is left of it."""
        now = self.clock.now()
        every = dict(lead_store.candidates(lead, session=session))
        rest = [said for id_, said in every.items() if id_ not in submissions]
        known = lead_store.load([lead], session=session).get(lead)
        if not rest or known is None:
            return False
        gone = [said for id_, said in every.items() if id_ in submissions]
        store.drop_keys(lead, submissions, _keys(rest), _keys(gone), session=session)
        changed = renew(known, rest, self._trust).with_fields(version=known.version + 1, updated_at=now)
        store.rewrite([changed], now, session=session)
        return True

    async def erase(self, *, email: str | None = None, phone: str | None = None) -> dict[str, Any]:
        """Blank everything personal of the person with that e-mail address or phone number, in every table."""
        person = self._person(email, phone)
        counts, events = await self.db.write(self._erase, person)
        self.emit(events)
        await self.db.scrub()
        return {"leads": [event.lead for event in events], "counts": counts}

    def _erase(self, person: erasure.Person, *, session: Session) -> tuple[dict[str, int], list[Event]]:
        now = self.clock.now()
        leads = erasure.leads_of(person, session=session)
        loose = erasure.loose_submissions(person, session=session)
        if not leads and not loose:
            return {}, []
        counts = erasure.blank(leads, loose, self._first_part, now, session=session)
        events = [Event("lead.erased", now, lead) for lead in leads]
        append(events, session=session)
        return counts, events

    def _first_part(self, row: SubmissionRow) -> bytes:
        """Return what a submission of several leads says of its first one, as a submission of its own."""
        source = self.plan().sources.get(row.source)
        raws = parse(source, item_of(row)) if source else []
        return pack(raws[0]) if raws else b""

    def _person(self, email: str | None, phone: str | None) -> erasure.Person:
        """Return the exact keys and spellings of a person; raises BadInput for a number that cannot be read."""
        region = self.plan().settings.hub.region
        keys, number = [], None
        if email:
            keys.append(f"email:{emails.match_key(email)}")
        if phone:
            number = phones.phone(phone, (region,) if region else ()).value
            if number is None:
                raise BadInput("The phone number cannot be read. Write it with its country code, as +14155550100.", 422)
            keys.append(f"phone:{number}")
        return erasure.Person(frozenset((*keys, *(f"test:{key}" for key in keys))), email, number)


def _keys(said: Iterable[Lead]) -> frozenset[str]:
    """Return every key that these submissions' own leads give."""
    found = [keys_of(lead, lead.source, lead.touch.platform_lead_id) for lead in said]
    return frozenset(key for one in found for key in (*one.exact, *one.blocking))
