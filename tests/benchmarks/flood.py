"""Posts at a rate whatever is answered; as a program, leads of a benchmark, with the counts as JSON."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.benchmarks import workspace

MOST = 2_000  # connections; a post for which none is free is not sent, and counted
TICK = 0.01
PATIENCE = 10.0  # seconds after which a sender gives an answer up


class Heard(NamedTuple):
    """What a sender heard of a post: the status and the body of the answer."""

    number: int
    status: int
    head: bytes
    body: bytes
    seconds: float


class Sender(asyncio.Protocol):
    """One connection: sends a post when it is told to, and counts the answer."""

    def __init__(self, flood: Flood) -> None:
        self._flood, self._sent, self._head, self._number = flood, 0.0, b"", 0

    def connection_made(self, transport: Any) -> None:
        """Remember the way."""
        self._transport = transport

    @property
    def waits(self) -> bool:
        """Return whether an answer is owed."""
        return self._sent > 0

    def send(self, number: int, request: bytes) -> None:
        """Post one lead."""
        self._number, self._sent, self._head = number, time.perf_counter(), b""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is whole."""
        self._head += data
        head, end, body = self._head.partition(b"\r\n\r\n")
        if not end or not self._sent:
            return
        lower = head.lower()
        if len(body) < int(lower.partition(b"content-length:")[2].split(b"\r\n")[0]):
            return
        seconds, self._sent = time.perf_counter() - self._sent, 0.0
        self._flood.heard(Heard(self._number, int(head[9:12]), head, body, seconds))
        if b"connection: close" in lower:
            self._transport.close()
        else:
            self._flood.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a post that nobody will answer."""
        self._flood.senders.discard(self)
        if self._sent:
            self._flood.answers["broken off"] += 1
        if self in self._flood.free:
            self._flood.free.remove(self)

    def tire(self, now: float) -> None:
        """Hang up when an answer took too long."""
        if self._sent and now - self._sent > PATIENCE:
            self._flood.answers["gave up"] += 1
            self._sent = 0.0
            self._transport.abort()


class Flood:
    """Senders that do not wait for one another; `request` makes the bytes of the post of that number."""

    def __init__(
        self, port: int, rate: float, request: Callable[[int], bytes], heard: Callable[[Heard], None] | None = None
    ) -> None:
        self._port, self._rate, self._request, self._heard = port, rate, request, heard
        self.answers: Counter[str] = Counter()
        self.senders: set[Sender] = set()
        self.free: list[Sender] = []
        self.offered = 0
        self._opening: set[asyncio.Task[None]] = set()

    def heard(self, one: Heard) -> None:
        """Count an answer."""
        self.answers[str(one.status)] += 1
        if self._heard is not None:
            self._heard(one)

    async def run(self, seconds: float) -> None:
        """Post for that long, then wait for the last answers."""
        began = time.perf_counter()
        while (since := time.perf_counter() - began) < seconds:
            for _ in range(int(since * self._rate) - self.offered):
                self._post()
            await asyncio.sleep(TICK)
        while self._opening or any(sender.waits for sender in self.senders):
            await asyncio.sleep(TICK * 10)
            for sender in list(self.senders):
                sender.tire(time.perf_counter())
        for sender in self.free:
            sender._transport.close()

    def _post(self) -> None:
        self.offered += 1
        if self.free:
            self.free.pop().send(self.offered, self._request(self.offered))
        elif len(self.senders) + len(self._opening) < MOST:
            opening = asyncio.ensure_future(self._connect(self.offered))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)
        else:
            self.answers["no connection free"] += 1

    async def _connect(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, sender = await loop.create_connection(lambda: Sender(self), "127.0.0.1", self._port)
        except OSError:
            self.answers["not connected"] += 1
            return
        self.senders.add(sender)
        sender.send(number, self._request(number))


def post(source: str, raw: bytes, signature: str) -> bytes:
    """Return a post as it goes over the wire."""
    head = f"POST /in/{source} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    return f"{head}x-signature: {signature}\r\ncontent-length: {len(raw)}\r\n\r\n".encode() + raw


async def main(port: int, rate: float, seconds: float) -> None:
    """Flood a hub and print the counts."""
    rng = random.Random(7)
    flood = Flood(port, rate, lambda number: post("website", *workspace.body(10**7 + number, rng)))
    await flood.run(seconds)
    json.dump({"offered": flood.offered, **flood.answers}, sys.stdout)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
