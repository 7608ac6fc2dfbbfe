"""What a person may take back: merges, joins, imports; and replays of what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
from hub.plan import Plan
from hub.store import leads as lead_store
from hub.store import lineage as store
from hub.store.columns import IMPORT, LEAD
from hub.store.database import Database
from hub.survivorship import rebuild


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
        result = await self.db.write(self._unmerge, lead, submission, other)
        now = self.clock.now()
        self.emit([Event("lead.unmerged", now, lead, submission, data={"into": result})])
        return result

    def _unmerge(self, lead: str, submission: str | None, other: str | None, *, session: Session) -> str:
        now = self.clock.now()
        known = lead_store.load([lead], session=session).get(lead)
        if known is None:
            raise BadInput(f"There is no open lead {lead[:64]!r}.", status=404)
        every = dict(lead_store.candidates(known.id, session=session))
        moving = {submission} if submission else self._moved(known.id, other, session)
        if not moving <= set(every) or moving == set(every):
            said = "Name one submission of the lead that is not its only one, or a lead that was joined into it."
            raise BadInput(said, status=422)
        stay = [every[i] for i in every if i not in moving]
        leave = [every[i] for i in every if i in moving]
        rest = self._golden(known, stay, known.id, known.version + 1)
        taken_id = other or self.ids("lead")
        version = int(session.execute(sa.select(LEAD.c.version).where(LEAD.c.id == taken_id)).scalar() or 0) + 1
        taken = self._golden(None, leave, taken_id, version)
        keys = {key for one in stay for key in _keys(one)}
        store.split(rest, taken, moving, keys, now, session=session)
        return taken_id

    def _moved(self, lead: str, other: str | None, session: Session) -> set[str]:
        rows = [row for row in store.joined(lead, session=session) if row.other == other and row.other]
        return set(rows[-1].moved or ()) if rows else set()

    def _golden(self, known: Lead | None, parts: list[Lead], id_: str, version: int) -> Lead:
        golden = rebuild(parts, self._trust)
        now = self.clock.now()
        kept: dict[str, Any] = {"id": id_, "version": version, "updated_at": now}
        if known is not None:
            kept |= {n: getattr(known, n) for n in ("created_at", "score", "grade", "team", "owner", "source")}
        else:
            kept |= {"created_at": now, "first_touch": golden.touch}
        return golden.with_fields(**kept)

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
        gone, rebuilt = [], 0
        for lead in sorted({lead for _, lead in brought if lead}):
            mine = {submission for submission, owner in brought if owner == lead}
            rest = [c for i, c in lead_store.candidates(lead, session=session) if i not in mine]
            known = lead_store.load([lead], session=session).get(lead)
            if not rest:
                gone.append(lead)
            elif known is not None:
                row = lead_store.row_of(self._golden(known, rest, known.id, known.version + 1), now)
                session.execute(sa.update(LEAD).where(LEAD.c.id == lead).values(**row))
                rebuilt += 1
        store.forget_submissions((submission for submission, _ in brought), session=session)
        stopped = store.drop_leads(gone, "undone", now, session=session)
        session.execute(sa.update(IMPORT).where(IMPORT.c.id == import_id).values(state="undone", ended_at=now))
        return {
            "submissions": len(brought),
            "leads_removed": len(gone),
            "leads_rebuilt": rebuilt,
            "deliveries_stopped": stopped,
        }

    async def erase(self, *, email: str | None = None, phone: str | None = None) -> dict[str, Any]:
        """Blank everything personal of the person with that e-mail address or phone number, in every table."""
        keys = self._person(email, phone)
        leads = await self.db.read(store.leads_of_person, keys)
        if not leads:
            return {"leads": [], "counts": {}}
        now = self.clock.now()
        counts = await self.db.write(store.erase, leads, now)
        self.emit(Event("lead.erased", now, lead) for lead in leads)
        return {"leads": leads, "counts": counts}

    def _person(self, email: str | None, phone: str | None) -> list[str]:
        """Return the exact keys of an e-mail address and a phone number; raises BadInput for what is neither."""
        region = self.plan().settings.hub.region
        keys = []
        if email:
            keys.append(f"email:{emails.match_key(email)}")
        if phone:
            number = phones.phone(phone, (region,) if region else ()).value
            if number is None:
                raise BadInput("The phone number cannot be read. Write it with its country code, as +14155550100.", 422)
            keys.append(f"phone:{number}")
        return keys


def _keys(lead: Lead) -> tuple[str, ...]:
    """Return every key a submission's own lead gives."""
    found = keys_of(lead, lead.source, lead.touch.platform_lead_id)
    return (*found.exact, *found.blocking)
