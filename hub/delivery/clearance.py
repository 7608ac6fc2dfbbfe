"""Looks again right before a send: a consent may be withdrawn, or a person erased, since the delivery was owed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from hub.clock import Clock
from hub.consents import Required, refusal
from hub.delivery.policy import Job
from hub.store import consent as consent_store
from hub.store.auctions import EXPIRED
from hub.store.database import Database

REMEMBERED = 3600.0  # seconds; what a lane holds is sent or given back long before


class Clearance:
    """Says which deliveries may not be made any more, and why."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._stopped: dict[tuple[str, str], tuple[float, str]] = {}

    def stop(self, leads: Iterable[str], why: str, sinks: Collection[str] = ("",)) -> None:
        """Let what this process holds of these leads go no more: to these sinks, or to any."""
        now = self._clock.monotonic()
        self._stopped = {key: said for key, said in self._stopped.items() if now - said[0] < REMEMBERED}
        self._stopped.update({(lead, sink): (now, why) for lead in leads for sink in sinks})

    def go(self, lead: str) -> None:
        """Take back what was stopped of a lead."""
        self._stopped = {key: said for key, said in self._stopped.items() if key[0] != lead}

    async def __call__(self, sink: str, required: Required, jobs: Sequence[Job]) -> Mapping[str, str]:
        """Return why each of these deliveries may not be made; those that may are absent."""
        found: dict[str, str] = {}
        if self._stopped:
            for job in jobs:
                said = self._stopped.get((job.lead.id, sink)) or self._stopped.get((job.lead.id, ""))
                found |= {job.delivery: said[1]} if said else {}
        if required:
            known = await self._db.read(consent_store.said, {job.lead.id for job in jobs})
            for job in jobs:
                why = refusal(known.get(job.lead.id, ()), sink, required)
                found |= {job.delivery: why} if why and job.delivery not in found else {}
        return {**self._expired(jobs), **found}

    def _expired(self, jobs: Sequence[Job]) -> dict[str, str]:
        """Return the sold leads whose bids hold no more; one that may have arrived stays with its buyer."""
        now = self._clock.now()
        bids = ((job.delivery, job.lead.delivery.bid) for job in jobs if job.lead.delivery.bid and not job.unclear)
        return {delivery: EXPIRED for delivery, bid in bids if bid.until and bid.until <= now}
