"""Reps who come and go: absences with somebody who stands in, and the leads of those who leave for good."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from hub.clock import Clock
from hub.errors import BadInput
from hub.events import Event
from hub.people.reps import known, members
from hub.plan import Plan
from hub.response.handing import Handed, Handing
from hub.store import absences as store
from hub.store import audit
from hub.store.audit import Actor
from hub.store.database import Database
from hub.store.log import append

EVERY = 1.0
LEFT = "left"
LISTED = 100


class Reps:
    """Says who takes no leads, from when to when, and who takes theirs."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], handing: Handing, *, clock: Clock,
        emit: Callable[[Iterable[Event]], None],
    ) -> None:  # fmt: skip
        self.db, self.plan, self.handing, self.clock, self.emit = db, plan, handing, clock, emit

    async def absences(self, rep: str) -> list[dict[str, Any]]:
        """Return the absences of a rep, newest first: those that were, are and come."""
        self.member(rep)
        return await self.db.read(store.of, rep, LISTED)

    async def away(
        self, rep: str, *, since: datetime | None = None, until: datetime | None = None, cover: str | None = None,
        reason: str | None = None, by: Actor,
    ) -> dict[str, Any]:  # fmt: skip
        """Let a rep take no leads for a time; `cover` takes them instead, and that ends with the absence."""
        self.member(rep)
        now = self.clock.now()
        begins = since or now
        if until is not None and until <= max(begins, now):
            raise BadInput("An absence ends after it began, and not in the past.", status=422)
        if cover is not None and (cover == rep or cover not in members(self.plan().settings)):
            raise BadInput(f"{cover[:64]!r} cannot stand in for {rep}: name another member of a team.", status=422)
        row = {
            "member": rep, "since": begins, "until": until, "cover": cover, "reason": reason, "by": by.who,
            "begun_at": now if begins <= now else None,
        }  # fmt: skip
        made, events = await self.db.write(self._away, row, by, now)
        self.emit(events)
        return made

    def _away(
        self, row: Mapping[str, Any], by: Actor, now: datetime, *, anew: bool = False, session: Session
    ) -> tuple[dict[str, Any], list[Event]]:
        if anew:
            store.end(row["member"], now, coming=True, session=session)
        made = store.add(row, session=session)
        events = [_event("rep.left", made, now)] if made["begun_at"] else []
        append(events, session=session)
        data = {"until": made["until"].isoformat() if made["until"] else None, "cover": made["cover"]}
        audit.note("rep.left", by=by, at=now, target=made["member"], data=data, session=session)
        return made, events

    async def back(self, rep: str, *, by: Actor) -> int:
        """Let a rep take leads again, from now; returns how many absences ended, 0 when they were not away."""
        self.member(rep)
        events = await self.db.write(self._back, rep, by, self.clock.now())
        self.emit(events)
        return len(events)

    def _back(self, rep: str, by: Actor, now: datetime, *, session: Session) -> list[Event]:
        ended = store.end(rep, now, session=session)
        events = [_event("rep.back", row, now) for row in ended]
        append(events, session=session)
        if ended:
            audit.note("rep.back", by=by, at=now, target=rep, session=session)
        return events

    async def leave(self, rep: str, to: str | None = None, *, by: Actor) -> Handed:
        """Let a rep take no more leads, and hand on those they have: to a rep, else by turns in the team of each."""
        settings = self.plan().settings
        if to is not None and (to == rep or to not in known(settings)):
            raise BadInput(f"{to[:64]!r} cannot take the leads of {rep}: name another rep.", status=422)
        now = self.clock.now()
        if rep in members(settings):
            row = {
                "member": rep, "since": now, "until": None, "cover": None, "reason": LEFT, "by": by.who,
                "begun_at": now,
            }  # fmt: skip
            _, events = await self.db.write(self._away, row, by, now, anew=True)
            self.emit(events)
        return await self.handing.inherit(rep, to, by=by)

    def member(self, rep: str) -> str:
        """Return a rep's name; raises BadInput 404 for somebody who is in no team."""
        if rep not in members(self.plan().settings):
            raise BadInput(f"There is no rep {rep[:64]!r} in any team.", status=404)
        return rep

    async def sweep(self) -> int:
        """Begin and end the absences whose moment has come; returns how many things were told."""
        now, told = self.clock.now(), 0
        for id_ in await self.db.read(store.due, now):
            events = await self.db.write(self._turn, id_, now)
            self.emit(events)
            told += len(events)
        return told

    def _turn(self, id_: int, now: datetime, *, session: Session) -> list[Event]:
        began, ended = store.turn(id_, now, session=session)
        events = [_event("rep.left", began, now)] if began else []
        events += [_event("rep.back", ended, now)] if ended else []
        append(events, session=session)
        return events


def _event(kind: str, row: Mapping[str, Any], now: datetime) -> Event:
    until = row["until"].isoformat() if row["until"] else None
    said = {"rep": row["member"], "until": until, "cover": row["cover"]}
    return Event(kind, now, data={name: value for name, value in said.items() if value is not None})
