"""What sinks share whose rows cannot be upserted: they look for a lead's row before they repeat or change it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import httpx

from hub.errors import Retry
from hub.http import Request
from hub.lead import Lead, Rejected, Sent
from hub.sink import HttpBatchSink, Outcome, Outcomes

_TWICE = "another version of this lead is in this batch."


class LookingTable(HttpBatchSink):
    """Rows of one table; authors write `prepare`, `places`, `change` and, for new rows, `request` and `response`."""

    repeatable = True
    searchable = False  # `send` itself looks for the rows before it repeats, for all leads at once
    updates = True
    concurrency = 1  # two at once could append the same lead twice
    idempotency_header = None

    async def prepare(self, http: httpx.AsyncClient) -> None:
        """Read what requests need, such as the table's columns; raises Retry and Misconfigured."""

    async def places(self, wanted: Collection[str], http: httpx.AsyncClient) -> Mapping[str, str]:
        """Return where the rows of these leads are, by the lead's id; those that have none are left out."""
        raise NotImplementedError

    async def change(
        self, leads: Sequence[Lead], places: Mapping[str, str], http: httpx.AsyncClient
    ) -> Sequence[Outcome]:
        """Write the leads on the rows they have and say what became of each, in order."""
        raise NotImplementedError

    def removal(self, place: str) -> Request:
        """Return the request that deletes a row."""
        raise NotImplementedError

    def sent(self, lead: str, place: str) -> Sent:
        """Return how a lead's row is called; the same for a new row and for one that was found."""
        return Sent(place)

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Append what is new, change the rows of later versions, and leave alone what has arrived already."""
        await self.prepare(http)
        doubtful = {lead.id for lead in leads if lead.delivery.repeat or lead.delivery.version > 1}
        places = await self.places(doubtful, http) if doubtful else {}
        later: dict[str, Lead] = {}
        for lead in leads:
            if lead.id in places and lead.delivery.version > 1:
                later.setdefault(lead.id, lead)
        done = await self.change(list(later.values()), places, http) if later else ()
        changed = dict(zip(later, done, strict=True))
        appended = iter(await super().send([lead for lead in leads if lead.id not in places], http))
        said: Outcomes = []
        for lead in leads:
            if lead.id not in places:
                said.append(next(appended))
            elif lead.delivery.version > 1:
                said.append(changed[lead.id] if later[lead.id] is lead else Retry(_TWICE))
            else:
                said.append(self.sent(lead.id, places[lead.id]))
        return said

    async def forget(self, lead: Lead, ref: str | None, http: httpx.AsyncClient) -> Sent | Rejected | None:
        """Delete an erased person's row, wherever it is by now."""
        await self.prepare(http)
        place = (await self.places({lead.id}, http)).get(lead.id)
        if place is None:
            return Sent(ref)
        answer = self.judge(await self.exchange(self.removal(place), http))
        return answer if isinstance(answer, Rejected) else Sent(ref)
