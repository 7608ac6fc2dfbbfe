"""Takes consents back, or notes one by hand, and makes the links by which people do it themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.consents import CHANNELS, GIVEN, WAS_WITHDRAWN, WITHDRAWN, stopped_by, wording_hash
from hub.errors import BadInput
from hub.events import Event
from hub.plan import Plan
from hub.privacy.keeper import Keeper
from hub.signing import read_token, token_of
from hub.store import audit, consent, holds
from hub.store.audit import HUB, Actor
from hub.store.columns import CONSENT, LEAD
from hub.store.database import Database
from hub.store.log import append

_LINK = "unsubscribe"


_KINDS = {WITHDRAWN: ("lead.withdrew", "consent.withdrawn"), GIVEN: ("lead.consented", "consent.given")}
"""How the event log and the audit log call what was said."""


class Link(NamedTuple):
    """What a link takes back: the consent of a lead, to one channel or, when that is empty, altogether."""

    lead: str
    channel: str


class Consenting:
    """Notes what people say about being contacted apart from any submission; what waits for them stops at once."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        keeper: Keeper,
        *,
        clock: Clock,
        emit: Callable[[Iterable[Event]], None],
        stop: Callable[[Iterable[str], str, list[str]], None],
        go: Callable[[str], None],
    ) -> None:
        self.db, self.plan, self.keeper, self.clock = db, plan, keeper, clock
        self.emit, self._stop, self._go = emit, stop, go

    async def withdraw(
        self, lead: str, *, channel: str = "", recipient: str = "", by: Actor = HUB, **seen: Any
    ) -> dict[str, Any]:
        """Take a consent back: to a channel, to a sink, or altogether; says how many deliveries that stopped.

        `seen` is evidence: address, user_agent, page_url. Raises BadInput for a lead that is not there.
        """
        self._check(channel, recipient)
        sinks = self.plan().settings.sinks
        stopped = [name for name, s in sinks.items() if stopped_by(channel, recipient, name, s.requires_consent)]
        row = {"state": WITHDRAWN, "channel": channel, "recipient": recipient, "by": by.who, **seen}
        current, number, event = await self.db.write(self._note, lead, row, stopped, by)
        self._stop([current], WAS_WITHDRAWN, stopped)
        self.emit([event])
        return {"lead": current, "channel": channel, "recipient": recipient, "deliveries_stopped": number}

    async def give(
        self, lead: str, *, channel: str = "", recipient: str = "", wording: str, by: Actor = HUB
    ) -> dict[str, Any]:
        """Note a consent that came some other way, with the words the person agreed to."""
        self._check(channel, recipient)
        row = {
            "state": GIVEN, "channel": channel, "recipient": recipient, "by": by.who, "wording": wording,
            "wording_hash": wording_hash(wording),
        }  # fmt: skip
        current, _, event = await self.db.write(self._note, lead, row, [], by)
        self._go(current)
        self.emit([event])
        return {"lead": current, "channel": channel, "recipient": recipient}

    def _check(self, channel: str, recipient: str) -> None:
        if channel and channel not in CHANNELS:
            raise BadInput(f"{channel[:64]!r} is no channel. Known: {', '.join(CHANNELS)}.", status=422)
        if recipient and recipient not in self.plan().settings.sinks:
            raise BadInput(f"There is no sink {recipient[:64]!r}.", status=422)

    def _note(
        self, lead: str, row: dict[str, Any], sinks: list[str], by: Actor, *, session: Session
    ) -> tuple[str, int, Event]:
        now = self.clock.now()
        current = consent.survivor(lead, session=session)
        if current is None:
            raise BadInput(f"There is no lead {lead[:64]!r}.", status=404)
        who = session.execute(sa.select(LEAD.c.full_name, LEAD.c.email, LEAD.c.phone).where(LEAD.c.id == current)).one()
        contact = ", ".join(filter(None, (who.email, who.phone))) or None
        consent.note({"name": who.full_name, "contact": contact, **row, "lead": current, "at": now}, session=session)
        number = consent.stop(current, sinks, session=session) if sinks else 0
        kind, noted = _KINDS[row["state"]]
        said = {"channel": row["channel"] or "all", "recipient": row["recipient"] or "all"}
        event = Event(kind, now, current, data={**said, "stopped": number})
        append([event], session=session)
        audit.note(noted, by=by, at=now, target=current, data={**said, "stopped": number}, session=session)
        return current, number, event

    def link(self, lead: str, channel: str = "") -> str:
        """Return the token of the link by which the person behind a lead takes the consent back."""
        self._check(channel, "")
        return token_of(self.keeper.secret(), _LINK, f"{lead}:{channel}".encode())

    def read_link(self, token: str) -> Link | None:
        """Return what a token takes back; None for one that is not ours."""
        said = read_token(self.keeper.secret(), _LINK, token)
        if said is None:
            return None
        lead, _, channel = said.decode("utf-8", "replace").partition(":")
        return Link(lead, channel)

    async def records(self, lead: str) -> list[dict[str, Any]]:
        """Return the consent records of a lead, oldest first."""
        return await self.db.read(_records, lead)

    async def hold(self, lead: str, reason: str, by: Actor) -> bool:
        """Keep a lead from retention, and its consent records whole; returns whether that is new."""
        return await self._held(_hold, "lead.held", lead, reason, by)

    async def release(self, lead: str, by: Actor) -> bool:
        """Lift a hold; returns whether there was one."""
        return await self._held(_release, "lead.released", lead, by)

    async def _held(self, change: Callable[..., bool], kind: str, lead: str, *more: Any) -> bool:
        now = self.clock.now()
        done = await self.db.write(change, lead, *more, now)
        if done:
            self.emit([Event(kind, now, lead)])
        return done


def _records(lead: str, *, session: Session) -> list[dict[str, Any]]:
    query = sa.select(CONSENT).where(CONSENT.c.lead == lead).order_by(CONSENT.c.at, CONSENT.c.id)
    return [dict(row) for row in session.execute(query).mappings()]


def _hold(lead: str, reason: str, by: Actor, now: datetime, *, session: Session) -> bool:
    if session.execute(sa.select(LEAD.c.id).where(LEAD.c.id == lead)).first() is None:
        raise BadInput(f"There is no lead {lead[:64]!r}.", status=404)
    done = holds.put(lead, reason, by.who, now, session=session)
    if done:
        append([Event("lead.held", now, lead)], session=session)
        audit.note("hold.set", by=by, at=now, target=lead, session=session)
    return done


def _release(lead: str, by: Actor, now: datetime, *, session: Session) -> bool:
    done = holds.lift(lead, session=session)
    if done:
        append([Event("lead.released", now, lead)], session=session)
        audit.note("hold.lifted", by=by, at=now, target=lead, session=session)
    return done
