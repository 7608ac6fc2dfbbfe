"""Runs a stored submission again, with what a person has waved through."""

from __future__ import annotations

import asyncio

from hub.errors import BadInput, LeadhubError
from hub.pipeline.engine import Pipeline
from hub.pipeline.reading import Answer, item_of
from hub.store import submissions as store
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
        item.kind, item.accept, item.tries = "replay", accept, 1
        item.lead = row.lead if row.state == "done" else None
        item.future = asyncio.get_running_loop().create_future()
        self.pipeline.offer(item)
        done, _ = await asyncio.wait((item.future,), timeout=WAIT)
        if not done:
            raise LeadhubError(f"The replay of {submission} takes long; look at the submission in a while.")
        return item.future.result()
