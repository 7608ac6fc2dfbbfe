"""What a person may take back: merges, joins and imports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import httpx
import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.errors import BadInput
from hub.events import Event
from hub.ids import Ids
from hub.lead import Lead
from hub.normal.keys import of_all
from hub.pipeline.renewal import Renewal
from hub.plan import Plan
from hub.store import care, joins
from hub.store import leads as lead_store
from hub.store import lineage as store
from hub.store.audit import Actor, noted
from hub.store.columns import IMPORT
from hub.store.database import Database
from hub.store.log import append
from hub.survivorship import fold, rebuild, renew


@dataclass(frozen=True, slots=True)
class Apart:
    """A lead taken apart: as it is, what leaves it, what stays, and the two leads that makes."""

    known: Lead
    moving: frozenset[str]
    stay: list[Lead]
    leave: list[Lead]
    rest: Lead
    taken: Lead
    before: Lead | None  # the joined lead as it was, where one is taken out again


class _Shown(Exception):
    """Ends the transaction of a preview: nothing of it stays."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts


class Lineage:
    """Joins leads, takes them apart and undoes imports.

    Each is one transaction. After it the leads it changed are found out about and scored anew; owners and deliveries
    stay as they are.
    """

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        *,
        clock: Clock,
        ids: Ids,
        http: httpx.AsyncClient,
        emit: Callable[[Iterable[Event]], None],
    ) -> None:
        self.db, self.plan, self.clock, self.ids, self.emit = db, plan, clock, ids, emit
        self._renewal = Renewal(db, plan, clock=clock, http=http)

    def _trust(self, source: str) -> int:
        return self.plan().settings.trust_of(source)

    async def unmerge(
        self, lead: str, *, submission: str | None = None, other: str | None = None, by: Actor | None = None
    ) -> str:
        """Take a submission, or a lead that was joined, out of a lead again; returns the id of the lead it makes."""
        taken = submission or other
        apart = noted(
            self._unmerge, "lead.unmerged", by=by, at=self.clock.now(), target=lead,
            told=lambda event: {"taken": taken, "into": event.data["into"]},
        )  # fmt: skip
        event = await self.db.write(apart, lead, submission, other, "separate")
        into = str(event.data["into"])
        await self._renewal.renew((str(event.lead), into))
        self.emit([event])
        return into

    async def foresee(self, lead: str, *, submission: str | None = None, other: str | None = None) -> Apart:
        """Return what taking a submission, or a joined lead, out of a lead would make of the two; writes nothing."""
        return await self.db.read(self._apart, lead, submission, other)

    def _unmerge(self, lead: str, submission: str | None, other: str | None, pair: str, *, session: Session) -> Event:
        now = self.clock.now()
        apart = self._apart(lead, submission, other, session=session)
        known = apart.known
        rest = apart.rest.with_fields(version=known.version + 1, updated_at=now)
        taken = self._taken(apart, now)
        mine, theirs = of_all(apart.stay), of_all(apart.leave)
        store.move(known.id, taken.id, apart.moving, now, session=session)
        store.share_keys(known.id, taken.id, apart.moving, mine, theirs, joined=other is not None, session=session)
        store.rewrite((rest, taken), now, session=session)
        care.restore(taken.id, now, session=session)
        joins.decide_pair(known.id, taken.id, pair, session=session)
        event = Event("lead.unmerged", now, known.id, submission, data={"into": taken.id})
        append([event], session=session)
        return event

    def _apart(self, lead: str, submission: str | None, other: str | None, *, session: Session) -> Apart:
        """Return a lead taken apart; raises BadInput where there is nothing to take out, or nothing would be left."""
        known = lead_store.load([lead], session=session).get(lead)
        if known is None:
            raise BadInput(f"There is no open lead {lead[:64]!r}.", status=404)
        moving = {submission} if submission else store.brought(known.id, other or "", session=session)
        every = dict(lead_store.candidates(known.id, session=session))
        stay = [said for id_, said in every.items() if id_ not in moving]
        leave = [said for id_, said in every.items() if id_ in moving]
        if not leave:
            what = f"submission {submission[:64]!r}" if submission else f"lead {(other or '')[:64]!r} joined into it"
            said = f"The lead {known.id} has no {what}. Name one submission of it, or a lead that was joined into it."
            raise BadInput(said, status=422)
        if not stay:
            said = f"Nothing else is in the lead {known.id}. Name one submission that is not its only one."
            raise BadInput(said, status=422)
        before = lead_store.kept(other, session=session) if other else None
        taken = renew(before, leave, self._trust) if before is not None else rebuild(leave, self._trust)
        rest = renew(known, stay, self._trust)
        return Apart(known, frozenset(moving), stay, leave, rest, taken, before)

    def _taken(self, apart: Apart, now: datetime) -> Lead:
        """Return the lead that is taken out: the one that was joined as it was, or a new one."""
        if apart.before is not None:
            return apart.taken.with_fields(version=apart.before.version + 1, updated_at=now)
        return apart.taken.with_fields(id=self.ids("lead"), version=1, created_at=now, updated_at=now)

    async def accept(self, suggestion: int, *, by: Actor | None = None) -> tuple[str, str | None]:
        """Join the leads of a suggestion; returns the elder, which stays, and the other: None if they were one."""
        accept = noted(
            self._accept, "lead.joined", by=by, at=self.clock.now(), target=str(suggestion),
            told=lambda done: {"lead": done[0], "other": done[1].data["other"]} if done[1] else None,
        )  # fmt: skip
        lead, event = await self.db.write(accept, suggestion)
        if event is None:
            return lead, None
        await self._renewal.renew([lead])
        self.emit([event])
        return lead, str(event.data["other"])

    def _accept(self, suggestion: int, *, session: Session) -> tuple[str, Event | None]:
        now = self.clock.now()
        row = joins.undecided(suggestion, ("open", "separate"), session=session)
        found = lead_store.load((row.lead, row.other), session=session)
        gone = [id_ for id_ in (row.lead, row.other) if id_ not in found]
        if gone:
            raise BadInput(f"The lead {gone[0]} is gone. Dismiss the suggestion.", status=409)
        joins.decide(suggestion, "joined", session=session)
        one, *others = sorted({lead.id: lead for lead in found.values()}.values(), key=lambda lead: lead.id)
        if not others:
            return one.id, None
        other = others[0]
        golden = fold(one, other, self._trust).with_fields(version=one.version + 1, updated_at=now)
        if not one.owner:
            golden = golden.with_fields(team=other.team or one.team, owner=other.owner)
        joins.join(one.id, other.id, now, submission=None, why="a person said so", session=session)
        joins.owe_once(one.id, [other.id], session=session)
        store.rewrite([golden], now, session=session)
        event = Event("lead.joined", now, one.id, data={"other": other.id, "suggestion": suggestion})
        append([event], session=session)
        return one.id, event

    async def dismiss(self, suggestion: int) -> None:
        """Note that the leads of a suggestion are two people."""
        row = await self.db.write(self._dismiss, suggestion)
        data = {"other": row.other, "suggestion": suggestion}
        self.emit([Event("suggestion.dismissed", self.clock.now(), row.lead, data=data)])

    def _dismiss(self, suggestion: int, *, session: Session) -> joins.Pair:
        row = joins.undecided(suggestion, ("open",), session=session)
        joins.decide(suggestion, "separate", session=session)
        return row

    async def preview_undo(self, import_id: str) -> dict[str, int]:
        """Return what undoing an import would take back, by doing it and taking that back."""
        try:
            await self.db.write(self._show_undo, import_id)
        except _Shown as shown:
            return shown.counts
        raise AssertionError("a preview never ends well")

    def _show_undo(self, import_id: str, *, session: Session) -> None:
        raise _Shown(self._undo_import(import_id, session=session)[0])

    async def undo_import(self, import_id: str, *, by: Actor | None = None) -> dict[str, int]:
        """Take everything an import brought out again; leads that others know too keep what the others said."""
        undo = noted(
            self._undo_import, "import.undone", by=by, at=self.clock.now(), target=import_id, told=lambda done: done[0]
        )
        counts, changed = await self.db.write(undo, import_id)
        await self._renewal.renew(changed)
        self.emit([Event("import.undone", self.clock.now(), data={"import": import_id, **counts})])
        return counts

    def _undo_import(self, import_id: str, *, session: Session) -> tuple[dict[str, int], list[str]]:
        now = self.clock.now()
        state = session.execute(sa.select(IMPORT.c.state).where(IMPORT.c.id == import_id)).scalar()
        if state is None or state == "undone":
            raise BadInput(f"There is no import {import_id[:64]!r} to undo.", status=404)
        brought = store.of_import(import_id, session=session)
        apart = [
            self._unmerge(lead, None, other, "open", session=session)
            for lead, other in store.joins_by(brought, session=session)
        ]
        owners = store.of_import(import_id, session=session)
        gone: list[str] = []
        rebuilt: list[str] = []
        for lead in sorted(set(filter(None, owners.values()))):
            mine = {id_ for id_, owner in owners.items() if owner == lead}
            (rebuilt if self._without(lead, mine, session) else gone).append(lead)
        stopped = store.forget_submissions(brought, now, session=session)
        stopped += store.drop_leads(gone, "undone", now, session=session)
        session.execute(sa.update(IMPORT).where(IMPORT.c.id == import_id).values(state="undone", ended_at=now))
        counts = {
            "submissions": len(brought),
            "leads_removed": len(gone),
            "leads_rebuilt": len(rebuilt),
            "deliveries_stopped": stopped,
        }
        return counts, [*rebuilt, *(str(lead) for event in apart for lead in (event.lead, event.data["into"]))]

    def _without(self, lead: str, submissions: Collection[str], session: Session) -> bool:
        """Write a lead as it is without these submissions; returns whether anything is left of it."""
        now = self.clock.now()
        every = dict(lead_store.candidates(lead, session=session))
        rest = [said for id_, said in every.items() if id_ not in submissions]
        known = lead_store.load([lead], session=session).get(lead)
        if not rest or known is None:
            return False
        gone = [said for id_, said in every.items() if id_ in submissions]
        store.drop_keys(lead, submissions, of_all(rest), of_all(gone), session=session)
        changed = renew(known, rest, self._trust).with_fields(version=known.version + 1, updated_at=now)
        store.rewrite([changed], now, session=session)
        return True
