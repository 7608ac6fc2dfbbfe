"""The contracts of sinks: what leads are delivered to, one by one or in batches."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

import httpx

from hub.connector import Connector
from hub.errors import Misconfigured, Retry, Unclear
from hub.http import Request, Response
from hub.lead import Lead, Rejected, Sent
from hub.outgoing.caller import Caller, guarded
from hub.outgoing.credential import Token

__all__ = ["HttpBatchSink", "HttpSink", "Outcome", "Outcomes", "Sink", "Token", "batch_key"]

Outcome = Sent | Rejected | Retry | Unclear | Misconfigured
Outcomes = list[Outcome]

_Read = TypeVar("_Read")


class Sink(Connector):
    """Something leads go to. `send` returns one outcome per lead, or raises one that holds for all."""

    repeatable: bool = False  # does the other side forgive a repeat with the same key? a setting may decide
    recognisable: ClassVar[bool] = False  # would people see by a mark that a repeat is one?
    updates: ClassVar[bool] = False  # does it take a later version of a lead it has?
    batch: ClassVar[int] = 1  # most leads in one send
    rate: ClassVar[float | None] = 10.0  # sends per second and destination; None: as fast as it goes
    concurrency: ClassVar[int] = 4  # sends in flight per destination

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Hand the leads over and say what became of each, in order."""
        raise NotImplementedError

    async def forget(self, lead: Lead, ref: str | None, http: httpx.AsyncClient) -> Sent | Rejected | None:
        """Delete an erased person's lead, of which only the id is left, under the ref that `send` gave.

        Return Sent when it is gone there, Rejected when it is refused, None when a person must do it.
        """
        return None

    @property
    def searchable(self) -> bool:
        """Return whether an ambiguous send can be settled by looking for the lead on the other side."""
        return False

    async def lookup(self, lead: Lead, http: httpx.AsyncClient) -> Sent | None:
        """Return Sent when an earlier, ambiguous attempt turns out to have arrived; None when it must be sent."""
        return None


class _HttpSink(Caller, Sink):
    """What sinks that speak HTTP share: refusing a lead before it is sent, and looking for one afterwards."""

    def refuse(self, lead: Lead) -> Rejected | None:
        """Return Rejected for a lead this sink cannot take (it has no phone, say); nothing is sent for it."""
        return None

    def erase(self, lead: Lead, ref: str) -> Request | None:
        """Return the request that deletes what `send` left under `ref`; of the lead only the id is there. Pure.

        None when the vendor has no such call: then a person does it by hand.
        """
        return None

    async def forget(self, lead: Lead, ref: str | None, http: httpx.AsyncClient) -> Sent | Rejected | None:
        """Delete an erased person's lead by `erase`; one that is not there any more is gone."""
        request = self.erase(lead, ref) if ref else None
        if request is None:
            return None
        response = await self.exchange(request, http)
        if response.status in (404, 410):
            return Sent(ref)
        answer = self.judge(response)
        return answer if isinstance(answer, Rejected) else Sent(ref)

    def find(self, lead: Lead) -> Request | None:
        """Return the search that tells whether this lead has arrived; None when the vendor has no search."""
        return None

    def found(self, response: Response) -> Sent | None:
        """Return Sent when the 2xx answer to `find` has the lead."""
        return None

    def absent(self, response: Response) -> bool:
        """Return whether a refusal of `find` means that nothing is there, such as a 404 for an id in the path."""
        return False

    def link(self, lead: Lead, refused: Rejected) -> tuple[str, Request] | None:
        """Return the id of the record that a refusal says is there already, and the request that writes the lead on it.

        None when the refusal says no such thing: then it stands.
        """
        return None

    @property
    def searchable(self) -> bool:
        return type(self).find is not _HttpSink.find

    async def lookup(self, lead: Lead, http: httpx.AsyncClient) -> Sent | None:
        request = self.find(lead)
        return await self.search(request, http, self.found) if request is not None else None

    async def search(
        self, request: Request, http: httpx.AsyncClient, read: Callable[[Response], _Read]
    ) -> _Read | None:
        """Send a request that changes nothing and return what `read` makes of its 2xx answer; None for `absent`.

        Raises Misconfigured, and Retry for all else: asking again is safe.
        """
        try:
            response = await self.exchange(request, http)
            if self.absent(response):
                return None
            answer = self.judge(response)
            if isinstance(answer, Rejected):
                raise Retry(f"search refused: {answer.reason}")
            return guarded(lambda: read(response), response)
        except Unclear as error:
            raise Retry(f"search: {error.reason}") from error

    async def _settled(self, lead: Lead, said: Outcome, http: httpx.AsyncClient) -> Outcome:
        """Turn a refusal because the record exists into a link to it."""
        there = self.link(lead, said) if isinstance(said, Rejected) else None
        if there is None:
            return said
        try:
            answer = self.judge(await self.exchange(there[1], http))
        except (Retry, Unclear, Misconfigured) as error:
            return error
        return answer if isinstance(answer, Rejected) else Sent(there[0], note="written on a record that was there")


