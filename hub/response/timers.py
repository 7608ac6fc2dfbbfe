"""Timers: what is due happens within a second, once, however many processes look, and survives a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from sqlmodel import Session

from hub.clock import Clock
from hub.errors import BadInput, Conflict, brief
from hub.events import Event
from hub.ids import Ids
from hub.lead import Lead
from hub.plan import Plan
from hub.response import following
from hub.response.desk import Desk
from hub.settings.people import RungSettings, TeamSettings
from hub.store import bulk, tasks
from hub.store import care as care_store
from hub.store import leads as lead_store
from hub.store import timers as store
from hub.store.columns import NOTICE
from hub.store.database import Database
from hub.store.log import append
from hub.store.ownership import locked, take_timer

EVERY = 0.25
AT_ONCE = 500

log = logging.getLogger("leadhub.response")

Row = Mapping[str, Any]
Outcome = tuple[Row, str | None, list[dict[str, Any]]]
"""What a timer does: changes of the round, the kind of event, and notices."""


class Timers:
    """Fires what is due for leads."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], desk: Desk, *, clock: Clock, ids: Ids,
        emit: Callable[[Iterable[Event]], None],
    ) -> None:  # fmt: skip
        self.db, self.plan, self.desk, self.clock, self.ids, self.emit = db, plan, desk, clock, ids, emit

    async def sweep(self) -> int:
        """Fire what is due; returns how many timers were taken."""
        fired = 0
        while taken := await self.db.beside(store.take, self.clock.now(), AT_ONCE, sqlite=self.db.sqlite):
            leads = await self.db.read(lead_store.load, {row["lead"] for row in taken})
            by_lead: dict[str, list[Row]] = {}
            for row in taken:
                by_lead.setdefault(row["lead"], []).append(row)
            await asyncio.gather(*(self._each(rows, leads.get(lead)) for lead, rows in by_lead.items()))
            fired += len(taken)
        return fired

    async def _each(self, timers: Iterable[Row], lead: Lead | None) -> None:
        for timer in timers:
            await self._fire(timer, lead)

    async def _fire(self, timer: Row, lead: Lead | None) -> None:
        try:
            await self._do(timer, lead)
        except (BadInput, Conflict) as error:  # it moved meanwhile, or its configuration is gone: timers are made anew
            log.warning("event=timer.failed lead=%s kind=%s error=%s", timer["lead"], timer["kind"], brief(error))
            await self._simple(timer, lead, _nothing)
        except Exception as error:  # such as a strategy of a plugin: it is tried again, and the others go on
            log.error("event=timer.broken lead=%s kind=%s error=%s", timer["lead"], timer["kind"], brief(error))

    async def _do(self, timer: Row, lead: Lead | None) -> None:
        care = (await self.db.read(care_store.current, [timer["lead"]])).get(timer["lead"])
        team = self.plan().settings.teams.get((care or {}).get("team") or "")
        if care is None or lead is None:
            await self.db.write(store.drop, [timer["id"]])
        elif timer["kind"] == "target":
            await self._simple(timer, lead, self._breach)
        elif team is None:
            await self.db.write(store.drop, [timer["id"]])
        elif timer["kind"] == "rung" and timer["number"] < len(team.ladder):
            await self._rung(timer, lead, care, team, team.ladder[timer["number"]])
        elif timer["kind"] == "recycle" and timer["number"] < len(team.recycle):
            rule = team.recycle[timer["number"]]
            await self.desk.recycle(timer["lead"], rule.pool, f"no_{rule.without}", timer=timer["id"], seen=care)
        elif timer["kind"] == "reminder" and timer["number"] < len(team.reminders):
            await self._remind(timer, team.reminders[timer["number"]].task)
        else:
            await self.db.write(store.drop, [timer["id"]])

    async def _rung(self, timer: Row, lead: Lead, care: Row, team: TeamSettings, rung: RungSettings) -> None:
        if rung.do == "recycle":
            await self.desk.recycle(timer["lead"], rung.pool, "no_response", timer=timer["id"], seen=care)
        elif rung.do == "reassign" and care["handed_on"] >= rung.most:
            await self.desk.recycle(timer["lead"], None, "handed_on_too_often", timer=timer["id"], seen=care)
        elif rung.do == "reassign":
            changes = {"handed_on": care["handed_on"] + 1}
            await self.desk.reassign(timer["lead"], "no_response", timer=timer["id"], changes=changes)
        else:
            have = (await self.db.read(lead_store.sinks_of, [lead.id])).get(lead.id, frozenset())
            await self._simple(timer, lead, partial(self._warn, rung=rung, boss=team.lead, have=have))

    def _breach(self, care: Row) -> Outcome:
        return {"breached_at": self.clock.now()}, "lead.breached", []

    def _warn(self, care: Row, *, rung: RungSettings, boss: str | None, have: Iterable[str]) -> Outcome:
        """Return what a warning changes: the next rung comes next, and people are told."""
        plan, now = self.plan(), self.clock.now()
        waited = plan.working(care["calendar"]).between(care["started_at"], now)
        kind = "warned" if rung.do == "warn" else "escalated"
        told = following.notices(
            kind, care, following.listed(rung.to, have, plan), now, self.ids, waited=round(waited),
            target=care["target"],
            boss=boss if kind == "escalated" else None,
        )  # fmt: skip
        return {"rung": care["rung"] + 1}, f"lead.{kind}", told

    async def _simple(self, timer: Row, lead: Lead | None, what: Callable[[Row], Outcome]) -> None:
        events: list[Event] = await self.db.write(self._apply, timer, lead, what)
        self.emit(events)

    def _apply(
        self, timer: Row, lead: Lead | None, what: Callable[[Row], Outcome], *,
        session: Session,
    ) -> list[Event]:  # fmt: skip
        """Change a round because a timer fired, and make its timers anew; once, whoever else had it too."""
        care = locked(timer["lead"], session=session)
        if not take_timer(timer["id"], session=session) or care is None:
            return []
        if timer["kind"] in ("target", "rung") and care["responded_at"] is not None:
            return []
        changes, kind, told = what(care)
        after = care_store.change(care, changes, session=session) if changes else care
        care_store.remember(timer["lead"], self.plan().timers(after, lead), session=session)
        bulk.insert(NOTICE, told, session=session)
        data = {"owner": care["owner"], "team": care["team"]}
        events = [Event(kind, self.clock.now(), lead=care["lead"], source=care["source"], data=data)] if kind else []
        append(events, session=session)
        return events

    async def _remind(self, timer: Row, text: str) -> None:
        have = (await self.db.read(lead_store.sinks_of, [timer["lead"]])).get(timer["lead"], frozenset())
        await self.db.write(self._task, timer, text, have)

    def _task(self, timer: Row, text: str, have: Iterable[str], *, session: Session) -> None:
        """Make a task of whoever has the lead, now or later, and tell them."""
        care = locked(timer["lead"], session=session)
        if not take_timer(timer["id"], session=session) or care is None:
            return
        now, plan = self.clock.now(), self.plan()
        row = {"lead": timer["lead"], "owner": None, "text": text, "due_at": now, "created_at": now, "by": None}
        tasks.add(row, session=session)
        told = following.notices("reminder", care, following.tellers(have, plan), now, self.ids, text=text)
        bulk.insert(NOTICE, told, session=session)

    async def make_anew(self) -> int:
        """Make the timers of every open lead anew, as the configuration in force has them; returns how many leads."""
        after, leads = 0, 0
        while rounds := await self.db.read(store.open_rounds, after, AT_ONCE):
            known = await self.db.read(lead_store.load, {row["lead"] for row in rounds})
            await self.db.write(self._anew, [(row["lead"], known.get(row["lead"])) for row in rounds])
            after, leads = rounds[-1]["id"], leads + len(rounds)
        return leads

    def _anew(self, leads: list[tuple[str, Lead | None]], *, session: Session) -> None:
        plan = self.plan()
        for lead, known in leads:
            care = locked(lead, session=session)
            if care is not None:
                care_store.remember(lead, plan.timers(care, known), session=session)


def _nothing(_care: Row) -> Outcome:
    return {}, None, []
