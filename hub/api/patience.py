"""HTTP/1.1 that does not wait for ever: a request has a time and a size within which it must arrive."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

_UPGRADE = re.compile(rb"^upgrade[ \t]*:[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)


class Limits(NamedTuple):
    """What a request may take to arrive: seconds and bytes of its head, and of its body."""

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    head_bytes: int = 64 << 10
    body_bytes: int = 16 << 20  # the intake has its own, smaller limit
    file_seconds: float = 3600.0  # where files are uploaded, which the route ends that falls silent
    file_bytes: int = 2_100_000_000


FILES = ("/api/uploads", "/imports/upload")
"""The paths that take files: who may not upload is answered before anything is read."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits; uvicorn itself waits for heads and bodies as long as they drip."""

    limits = Limits()
    _deadline: asyncio.TimerHandle | None = None
    _arrived = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.limits.head_seconds, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived, and go on waiting only while a request is not whole."""
        if b"pgrade:" in data and (self.cycle is None or self.cycle.response_complete):
            data = _without_upgrade(data)
        super().data_received(data)
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            self._wait(len(data), in_head=True)
        elif cycle.more_body:
            self._wait(len(data), in_head=False)
        elif self._deadline is not None:
            self._calm()

    def on_headers_complete(self) -> None:
        """Keep the fields of a chunked body's trailer from passing as headers, which they would join."""
        super().on_headers_complete()
        self.headers = []

    def _wait(self, arrived: int, *, in_head: bool) -> None:
        if in_head != self._in_head:
            self._calm()
            self._in_head = in_head
        self._arrived += arrived
        most, seconds = self._allowed(in_head)
        if self._arrived > most:
            self._refuse(431 if in_head else 413)
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(seconds, self._late)

    def _allowed(self, in_head: bool) -> tuple[int, float]:
        """Return the most bytes and seconds that what is awaited may take."""
        limits = self.limits
        if in_head:
            return limits.head_bytes, limits.head_seconds
        if self.scope is not None and self.scope.get("path") in FILES:
            return limits.file_bytes, limits.file_seconds
        return limits.body_bytes, limits.body_seconds

    def _late(self) -> None:
        self._refuse(408)

    def _calm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline, self._arrived, self._in_head = None, 0, True

    def _refuse(self, status: int) -> None:
        """Hang up, with an answer where one is owed: something was asked, and no answer is on its way."""
        self._calm()
        if self.transport.is_closing():
            return
        asked = self.scope is not None and ("path" not in self.scope or not self.cycle.response_started)
        if asked and not self.pipeline:
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()


def patient(limits: Limits) -> type[PatientProtocol]:
    """Return the protocol with these limits, for uvicorn, which makes one for each connection."""
    return type("Patient", (PatientProtocol,), {"limits": limits})


def _without_upgrade(data: bytes) -> bytes:
    """Return a request without its wish for another protocol, which is ours to ignore (RFC 9110, section 7.8).

    The parser would take the rest of the connection for that protocol, and the body of what Java's HTTP client posts
    (`Upgrade: h2c`) would be lost.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"", head + b"\r\n") + end[2:] + rest if end else data
