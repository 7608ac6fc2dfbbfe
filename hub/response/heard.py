"""Takes in what is heard of a lead: the first human answer stops its clock, outcomes close it or open it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.ids import Ids
from hub.lead import Lead
from hub.people.due import OPEN_STATES
from hub.plan import Plan
from hub.response import following
from hub.settings.people import TeamSettings
from hub.store import care as care_store
from hub.store import dealing, ownership
from hub.store import leads as lead_store
from hub.store.activities import family
from hub.store.columns import ACTIVITY, DELIVERY, TIMER

EARLIER = timedelta(
    minutes=5
)  # clocks of other systems go wrong by so much: an answer before the submit is one after it
OTHER = "other"

Row = Mapping[str, Any]


class Heard:
    """Brings rounds up to date with the activities of their leads."""

    def __init__(self, plan: Callable[[], Plan], *, clock: Clock, ids: Ids) -> None:
        self.plan, self.clock, self.ids = plan, clock, ids

    def take(self, leads: Iterable[str], *, session: Session) -> None:
        """Bring the rounds of these leads up to date, in the transaction that keeps their activities."""
        for lead in dict.fromkeys(leads):
            whole = family(lead, session=session)
            care = ownership.locked(whole[0], session=session)
            if care is not None:
                self._take(care, whole, session)

    def _take(self, care: Row, whole: Sequence[str], session: Session) -> None:
        changes = self._changes(care, whole, session)
        after = care_store.change(care, changes, session=session)
        lead = lead_store.load(whole[:1], session=session).get(whole[0])
        team = self.plan().settings.teams.get(care["team"] or "")
        care_store.remember(care["lead"], self.plan().timers(after, lead), session=session)
        if after["disposition"] != care["disposition"] and team is not None:
            self._disposed(after, team, lead, session)

    def _changes(self, care: Row, whole: Sequence[str], session: Session) -> dict[str, Any]:
        """Return what the activities of this round say of it."""
        since = care["started_at"] - EARLIER if care["round"] == 1 else care["started_at"]
        query = sa.select(ACTIVITY).where(ACTIVITY.c.lead.in_(whole), ACTIVITY.c.at >= since)
        rows = session.execute(query.order_by(ACTIVITY.c.at, ACTIVITY.c.id)).mappings().all()
        human = [row for row in rows if row["human"]]
        said = [row for row in rows if row["disposition"] not in (None, "unknown")]
        accepted = [row for row in rows if row["kind"] == "accept" and row["at"] >= care["since"] - EARLIER]
        answer = max(human[0]["at"], care["started_at"]) if human else None
        last = said[-1] if said else {}
        closed = last.get("at") if last.get("disposition") not in OPEN_STATES else None
        touched = [row["at"] for row in rows if row["human"] or row["kind"] in ("accept", "task")]
        return {
            "responded_at": answer, "responded_by": human[0]["by"] if human else None,
            "accepted_at": accepted[0]["at"] if accepted else None, "touched_at": max(touched, default=None),
            "disposition": last.get("disposition"), "disposed_at": last.get("at"), "closed_at": closed,
            "reason": self._reason(last.get("reason")) if last.get("disposition") == "lost" else None,
            **self._legs(care, answer, session),
        }  # fmt: skip

    def _legs(self, care: Row, answer: datetime | None, session: Session) -> dict[str, Any]:
        """Return how long the prospect waited in working time, and how long of that no sink had the lead."""
        query = sa.select(sa.func.min(DELIVERY.c.done_at)).where(
            DELIVERY.c.lead == care["lead"], DELIVERY.c.state == "sent", DELIVERY.c.created_at >= care["decided_at"]
        )
        delivered: datetime | None = session.execute(query).scalar()
        if answer is None:
            return {"delivered_at": delivered, "waited": None, "held": None, "breached_at": care["breached_at"]}
        working = self.plan().working(care["calendar"])
        until = min(delivered or answer, answer)
        late = care["due_at"] is not None and answer > care["due_at"]
        return {
            "delivered_at": delivered, "waited": working.between(care["started_at"], answer),
            "held": max(0.0, (until - care["decided_at"]).total_seconds()),
            "breached_at": (care["breached_at"] or care["due_at"]) if late else None,
        }  # fmt: skip

    def _reason(self, words: str | None) -> str | None:
        """Return which of the closed list a lost reason is; own words stay with the activity."""
        known = self.plan().settings.lost_reasons
        if not known or words is None:
            return words
        return next((one for one in known if one.casefold() == words.strip().casefold()), OTHER)

    def _disposed(self, care: Row, team: TeamSettings, lead: Lead | None, session: Session) -> None:
        """Do what follows from an outcome: reminders, a deal that is taken back, marketing."""
        stage, at = care["disposition"], care["disposed_at"]
        session.execute(sa.delete(TIMER).where(TIMER.c.lead == care["lead"], TIMER.c.kind == "reminder"))
        rows = [
            {"lead": care["lead"], "kind": "reminder", "number": number, "due_at": at + timedelta(seconds=one.after)}
            for number, one in enumerate(team.reminders)
            if one.stage == stage
        ]
        care_store.add(rows, session=session)
        if stage in team.credit:
            self._credit(care, session)
        rule = team.nurture
        if rule and lead is not None and stage in rule.on and (not rule.reasons or care["reason"] in rule.reasons):
            self._nurture(lead, rule.to, session)

    def _credit(self, care: Row, session: Session) -> None:
        member = dealing.undo(care["lead"], session=session)
        if member is not None:
            said = {"at": self.clock.now(), "act": "credited", "lead": care["lead"], "team": care["team"]}
            dealing.log([{**said, "owner": member, "reason": care["disposition"]}], session=session)

    def _nurture(self, lead: Lead, sinks: Sequence[str], session: Session) -> None:
        have = lead_store.sinks_of([lead.id], session=session).get(lead.id, frozenset())
        now = self.clock.now()
        rows = [
            following.owed(lead, name, "", "It goes to marketing for now.", now, self.ids)
            for name in sinks
            if name not in have and name in self.plan().sinks
        ]
        ownership.owe_all(rows, session=session)
