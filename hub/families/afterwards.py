"""What sinks share that write a record first and then say more about it: lists it joins, tags it gets."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from hub.http import Request
from hub.lead import Lead, Rejected, Sent
from hub.sink import HttpSink, Outcome


class Afterwards(HttpSink):
    """A sink of one request per lead and of some that follow it; all of them may be repeated without harm."""

    repeatable = True

    def afterwards(self, lead: Lead, sent: Sent) -> Iterable[Request]:
        """Yield the requests that follow when the lead is written, by what `response` said of it; pure."""
        raise NotImplementedError

    async def _send(self, lead: Lead, http: httpx.AsyncClient) -> Outcome:
        said = await super()._send(lead, http)
        if not isinstance(said, Sent) or not said.ref:
            return said
        for request in self.afterwards(lead, said):
            answer = self.judge(await self.exchange(request, http))
            if isinstance(answer, Rejected):  # the record is there, so this is for whoever reads the delivery
                return Sent(said.ref, note=f"written, but what follows was refused: {answer.reason[:200]}")
        return said
