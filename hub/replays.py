"""Runs a stored submission again, with what a person has waved through."""

from __future__ import annotations

import asyncio

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import BadInput, LeadhubError
from hub.pipeline.engine import Pipeline
from hub.pipeline.reading import Answer, item_of
from hub.store import submissions as store
from hub.store.columns import DECISION
from hub.store.database import Database

WAIT = 30.0
REPLAYABLE = ("done", "quarantined", "rejected")
"""The states of submissions that can be decided again."""


class Replays:
    """Replays submissions through the pipeline; sinks that have a lead already are not told twice."""

    def __init__(self, db: Database, pipeline: Pipeline) -> None:
        self.db, self.pipeline = db, pipeline

    async def replay(self, submission: str, accept: frozenset[str] = frozenset()) -> Answer:
        """Decide a submission again and return what became of it; raises BadInput for one that is not there."""
        row = await self.db.read(store.get, submission)
        if row is None:
            raise BadInput(f"There is no submission {submission[:64]!r}.", status=404)
        if row.state not in REPLAYABLE:
            raise BadInput(f"The submission {submission} is {row.state}; there is nothing to replay.", status=409)
        item = item_of(row)
        before = await self.db.read(_accepted, submission)
        item.kind, item.accept, item.tries = "replay", accept | before, 1
        item.lead = None if row.state == "rejected" else row.lead
        item.future = asyncio.get_running_loop().create_future()
        self.pipeline.offer(item)
        done, _ = await asyncio.wait((item.future,), timeout=WAIT)
        if not done:
            raise LeadhubError(f"The replay of {submission} takes long; look at the submission in a while.")
        return item.future.result()


def _accepted(submission: str, *, session: Session) -> frozenset[str]:
    """Return the problem codes that a person has waved through for a submission at earlier replays."""
    bodies = session.execute(sa.select(DECISION.c.body).where(DECISION.c.submission == submission)).scalars()
    return frozenset(code for body in bodies for code in orjson.loads(body).get("accepted", ()))