class HttpSink(_HttpSink):
    """A sink of one request per lead; authors write two pure functions, `request` and `response`."""

    def request(self, lead: Lead) -> Request:
        """Return the request that hands this lead over; pure."""
        raise NotImplementedError

    def response(self, response: Response) -> Sent | Rejected:
        """Return what a 2xx answer says; pure. What it cannot read is Unclear."""
        return Sent()

    def update(self, lead: Lead, ref: str) -> Request | None:
        """Return the request that changes what `found` saw under `ref`; None when a later version goes by `request`."""
        return None

    def outcome(self, response: Response) -> Sent | Rejected:
        """Return what any answer says; raises Retry, Unclear or Misconfigured. Pure."""
        judged = self.judge(response)
        return judged if isinstance(judged, Rejected) else guarded(lambda: self.response(judged), judged)

    async def lookup(self, lead: Lead, http: httpx.AsyncClient) -> Sent | None:
        """Look for a first version; a later one is sent again, as seeing the lead does not tell which version it is."""
        return None if self._changes(lead) else await super().lookup(lead, http)

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Send each lead in a request of its own."""
        outcomes: Outcomes = []
        for lead in leads:
            try:
                outcomes.append(self.refuse(lead) or await self._send(lead, http))
            except (Retry, Unclear) as error:
                outcomes.append(error)
            except Misconfigured as error:
                if not outcomes:
                    raise
                return outcomes + [error] * (len(leads) - len(outcomes))
        return outcomes

    async def _send(self, lead: Lead, http: httpx.AsyncClient) -> Outcome:
        request = self.request(lead)
        if self._changes(lead):
            there = await super().lookup(lead, http)
            if there is not None and there.ref:
                request = self.update(lead, there.ref) or request
        said = self.outcome(await self.exchange(request, http, key=lead.delivery.key))
        return await self._settled(lead, said, http)

    def _changes(self, lead: Lead) -> bool:
        return lead.delivery.version > 1 and type(self).update is not HttpSink.update


class HttpBatchSink(_HttpSink):
    """A sink of one request for many leads, answered row by row."""

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the request that hands these leads over; pure."""
        raise NotImplementedError

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return what a 2xx answer says of each lead, in order; pure. What it cannot read is Unclear."""
        raise NotImplementedError

    def outcome(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return what any answer says of each lead; raises Retry, Unclear or Misconfigured. Pure."""
        judged = self.judge(response)
        if isinstance(judged, Rejected):
            return [judged] * len(leads)
        outcomes = guarded(lambda: self.response(judged, leads), judged)
        if len(outcomes) != len(leads):
            raise Unclear(f"answered for {len(outcomes)} of {len(leads)} leads: {response.excerpt()}.")
        return outcomes

    def key(self, lead: Lead) -> str:
        """Return what the other side tells leads apart by; two leads with one key never share a request."""
        return lead.id

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Send all leads in one request; a refusal of a whole batch is tried again in halves."""
        held: dict[str, Outcome] = {}
        fit: dict[str, Lead] = {}
        kept: list[Outcome | str] = []
        for lead in leads:
            refused, key = self.refuse(lead), self.key(lead)
            same = Retry("another lead with the same key is in this batch.") if key in fit else None
            kept.append(refused or same or key)
            if not refused and not same:
                fit[key] = lead
        if fit:
            held = dict(zip(fit, await self._send(list(fit.values()), http), strict=True))
        return [held[said] if isinstance(said, str) else said for said in kept]

    async def _send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        answer = await self.exchange(self.request(leads), http, key=batch_key(leads))
        outcomes = self.outcome(answer, leads)
        if len(leads) == 1 or answer.status < 400 or not all(isinstance(said, Rejected) for said in outcomes):
            return [await self._settled(lead, said, http) for lead, said in zip(leads, outcomes, strict=True)]
        middle = len(leads) // 2
        first = await self._half(leads[:middle], http)
        stopped = next((said for said in first if isinstance(said, (Retry, Misconfigured, Unclear))), None)
        if stopped is None:
            return first + await self._half(leads[middle:], http)
        after = stopped.after if isinstance(stopped, Retry) else None
        return first + [Retry(f"not sent: another part of the batch {stopped.reason}", after)] * (len(leads) - middle)

    async def _half(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        try:
            return await self._send(leads, http)
        except (Retry, Unclear, Misconfigured) as error:  # what the other half was told still counts
            return [error] * len(leads)


def batch_key(leads: Sequence[Lead]) -> str:
    """Return the key of a batch: of the delivery when it is alone, else made of all of them, in order."""
    keys = [lead.delivery.key for lead in leads]
    return keys[0] if len(keys) == 1 else str(uuid.uuid5(uuid.NAMESPACE_URL, f"leadhub:{','.join(keys)}"))
