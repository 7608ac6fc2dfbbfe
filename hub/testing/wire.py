"""The other side of a connector's calls, in memory: answers as a case says, and notes what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

import httpx

from hub.http import Request
from hub.testing.compare import different_request
from hub.testing.parts import Exchange

Answering = Callable[[httpx.Request], httpx.Response]


def client(answering: Answering) -> httpx.AsyncClient:
    """Return a client whose every request goes to a function; nothing leaves this process."""
    return httpx.AsyncClient(transport=httpx.MockTransport(answering), trust_env=False)


def seen(request: httpx.Request) -> Request:
    """Return a request as it arrived, as a record: form bodies are taken apart, others stand in `content`."""
    kind = request.headers.get("content-type", "")
    form = None
    if kind.startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(request.content.decode("latin-1"), keep_blank_values=True))
    url = request.url.copy_with(query=None, fragment=None)
    params = dict(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True))
    return Request(request.method, str(url), dict(request.headers), params, None, form, request.content)


class Dialogue:
    """Answers in the order of a case's `http`; what was asked otherwise than expected is kept in `wrong`."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges
        self.done = 0
        self.wrong: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer the next request."""
        if self.done >= len(self._exchanges):
            self.wrong.append(f"request {self.done + 1}, {request.method} {request.url}, is not in the case")
            return httpx.Response(500)
        exchange = self._exchanges[self.done]
        self.done += 1
        self.wrong += (
            f"request {self.done}: {said}" for said in different_request(exchange.request, seen(request), arrived=True)
        )
        return answer_of(exchange)

    def left(self) -> list[str]:
        """Return what went wrong, and the requests that never came."""
        missing = self._exchanges[self.done :]
        return self.wrong + ([f"{len(missing)} requests of the case never came"] if missing else [])


class Recording:
    """Answers any request that a case knows, in any order; `breaks_at` counts requests until the line breaks."""

    def __init__(self, exchanges: Sequence[Exchange], breaks_at: int | None = None) -> None:
        self._exchanges, self._breaks_at = exchanges, breaks_at
        self._next = 0
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request with the nearest exchange that fits it, those not used yet first."""
        self.asked += 1
        if self._breaks_at is not None and self.asked > self._breaks_at:
            raise httpx.ConnectError("the line broke", request=request)
        for index in (*range(self._next, len(self._exchanges)), *range(self._next)):
            if not different_request(self._exchanges[index].request, seen(request), arrived=True):
                self._next = index + 1
                return answer_of(self._exchanges[index])
        return httpx.Response(500)


def answer_of(exchange: Exchange) -> httpx.Response:
    """Return the answer of an exchange."""
    given = exchange.given.response()
    return httpx.Response(given.status, headers=dict(given.headers), content=given.content)
