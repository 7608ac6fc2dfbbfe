"""What a person decides on a stored submission: it is corrected, run again with what they accept, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.corrections import checked
from hub.errors import BadInput, LeadhubError
from hub.events import Event
from hub.pipeline.engine import Pipeline
from hub.pipeline.reading import Answer, item_of
from hub.store import submissions as store
from hub.store.audit import Actor, note, noted
from hub.store.columns import DECISION
from hub.store.database import Database
from hub.store.log import append
from hub.store.tables import SubmissionRow

WAIT = 30.0
REPLAYABLE = ("done", "quarantined", "rejected")
"""The states of submissions that can be decided again."""


class Replays:
    """Replays submissions through the pipeline; a sink that has the lead is told again only if it takes updates."""

    def __init__(
        self, db: Database, pipeline: Pipeline, *, clock: Clock, emit: Callable[[Iterable[Event]], None]
    ) -> None:
        self.db, self.pipeline, self.clock, self.emit = db, pipeline, clock, emit

    async def replay(self, submission: str, accept: frozenset[str] = frozenset(), *, by: Actor | None = None) -> Answer:
        """Decide a submission again and return what became of it; raises BadInput for one that is not there."""
        row = await self._row(submission)
        if row.state not in REPLAYABLE:
            raise BadInput(f"The submission {submission} is {row.state}; there is nothing to replay.", status=409)
        if not row.body:
            raise BadInput(f"The bytes of the submission {submission} are gone: erased, or of age.", status=409)
        item = item_of(row)
        before = await self.db.read(accepted, submission)
        item.kind, item.accept, item.tries = "replay", accept | before, 1
        item.lead = None if row.state == "rejected" else row.lead
        item.future = asyncio.get_running_loop().create_future()
        if by is not None:
            await self.db.write(note, "submission.replayed", by=by, at=self.clock.now(), target=submission)
        self.pipeline.offer(item)
        done, _ = await asyncio.wait((item.future,), timeout=WAIT)
        if not done:
            raise LeadhubError(f"The replay of {submission} takes long; look at the submission in a while.")
        return item.future.result()

    async def correct(
        self,
        submission: str,
        fields: Mapping[str, str | None],
        accept: frozenset[str] = frozenset(),
        *,
        by: Actor,
    ) -> Answer:
        """Put values in the place of what a submission says, for this and every later run, and decide it again.

        A blank value takes a correction back. Raises BadInput for a field or submission that cannot be corrected.
        """
        event = await self.db.write(self._correct, submission, checked(fields), by)
        if event is not None:
            self.emit([event])
        return await self.replay(submission, accept, by=by)

    def _correct(
        self, submission: str, changes: Mapping[str, str | None], by: Actor, *, session: Session
    ) -> Event | None:
        """Keep corrections, with who made them in the logs: which fields, never the values."""
        now = self.clock.now()
        done = store.correct(submission, changes, by.who, now, REPLAYABLE, session=session)
        if not done.fields:
            return None
        back = [name for name in done.fields if changes[name] is None]
        told = {"fields": [name for name in done.fields if name not in back], "taken_back": back}
        note("submission.corrected", by=by, at=now, target=submission, data=told, session=session)
        event = Event("submission.corrected", now, done.lead, submission, done.source, data={**told, "by": by.who})
        append([event], session=session)
        return event

    async def refuse(self, submission: str, reason: str, *, by: Actor | None = None) -> None:
        """Refuse a submission that waits in quarantine; it stays where it is, and can be replayed after all."""
        row = await self._row(submission)
        data = {"reason": "a person refused it"}  # their words are with the submission: they may name somebody
        event = Event("submission.rejected", self.clock.now(), row.lead, row.id, row.source, data=data)
        refuse = noted(
            _refuse, "submission.refused", by=by, at=event.at, target=submission, told=lambda done: {} if done else None
        )
        if not await self.db.write(refuse, event, reason):
            raise BadInput(f"The submission {submission} is {row.state}; it does not wait in quarantine.", status=409)
        self.emit([event])

    async def _row(self, submission: str) -> SubmissionRow:
        row = await self.db.read(store.get, submission)
        if row is None:
            raise BadInput(f"There is no submission {submission[:64]!r}.", status=404)
        return row


def _refuse(event: Event, reason: str, *, session: Session) -> bool:
    done = store.refuse(event.submission or "", reason, event.at, session=session)
    if done:
        append([event], session=session)
    return done


def accepted(submission: str, *, session: Session) -> frozenset[str]:
    """Return the problem codes that a person has waved through for a submission at earlier replays."""
    bodies = session.execute(sa.select(DECISION.c.body).where(DECISION.c.submission == submission)).scalars()
    return frozenset(code for body in bodies for code in orjson.loads(body).get("accepted", ()))
