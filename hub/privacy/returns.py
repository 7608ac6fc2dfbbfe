"""Lets erased people come back when they want to, and erases those again whom a backup brought back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.errors import ConfigError
from hub.lead import Lead
from hub.normal.keys import keys as keys_of
from hub.pipeline.erased import Erased, mark_of
from hub.plan import Plan
from hub.privacy.eraser import Eraser
from hub.privacy.keeper import Keeper
from hub.privacy.person import person_of
from hub.store import audit, tombstones
from hub.store.audit import Actor
from hub.store.columns import IDENTITY, SUBMISSION, TOMBSTONE
from hub.store.database import Database
from hub.store.erasure import Person

log = logging.getLogger("leadhub")


class Returns:
    """Keeps this process's marks, the database's and the ledger's in step."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], eraser: Eraser, keeper: Keeper, erased: Erased, *, clock: Clock
    ) -> None:
        self.db, self.plan, self.eraser, self.keeper, self.erased, self.clock = db, plan, eraser, keeper, erased, clock
        self._shape: Any = None

    async def start(self) -> None:
        """Take over the marks, and erase again whom a restored backup holds; raises ConfigError for a lost key."""
        stored = await self.db.read(tombstones.marks)
        ledger = self.keeper.erased()
        if not stored and not ledger:
            return
        written = {mark for _, marks in ledger.values() for mark in marks}
        for erasure, (at, marks) in (await self.db.read(_unwritten, frozenset(written))).items():
            self.keeper.note({"erasure": erasure, "at": at, "key": self.keeper.key_id(), "marks": marks})
        made_by = {key for _, key in stored.values()} | {key for _, marks in ledger.values() for key in marks.values()}
        if made_by - {self.keeper.key_id()}:
            said = "The database remembers erased people by another privacy key"
            raise ConfigError(f"{said}. Put data/privacy.key back, or set LEADHUB_PRIVACY_KEY, the same on every node.")
        lost = {
            mark: at for at, marks in ledger.values() for mark in marks if mark not in stored
        }  # the database is older than the ledger: a backup
        self.erased.know({**lost, **{mark: at for mark, (at, _) in stored.items()}}, self.keeper.secret())
        if lost:
            await self._again(lost)
        await self.agree()

    async def _again(self, lost: dict[str, datetime]) -> None:
        """Erase again whom a backup brought back."""
        keys = await self.db.read(self._keys_of, frozenset(lost))
        by_day: dict[datetime, set[str]] = {}
        for key, mark in keys.items():
            by_day.setdefault(lost[mark], set()).add(key)
        log.warning("event=erasure.repeated marks=%d found=%d", len(lost), len(keys))
        for at, mine in sorted(by_day.items()):
            emails = frozenset(key.removeprefix("email:") for key in mine if key.startswith("email:"))
            phones = frozenset(key[6:].partition(";")[0] for key in mine if key.startswith("phone:"))
            await self.eraser.erase_again(Person(frozenset(mine), emails, phones), at)
        await self.db.write(_keep_marks, self.keeper.erased(), self.clock.now())

    def _keys_of(self, marks: frozenset[str], *, session: Session) -> dict[str, str]:
        """Return the exact keys in the database that have one of these marks."""
        secret = self.keeper.secret()
        every = set(session.execute(sa.select(IDENTITY.c.key).where(IDENTITY.c.exact)).scalars())
        loose = sa.and_(SUBMISSION.c.lead.is_(None), SUBMISSION.c.candidate.is_not(None))
        for source, body in session.execute(sa.select(SUBMISSION.c.source, SUBMISSION.c.candidate).where(loose)):
            said = Lead.model_validate_json(body)
            every |= set(keys_of(said, source, said.touch.platform_lead_id).exact)
        found = {key: mark_of(key, secret) for key in every}
        return {key: mark for key, mark in found.items() if mark in marks}

    async def agree(self) -> None:
        """Take over whom other processes erased, or let back in."""
        shape = await self.db.read(tombstones.shape)
        if shape == self._shape:
            return
        stored = await self.db.read(tombstones.marks)
        if any(key != self.keeper.key_id() for _, key in stored.values()):
            log.error("event=privacy.key_differs detail='Another node has another privacy key. Give all the same.'")
            return
        self._shape = shape
        if stored or self.erased:
            self.erased.know({mark: at for mark, (at, _) in stored.items()}, self.keeper.secret())

    async def unerase(
        self, by: Actor, *, email: str | None = None, phone: str | None = None, key: str | None = None
    ) -> list[str]:
        """Let a person come back, named by a key of theirs or by the erasure; returns the erasures lifted."""
        if key and key.startswith("era_"):
            found = [key]
        else:
            person = person_of(self.plan(), email=email, phone=phone, key=key)
            secret = self.keeper.secret()
            found = await self.db.read(tombstones.erasures_of, {mark_of(one, secret) for one in person.keys})
        lifted = []
        for erasure in found:
            marks = await self.db.write(_lift, erasure, by, self.clock.now())
            if marks:
                self.keeper.note({"lifted": erasure, "at": self.clock.now(), "marks": marks})
                lifted.append(erasure)
        self._shape = None
        await self.agree()
        return lifted


def _lift(erasure: str, by: Actor, now: datetime, *, session: Session) -> list[str]:
    marks = tombstones.lift(erasure, now, session=session)
    if marks:
        audit.note("person.unerased", by=by, at=now, target=erasure, session=session)
    return marks


def _unwritten(written: frozenset[str], *, session: Session) -> dict[str, tuple[datetime, list[str]]]:
    """Return the marks that a process did not live to write into the ledger."""
    found: dict[str, tuple[datetime, list[str]]] = {}
    for row in session.execute(sa.select(TOMBSTONE)).mappings():
        if row["mark"] not in written:
            found.setdefault(row["erasure"], (row["at"], []))[1].append(row["mark"])
    return found


def _keep_marks(ledger: dict[str, tuple[datetime, dict[str, str]]], now: datetime, *, session: Session) -> None:
    """Put the marks back that a restored backup did not have yet."""
    for erasure, (at, marks) in ledger.items():
        for key in set(marks.values()):
            tombstones.add(erasure, marks, key, at or now, session=session)
