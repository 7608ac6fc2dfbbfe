"""Plays an answer on the connection: whole, late, dripping, or cut off by a real TCP reset."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.clock import Clock
from hub.http import Reply
from hub.testing.sandbox.script import Step

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TRANSPORT = "leadhub.transport"
_CHUNK = 1 << 16
_TICKS = 20  # pieces a second a fast drip is cut into


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that hands the transport on, so that a handler can reset the connection."""

    def on_message_begin(self) -> None:
        """Start a request and put the transport into the scope's extensions."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]


async def answer(reply: Reply, send: Send) -> None:
    """Send an answer whole."""
    await _start(reply, len(reply.body), send)
    await send({"type": "http.response.body", "body": reply.body})


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the connection: the other side sees ECONNRESET, not a clean end."""
    transport = scope["extensions"][TRANSPORT]
    linger = struct.pack("ii", 1, 0)  # on, zero seconds: closing sends RST and drops what is unsent
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
    await _gone(receive)  # returning sooner would make the server log an unanswered request


async def play(step: Step, reply: Reply, scope: Scope, receive: Receive, send: Send, clock: Clock) -> None:
    """Send an answer the way a step says."""
    gone = asyncio.ensure_future(_gone(receive))
    try:
        if step.delay:
            await _wait(step.delay, gone, clock)
        if step.reset == "after":
            await reset(scope, lambda: _joined(gone))
            return
        reply = _spoilt(reply, step)
        if step.reset == "during":
            await _start(reply, len(reply.body) + 1, send)
            await send({"type": "http.response.body", "body": reply.body, "more_body": True})
            await reset(scope, lambda: _joined(gone))
            return
        await _body(step, reply, gone, send, clock)
    finally:
        gone.cancel()


async def _body(step: Step, reply: Reply, gone: asyncio.Future[None], send: Send, clock: Clock) -> None:
    blanks = step.huge or 0
    await _start(reply, blanks + len(reply.body), send)
    while blanks and not gone.done():
        await send({"type": "http.response.body", "body": b" " * min(blanks, _CHUNK), "more_body": True})
        blanks -= min(blanks, _CHUNK)
    rest = reply.body
    if step.drip:
        size = max(1, int(step.drip / _TICKS))
        while len(rest) > size and not gone.done():
            await send({"type": "http.response.body", "body": rest[:size], "more_body": True})
            rest = rest[size:]
            await _wait(size / step.drip, gone, clock)
    await send({"type": "http.response.body", "body": rest})


def _spoilt(reply: Reply, step: Step) -> Reply:
    if isinstance(step.malformed, str):
        return Reply(200, step.malformed.encode(), {"content-type": "text/html"})
    if step.malformed:
        return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers)
    return reply


async def _start(reply: Reply, length: int, send: Send) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    if reply.status != 204:  # RFC 9110 section 8.6 forbids the length there
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})


async def _wait(seconds: float, gone: asyncio.Future[None], clock: Clock) -> None:
    """Wait, but no longer than the client does."""
    nap = asyncio.ensure_future(clock.sleep(seconds))
    await asyncio.wait({nap, gone}, return_when=asyncio.FIRST_COMPLETED)
    nap.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _joined(gone: asyncio.Future[None]) -> MutableMapping[str, Any]:
    await gone
    return {"type": "http.disconnect"}
