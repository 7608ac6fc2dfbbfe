"""What sinks share whose system keeps the person beside the lead: the person is found or added first, then the lead."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from hub.http import Request, Response
from hub.lead import Lead, Rejected, Sent
from hub.sink import HttpSink, Outcome


class PersonFirst(HttpSink):
    """A sink of a person and a lead that names them; whoever is there already stays as they are.

    `request` is the creation of the lead without its person, `find` and `update` are of the lead, as in HttpSink.
    """

    def people(self, lead: Lead) -> Iterable[Request]:
        """Yield the searches for the person, the surest one first; pure."""
        raise NotImplementedError

    def person(self, lead: Lead) -> Request:
        """Return the creation of the person; `response` reads its answer too. Pure."""
        raise NotImplementedError

    def naming(self, lead: Lead, person: str) -> Request:
        """Return the creation of the lead with its person; pure."""
        raise NotImplementedError

    def reading(self, ref: str) -> Request | None:
        """Return the request that reads a lead, so that its person is erased too; None: the person stays."""
        return None

    def erase_person(self, response: Response) -> Request | None:
        """Return the deletion of the person that a lead names, as read; None when it names none."""
        return None

    async def forget(self, lead: Lead, ref: str | None, http: httpx.AsyncClient) -> Sent | Rejected | None:
        """Delete the person, then the lead: a deletion that breaks off in between still finds the person again."""
        reading = self.reading(ref) if ref else None
        if reading is not None:
            response = await self.exchange(reading, http)
            said = self.judge(response) if response.status not in (404, 410) else None
            request = self.erase_person(said) if isinstance(said, Response) else None
            gone = await self.exchange(request, http) if request is not None else None
            answer = self.judge(gone) if gone is not None and gone.status not in (404, 410) else None
            if isinstance(answer, Rejected):
                return answer
        return await super().forget(lead, ref, http)

    async def _send(self, lead: Lead, http: httpx.AsyncClient) -> Outcome:
        search = self.find(lead) if self._changes(lead) else None
        there = await self.search(search, http, self.found) if search is not None else None
        change = self.update(lead, there.ref) if there is not None and there.ref else None
        if change is not None:
            return self.outcome(await self.exchange(change, http))
        person = await self._person(lead, http)
        if isinstance(person, Rejected):
            return person
        return self.outcome(await self.exchange(self.naming(lead, person.ref or ""), http, key=lead.delivery.key))

    async def _person(self, lead: Lead, http: httpx.AsyncClient) -> Sent | Rejected:
        for search in self.people(lead):
            there = await self.search(search, http, self.found)
            if there is not None:
                return there
        return self.outcome(await self.exchange(self.person(lead), http))
